import { EVENT } from "./layout";
import { emit } from "./host";
import {
  EVT_FILL, EVT_ORDER_AMENDED, EVT_ORDER_CLOSED, EVT_ORDER_OPENED,
} from "./kinds";
import { Order } from "./records/order";

// Events are written field by field at EVENT; shared/protocol/README.md has the offsets.

@inline
export function put32(offset: usize, value: u32): void {
  store<u32>(EVENT + offset, value);
}

@inline
export function put64(offset: usize, value: u64): void {
  store<u64>(EVENT + offset, value);
}

@inline
export function send(kind: u32): void {
  emit(kind, EVENT);
}

export function emitOpened(order: Order): void {
  put64(0, order.id);
  put64(8, order.label);
  put64(16, order.expiry);
  put32(24, order.account);
  put32(28, order.instrument);
  put32(32, order.flags & 1);
  put32(36, order.price);
  put32(40, order.lots);
  put32(44, order.flags);
  send(EVT_ORDER_OPENED);
}

export function emitClosed(order: Order, reason: u32): void {
  put64(0, order.id);
  put32(8, order.account);
  put32(12, order.instrument);
  put32(16, order.flags & 1);
  put32(20, order.price);
  put32(24, order.lots);
  put32(28, reason);
  send(EVT_ORDER_CLOSED);
}

export function emitAmended(order: Order): void {
  put64(0, order.id);
  put32(8, order.account);
  put32(12, order.instrument);
  put32(16, order.price);
  put32(20, order.lots);
  send(EVT_ORDER_AMENDED);
}

/** What both sides of one fill share with its event; fields in the order of the layout. */
export function emitFill(
  takerId: u64, maker: Order, takerAccount: u32, lots: u32,
  takerFee: i64, makerFee: i64, takerRemaining: u32,
): void {
  put64(0, takerId);
  put64(8, maker.id);
  put32(16, takerAccount);
  put32(20, maker.account);
  put32(24, maker.instrument);
  put32(28, (maker.flags & 1) ^ 1);
  put32(32, maker.price);
  put32(36, lots);
  put64(40, <u64>takerFee);
  put64(48, <u64>makerFee);
  put32(56, maker.lots);
  put32(60, takerRemaining);
  send(EVT_FILL);
}

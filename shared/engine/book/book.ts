import { LEVELS, LEVELS_STRIDE, LEVEL_SIZE, MAX_ORDERS } from "../layout";
import { FLAG_REDUCE_ONLY, FLAG_SELL } from "../kinds";
import { emitClosed } from "../events";
import { changeOpenBuy, changeOpenSell } from "../ledger";
import { initialPerLot, refreshMargin } from "../margin";
import { Account } from "../records/account";
import { Globals } from "../records/globals";
import { Instrument, LISTED } from "../records/instrument";
import { Order } from "../records/order";
import { collectPosition, openPosition, Position } from "../records/position";
import { clearLevel, levelAbove, levelBelow, setLevel } from "./bits";
import { dropLabel, storeLabel } from "./labels";

// One ladder an instrument, shared by both sides: below the best ask every occupied level is bids, above the best bid asks.
// A level is a first-in first-out list of orders. All operations are a bounded number of loads, whatever the depth.

@inline
function levelOf(instrument: u32, tick: u32): usize {
  return LEVELS + <usize>instrument * LEVELS_STRIDE + <usize>tick * LEVEL_SIZE;
}

/** The oldest order of a level, slot + 1, or 0. */
@inline
export function levelHead(instrument: u32, tick: u32): u32 {
  return load<u32>(levelOf(instrument, tick));
}

/** Takes an order slot; 0 when the book is full, else slot + 1. Its id is new: ids only ever grow. */
export function takeSlot(): u32 {
  const globals = Globals.get();
  let slot = globals.orderFree;
  if (slot != 0) {
    globals.orderFree = Order.at(slot - 1).next;
  } else {
    if (globals.orderTop == MAX_ORDERS) return 0;
    globals.orderTop++;
    slot = globals.orderTop;
  }
  const order = Order.at(slot - 1);
  globals.orderSequence++;
  order.id = (globals.orderSequence << 20) | (<u64>(slot - 1));
  order.next = 0;
  return slot;
}

@inline
export function hasSlot(): bool {
  const globals = Globals.get();
  return globals.orderFree != 0 || globals.orderTop < MAX_ORDERS;
}

export function freeSlot(slot: u32): void {
  const globals = Globals.get();
  const order = Order.at(slot - 1);
  order.id = 0;
  order.next = globals.orderFree;
  globals.orderFree = slot;
}

/** Appends an order to its level. */
export function link(slot: u32): void {
  const order = Order.at(slot - 1);
  const tick = order.price;
  const level = levelOf(order.instrument, tick);
  const tail = load<u32>(level, 4);
  order.previous = tail;
  order.next = 0;
  store<u32>(level, slot, 4);
  if (tail != 0) {
    Order.at(tail - 1).next = slot;
  } else {
    store<u32>(level, slot);
    setLevel(order.instrument, tick);
    const instrument = Instrument.at(order.instrument);
    if ((order.flags & FLAG_SELL) == 0) {
      if (tick > instrument.bestBid) instrument.bestBid = tick;
    } else if (instrument.bestAsk == 0 || tick < instrument.bestAsk) instrument.bestAsk = tick;
  }
  Instrument.at(order.instrument).openOrders++;
  Globals.get().liveOrders++;
}

/** Takes an order out of its level. */
export function unlink(slot: u32): void {
  const order = Order.at(slot - 1);
  const level = levelOf(order.instrument, order.price);
  const previous = order.previous;
  const next = order.next;
  if (previous != 0) Order.at(previous - 1).next = next;
  else store<u32>(level, next);
  if (next != 0) Order.at(next - 1).previous = previous;
  else store<u32>(level, previous, 4);
  const instrument = Instrument.at(order.instrument);
  if ((previous | next) == 0) {
    clearLevel(order.instrument, order.price);
    if ((order.flags & FLAG_SELL) == 0) {
      if (order.price == instrument.bestBid) {
        instrument.bestBid = levelBelow(order.instrument, order.price);
      }
    } else if (order.price == instrument.bestAsk) {
      instrument.bestAsk = levelAbove(order.instrument, order.price);
    }
  }
  instrument.openOrders--;
  Globals.get().liveOrders--;
}

/** Whether an order's account cancelled all since: then nothing is reserved for it any more. */
@inline
export function isReleased(order: Order): bool {
  return order.generation != Account.at(order.account).generation;
}

/** Whether an order can no longer trade, though it still has its place in the book. */
@inline
export function isDead(order: Order): bool {
  if (isReleased(order)) return true;
  if (order.expiry != 0 && order.expiry <= Globals.get().clock) return true;
  const instrument = Instrument.at(order.instrument);
  return instrument.state != LISTED || instrument.expiry <= Globals.get().clock;
}

/** Money reserved for `lots` of a buy order. */
@inline
export function buyReserve(order: Order, instrument: Instrument, lots: u32): i64 {
  return <i64>lots * (<i64>((<u64>order.price) * instrument.tickPerLot) + <i64>order.feePerLot);
}

/** Sets aside what `lots` of a live order need, or with negative lots gives it back. Not for reduce-only orders. */
export function reserve(order: Order, lots: i32): Position {
  const account = Account.at(order.account);
  const instrument = Instrument.at(order.instrument);
  refreshMargin(account);
  const position = openPosition(account, order.instrument);
  if ((order.flags & FLAG_SELL) != 0) {
    changeOpenSell(account, position, lots, initialPerLot(instrument));
  } else {
    const money = lots < 0
      ? -buyReserve(order, instrument, <u32>-lots)
      : buyReserve(order, instrument, <u32>lots);
    changeOpenBuy(account, position, lots, money);
  }
  return position;
}

/** Puts a filled-in order at the end of its level, with its reserve and label. */
export function rest(slot: u32): void {
  const order = Order.at(slot - 1);
  link(slot);
  Account.at(order.account).openOrders++;
  if ((order.flags & FLAG_REDUCE_ONLY) == 0) reserve(order, <i32>order.lots);
  if (order.label != 0) storeLabel(order.account, order.label, slot - 1);
}

/** Takes an order out of the book for a reason, gives back its reserve, and frees its slot. */
export function remove(slot: u32, reason: u32): void {
  const order = Order.at(slot - 1);
  unlink(slot);
  if (!isReleased(order)) {
    const account = Account.at(order.account);
    account.openOrders--;
    if ((order.flags & FLAG_REDUCE_ONLY) == 0 && order.lots != 0) {
      const position = reserve(order, -(<i32>order.lots));
      if (position.empty) collectPosition(account, position);
    }
  }
  if (order.label != 0) dropLabel(order.account, order.label, slot - 1);
  emitClosed(order, reason);
  freeSlot(slot);
}

/** The order of an id, slot + 1, or 0. */
export function findOrder(id: u64): u32 {
  const slot = <u32>(id & (MAX_ORDERS - 1));
  return id != 0 && Order.at(slot).id == id ? slot + 1 : 0;
}

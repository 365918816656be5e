import { check } from "../book/place";
import { place, preview } from "../book/match";
import { findOrder, isDead, isReleased, link, remove, reserve, unlink } from "../book/book";
import { deathOf } from "../book/match";
import { dropLabel, findLabel } from "../book/labels";
import { Ticket } from "../book/ticket";
import { Body } from "../body";
import {
  BAD_PRICE, BAD_QUANTITY, NOT_YOUR_ORDER, NO_SUCH_ORDER, NOTHING_TO_DO, OK,
} from "../codes";
import { emitAmended, put32, send } from "../events";
import {
  CLOSE_CANCELLED, CLOSE_REPLACED, EVT_ORDERS_ALL_CANCELLED, FLAG_REDUCE_ONLY,
} from "../kinds";
import { INPUT, MAX_SWEEP, WORK_AREA } from "../layout";
import { probeWork, refreshMargin, refreshWork, touchWork } from "../margin";
import { isPortfolio, releaseAll } from "../portfolio/cache";
import { charge, fits, WORK_COLLECT } from "../work";
import { Account } from "../records/account";
import { Globals } from "../records/globals";
import { collectPosition, collectPositions, findPosition, positionAt } from "../records/position";
import { Order } from "../records/order";
import { readAll, readU8, readVarint } from "../reader";
import { Result } from "../result";
import { MALFORMED } from "../codes";

// Placing, cancelling, changing and sweeping orders. Each checks everything first, and only then changes anything.

export function applyOrder(account: Account): i32 {
  const ticket = Ticket.get();
  let code = check(account, ticket, false);
  if (code != OK) return code;
  code = preview(account, ticket);
  if (code != OK) return code;
  place(account, ticket);
  return OK;
}

/** The slot + 1 of a live order of this account by id, or 0 with the reason in Result.why. */
function ownOrder(account: Account, id: u64): u32 {
  const slot = findOrder(id);
  const result = Result.get();
  result.why = NO_SUCH_ORDER;
  if (slot == 0) return 0;
  const order = Order.at(slot - 1);
  if (order.account != account.id) {
    result.why = NOT_YOUR_ORDER;
    return 0;
  }
  if (isReleased(order)) return 0;
  result.why = OK;
  return slot;
}

function cancelSlot(account: Account, slot: u32): void {
  charge(probeWork(account));
  const order = Order.at(slot - 1);
  const result = Result.get();
  result.orderId = order.id;
  result.cancelled = order.lots;
  remove(slot, CLOSE_CANCELLED);
}

export function applyCancel(account: Account): i32 {
  const slot = ownOrder(account, Body.get().orderId);
  if (slot == 0) return Result.get().why;
  cancelSlot(account, slot);
  return OK;
}

export function applyCancelLabel(account: Account): i32 {
  const slot = findLabel(account.id, Body.get().label);
  if (slot == 0 || Body.get().label == 0) return NO_SUCH_ORDER;
  cancelSlot(account, slot);
  return OK;
}

/** Every order of the account is dead at once: its generation ends. The book is swept later. */
export function applyCancelAll(account: Account): i32 {
  if (account.openOrders == 0) return NOTHING_TO_DO;
  releaseOrders(account);
  return OK;
}

/** Ends the generation of an account's orders, whoever asks for it. */
export function releaseOrders(account: Account): void {
  charge(WORK_COLLECT * <u32>popcnt(account.occupied));
  account.generation++;
  account.openOrders = 0;
  account.premiumReserve = 0;
  let left = account.occupied;
  while (left != 0) {
    const position = positionAt(account, <u32>ctz(left));
    left &= left - 1;
    position.openBuy = 0;
    position.openSell = 0;
  }
  collectPositions(account);
  if (isPortfolio(account)) releaseAll(account);
  account.marginEpoch = 0;
  refreshMargin(account);
  put32(0, account.id);
  put32(4, account.generation);
  send(EVT_ORDERS_ALL_CANCELLED);
}

/** Fewer lots at the same price keep the place; anything else is a new order with a new id, and the old one's label. */
export function applyAmend(account: Account): i32 {
  const slot = ownOrder(account, Body.get().orderId);
  if (slot == 0) return Result.get().why;
  const order = Order.at(slot - 1);
  if (isDead(order)) return NO_SUCH_ORDER;
  const ticket = Ticket.get();
  if (ticket.price == 0) return BAD_PRICE;
  if (ticket.lots == 0) return BAD_QUANTITY;
  if (ticket.price == order.price && ticket.lots <= order.lots) {
    shrink(order, ticket.lots);
    return OK;
  }
  ticket.instrument = order.instrument;
  ticket.flags = order.flags;
  ticket.label = order.label;
  ticket.expiry = order.expiry;
  return replace(account, slot, ticket);
}

function shrink(order: Order, lots: u32): void {
  const fewer = order.lots - lots;
  if (fewer != 0 && (order.flags & FLAG_REDUCE_ONLY) == 0) reserve(order, -(<i32>fewer));
  order.lots = lots;
  const result = Result.get();
  result.orderId = order.id;
  result.resting = lots;
  emitAmended(order);
}

/** Gives the old order's reserve back for the checks; if they fail it is taken again, and nothing has changed. */
function replace(account: Account, slot: u32, ticket: Ticket): i32 {
  const order = Order.at(slot - 1);
  refreshMargin(account);
  const lots = <i32>order.lots;
  const reserves = (order.flags & FLAG_REDUCE_ONLY) == 0;
  if (reserves) reserve(order, -lots);
  let code = check(account, ticket, true);
  if (code == OK) code = preview(account, ticket);
  if (reserves) reserve(order, lots);
  if (code != OK) return code;
  remove(slot, CLOSE_REPLACED);
  place(account, ticket);
  return OK;
}

/** Takes dead orders out of the book, for anyone who names them. */
export function applySweep(): i32 {
  const count = readU8();
  if (count == 0 || count > MAX_SWEEP) return MALFORMED;
  const ids = WORK_AREA + 256;
  for (let index: u32 = 0; index < count; index++) store<u64>(ids + ((<usize>index) << 3), readVarint());
  if (!readAll()) return MALFORMED;
  let swept: u32 = 0;
  for (let index: u32 = 0; index < count; index++) {
    const slot = findOrder(load<u64>(ids + ((<usize>index) << 3)));
    if (slot == 0) continue;
    const order = Order.at(slot - 1);
    if (order.lots == 0 || !isDead(order)) continue;
    const account = Account.at(order.account);
    const work = touchWork(account);
    if (!fits(work + refreshWork(account))) break; // the first always fits: worstWork
    charge(work);
    remove(slot, deathOf(order));
    swept++;
  }
  return swept == 0 ? NOTHING_TO_DO : OK;
}

import {
  CLOSE_DEAD, CLOSE_EXPIRED, CLOSE_FILLED, CLOSE_REDUCE_ONLY, CLOSE_SELF_TRADE, CLOSE_SETTLED, CLOSE_UNAFFORDABLE,
  FLAG_POST_ONLY, FLAG_POST_SLIDE, FLAG_REDUCE_ONLY, FLAG_SELL, STP_ALLOW, STP_CANCEL_BOTH, STP_CANCEL_MAKER,
  STP_CANCEL_TAKER, TIF_FOK, TIF_GTT, TIF_IOC,
} from "../kinds";
import {
  NOT_FILLABLE, NOTHING_TO_REDUCE, OK, SELF_TRADE, TOO_MANY_TOUCHES, WOULD_TAKE,
} from "../codes";
import { MAX_TICKS, MAX_TOUCHES } from "../layout";
import { emitFill, emitOpened } from "../events";
import { changeOpenBuy, changeOpenSell, changePosition } from "../ledger";
import { exactWork, freeBound, freeExact, initialPerLot, prepareMargin, prepareWork, touchWork } from "../margin";
import { isPortfolio } from "../portfolio/cache";
import { carriesFill, surelyCarries, Trial } from "../portfolio/check";
import { FEE_ACCOUNT } from "../layout";
import { changeCash } from "../ledger";
import { Account } from "../records/account";
import { Globals } from "../records/globals";
import { Instrument } from "../records/instrument";
import { Order } from "../records/order";
import { collectPosition, findPosition, openPosition, Position } from "../records/position";
import { Underlying } from "../records/underlying";
import { Result } from "../result";
import { charge, fits, WORK_TOUCH } from "../work";
import { levelAbove, levelBelow } from "./bits";
import { buyReserve, freeSlot, isDead, isReleased, levelHead, remove, rest, takeSlot } from "./book";
import { mayReduce, stpOf, tifOf } from "./place";
import { Ticket } from "./ticket";

/** The opposite side's best level that the ticket's limit reaches, or 0. */
@inline
function crossing(instrument: Instrument, sell: bool, limit: u32): u32 {
  if (sell) return instrument.bestBid >= limit ? instrument.bestBid : 0;
  const ask = instrument.bestAsk;
  return ask != 0 && ask <= limit ? ask : 0;
}

/** Why a dead order is swept. */
export function deathOf(order: Order): u32 {
  if (isReleased(order)) return CLOSE_DEAD;
  const instrument = Instrument.at(order.instrument);
  const clock = Globals.get().clock;
  if (order.expiry != 0 && order.expiry <= clock) return CLOSE_EXPIRED;
  return CLOSE_SETTLED;
}

/** How many lots of a resting order could trade now: all, or for reduce-only what there is to close. */
function offered(maker: Order): u32 {
  if ((maker.flags & FLAG_REDUCE_ONLY) == 0) return maker.lots;
  const position = findPosition(Account.at(maker.account), maker.instrument);
  if (position === null) return 0;
  const closable = (maker.flags & FLAG_SELL) != 0 ? position.lots : -position.lots;
  if (closable <= 0) return 0;
  return <u32>closable < maker.lots ? <u32>closable : maker.lots;
}

/**
 * Fill-or-kill and post-only look before they leap, through at most MAX_TOUCHES orders. For fill-or-kill: OK if all of it is sure to
 * trade. For post-only: OK if nothing live is in the way; a slide gets the level to stay behind in `Result.cancelled`, for
 * want of a second return value.
 */
function lookAhead(account: Account, ticket: Ticket): i32 {
  const instrument = Instrument.at(ticket.instrument);
  const sell = (ticket.flags & FLAG_SELL) != 0;
  const fillOrKill = tifOf(ticket.flags) == TIF_FOK;
  const refusal = fillOrKill ? NOT_FILLABLE : TOO_MANY_TOUCHES;
  let wanted = ticket.lots;
  let touches: u32 = 0;
  let tick = crossing(instrument, sell, ticket.price);
  while (tick != 0) {
    let slot = levelHead(ticket.instrument, tick);
    while (slot != 0) {
      const maker = Order.at(slot - 1);
      const makerAccount = Account.at(maker.account);
      // Both the look and the match that follows it are charged here, so that the match is sure to have its room.
      const cost = WORK_TOUCH + touchWork(makerAccount);
      if (touches == MAX_TOUCHES || !fits(cost + prepareWork(makerAccount))) return refusal;
      touches++;
      charge(cost);
      slot = maker.next;
      if (isDead(maker)) continue;
      if (!fillOrKill) {
        Result.get().cancelled = tick;
        return WOULD_TAKE;
      }
      if (maker.account == account.id && stpOf(ticket.flags) != STP_ALLOW) {
        if (stpOf(ticket.flags) == STP_CANCEL_MAKER) continue;
        return SELF_TRADE;
      }
      prepareMargin(makerAccount);
      // INVARIANT: every order passed here trades in `match` as it is counted. A fill never lowers a well maker's free
      // collateral, so those stay well; reduce-only and unwell makers may or may not trade, and are not risked.
      if (isPortfolio(makerAccount)) {
        if (!surelyCarries(makerAccount, maker, Trial.get())) return NOT_FILLABLE;
      } else if ((maker.flags & FLAG_REDUCE_ONLY) != 0 || freeBound(makerAccount) < 0) return NOT_FILLABLE;
      wanted -= maker.lots < wanted ? maker.lots : wanted;
      if (wanted == 0) return OK;
    }
    tick = sell ? levelBelow(ticket.instrument, tick) : levelAbove(ticket.instrument, tick);
    if (tick != 0 && (sell ? tick < ticket.price : tick > ticket.price)) tick = 0;
  }
  return fillOrKill ? NOT_FILLABLE : OK;
}

/** Exact margins that `carries` may need: as it is, after the fill, and before it. */
const EXACT_CHECKS: u32 = 3;

/** Whether a maker's account can carry a fill of one of its orders. */
function carries(account: Account, maker: Order, instrument: Instrument, lots: u32): bool {
  const sell = (maker.flags & FLAG_SELL) != 0;
  const price = <i64>((<u64>maker.price) * instrument.tickPerLot);
  const reducing = (maker.flags & FLAG_REDUCE_ONLY) != 0;
  // What was reserved is at least what the fill needs, so a well account stays well.
  if (!reducing && (freeBound(account) >= 0 || freeExact(account) >= 0)) return true;
  const position = findPosition(account, maker.instrument);
  if (position === null) return false;
  const closable = sell ? position.lots : -position.lots;
  if (closable < <i32>lots) return false;
  return mayReduce(account, position, sell, lots, price, maker.feePerLot);
}

/** The maker's half of a fill. Its fee is never more than what was reserved for it. */
function settleMaker(account: Account, maker: Order, instrument: Instrument, lots: u32, value: i64): i64 {
  const underlying = Underlying.at(instrument.underlying);
  const initial = instrument.initial(underlying.buffer);
  const rate = underlying.makerFeePerLot;
  const perLot = rate < <u64>maker.feePerLot ? rate : <u64>maker.feePerLot;
  const cap = value >> 3;
  let fee = <i64>(perLot * <u64>lots);
  if (fee > cap) fee = cap;
  const position = openPosition(account, maker.instrument);
  if ((maker.flags & FLAG_SELL) != 0) {
    if ((maker.flags & FLAG_REDUCE_ONLY) == 0) changeOpenSell(account, position, -(<i32>lots), initial);
    changePosition(account, position, instrument, -(<i32>lots), value - fee, initial);
  } else {
    if ((maker.flags & FLAG_REDUCE_ONLY) == 0) {
      changeOpenBuy(account, position, -(<i32>lots), -buyReserve(maker, instrument, lots));
    }
    changePosition(account, position, instrument, <i32>lots, -value - fee, initial);
  }
  if (position.empty) collectPosition(account, position);
  return fee;
}

@inline
function takerFee(underlying: Underlying, lots: u32, value: i64): i64 {
  const fee = <i64>(underlying.takerFeePerLot * <u64>lots);
  const cap = value >> 3;
  return fee < cap ? fee : cap;
}

/** Matches the ticket; the taker's own account is settled once, at the end. Returns the lots still wanted. */
function match(account: Account, ticket: Ticket, takerId: u64): u32 {
  const result = Result.get();
  const instrument = Instrument.at(ticket.instrument);
  const underlying = Underlying.at(instrument.underlying);
  const sell = (ticket.flags & FLAG_SELL) != 0;
  const id = account.id;
  let wanted = ticket.lots;
  let value: i64 = 0;
  let takerFees: i64 = 0;
  let makerFees: i64 = 0;
  let touches: u32 = 0;
  // Fill-or-kill has charged its touches when it looked.
  const paid = tifOf(ticket.flags) == TIF_FOK;
  while (wanted != 0) {
    const tick = crossing(instrument, sell, ticket.price);
    if (tick == 0) break;
    const slot = levelHead(ticket.instrument, tick);
    const maker = Order.at(slot - 1);
    const makerAccount = Account.at(maker.account);
    const cost = touchWork(makerAccount);
    if (touches == MAX_TOUCHES || (!paid && !fits(cost + prepareWork(makerAccount)))) {
      result.why = TOO_MANY_TOUCHES;
      break;
    }
    touches++;
    if (!paid) charge(cost);
    if (isDead(maker)) {
      remove(slot, deathOf(maker));
      continue;
    }
    if (maker.account == id) {
      const stp = stpOf(ticket.flags);
      if (stp == STP_CANCEL_MAKER || stp == STP_CANCEL_BOTH) remove(slot, CLOSE_SELF_TRADE);
      if (stp == STP_CANCEL_TAKER || stp == STP_CANCEL_BOTH) {
        result.why = SELF_TRADE;
        break;
      }
      if (stp == STP_CANCEL_MAKER) continue;
    }
    let lots = offered(maker);
    if (lots == 0) {
      remove(slot, CLOSE_REDUCE_ONLY);
      continue;
    }
    if (lots > wanted) lots = wanted;
    prepareMargin(makerAccount);
    if (isPortfolio(makerAccount)) {
      // What a try costs is within touchWork.
      if (!carriesFill(makerAccount, maker, lots, Trial.get())) {
        remove(slot, CLOSE_UNAFFORDABLE);
        continue;
      }
    } else if ((maker.flags & FLAG_REDUCE_ONLY) != 0 || freeBound(makerAccount) < 0) {
      if (!fits(EXACT_CHECKS * exactWork(makerAccount))) {
        result.why = TOO_MANY_TOUCHES;
        break;
      }
      if (!carries(makerAccount, maker, instrument, lots)) {
        remove(slot, CLOSE_UNAFFORDABLE);
        continue;
      }
    }
    const fillValue = <i64>lots * <i64>((<u64>maker.price) * instrument.tickPerLot);
    const fee = takerFee(underlying, lots, fillValue);
    const makerFee = settleMaker(makerAccount, maker, instrument, lots, fillValue);
    wanted -= lots;
    value += fillValue;
    takerFees += fee;
    makerFees += makerFee;
    maker.lots -= lots;
    emitFill(takerId, maker, id, lots, fee, makerFee, wanted);
    if (maker.lots == 0) remove(slot, CLOSE_FILLED);
    else if (wanted != 0 && offered(maker) == 0) remove(slot, CLOSE_REDUCE_ONLY);
  }
  settleTaker(account, ticket, wanted, value, takerFees);
  if ((takerFees | makerFees) != 0) changeCash(Account.at(FEE_ACCOUNT), takerFees + makerFees);
  return wanted;
}

/** The taker's half of all fills at once. */
function settleTaker(account: Account, ticket: Ticket, wanted: u32, value: i64, fees: i64): void {
  const filled = ticket.lots - wanted;
  if (filled == 0) return;
  const result = Result.get();
  result.filled = filled;
  result.value = value;
  result.fees = fees;
  const instrument = Instrument.at(ticket.instrument);
  const sell = (ticket.flags & FLAG_SELL) != 0;
  const position = openPosition(account, ticket.instrument);
  changePosition(
    account, position, instrument, sell ? -(<i32>filled) : <i32>filled,
    (sell ? value : -value) - fees, initialPerLot(instrument),
  );
  if (position.empty) collectPosition(account, position);
}

/** The orders in a post-only's way are all dead, and few: sweeps them, so that no level ever holds both sides. */
function clearTheWay(ticket: Ticket): void {
  const instrument = Instrument.at(ticket.instrument);
  const sell = (ticket.flags & FLAG_SELL) != 0;
  for (let touches: u32 = 0; touches < MAX_TOUCHES; touches++) {
    const tick = crossing(instrument, sell, ticket.price);
    if (tick == 0) return;
    const slot = levelHead(ticket.instrument, tick);
    remove(slot, deathOf(Order.at(slot - 1)));
  }
}

/** The looks ahead that some orders need. May move a sliding order's price. */
export function preview(account: Account, ticket: Ticket): i32 {
  const post = ticket.flags & (FLAG_POST_ONLY | FLAG_POST_SLIDE);
  if (post == 0) return tifOf(ticket.flags) == TIF_FOK ? lookAhead(account, ticket) : OK;
  const code = lookAhead(account, ticket);
  if (code != WOULD_TAKE || post == FLAG_POST_ONLY) return code;
  const best = Result.get().cancelled;
  const behind = (ticket.flags & FLAG_SELL) != 0 ? best + 1 : best - 1;
  if (behind == 0 || behind >= MAX_TICKS) return WOULD_TAKE;
  ticket.price = behind;
  return lookAhead(account, ticket);
}

/** Trades and rests a checked and previewed ticket. Cannot fail. */
export function place(account: Account, ticket: Ticket): void {
  const slot = takeSlot();
  const order = Order.at(slot - 1);
  const result = Result.get();
  result.cancelled = 0;
  result.orderId = order.id;
  if ((ticket.flags & (FLAG_POST_ONLY | FLAG_POST_SLIDE)) != 0) clearTheWay(ticket);
  const wanted = match(account, ticket, order.id);
  if (wanted == 0) {
    freeSlot(slot);
    return;
  }
  if (tifOf(ticket.flags) >= TIF_IOC && result.why == 0) result.why = NOT_FILLABLE;
  if (result.why != 0) {
    result.cancelled = wanted;
    freeSlot(slot);
    return;
  }
  result.resting = wanted;
  fill(order, account, ticket, wanted);
  rest(slot);
  emitOpened(order);
}

function fill(order: Order, account: Account, ticket: Ticket, lots: u32): void {
  order.label = ticket.label;
  order.account = account.id;
  order.generation = account.generation;
  order.price = ticket.price;
  order.lots = lots;
  order.feePerLot = ticket.feePerLot;
  order.expiry = tifOf(ticket.flags) == TIF_GTT ? ticket.expiry : 0;
  order.instrument = <u16>ticket.instrument;
  order.flags = <u16>ticket.flags;
}

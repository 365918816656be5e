import {
  FLAG_LABEL, FLAG_MARKET, FLAG_POST_ONLY, FLAG_POST_SLIDE, FLAG_REDUCE_ONLY, FLAG_SELL, FLAG_STP_SHIFT, FLAG_TIF_SHIFT,
  MODE_CANCEL_ONLY, MODE_REDUCE_ONLY, STAGE_NONE, STP_ALLOW, TIF_FOK, TIF_GTC, TIF_GTT, TIF_IOC,
} from "../kinds";
import {
  BAD_FLAGS, BAD_PRICE, BAD_QUANTITY, BOOK_FULL, DUPLICATE_LABEL, EXPIRY_PAST, IN_LIQUIDATION, INSTRUMENT_EXPIRED, INSUFFICIENT_MARGIN,
  LABELS_FULL, MODE_CANCELS_ONLY, MODE_REDUCES_ONLY, NOTHING_TO_REDUCE, NO_MARK, NO_SUCH_INSTRUMENT, OK, POSITION_TOO_LARGE,
  PRICE_OUTSIDE_BAND, REOPENING_POST_ONLY, TOO_MANY_ORDERS, TOO_MANY_POSITIONS,
} from "../codes";
import { MAX_LOTS, MAX_POSITIONS, MAX_TICKS } from "../layout";
import { freeBound, freeExact, isolated, prepareMargin, probeWork } from "../margin";
import { mulDivUp } from "../math/wide";
import { isReopening, multiplierOf, restrictionOf } from "../oracle/mode";
import { isPortfolio } from "../portfolio/cache";
import { mayHold, mayRest, mayTrade, Trial } from "../portfolio/check";
import { SURE } from "../portfolio/terms";
import { Account } from "../records/account";
import { Globals } from "../records/globals";
import { Instrument, LISTED } from "../records/instrument";
import { Liquidation } from "../records/liquidation";
import { collectPosition, findPosition, openPosition, Position } from "../records/position";
import { Underlying } from "../records/underlying";
import { charge, WORK_LABEL } from "../work";
import { findLabel, labelHasRoom } from "./labels";
import { hasSlot } from "./book";
import { Ticket } from "./ticket";

// Everything that can be said against an order before the book is touched. Changes nothing.

@inline
export function tifOf(flags: u32): u32 {
  return (flags >> FLAG_TIF_SHIFT) & 3;
}

@inline
export function stpOf(flags: u32): u32 {
  return (flags >> FLAG_STP_SHIFT) & 3;
}

const KNOWN_FLAGS: u32 = 1023;

function checkFlags(ticket: Ticket): i32 {
  const flags = ticket.flags;
  if ((flags & ~KNOWN_FLAGS) != 0) return BAD_FLAGS;
  const tif = tifOf(flags);
  const immediate = tif >= TIF_IOC;
  if ((flags & FLAG_MARKET) != 0 && !immediate) return BAD_FLAGS;
  const post = flags & (FLAG_POST_ONLY | FLAG_POST_SLIDE);
  if (post == (FLAG_POST_ONLY | FLAG_POST_SLIDE)) return BAD_FLAGS;
  if (post != 0 && immediate) return BAD_FLAGS;
  if ((flags & FLAG_LABEL) != 0 && ticket.label == 0) return BAD_FLAGS;
  if (stpOf(flags) == STP_ALLOW && (Globals.get().flags & 1) == 0) return BAD_FLAGS;
  if (tif == TIF_GTT && ticket.expiry <= Globals.get().clock) return EXPIRY_PAST;
  return OK;
}

function checkInstrument(ticket: Ticket): i32 {
  const globals = Globals.get();
  if (ticket.instrument >= globals.instrumentTop) return NO_SUCH_INSTRUMENT;
  const instrument = Instrument.at(ticket.instrument);
  if (instrument.state != LISTED) return NO_SUCH_INSTRUMENT;
  if (instrument.expiry <= globals.clock) return INSTRUMENT_EXPIRED;
  if (ticket.price == 0 || ticket.price >= MAX_TICKS) return BAD_PRICE;
  if (ticket.lots == 0 || ticket.lots > MAX_LOTS) return BAD_QUANTITY;
  const underlying = Underlying.at(instrument.underlying);
  const mode = restrictionOf(underlying);
  if (mode == MODE_CANCEL_ONLY) return MODE_CANCELS_ONLY;
  if (mode == MODE_REDUCE_ONLY && (ticket.flags & FLAG_REDUCE_ONLY) == 0) return MODE_REDUCES_ONLY;
  if (isReopening(underlying) && (ticket.flags & (FLAG_POST_ONLY | FLAG_POST_SLIDE | FLAG_REDUCE_ONLY)) == 0) {
    return REOPENING_POST_ONLY;
  }
  const mark = instrument.mark(underlying.buffer);
  if (mark < 0) return NO_MARK;
  const price = <i64>((<u64>ticket.price) * instrument.tickPerLot);
  if (outsideBand(underlying, price, mark, (ticket.flags & FLAG_SELL) != 0)) return PRICE_OUTSIDE_BAND;
  return OK;
}

/** Buys may not bid far above the mark, sells not offer far below it: half the mark and a share of the index. */
function outsideBand(underlying: Underlying, price: i64, mark: i64, sell: bool): bool {
  const band = (mark >> 1) + underlying.bandPerLot;
  return sell ? price < mark - band : price > mark + band;
}

/** Money a buy of the ticket's lots could cost at most: premium at its limit and the higher fee. */
@inline
export function buyCost(ticket: Ticket, instrument: Instrument): i64 {
  return <i64>ticket.lots
    * (<i64>((<u64>ticket.price) * instrument.tickPerLot) + <i64>ticket.feePerLot);
}

/** The most one lot is charged: the higher rate on the notional, capped at 12.5 % of the premium. */
function feeReservePerLot(ticket: Ticket, instrument: Instrument): u32 {
  const underlying = Underlying.at(instrument.underlying);
  const taker = underlying.takerFeePerLot;
  const maker = underlying.makerFeePerLot;
  const rate = taker > maker ? taker : maker;
  const cap = ((<u64>ticket.price) * instrument.tickPerLot) >> 3;
  const fee = rate < cap ? rate : cap;
  return fee < 0xffffffff ? <u32>fee : 0xffffffff;
}

/**
 * Checks a ticket for an account; on success `ticket.lots` is what may trade (reduce-only orders are cut to the
 * position) and `ticket.feePerLot` is set. `amending` leaves out the limits that the order it replaces already holds.
 */
export function check(account: Account, ticket: Ticket, amending: bool): i32 {
  let code = checkFlags(ticket);
  if (code != OK) return code;
  code = checkInstrument(ticket);
  if (code != OK) return code;
  if (Liquidation.of(account).stage != STAGE_NONE) return IN_LIQUIDATION;
  const globals = Globals.get();
  const rests = tifOf(ticket.flags) <= TIF_GTT;
  charge(probeWork(account));
  if (ticket.label != 0) charge(WORK_LABEL);
  if (!amending) {
    if (!hasSlot()) return BOOK_FULL;
    if (rests && account.openOrders >= globals.maxOpenOrders) return TOO_MANY_ORDERS;
    if (ticket.label != 0 && rests) {
      if (findLabel(account.id, ticket.label) != 0) return DUPLICATE_LABEL;
      if (!labelHasRoom(account.id, ticket.label)) return LABELS_FULL;
    }
  }
  prepareMargin(account);
  const instrument = Instrument.at(ticket.instrument);
  ticket.feePerLot = feeReservePerLot(ticket, instrument);
  const position = findPosition(account, ticket.instrument);
  if ((ticket.flags & FLAG_REDUCE_ONLY) != 0) return checkReducing(account, position, ticket);
  return checkOpening(account, position, instrument, ticket);
}

function checkOpening(
  account: Account, position: Position | null, instrument: Instrument, ticket: Ticket,
): i32 {
  const sell = (ticket.flags & FLAG_SELL) != 0;
  let held: i64 = 0;
  let open: i64 = 0;
  if (position !== null) {
    held = sell ? -<i64>position.lots : <i64>position.lots;
    open = sell ? <i64>position.openSell : <i64>position.openBuy;
  } else if (popcnt(account.occupied) >= MAX_POSITIONS) return TOO_MANY_POSITIONS;
  // What it holds the other way may be closed by somebody else's reduce-only order of its own: it does not make room.
  if (held < 0) held = 0;
  if (held + open + <i64>ticket.lots > <i64>MAX_LOTS) return POSITION_TOO_LARGE;
  if (isPortfolio(account)) return checkPortfolio(account, position, instrument, ticket);
  if (!sell) {
    const cost = buyCost(ticket, instrument);
    if (freeBound(account) >= cost) return OK;
    return freeExact(account) >= cost ? OK : INSUFFICIENT_MARGIN;
  }
  return checkSelling(account, position, instrument, ticket);
}

function trialOf(position: Position | null, instrument: Instrument, ticket: Ticket): Trial {
  const trial = Trial.get();
  trial.instrument = ticket.instrument;
  trial.held = position === null ? 0 : position.lots;
  trial.lots = ticket.lots;
  trial.sell = ticket.flags & FLAG_SELL;
  trial.price = <i64>((<u64>ticket.price) * instrument.tickPerLot);
  trial.fee = ticket.feePerLot;
  return trial;
}

/** The same with portfolio margin: what may rest is reserved for, what only trades is tried. */
function checkPortfolio(account: Account, position: Position | null, instrument: Instrument, ticket: Ticket): i32 {
  const code = mayHold(account, instrument);
  if (code != OK) return code;
  const trial = trialOf(position, instrument, ticket);
  const allowed = tifOf(ticket.flags) <= TIF_GTT ? mayRest(account, trial) : mayTrade(account, trial);
  return allowed ? OK : INSUFFICIENT_MARGIN;
}

/** Margin of new risk counts as often as the prices' mode says: how much more of `added` must be free. */
function extraFor(instrument: Instrument, added: i64): i64 {
  const multiplier = multiplierOf(Underlying.at(instrument.underlying));
  if (multiplier <= SURE || added <= 0) return 0;
  return <i64>mulDivUp(<u64>added, multiplier - SURE, SURE);
}

/** Would the account be well if the sell were filled as well as every other open sell? */
function checkSelling(
  account: Account, position: Position | null, instrument: Instrument, ticket: Ticket,
): i32 {
  const initial = instrument.initial(Underlying.at(instrument.underlying).buffer);
  const lots = <i64>ticket.lots;
  let short = lots;
  let before: i64 = 0;
  if (position !== null) {
    before = isolated(position, initial);
    short = <i64>position.openSell + lots - <i64>position.lots;
    if (short < 0) short = 0;
  }
  const added = short * initial - before;
  const bound = freeBound(account);
  if (bound >= 2 * added || bound >= added + extraFor(instrument, added)) return OK; // the multiplier is 2 at most
  // What is new is then the difference of the exact margins, which is only needed where new risk costs more.
  const after = freeAfterSelling(account, position, ticket);
  if (after < 0) return INSUFFICIENT_MARGIN;
  if (multiplierOf(Underlying.at(instrument.underlying)) <= SURE) return OK;
  return after >= extraFor(instrument, freeExact(account) - after) ? OK : INSUFFICIENT_MARGIN;
}

/** Free collateral by the exact margin as if the sell were filled. */
function freeAfterSelling(account: Account, position: Position | null, ticket: Ticket): i64 {
  // Where there is no entry one is made to try it on: an uncovered short may still be the short leg of a spread.
  const entry = position === null ? openPosition(account, ticket.instrument) : position;
  entry.openSell += ticket.lots;
  const free = freeExact(account);
  entry.openSell -= ticket.lots;
  if (position === null) collectPosition(account, entry);
  return free;
}

/**
 * A reduce-only order reserves nothing, since it only ever closes. It may trade if afterwards the account is well, or
 * better than before without having paid more than the mark.
 */
function checkReducing(account: Account, position: Position | null, ticket: Ticket): i32 {
  if (position === null) return NOTHING_TO_REDUCE;
  const sell = (ticket.flags & FLAG_SELL) != 0;
  const closable = sell ? position.lots : -position.lots;
  if (closable <= 0) return NOTHING_TO_REDUCE;
  if (ticket.lots > <u32>closable) ticket.lots = <u32>closable;
  const instrument = Instrument.at(ticket.instrument);
  if (isPortfolio(account)) {
    return mayTrade(account, trialOf(position, instrument, ticket)) ? OK : INSUFFICIENT_MARGIN;
  }
  const price = <i64>((<u64>ticket.price) * instrument.tickPerLot);
  return mayReduce(account, position, sell, ticket.lots, price, ticket.feePerLot)
    ? OK
    : INSUFFICIENT_MARGIN;
}

/** Tries a closing fill on the account's own numbers and takes it back. */
export function mayReduce(
  account: Account, position: Position, sell: bool, lots: u32, price: i64, feePerLot: u32,
): bool {
  const value = <i64>lots * price;
  const fee = <i64>lots * <i64>feePerLot;
  const cash = (sell ? value : -value) - fee;
  if (account.cash + cash < 0) return false;
  const old = position.lots;
  const instrument = Instrument.at(position.instrument);
  const initial = instrument.initial(Underlying.at(instrument.underlying).buffer);
  const bound = freeBound(account);
  const riskBefore = isolated(position, initial);
  position.lots = sell ? old - <i32>lots : old + <i32>lots;
  const after = bound + cash - (isolated(position, initial) - riskBefore);
  if (after >= 0) {
    position.lots = old;
    return true;
  }
  const exactAfter = freeExact(account) + cash;
  position.lots = old;
  if (exactAfter >= 0) return true;
  // Below its margin an account may close only where that costs no equity: at the mark, fee included, or better.
  const mark = instrument.mark(Underlying.at(instrument.underlying).buffer);
  const fair = sell ? price - <i64>feePerLot >= mark : price + <i64>feePerLot <= mark;
  return fair && exactAfter > freeExact(account);
}

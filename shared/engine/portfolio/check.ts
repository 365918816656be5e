import { OK, ONE_UNDERLYING, TOO_MANY_EXPIRIES } from "../codes";
import { FLAG_REDUCE_ONLY, FLAG_SELL } from "../kinds";
import { TRIAL } from "../layout";
import { mulDivUp } from "../math/wide";
import { confidenceOf, multiplierOf } from "../oracle/mode";
import { Account } from "../records/account";
import { Instrument } from "../records/instrument";
import { Order } from "../records/order";
import { Portfolio } from "../records/portfolio";
import { findPosition, Position } from "../records/position";
import { Underlying } from "../records/underlying";
import { charge, WORK_RISK_TRY } from "../work";
import { makeRoom, takeUp } from "./cache";
import { freeOf, initialOfParts, isAllLong, portfolioFree, unspent } from "./free";
import { buyMargin, sellReserve, SURE, surcharge } from "./terms";
import { tryFill, WhatIf } from "./what-if";

// May an account with portfolio margin trade this? Everything here needs a fresh cache (refreshPortfolio).

/** Whether an account could hold lots of an instrument at all: one underlying, twelve expiries. Makes room for it. */
export function mayHold(account: Account, instrument: Instrument): i32 {
  if (!takeUp(account, instrument.underlying)) return ONE_UNDERLYING;
  return makeRoom(account, instrument) ? OK : TOO_MANY_EXPIRIES;
}

/** A fill that is tried: what it is of, and at which price and fee a lot. Scratch. */
@unmanaged
export class Trial {
  instrument: u32;
  held: i32;
  lots: u32;
  sell: u32;
  price: i64; // money a lot
  fee: i64; // money a lot, at most

  @inline
  static get(): Trial {
    return changetype<Trial>(TRIAL);
  }

  /** What the fill costs in equity, money a lot: negative if it gains. */
  costPerLot(mark: i64): i64 {
    return (this.sell != 0 ? mark - this.price : this.price - mark) + this.fee;
  }
}

/**
 * Free collateral after all of the fill, with the margin that any part of it needs at most; `released` money and the margin of `sells`
 * open lots are kept no longer.
 */
function freeAfter(account: Account, trial: Trial, released: i64, sells: u32): i64 {
  const instrument = Instrument.at(trial.instrument);
  const underlying = Underlying.at(instrument.underlying);
  const lots = <i32>trial.lots;
  const tried = tryFill(account, instrument, trial.held, trial.sell != 0 ? -lots : lots);
  const portfolio = Portfolio.of(account);
  const mark = instrument.mark(underlying.buffer);
  const open = portfolio.openSells;
  const before = initialOfParts(underlying, portfolio.loss, portfolio.naked, portfolio.basis, portfolio.shorts + open);
  const shorts = tried.shorts + open - sells;
  const after = initialOfParts(underlying, tried.loss, tried.naked, tried.basisOnTheWay, shorts);
  return portfolioFree(account) + released + before - after - <i64>trial.lots * trial.costPerLot(mark);
}

/** What new risk must leave free besides: initial margin that is added counts `multiplierOf` times. Of the last fill tried. */
function extraFor(account: Account, underlying: Underlying): i64 {
  const multiplier = multiplierOf(underlying);
  if (multiplier <= SURE) return 0;
  const tried = WhatIf.get();
  const portfolio = Portfolio.of(account);
  const before = initialOfParts(underlying, portfolio.loss, portfolio.naked, portfolio.basis, portfolio.shorts);
  const after = initialOfParts(underlying, tried.loss, tried.naked, tried.basisOnTheWay, tried.shorts);
  return after > before ? <i64>mulDivUp(<u64>(after - before), multiplier - SURE, SURE) : 0;
}

/**
 * Whether an account that holds and offers nothing short can make a trade, in whole or in any part, out of its cash, and is such an
 * account after it (README, "Paid in full"). `kept` is what open buys keep for it already.
 */
function paysInFull(account: Account, trial: Trial, kept: i64): bool {
  if (!isAllLong(account)) return false;
  const left = unspent(account) + kept;
  // A fee is at most an eighth of the price: a sell brings cash.
  if (trial.sell != 0) return left >= 0 && trial.held >= <i32>trial.lots;
  return left >= <i64>trial.lots * (trial.price + trial.fee);
}

/**
 * Whether the last fill tried strictly lowers the account's initial margin, no part of it raises it, and it costs no equity:
 * such a trade is always allowed.
 */
function onlyLowers(account: Account, trial: Trial, underlying: Underlying): bool {
  const tried = WhatIf.get();
  const portfolio = Portfolio.of(account);
  const mark = Instrument.at(trial.instrument).mark(underlying.buffer);
  if (trial.costPerLot(mark) > 0) return false;
  if (tried.basisOnTheWay > portfolio.basis) return false;
  // Where what was paid is all that can be lost, scenarios do not say what lowers it.
  if (freeOf(account) > portfolioFree(account) && (trial.sell == 0 || trial.held < <i32>trial.lots)) return false;
  const before = initialOfParts(underlying, portfolio.loss, portfolio.naked, 0, portfolio.shorts);
  const after = initialOfParts(underlying, tried.loss, tried.naked, 0, tried.shorts);
  return after <= before && after + tried.basis < before + portfolio.basis;
}

/**
 * Whether an account may make a trade, in whole or in any part, that reserves nothing: immediate and reduce-only orders. Free
 * collateral after it must not be negative; or it only lowers the margin.
 */
export function mayTrade(account: Account, trial: Trial): bool {
  const underlying = Underlying.at(Instrument.at(trial.instrument).underlying);
  charge(WORK_RISK_TRY);
  if (paysInFull(account, trial, 0)) return true;
  const free = freeAfter(account, trial, 0, 0);
  // An account that is not well must not become less so by a part of it, which only the basis could do.
  const safe = portfolioFree(account) >= 0 || WhatIf.get().basisOnTheWay <= Portfolio.of(account).basis;
  if (safe && free >= extraFor(account, underlying)) return true;
  return onlyLowers(account, trial, underlying);
}

/** What an open order of the trial's lots keeps, the surcharge of its shorts aside. */
function keptFor(instrument: Instrument, trial: Trial): i64 {
  if (trial.sell != 0) return <i64>trial.lots * sellReserve(instrument);
  return <i64>trial.lots * (buyMargin(instrument) + trial.price + trial.fee);
}

/**
 * Whether an account may place an order that trades what it can and rests. Any part of it may trade, the rest is reserved for: free
 * collateral is concave in that part (what-if.ts), so it is enough that none and all of it leave it above zero.
 */
export function mayRest(account: Account, trial: Trial): bool {
  const instrument = Instrument.at(trial.instrument);
  const underlying = Underlying.at(instrument.underlying);
  charge(WORK_RISK_TRY);
  if (trial.sell == 0 && paysInFull(account, trial, 0)) return true;
  const free = freeAfter(account, trial, 0, 0);
  const extra = extraFor(account, underlying);
  if (free < extra) return false;
  const unsure = trial.sell != 0 ? surcharge(underlying, confidenceOf(underlying), trial.lots) : 0;
  return portfolioFree(account) >= keptFor(instrument, trial) + unsure + extra;
}

/** Fills in a maker's half of a fill. */
function trialOf(trial: Trial, maker: Order, position: Position | null, lots: u32): void {
  const instrument = Instrument.at(maker.instrument);
  trial.instrument = maker.instrument;
  trial.held = position === null ? 0 : position.lots;
  trial.lots = lots;
  trial.sell = maker.flags & FLAG_SELL;
  trial.price = <i64>((<u64>maker.price) * instrument.tickPerLot);
  trial.fee = maker.feePerLot;
}

/** What of a sell's equity its reserve does not cover, money a lot: it was placed at a price that is now below the mark. */
@inline
function shortfall(trial: Trial, mark: i64): i64 {
  if (trial.sell == 0) return 0;
  const cost = trial.costPerLot(mark);
  return cost > 0 ? cost : 0;
}

/**
 * Whether all fills of an account's orders in this instrument are sure to be carried, whoever else is filled before: what
 * is reserved is at least what they need (README, "Fills of resting orders"), but for what sells lose to the mark.
 */
export function surelyCarries(account: Account, maker: Order, trial: Trial): bool {
  const position = findPosition(account, maker.instrument);
  if (position === null || (maker.flags & FLAG_REDUCE_ONLY) != 0) return false;
  const instrument = Instrument.at(maker.instrument);
  trialOf(trial, maker, position, maker.lots);
  if (trial.sell == 0 && isAllLong(account) && unspent(account) >= 0) return true; // all its buys are paid for
  const mark = instrument.mark(Underlying.at(instrument.underlying).buffer);
  const free = portfolioFree(account);
  return free >= 0 && free >= <i64>position.openSell * shortfall(trial, mark);
}

/** Whether an account can carry this fill of one of its orders. What it does is part of touchWork. */
export function carriesFill(account: Account, maker: Order, lots: u32, trial: Trial): bool {
  const position = findPosition(account, maker.instrument);
  const instrument = Instrument.at(maker.instrument);
  const underlying = Underlying.at(instrument.underlying);
  trialOf(trial, maker, position, lots);
  const mark = instrument.mark(underlying.buffer);
  const reducing = (maker.flags & FLAG_REDUCE_ONLY) != 0;
  const free = portfolioFree(account);
  if (!reducing && free >= 0 && free >= <i64>lots * shortfall(trial, mark)) return true;
  if (paysInFull(account, trial, reducing ? 0 : <i64>lots * (trial.price + trial.fee))) return true;
  const released = reducing ? 0 : keptFor(instrument, trial);
  const sells = reducing || trial.sell == 0 ? 0 : lots;
  if (freeAfter(account, trial, released, sells) >= 0) return true;
  return onlyLowers(account, trial, underlying);
}

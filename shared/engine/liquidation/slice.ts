import { place } from "../book/match";
import { hasSlot } from "../book/book";
import { Ticket } from "../book/ticket";
import { put32, put64, send } from "../events";
import {
  EVT_LIQUIDATION_SLICE, FLAG_REDUCE_ONLY, FLAG_SELL, FLAG_STP_SHIFT, FLAG_TIF_SHIFT, STP_CANCEL_MAKER, TIF_IOC,
} from "../kinds";
import { INSURANCE_ACCOUNT, MAX_TICKS } from "../layout";
import { changeCash } from "../ledger";
import { exactMargin, exactWork, INITIAL, prepareMargin } from "../margin";
import { isPortfolio } from "../portfolio/cache";
import { initialOfParts, portfolioInitial } from "../portfolio/free";
import { indexPerLot } from "../portfolio/terms";
import { tryFill } from "../portfolio/what-if";
import { Account } from "../records/account";
import { Globals } from "../records/globals";
import { Instrument, LISTED } from "../records/instrument";
import { Liquidation } from "../records/liquidation";
import { Portfolio } from "../records/portfolio";
import { Position, positionAt } from "../records/position";
import { riskAt } from "../records/risk";
import { Underlying } from "../records/underlying";
import { Result } from "../result";
import { charge, WORK_ADD, WORK_RISK_TRY } from "../work";
import { Standing } from "./standing";

// Stage 2: a part of one position is closed on the book, immediately, reduce-only, inside a band around the mark. The position is the
// one that loses most in the worst scenario, and the part is only tried if it cannot leave the account further below its margin.

/** The fund's fee, of the index for each lot closed, 1e-4; no more than an eighth of what was paid. */
const FEE_BPS: u64 = 20;
/** Positions that a slice may pass over because closing them does not help. */
const TRIES: u32 = 2;
const NONE: u32 = 64;

/**
 * The entry to close next, of those not passed over (bits), or NONE. With portfolio margin the one that loses most in the scenario of the
 * largest loss now; standard margin knows no scenarios, and what asks most of it is the short with the largest margin, or with none
 * left the dearest long. At most 64.
 */
function worstEntry(account: Account, passed: u64): u32 {
  charge(WORK_ADD * <u32>popcnt(account.occupied)); // whose instruments have been read
  const clock = Globals.get().clock;
  const portfolio = isPortfolio(account);
  const scenario = Portfolio.of(account).worst;
  let most: i64 = 0;
  let short = false;
  let found = NONE;
  let left = account.occupied & ~passed;
  while (left != 0) {
    const index = <u32>ctz(left);
    left &= left - 1;
    const position = positionAt(account, index);
    const lots = <i64>position.lots;
    if (lots == 0) continue;
    const instrument = Instrument.at(position.instrument);
    if (instrument.state != LISTED || instrument.expiry <= clock) continue;
    const buffer = Underlying.at(instrument.underlying).buffer;
    let weight: i64;
    if (portfolio) weight = -lots * load<i64>(riskAt(position.instrument, buffer) + ((<usize>scenario) << 3));
    else if (lots < 0) weight = -lots * instrument.initial(buffer);
    else if (short) continue;
    else weight = lots * instrument.mark(buffer);
    if (!portfolio && lots < 0 && !short) {
      short = true;
      most = 0;
    }
    if (weight <= most) continue;
    most = weight;
    found = index;
  }
  return found;
}

/** A quarter of the position, but at least a tenth of a contract: what is left over would be dust. */
function lotsOf(position: Position, underlying: Underlying): u32 {
  const held = <u32>(position.lots < 0 ? -position.lots : position.lots);
  const quarter = (held + 3) >> 2;
  const least = (underlying.lotsPerContract + 9) / 10;
  const lots = quarter > least ? quarter : least;
  return lots < held ? lots : held;
}

/** How far from the mark a slice may trade, money a lot: an eighth of the mark and a sixteenth of the band for orders. */
function bandOf(underlying: Underlying, mark: i64): i64 {
  return (mark >> 3) + (underlying.bandPerLot >> 4);
}

/** Fills in the order of a slice. False where the band holds no price. */
function write(ticket: Ticket, position: Position, instrument: Instrument, underlying: Underlying): bool {
  const sell = position.lots > 0;
  const mark = instrument.mark(underlying.buffer);
  const band = bandOf(underlying, mark);
  const tick = <i64>instrument.tickPerLot;
  let price: i64 = 1;
  if (!sell) price = (mark + band) / tick;
  else if (mark > band) price = (mark - band + tick - 1) / tick;
  if (price < 1) return false;
  ticket.price = price < <i64>MAX_TICKS ? <u32>price : MAX_TICKS - 1;
  ticket.instrument = position.instrument;
  ticket.lots = lotsOf(position, underlying);
  ticket.label = 0;
  ticket.expiry = 0;
  ticket.feePerLot = 0;
  ticket.flags =
    (sell ? FLAG_SELL : 0) | FLAG_REDUCE_ONLY | (TIF_IOC << FLAG_TIF_SHIFT) | (STP_CANCEL_MAKER << FLAG_STP_SHIFT);
  return true;
}

/** The fund's fee for so many lots of which `value` was paid. */
function feeOf(underlying: Underlying, lots: u32, value: i64): i64 {
  const fee = <i64>((<u64>lots * indexPerLot(underlying) * FEE_BPS) / 10_000);
  const cap = value >> 3;
  return fee < cap ? fee : cap;
}

/** Taker fee and the fund's, of the whole slice at its limit. */
function feesAtMost(ticket: Ticket, instrument: Instrument, underlying: Underlying): i64 {
  const value = <i64>ticket.lots * <i64>((<u64>ticket.price) * instrument.tickPerLot);
  const taker = <i64>(underlying.takerFeePerLot * <u64>ticket.lots);
  const cap = value >> 3;
  return (taker < cap ? taker : cap) + feeOf(underlying, ticket.lots, value);
}

/** What the whole slice costs in equity at most, money: the way from the mark to its limit, and both fees. */
function costOf(ticket: Ticket, instrument: Instrument, underlying: Underlying): i64 {
  const lots = ticket.lots;
  const price = <i64>((<u64>ticket.price) * instrument.tickPerLot);
  const mark = instrument.mark(underlying.buffer);
  const sell = (ticket.flags & FLAG_SELL) != 0;
  return <i64>lots * (sell ? mark - price : price - mark) + feesAtMost(ticket, instrument, underlying);
}

/** Whether initial margin falls by at least what the slice costs, at its limit. */
function helps(account: Account, position: Position, ticket: Ticket, standing: Standing): bool {
  const instrument = Instrument.at(ticket.instrument);
  const underlying = Underlying.at(instrument.underlying);
  const cost = costOf(ticket, instrument, underlying);
  const lots = position.lots > 0 ? -(<i32>ticket.lots) : <i32>ticket.lots;
  if (isPortfolio(account)) {
    charge(WORK_RISK_TRY);
    const tried = tryFill(account, instrument, position.lots, lots);
    const after = initialOfParts(underlying, tried.loss, tried.naked, tried.basisOnTheWay, tried.shorts);
    return portfolioInitial(account) - after >= cost;
  }
  // Cash alone stands for standard margin, and a slice never takes it below zero.
  const price = <i64>((<u64>ticket.price) * instrument.tickPerLot);
  if (lots > 0 && account.cash < <i64>lots * price + feesAtMost(ticket, instrument, underlying)) return false;
  charge(exactWork(account));
  position.lots += lots;
  const after = exactMargin(account, INITIAL);
  position.lots -= lots;
  // Equity and margin both with the positions' value, or both without: here it is what changes hands at the mark.
  const value = <i64>lots * instrument.mark(underlying.buffer);
  return standing.initial - standing.value - after - value >= cost;
}

/**
 * One slice of an account that is below its initial margin. Whether the book took anything of it. Charges what it does; the match
 * ends where the segment does.
 */
export function reduceOnBook(account: Account, standing: Standing): bool {
  if (!hasSlot()) return false;
  prepareMargin(account);
  const ticket = Ticket.get();
  // The book took nothing of the worst ones in the slices before: this one begins further down, as far as there are more.
  let passed: u64 = 0;
  for (let skip = Liquidation.of(account).failures; skip != 0; skip--) {
    const index = worstEntry(account, passed);
    passed = index == NONE ? 0 : passed | ((<u64>1) << (<u64>index));
  }
  for (let count: u32 = 0; count < TRIES; count++) {
    let index = worstEntry(account, passed);
    if (index == NONE && count == 0 && passed != 0) index = worstEntry(account, 0);
    if (index == NONE) return false;
    passed |= (<u64>1) << (<u64>index);
    const position = positionAt(account, index);
    const instrument = Instrument.at(position.instrument);
    const underlying = Underlying.at(instrument.underlying);
    if (!write(ticket, position, instrument, underlying)) continue;
    if (!helps(account, position, ticket, standing)) continue;
    return trade(account, ticket, underlying, standing.equity);
  }
  return false;
}

function trade(account: Account, ticket: Ticket, underlying: Underlying, equity: i64): bool {
  place(account, ticket);
  const result = Result.get();
  const filled = result.filled;
  if (filled == 0) return false;
  let fee = feeOf(underlying, filled, result.value);
  if (fee > equity) fee = equity;
  if (account.id != INSURANCE_ACCOUNT && fee > 0) {
    changeCash(account, -fee);
    changeCash(Account.at(INSURANCE_ACCOUNT), fee);
  }
  const sold = (ticket.flags & FLAG_SELL) != 0;
  put32(0, account.id);
  put32(4, ticket.instrument);
  put32(8, <u32>(sold ? -(<i32>filled) : <i32>filled));
  put64(16, <u64>result.value);
  put64(24, <u64>fee);
  send(EVT_LIQUIDATION_SLICE);
  return true;
}

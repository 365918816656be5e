import { MAX_PORTFOLIO_EXPIRIES, PORTFOLIO_OWED, PORTFOLIO_VECTOR } from "../layout";
import { DAY_MS } from "../math/calendar";
import { Account, RISK_PORTFOLIO } from "../records/account";
import { Instrument, SETTLED } from "../records/instrument";
import { Portfolio, PortfolioExpiry, portfolioRecord, riskEpochOf } from "../records/portfolio";
import { Position, positionAt } from "../records/position";
import { RISK_BASIS_DOWN, RISK_BASIS_UP, riskAt, SCENARIOS } from "../records/risk";
import { Underlying } from "../records/underlying";
import { charge, WORK_RISK_CLEAR, WORK_RISK_TERM } from "../work";
import { buyMargin, sellReserve } from "./terms";

// The cached scenario vector of an account: V[s] = sum over positions of lots x change of value of one lot in scenario s, and the
// sums beside it. A fill changes it by one term. When the underlying's marks have changed the cache is stale: fills and
// cancels then leave it alone, and whoever next needs the margin counts it anew, 64 terms at most.

const EXPIRIES_FULL: u32 = 0xffffffff;

@inline
export function isPortfolio(account: Account): bool {
  return account.riskMode == RISK_PORTFOLIO;
}

/** Whether the cache is of the current marks. */
@inline
export function isFresh(portfolio: Portfolio): bool {
  return portfolio.epoch == riskEpochOf(portfolio.underlying);
}

/** What counting an account's cache anew costs: nothing if it is fresh, or its margin is standard. */
export function recountWork(account: Account): u32 {
  if (!isPortfolio(account) || isFresh(Portfolio.of(account))) return 0;
  return WORK_RISK_CLEAR + WORK_RISK_TERM * <u32>popcnt(account.occupied);
}

/** Makes the cache current. INVARIANT: the positions are of one underlying and at most 12 expiries. */
export function refreshPortfolio(account: Account): void {
  if (!isFresh(Portfolio.of(account))) recount(account);
}

/** The entry of an expiry day, or EXPIRIES_FULL. */
function entryOf(portfolio: Portfolio, record: usize, day: u32): u32 {
  const used = portfolio.expiries;
  for (let index: u32 = 0; index < used; index++) {
    if (PortfolioExpiry.at(record, index).day == day) return index;
  }
  return EXPIRIES_FULL;
}

/** The entry of an expiry day, made if there is none; EXPIRIES_FULL if there is no room. */
function makeEntry(portfolio: Portfolio, record: usize, day: u32): u32 {
  const found = entryOf(portfolio, record, day);
  if (found != EXPIRIES_FULL) return found;
  const index = portfolio.expiries;
  if (index == MAX_PORTFOLIO_EXPIRIES) return EXPIRIES_FULL;
  portfolio.expiries = index + 1;
  const entry = PortfolioExpiry.at(record, index);
  entry.day = day;
  entry.calls = 0;
  entry.puts = 0;
  entry.down = 0;
  entry.up = 0;
  return index;
}

/**
 * Counts everything anew from positions and open orders. False if the positions are of several underlyings or of too many
 * expiries, which can only be while an account asks for portfolio margin, or for an order in one more expiry.
 */
export function recount(account: Account): bool {
  charge(WORK_RISK_CLEAR + WORK_RISK_TERM * <u32>popcnt(account.occupied));
  return recountCharged(account);
}

/** The same, where the caller has charged it. */
export function recountCharged(account: Account): bool {
  const portfolio = Portfolio.of(account);
  const record = portfolioRecord(account);
  const vector = record + PORTFOLIO_VECTOR;
  for (let at: usize = 0; at < 8 * SCENARIOS; at += 8) store<i64>(vector + at, 0);
  store<i64>(record + PORTFOLIO_OWED, 0);
  portfolio.value = 0;
  portfolio.reserve = 0;
  portfolio.naked = 0;
  portfolio.shorts = 0;
  portfolio.openSells = 0;
  portfolio.expiries = 0;
  let left = account.occupied;
  if (left != 0) {
    portfolio.underlying = Instrument.at(positionAt(account, <u32>ctz(left)).instrument).underlying;
  }
  const underlying = portfolio.underlying;
  portfolio.epoch = riskEpochOf(underlying);
  let good = true;
  while (left != 0) {
    const position = positionAt(account, <u32>ctz(left));
    left &= left - 1;
    const instrument = Instrument.at(position.instrument);
    if (instrument.underlying != underlying) good = false;
    else if (!addPosition(portfolio, record, position, instrument)) good = false;
  }
  measure(portfolio, record);
  return good;
}

/** One position of a recount. False if its expiry has no room. */
function addPosition(portfolio: Portfolio, record: usize, position: Position, instrument: Instrument): bool {
  const lots = position.lots;
  const buffer = Underlying.at(instrument.underlying).buffer;
  portfolio.value += <i64>lots * instrument.mark(buffer);
  if (instrument.state == SETTLED) {
    owe(record, 0, lots, instrument.mark(buffer));
    return true;
  }
  addOpen(portfolio, instrument, <i32>position.openBuy, <i32>position.openSell);
  const index = makeEntry(portfolio, record, <u32>(instrument.expiry / DAY_MS));
  if (index == EXPIRIES_FULL) return false;
  if (lots == 0) return true;
  if (lots < 0) portfolio.shorts += <u32>-lots;
  const risk = riskAt(instrument.slot, buffer);
  addToExpiry(portfolio, PortfolioExpiry.at(record, index), instrument, risk, lots);
  const vector = record + PORTFOLIO_VECTOR;
  for (let at: usize = 0; at < 8 * SCENARIOS; at += 8) {
    store<i64>(vector + at, load<i64>(vector + at) + <i64>lots * load<i64>(risk + at));
  }
  return true;
}

/** Lots of a settled option go from `before` to `after`: what shorts of it are to pay follows. */
function owe(record: usize, before: i32, after: i32, payoff: i64): void {
  const lots = <i64>(after < 0 ? -after : 0) - <i64>(before < 0 ? -before : 0);
  store<i64>(record + PORTFOLIO_OWED, load<i64>(record + PORTFOLIO_OWED) + lots * payoff);
}

function addToExpiry(portfolio: Portfolio, entry: PortfolioExpiry, instrument: Instrument, risk: usize, lots: i32): void {
  const before = entry.naked;
  if (instrument.put != 0) entry.puts += lots;
  else entry.calls += lots;
  portfolio.naked += entry.naked - before;
  entry.down += <i64>lots * load<i64>(risk, 8 * RISK_BASIS_DOWN);
  entry.up += <i64>lots * load<i64>(risk, 8 * RISK_BASIS_UP);
}

/** Lots in open orders of a fresh cache change. */
function addOpen(portfolio: Portfolio, instrument: Instrument, buy: i32, sell: i32): void {
  if (buy != 0) portfolio.reserve += <i64>buy * buyMargin(instrument);
  if (sell == 0) return;
  portfolio.reserve += <i64>sell * sellReserve(instrument);
  portfolio.openSells += <u32>sell;
}

/** The worst scenario of the vector, and the basis. */
function measure(portfolio: Portfolio, record: usize): void {
  const vector = record + PORTFOLIO_VECTOR;
  let least: i64 = 0;
  let worst: u32 = 0;
  for (let scenario: u32 = 0; scenario < SCENARIOS; scenario++) {
    const change = load<i64>(vector + ((<usize>scenario) << 3));
    if (change < least) {
      least = change;
      worst = scenario;
    }
  }
  portfolio.loss = -least;
  portfolio.worst = worst;
  measureBasis(portfolio, record);
}

/** The larger over the two shocks of what gains and losses of the expiries cancel: min of the sum of gains and the sum of losses. */
function measureBasis(portfolio: Portfolio, record: usize): void {
  let downGain: i64 = 0;
  let downLoss: i64 = 0;
  let upGain: i64 = 0;
  let upLoss: i64 = 0;
  const used = portfolio.expiries;
  for (let index: u32 = 0; index < used; index++) {
    const entry = PortfolioExpiry.at(record, index);
    if (entry.down > 0) downGain += entry.down;
    else downLoss -= entry.down;
    if (entry.up > 0) upGain += entry.up;
    else upLoss -= entry.up;
  }
  const down = downGain < downLoss ? downGain : downLoss;
  const up = upGain < upLoss ? upGain : upLoss;
  portfolio.basis = down > up ? down : up;
}

// ---- changes, called by ledger.ts for accounts with portfolio margin ---------------------------------------------------

/** Lots held change. `before` is what was held. */
export function moveLots(account: Account, instrument: Instrument, before: i32, lots: i32): void {
  const portfolio = Portfolio.of(account);
  if (!isFresh(portfolio) || lots == 0) return;
  const buffer = Underlying.at(instrument.underlying).buffer;
  portfolio.value += <i64>lots * instrument.mark(buffer);
  const after = before + lots;
  if (instrument.state == SETTLED) return owe(portfolioRecord(account), before, after, instrument.mark(buffer));
  portfolio.shorts += <u32>((after < 0 ? -after : 0) - (before < 0 ? -before : 0));
  const record = portfolioRecord(account);
  // INVARIANT: the order that fills here, or the position it changes, made the entry.
  const entry = PortfolioExpiry.at(record, makeEntry(portfolio, record, <u32>(instrument.expiry / DAY_MS)));
  const risk = riskAt(instrument.slot, buffer);
  addToExpiry(portfolio, entry, instrument, risk, lots);
  const vector = record + PORTFOLIO_VECTOR;
  let least: i64 = 0;
  let worst: u32 = 0;
  for (let scenario: u32 = 0; scenario < SCENARIOS; scenario++) {
    const at = (<usize>scenario) << 3;
    const change = load<i64>(vector + at) + <i64>lots * load<i64>(risk + at);
    store<i64>(vector + at, change);
    if (change < least) {
      least = change;
      worst = scenario;
    }
  }
  portfolio.loss = -least;
  portfolio.worst = worst;
  measureBasis(portfolio, record);
}

/** Lots in open orders change. */
export function moveOpen(account: Account, instrument: Instrument, buy: i32, sell: i32): void {
  const portfolio = Portfolio.of(account);
  if (isFresh(portfolio) && instrument.state != SETTLED) addOpen(portfolio, instrument, buy, sell);
}

/** The cache is no longer of the positions, which are about to change wholesale: it is counted anew when next looked at. */
export function makeStale(account: Account): void {
  const portfolio = Portfolio.of(account);
  portfolio.epoch = riskEpochOf(portfolio.underlying) - 1;
}

/** All its orders are dead. */
export function releaseAll(account: Account): void {
  const portfolio = Portfolio.of(account);
  portfolio.reserve = 0;
  portfolio.openSells = 0;
}

/** Whether the account may hold another instrument's lots besides what it has: makes room for its expiry. Needs a fresh cache. */
export function makeRoom(account: Account, instrument: Instrument): bool {
  const portfolio = Portfolio.of(account);
  const day = <u32>(instrument.expiry / DAY_MS);
  const record = portfolioRecord(account);
  if (makeEntry(portfolio, record, day) != EXPIRIES_FULL) return true;
  recount(account); // forgets expiries in which nothing is left
  return makeEntry(portfolio, record, day) != EXPIRIES_FULL;
}

/** An account without positions takes up an underlying. False if it has others. */
export function takeUp(account: Account, underlying: u32): bool {
  const portfolio = Portfolio.of(account);
  if (account.occupied == 0 && portfolio.underlying != underlying) {
    portfolio.underlying = underlying;
    recount(account);
  }
  return portfolio.underlying == underlying;
}

import { DAY_MS } from "./math/calendar";
import { isPortfolio, recountWork, refreshPortfolio } from "./portfolio/cache";
import { MAX_LOTS, MAX_POSITIONS, WORK_AREA } from "./layout";
import { Account } from "./records/account";
import { Globals } from "./records/globals";
import { Instrument, SETTLED } from "./records/instrument";
import { Position, positionAt } from "./records/position";
import { Underlying } from "./records/underlying";
import { charge, WORK_EXACT, WORK_PROBE, WORK_RISK_FILL, WORK_RISK_TRY, WORK_TERM, WORK_TOUCH } from "./work";

// Standard margin (design, exchange.md "Standard"), on cash: an account is well when
//
//   free = cash - premium reserved by open buys - margin >= 0
//
// where margin is taken as if every open sell were filled, which is never less than what any part of them
// would need. Two forms: the sum of isolated short margins, kept up to date term by term, is an upper bound
// that settles nearly every check; only when it fails is the exact margin computed, in which each expiry needs
// no more than its largest possible loss, so that a spread costs its width. Long options give no credit
// but through that loss.

// SAFETY: a position has at most MAX_LOTS (5e6) either way and open sells as many, so 1e7 lots count; a lot is below
// LOT_LIMIT (1e10) and its initial margin below 1.15e10. A term is below 1.2e17, and 64 of them below 7.4e18, which fits.

/** Lots that would be short if every open sell were filled. */
@inline
export function worstShort(position: Position): i64 {
  const short = <i64>position.openSell - <i64>position.lots;
  return short > 0 ? short : 0;
}

/** Isolated initial margin of one short lot, money, from the complete set of marks. */
@inline
export function initialPerLot(instrument: Instrument): i64 {
  return instrument.initial(Underlying.at(instrument.underlying).buffer);
}

/** Margin of one instrument on its own. */
@inline
export function isolated(position: Position, initial: i64): i64 {
  return worstShort(position) * initial;
}

/** What bringing an account's standard margin to the current marks costs: nothing if it is there, or not its margin. */
export function refreshWork(account: Account): u32 {
  if (account.marginEpoch == Globals.get().marginEpoch || isPortfolio(account)) return 0;
  return WORK_TERM * <u32>popcnt(account.occupied);
}

/** What bringing an account's margin, of either mode, to the current marks costs. */
export function prepareWork(account: Account): u32 {
  return refreshWork(account) + recountWork(account);
}

/** What searching an account's positions costs. */
export function probeWork(account: Account): u32 {
  return WORK_PROBE * <u32>popcnt(account.occupied);
}

/** What touching one resting order of an account costs, once its margin is at the current marks. */
export function touchWork(account: Account): u32 {
  const portfolio = isPortfolio(account) ? WORK_RISK_TRY + WORK_RISK_FILL : 0;
  return WORK_TOUCH + probeWork(account) + portfolio;
}

/** What one exact margin of an account costs. */
export function exactWork(account: Account): u32 {
  return WORK_EXACT * <u32>popcnt(account.occupied);
}

/** Brings the margin of an account that is about to be checked to the current marks. At most 64 terms. */
export function prepareMargin(account: Account): void {
  if (isPortfolio(account)) refreshPortfolio(account);
  else refreshMargin(account);
}

/** Brings the cached sum of isolated margins to the current marks. Nothing for portfolio margin, whose cache may be stale. */
export function refreshMargin(account: Account): void {
  const epoch = Globals.get().marginEpoch;
  if (account.marginEpoch == epoch || isPortfolio(account)) return;
  charge(refreshWork(account));
  account.marginEpoch = epoch;
  let sum: i64 = 0;
  let left = account.occupied;
  while (left != 0) {
    const index = <u32>ctz(left);
    left &= left - 1;
    const position = positionAt(account, index);
    if (worstShort(position) > 0) {
      sum += isolated(position, initialPerLot(Instrument.at(position.instrument)));
    }
  }
  account.shortMargin = sum;
}

/** free collateral by the upper bound: never more than the exact one. Needs a refreshed account. */
@inline
export function freeBound(account: Account): i64 {
  return account.cash - account.premiumReserve - account.shortMargin;
}

/** free collateral by the exact margin. */
export function freeExact(account: Account): i64 {
  charge(exactWork(account));
  return account.cash - account.premiumReserve - exactMargin(account, WITH_OPEN_SELLS);
}

/** Whether the account is above its initial margin. */
export function isWell(account: Account): bool {
  return freeBound(account) >= 0 || freeExact(account) >= 0;
}

// ---- exact margin ---------------------------------------------------------------------------------------------
// Entries lie at ENTRIES; what is sorted are keys of expiry, strike and entry number, 8 bytes each, between two buffers.

const KEYS: usize = WORK_AREA + 512;
const SPARE_KEYS: usize = KEYS + 512;
const ENTRIES: usize = SPARE_KEYS + 512; // 64 x 24 bytes, to the end of the work area

@unmanaged
class Entry {
  strikePerLot: i64; // money a lot
  isolated: i64; // margin on its own
  lots: i32; // after every open sell, negative is short
  put: u32;

  @inline
  static at(index: u32): Entry {
    return changetype<Entry>(ENTRIES + <usize>index * 24);
  }
}

/** What `exactMargin` is taken of. */
export const WITH_OPEN_SELLS: u32 = 0; // initial margin, as if every open sell were filled
export const INITIAL: u32 = 1; // initial margin of the positions
export const MAINTENANCE: u32 = 2; // maintenance margin of the positions

/** Sum over expiries of the lesser of isolated margins and largest loss at expiry. Charges nothing: see `exactWork`. */
export function exactMargin(account: Account, what: u32): i64 {
  let count: u32 = 0;
  let total: i64 = 0;
  let left = account.occupied;
  while (left != 0) {
    const position = positionAt(account, <u32>ctz(left));
    left &= left - 1;
    const lots = what == WITH_OPEN_SELLS ? position.lots - <i32>position.openSell : position.lots;
    if (lots == 0) continue;
    const instrument = Instrument.at(position.instrument);
    if (instrument.state == SETTLED) {
      // The payoff is known: a short owes it, a long has it only once it is paid.
      if (lots < 0) total -= <i64>lots * instrument.initial0;
      continue;
    }
    addEntry(count, instrument, lots, what);
    count++;
  }
  const keys = sortKeys(count);
  for (let first: u32 = 0; first < count; ) {
    let next = first + 1;
    const group = groupAt(keys, first);
    while (next < count && groupAt(keys, next) == group) next++;
    total += expiryMargin(keys, first, next);
    first = next;
  }
  return total;
}

/** A key: underlying (2 bits), expiry day (24), strike (27), entry (6). Strikes are below 1e8 (instruments.ts). */
function addEntry(index: u32, instrument: Instrument, lots: i32, what: u32): void {
  const underlying = Underlying.at(instrument.underlying);
  const buffer = underlying.buffer;
  const perLot = what == MAINTENANCE ? instrument.maintenance(buffer) : instrument.initial(buffer);
  const entry = Entry.at(index);
  const strike = <u64>instrument.strike;
  entry.strikePerLot = <i64>((strike * 1_000_000) / underlying.lotsPerContract);
  entry.isolated = lots < 0 ? -<i64>lots * perLot : 0;
  entry.lots = lots;
  entry.put = instrument.put;
  const group = ((<u64>instrument.underlying) << 24) | (instrument.expiry / DAY_MS);
  store<u64>(KEYS + ((<usize>index) << 3), (group << 33) | (strike << 6) | (<u64>index));
}

@inline
function keyAt(keys: usize, index: u32): u64 {
  return load<u64>(keys + ((<usize>index) << 3));
}

@inline
function groupAt(keys: usize, index: u32): u64 {
  return keyAt(keys, index) >> 33;
}

/** Merge sort from the bottom up: six passes at most over 64 keys, whatever their order. Returns where they ended up. */
function sortKeys(count: u32): usize {
  let from = KEYS;
  let to = SPARE_KEYS;
  for (let width: u32 = 1; width < count; width <<= 1) {
    for (let start: u32 = 0; start < count; start += width << 1) mergeRuns(from, to, start, width, count);
    const other = from;
    from = to;
    to = other;
  }
  return from;
}

function mergeRuns(from: usize, to: usize, start: u32, width: u32, count: u32): void {
  const middle = start + width < count ? start + width : count;
  const end = middle + width < count ? middle + width : count;
  let low = start;
  let high = middle;
  for (let index = start; index < end; index++) {
    const takeLow = low < middle && (high >= end || keyAt(from, low) <= keyAt(from, high));
    store<u64>(to + ((<usize>index) << 3), keyAt(from, takeLow ? low : high));
    if (takeLow) low++;
    else high++;
  }
}

/**
 * The lesser of the expiry's isolated margins and its largest loss. The payoff of the whole is piecewise linear in the
 * price: its minimum is at zero, at a strike, or at infinity, where net short calls lose without bound. One walk up the strikes
 * keeps value and slope.
 */
function expiryMargin(keys: usize, first: u32, next: u32): i64 {
  let sum: i64 = 0;
  let value: i64 = 0;
  let slope: i64 = 0;
  for (let index = first; index < next; index++) {
    const entry = Entry.at(<u32>keyAt(keys, index) & 63);
    sum += entry.isolated;
    if (entry.put == 0) continue;
    value += <i64>entry.lots * entry.strikePerLot;
    slope -= entry.lots;
  }
  if (sum == 0) return 0;
  let worst = value;
  let price: i64 = 0;
  for (let index = first; index < next; index++) {
    const entry = Entry.at(<u32>keyAt(keys, index) & 63);
    value += slope * (entry.strikePerLot - price);
    price = entry.strikePerLot;
    if (value < worst) worst = value;
    slope += entry.lots; // a call begins to pay, a put ends
  }
  if (slope < 0 || worst < -sum) return sum;
  return worst < 0 ? -worst : 0;
}

if (MAX_LOTS > 5_000_000) ERROR("sums are bounded for 5,000,000 lots");
if (MAX_POSITIONS != 64) ERROR("sums are bounded for 64 terms");

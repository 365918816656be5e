import { MAX_LOTS, MAX_POSITIONS, WORK_AREA } from "./layout";
import { Account } from "./records/account";
import { Globals } from "./records/globals";
import { Instrument, SETTLED } from "./records/instrument";
import { Position, positionAt } from "./records/position";
import { Underlying } from "./records/underlying";
import { charge, WORK_EXACT } from "./work";

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

/** Brings the cached sum of isolated margins to the current marks. At most 64 terms. */
export function refreshMargin(account: Account): void {
  const epoch = Globals.get().marginEpoch;
  if (account.marginEpoch == epoch) return;
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
  charge(WORK_EXACT);
  return account.cash - account.premiumReserve - exactMargin(account);
}

/** Whether the account is above its initial margin. */
export function isWell(account: Account): bool {
  return freeBound(account) >= 0 || freeExact(account) >= 0;
}

// ---- exact margin: entries of (group, strike, lots, put) in the work area, 24 bytes each ---------------------

const ENTRIES: usize = WORK_AREA + 1024;
const ENTRY: usize = 24;

@unmanaged
class Entry {
  group: u64; // underlying << 56 | expiry ms
  strikePerLot: i64; // money a lot
  lots: i32; // after every open sell, negative is short
  put: u32;

  @inline
  static at(index: u32): Entry {
    return changetype<Entry>(ENTRIES + <usize>index * ENTRY);
  }
}

/** Sum over expiries of the lesser of isolated margins and largest loss at expiry. */
function exactMargin(account: Account): i64 {
  let count: u32 = 0;
  let total: i64 = 0;
  let left = account.occupied;
  while (left != 0) {
    const index = <u32>ctz(left);
    left &= left - 1;
    const position = positionAt(account, index);
    const lots = position.lots - <i32>position.openSell;
    if (lots == 0) continue;
    const instrument = Instrument.at(position.instrument);
    if (instrument.state == SETTLED) {
      // The payoff is known: a short owes it, a long has it only once it is paid.
      if (lots < 0) total += isolated(position, instrument.initial0);
      continue;
    }
    const entry = Entry.at(count);
    entry.group = ((<u64>instrument.underlying) << 56) | instrument.expiry;
    entry.strikePerLot = <i64>(
      (((<u64>instrument.strike) * 1_000_000) / Underlying.at(instrument.underlying).lotsPerContract)
    );
    entry.lots = lots;
    entry.put = instrument.put;
    count++;
  }
  for (let first: u32 = 0; first < count; first++) {
    const group = Entry.at(first).group;
    if (group == 0) continue;
    total += expiryMargin(account, first, count, group);
    for (let index = first; index < count; index++) {
      const entry = Entry.at(index);
      if (entry.group == group) entry.group = 0;
    }
  }
  return total;
}

/** The lesser of the group's isolated margins and its largest loss. */
function expiryMargin(account: Account, first: u32, count: u32, group: u64): i64 {
  const isolatedSum = isolatedOf(account, group);
  if (isolatedSum == 0) return 0;
  const loss = largestLoss(first, count, group);
  return loss < isolatedSum ? loss : isolatedSum;
}

function isolatedOf(account: Account, group: u64): i64 {
  let sum: i64 = 0;
  let left = account.occupied;
  while (left != 0) {
    const index = <u32>ctz(left);
    left &= left - 1;
    const position = positionAt(account, index);
    if (worstShort(position) == 0) continue;
    const instrument = Instrument.at(position.instrument);
    if ((((<u64>instrument.underlying) << 56) | instrument.expiry) != group) continue;
    if (instrument.state == SETTLED) continue;
    sum += isolated(position, initialPerLot(instrument));
  }
  return sum;
}

/**
 * -min over all prices of the group's payoff, or 0 if that is a gain. The payoff is piecewise linear, so its minimum is at
 * price zero, at a strike, or at infinity, where net short calls lose without bound.
 */
function largestLoss(first: u32, count: u32, group: u64): i64 {
  let netCalls: i64 = 0;
  for (let index = first; index < count; index++) {
    const entry = Entry.at(index);
    if (entry.group == group && entry.put == 0) netCalls += entry.lots;
  }
  if (netCalls < 0) return i64.MAX_VALUE;
  let worst = payoff(first, count, group, 0);
  for (let index = first; index < count; index++) {
    const entry = Entry.at(index);
    if (entry.group != group) continue;
    const value = payoff(first, count, group, entry.strikePerLot);
    if (value < worst) worst = value;
  }
  return worst < 0 ? -worst : 0;
}

/** The group's payoff at a price, money. */
function payoff(first: u32, count: u32, group: u64, price: i64): i64 {
  let sum: i64 = 0;
  for (let index = first; index < count; index++) {
    const entry = Entry.at(index);
    if (entry.group != group) continue;
    const per = entry.put != 0 ? entry.strikePerLot - price : price - entry.strikePerLot;
    if (per <= 0) continue;
    sum += <i64>entry.lots * per;
  }
  return sum;
}

if (MAX_LOTS > 5_000_000) ERROR("sums are bounded for 5,000,000 lots");
if (MAX_POSITIONS != 64) ERROR("sums are bounded for 64 terms");

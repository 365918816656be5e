import { put32, put64, send } from "../events";
import {
  EVT_SETTLEMENT_PRICE, SETTLED_BY_AVERAGE, SETTLED_BY_L1, SETTLED_BY_LAST_PRICE, SETTLED_BY_LONGER_AVERAGE,
} from "../kinds";
import { UNDERLYINGS, UNDERLYING_SIZE, WORK_AREA } from "../layout";
import { DAY_MS, expiryMs, firstExpiryDay } from "../math/calendar";
import { Globals } from "../records/globals";
import { SETTLED_ENTRIES, SETTLED_RING, Underlying } from "../records/underlying";
import { Average, averageBefore, averageSince, BUCKET_MS, remember } from "./history";

// The settlement price of a day, one for all its instruments, fixed once:
//
//   1. the time-weighted average of the index over the 30 minutes before 08:00 UTC, over the time really covered;
//   2. under 80 % coverage the window grows backwards, up to two hours, until as much is covered;
//   3. else a price round that came through L1's inbox after the expiry and is dated within the minute before it;
//   4. else, 25 hours after the expiry (L1 carries a message within a day), the last valid price before it.

const WINDOW_ENTRIES: u32 = 6; // 30 minutes
const ENOUGH_MS: u64 = (<u64>WINDOW_ENTRIES * BUCKET_MS * 8) / 10;
const WAIT_MS: u64 = 25 * 3_600_000;
const DATED_MS: u64 = 60_000;

const AVERAGE: usize = WORK_AREA + 512;

/** Counts the last price up to `now`, when the next one takes over; and settles the days whose expiry lies between. */
export function accumulate(underlying: Underlying, now: u64): void {
  const from = underlying.indexTime;
  if (underlying.indexPrice == 0 || now <= from) return;
  let day = <u32>firstExpiryDay(from);
  for (let days: u32 = 0; days < SETTLED_ENTRIES && now >= expiryMs(day); days++) {
    if (entryOf(underlying, day) == 0) fix(underlying, day);
    day++;
  }
  remember(underlying, now);
}

function entryOf(underlying: Underlying, day: u32): usize {
  const ring = changetype<usize>(underlying) + SETTLED_RING;
  for (let entry: u32 = 0; entry < SETTLED_ENTRIES; entry++) {
    const at = ring + ((<usize>entry) << 4);
    if (load<u32>(at) == day) return at;
  }
  return 0;
}

function enter(underlying: Underlying, day: u32, price: u64, waiting: u32): void {
  const at = changetype<usize>(underlying) + SETTLED_RING + ((<usize>underlying.settledNext) << 4);
  store<u32>(at, day);
  store<u32>(at, waiting, 4);
  store<u64>(at, price, 8);
  underlying.settledNext = (underlying.settledNext + 1) % SETTLED_ENTRIES;
}

/** The average of a day that no entry has, or 0. No more than two hours of it can be known, so a later day's is cheap. */
function averageOf(underlying: Underlying, day: u32): u64 {
  const result = changetype<Average>(AVERAGE);
  averageBefore(underlying, expiryMs(day), WINDOW_ENTRIES, ENOUGH_MS, result);
  return result.price;
}

function sourceOfAverage(): u32 {
  return changetype<Average>(AVERAGE).entries == WINDOW_ENTRIES ? SETTLED_BY_AVERAGE : SETTLED_BY_LONGER_AVERAGE;
}

/** A day without an entry gets one: its average, or that it waits with the last price. */
function fix(underlying: Underlying, day: u32): void {
  // The last price before it is more than a day older: nothing can be covered.
  const price = expiryMs(day) > underlying.indexTime + DAY_MS ? 0 : averageOf(underlying, day);
  if (price == 0) return enter(underlying, day, underlying.indexPrice, 1);
  enter(underlying, day, price, 0);
  tellPrice(underlying, day, price, sourceOfAverage());
}

/** Notes for the price epoch that begins what is known of the settlement average whose window began last, if two hours remember it. */
export function startWindow(underlying: Underlying, now: u64): void {
  const window = <u64>WINDOW_ENTRIES * BUCKET_MS;
  const day = <u32>firstExpiryDay(now + window) - 1;
  const end = expiryMs(day);
  const result = changetype<Average>(AVERAGE);
  averageSince(underlying, end - window, WINDOW_ENTRIES, now, result);
  underlying.buildWindowDay = day;
  underlying.buildWindowCovered = <u64>result.entries;
  underlying.buildWindowAverage = result.price;
}

function tellPrice(underlying: Underlying, day: u32, price: u64, source: u32): void {
  put32(0, <u32>((changetype<usize>(underlying) - UNDERLYINGS) / UNDERLYING_SIZE));
  put32(4, day);
  put64(8, price);
  put32(16, source);
  send(EVT_SETTLEMENT_PRICE);
}

/**
 * The settlement price of an expiry that the clock has passed, fixed from then on; or 0, and nothing changed, while it waits for a
 * message from L1 (or no index was ever accepted).
 */
export function settlementPrice(underlying: Underlying, expiry: u64): u64 {
  if (underlying.indexPrice == 0) return 0;
  const day = <u32>(expiry / DAY_MS);
  const entry = entryOf(underlying, day);
  if (entry != 0 && load<u32>(entry, 4) == 0) return load<u64>(entry, 8);
  const waited = Globals.get().clock >= expiry + WAIT_MS;
  if (entry != 0) {
    if (!waited) return 0;
    store<u32>(entry, 0, 4);
    tellPrice(underlying, day, load<u64>(entry, 8), SETTLED_BY_LAST_PRICE);
    return load<u64>(entry, 8);
  }
  // No price has come since the expiry: what is there settles it, as far as it covers.
  const price = averageOf(underlying, day);
  if (price == 0 && !waited) return 0;
  const final = price != 0 ? price : underlying.indexPrice;
  enter(underlying, day, final, 0);
  tellPrice(underlying, day, final, price != 0 ? sourceOfAverage() : SETTLED_BY_LAST_PRICE);
  return final;
}

/** The day that a round through the inbox may settle: 0, or one that has expired and is dated so by all its signers. */
export function daySettledBy(earliest: u64, latest: u64): u32 {
  if (latest == 0) return 0;
  const day = <u32>firstExpiryDay(latest - 1);
  const expiry = expiryMs(day);
  if (latest > expiry || earliest + DATED_MS < expiry) return 0;
  return Globals.get().clock >= expiry ? day : 0;
}

/** Whether a day waits for a message from L1. */
export function isWaiting(underlying: Underlying, day: u32): bool {
  const entry = entryOf(underlying, day);
  if (entry != 0) return load<u32>(entry, 4) != 0;
  return underlying.indexPrice != 0 && underlying.indexTime < expiryMs(day) && averageOf(underlying, day) == 0;
}

/** Settles a waiting day by L1's message. */
export function settleByMessage(underlying: Underlying, day: u32, price: u64): void {
  const entry = entryOf(underlying, day);
  if (entry != 0) {
    store<u32>(entry, 0, 4);
    store<u64>(entry, price, 8);
  } else enter(underlying, day, price, 0);
  tellPrice(underlying, day, price, SETTLED_BY_L1);
}

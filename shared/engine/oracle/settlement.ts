import { DAY_MS, expiryMs, firstExpiryDay } from "../math/calendar";
import { SETTLED_ENTRIES, SETTLED_RING, Underlying } from "../records/underlying";

// The settlement price of a day: the time-weighted average of the index over the 30 minutes before 08:00 UTC, over the
// time really covered. An observation covers at most a minute, so silence is not counted as a price. Under 80 %
// coverage the last valid price decides.

const WINDOW_MS: u64 = 30 * 60_000;
const COVERS_MS: u64 = 60_000;
const ENOUGH_MS: u64 = (WINDOW_MS * 8) / 10;

/**
 * Counts the last price into its settlement window up to `now`, when the next one takes over; and where an expiry lies between,
 * settles that day for good, with nothing that was said after it.
 */
export function accumulate(underlying: Underlying, now: u64): void {
  const from = underlying.indexTime;
  if (underlying.indexPrice == 0 || now <= from) return;
  let day = <u32>firstExpiryDay(from);
  count(underlying, day, from, now);
  for (let days: u32 = 0; days < SETTLED_ENTRIES && now >= expiryMs(day); days++) {
    freeze(underlying, day);
    day++;
  }
}

function count(underlying: Underlying, day: u32, from: u64, now: u64): void {
  const end = expiryMs(day);
  let until = now < from + COVERS_MS ? now : from + COVERS_MS;
  if (until > end) until = end;
  const start = from > end - WINDOW_MS ? from : end - WINDOW_MS;
  if (until <= start) return;
  if (underlying.windowDay != day) {
    underlying.windowDay = day;
    underlying.windowCovered = 0;
    underlying.windowSum = 0;
  }
  underlying.windowCovered += until - start;
  underlying.windowSum += (until - start) * underlying.indexPrice;
}

function ring(underlying: Underlying, entry: u32): usize {
  return changetype<usize>(underlying) + SETTLED_RING + ((<usize>entry) << 4);
}

/** The price of a day that is already settled, or 0. */
function frozen(underlying: Underlying, day: u32): u64 {
  for (let entry: u32 = 0; entry < SETTLED_ENTRIES; entry++) {
    const at = ring(underlying, entry);
    if (load<u64>(at) == <u64>day) return load<u64>(at, 8);
  }
  return 0;
}

/** Settles a day for good, for all its instruments alike. */
function freeze(underlying: Underlying, day: u32): u64 {
  const known = frozen(underlying, day);
  if (known != 0) return known;
  let price = underlying.indexPrice;
  if (underlying.windowDay == day && underlying.windowCovered >= ENOUGH_MS) {
    price = underlying.windowSum / underlying.windowCovered;
  }
  const at = ring(underlying, underlying.settledNext);
  store<u64>(at, <u64>day);
  store<u64>(at, price, 8);
  underlying.settledNext = (underlying.settledNext + 1) % SETTLED_ENTRIES;
  return price;
}

/** The settlement price of an expiry that the clock has passed; 0 if no index was ever accepted. */
export function settlementPrice(underlying: Underlying, expiry: u64): u64 {
  if (underlying.indexPrice == 0) return 0;
  const day = <u32>(expiry / DAY_MS);
  const known = frozen(underlying, day);
  if (known != 0) return known;
  // No price has come since the expiry: the last one settles it, as far as it covers.
  if (underlying.indexTime < expiry) accumulate(underlying, expiry);
  return freeze(underlying, day);
}

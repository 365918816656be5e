import { mulDivDown } from "../math/wide";
import { HISTORY_BUCKETS, HISTORY_RING, Underlying } from "../records/underlying";

// The index of the last two hours, five minutes an entry, from which a settlement average of any such length can be taken. An
// observation covers at most a minute, so silence is not counted as a price.
//
//   entry, 16 bytes:   0 number u32 (five minutes since 1970)   4 covered u32 ms   8 sum u64 (price x seconds)

export const BUCKET_MS: u64 = 300_000;
export const COVERS_MS: u64 = 60_000;

function entryOf(underlying: Underlying, number: u32): usize {
  return changetype<usize>(underlying) + HISTORY_RING + ((<usize>(number % HISTORY_BUCKETS)) << 4);
}

/** The moment up to which the last price covers what follows it. */
@inline
export function coveredUntil(underlying: Underlying, now: u64): u64 {
  const end = underlying.indexTime + COVERS_MS;
  return now < end ? now : end;
}

/** Counts the last price from its time up to `now`, at most a minute: two entries. */
export function remember(underlying: Underlying, now: u64): void {
  let from = underlying.indexTime;
  const until = coveredUntil(underlying, now);
  while (from < until) {
    const number = <u32>(from / BUCKET_MS);
    const end = (<u64>number + 1) * BUCKET_MS;
    const to = until < end ? until : end;
    add(underlying, number, to - from);
    from = to;
  }
}

function add(underlying: Underlying, number: u32, covered: u64): void {
  const entry = entryOf(underlying, number);
  if (load<u32>(entry) != number) {
    store<u32>(entry, number);
    store<u32>(entry, 0, 4);
    store<u64>(entry, 0, 8);
  }
  // SAFETY: a price is below 1e16 and an entry 300 s, so a sum is below 3e18. What is less than one price x second is carried on.
  const price = underlying.indexPrice;
  const rest = (price % 1_000) * covered + <u64>underlying.sumCarry;
  store<u32>(entry, load<u32>(entry, 4) + <u32>covered, 4);
  store<u64>(entry, load<u64>(entry, 8) + (price / 1_000) * covered + rest / 1_000, 8);
  underlying.sumCarry = <u32>(rest % 1_000);
}

/** Milliseconds of an entry's five minutes that the last price covers, and that `remember` has not counted yet. */
function tailIn(underlying: Underlying, number: u32, now: u64): u64 {
  const start = <u64>number * BUCKET_MS;
  const from = underlying.indexTime > start ? underlying.indexTime : start;
  const until = coveredUntil(underlying, now);
  const to = until < start + BUCKET_MS ? until : start + BUCKET_MS;
  return to > from ? to - from : 0;
}

/** An average and the length of its window: both 0 where two hours do not cover enough. */
@unmanaged
export class Average {
  price: u64;
  entries: u32;
  pad: u32;
}

/** The average of what is covered in the `entries` from `start` on, up to `now`; 0 where nothing is. `entries` becomes the milliseconds covered. */
export function averageSince(underlying: Underlying, start: u64, entries: u32, now: u64, result: Average): void {
  const first = <u32>(start / BUCKET_MS);
  let covered: u64 = 0;
  let sum: u64 = 0;
  for (let number = first; number < first + entries; number++) {
    const entry = entryOf(underlying, number);
    if (load<u32>(entry) == number) {
      covered += load<u32>(entry, 4);
      sum += load<u64>(entry, 8);
    }
    const tail = tailIn(underlying, number, now);
    covered += tail;
    sum += (underlying.indexPrice / 1_000) * tail + ((underlying.indexPrice % 1_000) * tail) / 1_000;
  }
  result.entries = <u32>covered;
  result.price = covered == 0 ? 0 : mulDivDown(sum, 1_000, covered);
}

/**
 * The average over the `entries` before `end` (a whole number of entries), or over as many more as it takes to have covered `enough`
 * milliseconds, as if `end` were now. Changes nothing but `result`.
 */
export function averageBefore(underlying: Underlying, end: u64, entries: u32, enough: u64, result: Average): void {
  const last = <u32>(end / BUCKET_MS);
  let covered: u64 = 0;
  let sum: u64 = 0;
  result.price = 0;
  result.entries = 0;
  for (let back: u32 = 1; back <= HISTORY_BUCKETS; back++) {
    const number = last - back;
    const entry = entryOf(underlying, number);
    if (load<u32>(entry) == number) {
      covered += load<u32>(entry, 4);
      sum += load<u64>(entry, 8);
    }
    const tail = tailIn(underlying, number, end);
    covered += tail;
    sum += (underlying.indexPrice / 1_000) * tail + ((underlying.indexPrice % 1_000) * tail) / 1_000;
    if (back >= entries && covered >= enough) {
      // SAFETY: half an hour, or less than that and one entry more: a sum below 1e16 x 1,800.
      result.price = mulDivDown(sum, 1_000, covered);
      result.entries = back;
      return;
    }
  }
}

// Multipliers of the initial margin of new risk, 1e-4. They rise at once and come down at a stated rate.

export const MULTIPLIER_NONE: u32 = 10_000;
export const MULTIPLIER_MOST: u32 = 20_000;
/** A multiplier comes down by 1e-4 in so many milliseconds: 0.1 a minute, from 2.0 to 1.0 in ten. */
const DECAY_MS: u64 = 60;

/** What is left of a multiplier that holds until `from` and comes down from there on. */
export function decayed(multiplier: u32, from: u64, now: u64): u32 {
  if (now <= from) return multiplier;
  const gone = (now - from) / DECAY_MS;
  const over = multiplier > MULTIPLIER_NONE ? multiplier - MULTIPLIER_NONE : 0;
  return gone >= <u64>over ? MULTIPLIER_NONE : multiplier - <u32>gone;
}

/** From 1.0 at 0 to 2.0 at `whole`, and no more, linearly; rounded up, against who takes new risk. */
export function rampUp(part: u64, whole: u64): u32 {
  if (part >= whole) return MULTIPLIER_MOST;
  // SAFETY: callers' parts are below 1e13, so the product is below 1e17.
  return MULTIPLIER_NONE + <u32>((part * (MULTIPLIER_MOST - MULTIPLIER_NONE) + whole - 1) / whole);
}

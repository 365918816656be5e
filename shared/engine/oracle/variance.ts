import { Guard } from "../records/guard";
import { mulDivDown } from "../math/wide";

// Realized variance of the accepted rounds, an exponentially weighted mean over time in the manner of RiskMetrics (J.P. Morgan,
// Technical Document, 1996, section 5.2), in its implicit form for rounds that do not come evenly:
//
//   v' = (v x TAU + r x r) / (TAU + dt)
//
// which is stable for any dt, and forgets less in a long silence than in the same time with prices: silence is no evidence of calm.
// Sampled once in SAMPLE_MS, since closer together the noise between signers would look like volatility (Andersen, Bollerslev, Diebold,
// Labys 2003 on sampling), or at once when the price has moved by MOVE since.

// One return counts as 1.5 % at most, which separates jumps from diffusion by a threshold (Mancini, Scandinavian Journal of
// Statistics 2009; a return beyond it is cut here and not left out). A path sampled whenever it has moved 1 % loses next to nothing by it:
// a fall of 15 % is a dozen samples. A price that leaps away and back is two of them: new risk pays at most 1.84 for it, and nothing within 40 minutes.

// With a price a minute this peaks at 24 % (BTC) and 34 % (ETH) a year on a calm day, 15 July 2023, and at 340 % to 590 % on the days
// of May and November 2022, which are above 150 % for a third to nearly all of the day (as long as without the cut, to 2 %).

const TAU_MS: u64 = 1_800_000; // 30 minutes
const SAMPLE_MS: u64 = 15_000;
const ONE: u64 = 1_000_000_000; // returns are 1e-9
const MOVE: u64 = 10_000_000; // 1 %
const RETURN_MOST: u64 = 15_000_000; // 1.5 %
/** SAFETY: v x TAU and one squared return (2.25e14) stay below 2^63: 7.2e18 + 2.25e14. */
const VARIANCE_MOST: u64 = 4_000_000_000_000;

// A year of 365.25 days has 31,557,600,000 ms; a volatility of s a year is a variance of s x s x 1e18 / that a millisecond.
/** 150 % a year: from here on the regime is high. */
export const VARIANCE_HIGH: u64 = 71_298_197;
/** 300 % a year: new risk pays twice. */
export const VARIANCE_HIGHEST: u64 = 285_192_790;

/** Takes an accepted price into the variance. Prices are positive. */
export function observeReturn(guard: Guard, price: u64, time: u64): void {
  const from = guard.samplePrice;
  if (from == 0) {
    guard.samplePrice = price;
    guard.sampleTime = time;
    return;
  }
  const moved = price > from ? price - from : from - price;
  const whole = moved >= from ? ONE : mulDivDown(moved, ONE, from);
  const elapsed = time > guard.sampleTime ? time - guard.sampleTime : 0;
  if (elapsed < SAMPLE_MS && whole < MOVE) return;
  const size = whole < RETURN_MOST ? whole : RETURN_MOST;
  const variance = (guard.variance * TAU_MS + size * size) / (TAU_MS + elapsed);
  guard.variance = variance < VARIANCE_MOST ? variance : VARIANCE_MOST;
  guard.samplePrice = price;
  guard.sampleTime = time;
}

/**
 * Greeks of Black's formula (black76.ts) to the conventions of Deribit's tickers: vega for one point of volatility, theta for
 * one day of 365, rho for one percent. No rule of the exchange needs them; hosts publish them (quotes.ts).
 *
 *   gamma = n(d1) / (F s)     vega = F n(d1) sqrt(T) / 100     theta = -F n(d1) s / (2 T) / 365     s = volatility sqrt(T)
 *   rho   = T (F delta - price) / 100: the forward moves with the rate, the spot does not
 */
import { callDeltaNearest, totalVolatility } from './black76';
import { lnRatio, normalDensity, TAIL_END_Q58 } from './fixed';
import { divideWide, mulDivDown, mulHigh } from './wide';

const DAY_MS: u64 = 86_400_000;
const YEAR_MS: u64 = 365 * DAY_MS;
const BILLION: u64 = 1_000_000_000;
const PERCENT: u64 = 100;

/** Density at d1, Q62; 0 where there is no volatility or none of it is left. */
function densityAt(forward: u64, strike: u64, total: u64): u64 {
  if (forward == 0 || strike == 0 || total >> 3 == 0) return 0;
  const inTheMoney = forward >= strike;
  const distance = inTheMoney ? lnRatio(forward, strike) : lnRatio(strike, forward);
  if (distance >> 4 >= total) return 0;
  const middle = divideWide(distance >> 4, distance << 60, total);
  if (middle >= TAIL_END_Q58 << 1) return 0; // d1 is beyond 8, or this and half the total cancel: see below
  const d1 = (inTheMoney ? <i64>middle : -(<i64>middle)) + <i64>(total >> 3);
  return <u64>normalDensity(d1);
}

/** Delta of a call or a put to its forward, 1e-9 to the nearest. */
export function deltaNearest(forward: u64, strike: u64, total: u64, put: u32): i64 {
  const call = callDeltaNearest(forward, strike, total);
  return put != 0 ? call - <i64>BILLION : call;
}

/** How much delta changes for a forward of 1 USDC more, 1e-12, rounded down. @param forward 1e-6 USDC */
export function gammaDown(forward: u64, strike: u64, total: u64): u64 {
  const density = densityAt(forward, strike, total);
  if (density == 0) return 0;
  // n / s: Q62 over Q60. Saturates where s is tiny, and so does what it is for.
  const slope = mulDivDown(density, BILLION * 250, total); // 1e12 · 2^62 / 2^60 / 4
  return mulDivDown(slope, 1_000_000, forward);
}

/** What one more point of volatility is worth, in the unit of the forward, rounded down. */
export function vegaDown(forward: u64, strike: u64, total: u64, leftMs: u64): u64 {
  const density = densityAt(forward, strike, total);
  const rootYears = totalVolatility(1_000_000, leftMs); // Q60
  const share = mulHigh(density << 2, rootYears); // n < 0.4, so 0.64 times Q60: Q60
  return mulDivDown(forward, share, (<u64>1) << 60) / PERCENT;
}

/** What a day costs, in the unit of the forward, rounded down: theta is minus this. */
export function thetaDown(forward: u64, strike: u64, total: u64, leftMs: u64): u64 {
  if (leftMs == 0) return 0;
  const density = densityAt(forward, strike, total);
  const share = mulHigh(density << 1, total); // Q63 times Q60: Q59, which is half of n s in Q60
  return mulDivDown(forward, mulDivDown(share, DAY_MS, leftMs), (<u64>1) << 60);
}

/** What one percent of interest is worth, in the unit of the forward, rounded toward zero. @param price that of the option */
export function rhoDown(forward: u64, delta: i64, price: u64, leftMs: u64): i64 {
  const size = mulDivDown(forward, <u64>(delta < 0 ? -delta : delta), BILLION);
  const held = (delta < 0 ? -<i64>size : <i64>size) - <i64>price;
  const share = mulDivDown(<u64>(held < 0 ? -held : held), leftMs, YEAR_MS * PERCENT);
  return held < 0 ? -<i64>share : <i64>share;
}

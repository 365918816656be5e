/**
 * A smile of volatilities for one expiry, in five numbers: the stochastic volatility inspired (SVI) parameterization
 * (J. Gatheral, "A parsimonious arbitrage-free implied volatility parameterization", Madrid 2004; J. Gatheral and
 * A. Jacquier, "Arbitrage-free SVI volatility surfaces", Quantitative Finance 14, 2014).
 *
 *   v(k) = a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2)),  k = ln(strike / forward)
 *
 * v is the variance a year, as in the paper of 2004: the total variance of 2014 is v times the years left. So a smile that
 * was signed a minute ago still fits the time that is left now, and b = 0 is a flat one of volatility sqrt(a).
 *
 *   a, b        1e-12 a year         rho, m, sigma   1e-9
 */
import { lnRatio, sqrtDown, sqrtWide } from './fixed';
import { mulDivDown, mulDivUp, mulHigh, mulShift } from './wide';

/** 2^92 / 1e9: billionths to Q60. */
const BILLIONTH_Q92: u64 = 0x44b82fa09b5a52cb;
const BILLION: u64 = 1_000_000_000;
const YEAR_MS: u64 = 31_536_000_000;
/** What a smile gives at most: the square of 500 %, 1e-12. */
export const MAX_VARIANCE: u64 = 25_000_000_000_000;
/** The largest b, 1,000 a year for a strike e times as far. */
export const MAX_SLOPE: u64 = 1_000_000_000_000_000;
/** The lowest a: what the largest b and sigma can make up for. */
export const MIN_LEVEL: i64 = -4_000_000_000_000_000;
export const MAX_SHIFT: i32 = 2_000_000_000; // of m, either way: a factor of 7.4 in the strike
export const MAX_CURVATURE: u32 = 4_000_000_000; // of sigma
/** Beyond this logarithm, a factor of 2981, the smile is flat. Q58. */
const FARTHEST: u64 = (<u64>8) << 58;

/** n / 1e9 in Q60, rounded down, n below 2^32. */
function billionths(n: u64): u64 {
  return mulHigh(n << 32, BILLIONTH_Q92);
}

/** sqrt(x^2 + y^2) of two numbers below 2^60, in their unit; relative error below 2^-57. */
function hypotenuse(x: u64, y: u64): u64 {
  const larger = x > y ? x : y;
  if (larger == 0) return 0;
  const shift = clz(larger) - 1; // the larger fills 63 bits: the sum of squares over 2^64 fills 61 to 63
  const wideX = x << shift;
  const wideY = y << shift;
  const squares = mulHigh(wideX, wideX) + mulHigh(wideY, wideY);
  const root = squares >> 62 == 0 ? sqrtWide(squares << 2) : sqrtWide(squares) << 1;
  return root >> shift;
}

/**
 * The variance a year at a strike, 1e-12, from 0 to MAX_VARIANCE. Within 3 units for parameters of usual size; the error
 * grows with b, by 2^-53 of it.
 *
 * @param forward, strike in one unit, any u64; the logarithm of a zero counts as the farthest
 */
export function sviVariance(
  a: i64,
  b: u64,
  rho: i32,
  m: i32,
  sigma: u32,
  forward: u64,
  strike: u64,
): u64 {
  let variance = a;
  if (b != 0) {
    const above = strike >= forward;
    const low = above ? forward : strike;
    let far = low == 0 ? FARTHEST : lnRatio(above ? strike : forward, low);
    if (far > FARTHEST) far = FARTHEST;
    const k = <i64>(far >> 2); // Q56
    const shift = <i64>(billionths(<u64>(m < 0 ? -<i64>m : <i64>m)) >> 4);
    const x = (above ? k : -k) - (m < 0 ? -shift : shift); // Q56, below 10.1 either way
    const size = <u64>(x < 0 ? -x : x);
    const root = <i64>hypotenuse(size, billionths(sigma) >> 4);
    const tilt = <i64>mulDivDown(<u64>(rho < 0 ? -<i64>rho : <i64>rho), size, BILLION);
    const bent = rho < 0 == x < 0 ? root + tilt : root - tilt;
    variance += mulShift(<i64>b, bent > 0 ? bent : 0, 56);
  }
  if (variance <= 0) return 0;
  return <u64>variance < MAX_VARIANCE ? <u64>variance : MAX_VARIANCE;
}

/** The least variance of the smile, a + b sigma sqrt(1 - rho^2), is not below 0; |rho| below 1. Borderline cases may be refused. */
export function isNowhereNegative(a: i64, b: u64, rho: i32, sigma: u32): bool {
  if (a >= 0) return true;
  const size = <u64>(rho < 0 ? -<i64>rho : <i64>rho);
  const across = sqrtDown((BILLION - size) * (BILLION + size)); // sqrt(1 - rho^2), 1e-9
  return mulDivDown(mulDivDown(b, sigma, BILLION), across, BILLION) >= <u64>-a;
}

/**
 * The wings of the total variance, b (1 + |rho|) times the years left, rise by no more than 2 (R. Lee, "The moment
 * formula for implied volatility at extreme strikes", Mathematical Finance 14, 2004). The years only get fewer.
 */
export function isWithinLee(b: u64, rho: i32, leftMs: u64): bool {
  const size = <u64>(rho < 0 ? -<i64>rho : <i64>rho);
  const slope = mulDivUp(b, BILLION + size, BILLION);
  return mulDivUp(slope, leftMs, YEAR_MS) <= 2_000_000_000_000;
}

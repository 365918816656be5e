/**
 * Black's formula of 1976 for European options on a forward, undiscounted (F. Black, "The pricing of commodity
 * contracts", J. Financial Economics 3).
 *
 *   call = F N(d1) - K N(d2),  put = K N(-d2) - F N(-d1),  d1,2 = ln(F/K)/s ± s/2,  s = volatility · sqrt(years)
 *
 * Only the out-of-the-money option is computed, and the other is that plus |F - K|: parity holds to the unit. Since
 * put(F, K) = call(K, F), one function of the lower and the higher of the two serves both. And since
 * F·density(d1) = K·density(d2), with h = ln(high/low)/s, a = h - s/2, b = h + s/2 and the scaled tail
 * R(y) = N(-y) exp(y²/2):
 *
 *   a >= 0:  low · exp(-a²/2) · (R(a) - R(b))
 *   a <  0:  low - low · exp(-a²/2) · (R(-a) + R(b))
 *
 * One exponential, no subtraction of large numbers, relative accuracy in the far tail: what is below a unit there
 * still falls with the strike before it is rounded, which is why prices are monotone (Jäckel, "Let's be rational",
 * Wilmott 2015, works with the same scaled tails).
 */
import {
  expFraction,
  halfSquare,
  LN2_Q59,
  lnRatio,
  normalCdf,
  scaledTail,
  sqrtWide,
  TAIL_END_Q58,
} from './fixed';
import { divideWide, mulHigh } from './wide';

/** The largest total volatility, just below 16, Q60: an option's price is then its bound but for 1e-15. */
export const MAX_TOTAL_VOLATILITY: u64 = u64.MAX_VALUE;

/** 1 / (1e6 · sqrt(milliseconds in a year of 365 days)) in Q101, which brings it between 2^63 and 2^64. */
const INVERSE_ROOT_YEAR_Q101: u64 = 0xc620d7eac43fd3f4;

/**
 * Volatility over the time to expiry: volatility · sqrt(years), Q60, rounded down, relative error below 2^-59;
 * saturates at MAX_TOTAL_VOLATILITY.
 *
 * @param volatility annual, in 1e-6 (500,000 is 50 %)
 * @param timeMs milliseconds to expiry; a year is 365 days
 */
export function totalVolatility(volatility: u32, timeMs: u64): u64 {
  if (volatility == 0) return 0;
  const zeros = clz(<u64>volatility);
  return overTime(<u64>volatility << zeros, zeros, timeMs);
}

/**
 * As totalVolatility, from the square of the volatility: sqrt(variance · years), Q60, relative error below 2^-59.
 *
 * @param variance annual, in 1e-12 (360,000,000,000 is the square of 60 %)
 */
export function totalOfVariance(variance: u64, timeMs: u64): u64 {
  if (variance == 0) return 0;
  const halfZeros = clz(variance) >> 1;
  return overTime(sqrtWide(variance << (halfZeros << 1)), halfZeros + 31, timeMs);
}

/** volatility · sqrt(years), Q60, of a volatility in 1e-6 that was shifted left by `shift` and fills 63 or 64 bits. */
function overTime(volatility: u64, shift: u64, timeMs: u64): u64 {
  if (timeMs == 0) return 0;
  const timeHalfZeros = clz(timeMs) >> 1; // an even shift, whose root is a shift
  const root = sqrtWide(timeMs << (timeHalfZeros << 1)); // Q31 of the shifted root, 2^62 to 2^63
  const rootYears = mulHigh(root, INVERSE_ROOT_YEAR_Q101);
  const product = mulHigh(rootYears, volatility);
  // Binary point of the product: Q31 times Q101 less 64 is Q68, times the shifted volatility, less 64 again.
  const point = shift + timeHalfZeros + 4;
  if (point >= 60) return product >> (point - 60);
  const missing = 60 - point;
  return product >> (64 - missing) != 0 ? MAX_TOTAL_VOLATILITY : product << missing;
}

/** low · fraction / 2^shift to the nearest unit, fraction 0.64. */
function scaleNearest(low: u64, fraction: u64, shift: u64): u64 {
  const high = mulHigh(low, fraction);
  if (shift == 0) return high + ((low * fraction) >> 63);
  return (high >> shift) + ((high >> (shift - 1)) & 1);
}

/**
 * The option that is out of the money, in the units of its arguments, to the nearest unit: a call if the strike is the
 * higher, else a put.
 *
 * Never below 0 nor above the lower of the two; falls with the distance between them. Error below 1e-14 of the lower
 * of the two (then rounded); prices below 6.2e-16 of it are 0.
 *
 * @param forward any u64; 0 gives 0
 * @param strike in the forward's unit; 0 gives 0
 * @param total volatility over the time to expiry, Q60: see totalVolatility
 */
export function outOfTheMoneyNearest(forward: u64, strike: u64, total: u64): u64 {
  const low = forward < strike ? forward : strike;
  if (low == 0) return 0;
  return outOfTheMoneyAt(low, lnRatio(forward < strike ? strike : forward, low), total);
}

/**
 * The same from the lower of forward and strike and how far apart they are, for who prices at many forwards of one
 * strike and knows the logarithms.
 *
 * @param low the lower of the two; 0 gives 0
 * @param distance ln(higher / lower), Q58
 */
export function outOfTheMoneyAt(low: u64, distance: u64, total: u64): u64 {
  const half = total >> 3; // Q60 to Q58, and half of it
  if (low == 0 || half == 0) return 0;
  if (distance >> 4 >= total) return 0; // 64 standard deviations: what divideWide cannot hold
  const middle = divideWide(distance >> 4, distance << 60, total); // ln(high/low) / s, Q58
  const above = middle >= half;
  const a = above ? middle - half : half - middle;
  if (a >= TAIL_END_Q58) return 0; // far out: deep in, a is at most half, which is below 8

  const exponent = halfSquare(a);
  const fraction = expFraction(exponent); // Q63
  const shift = exponent / LN2_Q59;
  const near = scaledTail(a);
  const far = scaledTail(middle + half);
  if (!above) {
    // Both tails are at most 1/2, and b > 0 makes theirs less: the sum is below 1.
    return low - scaleNearest(low, mulHigh(fraction, near + far) << 1, shift);
  }
  if (near <= far) return 0; // closer together than their rounding
  return scaleNearest(low, mulHigh(fraction, near - far) << 1, shift);
}

/**
 * Call price to the nearest unit of forward and strike: between max(0, forward - strike) and forward, not decreasing in
 * the forward, not increasing in the strike, call - put = forward - strike exactly.
 *
 * @param total volatility over the time to expiry, Q60; 0 gives the intrinsic value
 */
export function callPriceNearest(forward: u64, strike: u64, total: u64): u64 {
  const price = outOfTheMoneyNearest(forward, strike, total);
  return forward > strike ? price + (forward - strike) : price;
}

/** Put price to the nearest unit; as callPriceNearest, between max(0, strike - forward) and strike. */
export function putPriceNearest(forward: u64, strike: u64, total: u64): u64 {
  const price = outOfTheMoneyNearest(forward, strike, total);
  return strike > forward ? price + (strike - forward) : price;
}

/**
 * Delta of the call to its forward, N(d1), in 1e-9 to the nearest, 0 to 1,000,000,000; that of the put is 1e9 less.
 * At no volatility: 1 in the money, 0 out of it, 1/2 at it.
 */
export function callDeltaNearest(forward: u64, strike: u64, total: u64): i64 {
  const billion: i64 = 1000000000;
  if (strike == 0) return billion;
  if (forward == 0) return 0;
  const inTheMoney = forward >= strike;
  const distance = inTheMoney ? lnRatio(forward, strike) : lnRatio(strike, forward);
  if (distance == 0 && total == 0) return billion >> 1;
  if (distance >> 4 >= total) return inTheMoney ? billion : 0;
  const middle = divideWide(distance >> 4, distance << 60, total); // Q58, below 64 by the test before
  // Beyond 8 nothing changes any more; cut before the sum so that it fits the sign.
  const bounded = <i64>(middle < TAIL_END_Q58 << 1 ? middle : TAIL_END_Q58 << 1);
  const d1 = (inTheMoney ? bounded : -bounded) + <i64>(total >> 3);
  const twice = mulHigh(<u64>normalCdf(d1) << 1, <u64>billion << 2); // Q63 times 4e9, less 64 bits: 2e9 N
  return <i64>((twice + 1) >> 1);
}

/**
 * Fixed-point elementary functions. Each value's binary point stands in its name or its docstring: Q58 is an integer
 * that counts 2^-58. The points differ on purpose: every quantity uses all 64 bits for the range that option pricing
 * gives it, so that rounding noise stays near 2^-60 without 128-bit arithmetic.
 *
 *   0.64   fractions inside a polynomial, all in [0, 1)
 *   Q63    exp of a negative number, in (1/2, 1]
 *   Q62    probabilities and densities at the surface, signed, room for 1.0
 *   Q60    total volatility, below 16
 *   Q59    exponents, below 32
 *   Q58    logarithms of ratios from 1 up, below 64 unsigned; standard deviations, below 32 signed
 *   Q57    logarithms of either sign
 *
 * All are total: arguments out of range saturate as their docstrings say, and nothing traps.
 */
import {
  coefficient,
  EXP_FIRST,
  EXP_TERMS,
  LOG_FIRST,
  LOG_SPAN,
  LOG_TERMS,
  TAIL_FIRST,
  TAIL_TERMS,
} from './coefficients';
import { divideWide, mulHigh } from './wide';

const LOW: u64 = 0xffffffff;
/** ln 2 in Q59. */
export const LN2_Q59: u64 = 0x058b90bfbe8e7bcd;
/** ln 2 in Q62. */
const LN2_Q62: u64 = 0x2c5c85fdf473de6b;
/** sqrt 2 in Q63. */
const SQRT2_Q63: u64 = 0xb504f333f9de6484;
/** 1 / sqrt(2 pi) in 0.64. */
const INVERSE_SQRT_TWO_PI: u64 = 0x662114cf50d94234;

/** 1.0 of a probability. */
export const ONE_Q62: i64 = 0x4000000000000000;
/** Where the normal distribution ends here: N(-8) = 6.2e-16 counts as 0. Q58. */
export const TAIL_END_Q58: u64 = 0x2000000000000000;

/**
 * c0 - v (c1 - v (c2 - ...)) of the coefficients `first` to `first + terms - 1`, highest power first; v and sum 0.64.
 * The lowest 64 bits of each product are left out: at most 3 units of 2^-64 too low a term, and damped by v.
 */
function alternating(first: u32, terms: u32, v: u64): u64 {
  const vHigh = v >> 32;
  const vLow = v & LOW;
  let sum = coefficient(first);
  const end = first + terms;
  for (let index = first + 1; index < end; index++) {
    const high = sum >> 32;
    const product = high * vHigh + ((high * vLow) >> 32) + (((sum & LOW) * vHigh) >> 32);
    sum = coefficient(index) - product;
  }
  return sum;
}

/** The magnitude of x, as unsigned. */
function magnitude(x: i64): u64 {
  return x < 0 ? <u64>0 - <u64>x : <u64>x;
}

/** floor(sqrt(n)), exactly. */
export function sqrtDown(n: u64): u64 {
  if (n == 0) return 0;
  // A power of two not below the root: Newton's iteration then falls to it monotonically, and stops when it does not
  // fall any more (Warren, Hacker's Delight, 11-1). At most 6 rounds for 64 bits.
  let root: u64 = (<u64>1) << ((65 - clz(n)) >> 1);
  if (root > LOW) root = LOW;
  let next = (root + n / root) >> 1;
  while (next < root) {
    root = next;
    next = (root + n / root) >> 1;
  }
  return root;
}

/**
 * sqrt(n) of an n of 2^62 and up, in Q31: the exact root of 32 bits, and as many more from the first term of its Taylor
 * series (the second is below 2^-33 of a unit of the root). Error below 2^-31 of a unit, 2^-62 relative; the
 * result may be 2^63 itself, and is no more.
 */
export function sqrtWide(n: u64): u64 {
  const root = sqrtDown(n);
  const rest = n - root * root; // at most 2 root, below 2^33
  return (root << 31) + (rest << 30) / root;
}

/**
 * exp(-x) without its binary exponent: exp(-(x mod ln 2)), Q63, from x in Q59. The whole is
 * `expFraction(x) >> (x / LN2_Q59)`. Relative error below 2^-58 (the reduction by a multiple of ln 2).
 */
export function expFraction(x: u64): u64 {
  return alternating(EXP_FIRST, EXP_TERMS, (x % LN2_Q59) << 5);
}

/**
 * exp(x), Q48, from x in Q59 (below 16 in absolute value by type). Within 2 units of 2^-48 for x <= 0, relative 2^-56
 * above; results of 32,768 and more (x from 10.4) saturate at `u64.MAX_VALUE`.
 */
export function exp(x: i64): u64 {
  if (x <= 0) {
    const exponent = magnitude(x);
    return expFraction(exponent) >> (exponent / LN2_Q59 + 15); // at most 23 + 15: a shift below 64
  }
  // exp(x) = 2^twos exp(-(twos ln 2 - x)) with the least number of twos that makes the exponent negative.
  const rest = <u64>x % LN2_Q59;
  const twos = <u64>x / LN2_Q59 + <u64>(rest != 0);
  if (twos > 15) return u64.MAX_VALUE;
  return expFraction(rest == 0 ? 0 : LN2_Q59 - rest) >> (15 - twos);
}

/**
 * ln(high / low), Q58, for high >= low > 0: at most 44.4. Error below 2^-56. The ratio is brought into
 * [1/sqrt 2, sqrt 2], where ln m = 2 atanh((m - 1) / (m + 1)).
 */
export function lnRatio(high: u64, low: u64): u64 {
  const highZeros = clz(high);
  const lowZeros = clz(low);
  // Both to 62 bits, so that twice one of them plus the other is below 2^64. What is longer loses its last bits.
  let above = (high << highZeros) >> 2;
  const below = (low << lowZeros) >> 2;
  let twos = lowZeros - highZeros;
  if (above < below) {
    above <<= 1;
    twos--;
  }
  let excess = above - below;
  let sum = above + below;
  let negative = false;
  if (above > mulHigh(below, SQRT2_Q63) << 1) {
    // Still in [1, 2), but beyond sqrt 2: one more power of two, and the logarithm of the rest is negative.
    twos++;
    excess = (below << 1) - above;
    sum = (below << 1) + above;
    negative = true;
  }
  const z = divideWide(excess, 0, sum); // 0.64, at most 0.1716
  const square = mulHigh(z, z);
  // Twice atanh z = 4 z · (atanh z / 2z): 0.64 read as Q62. LOG_SPAN is above every z^2 by 1e-4 of it.
  const rest = mulHigh(z, alternating(LOG_FIRST, LOG_TERMS, LOG_SPAN - square)) >> 4;
  // floor(twos · LN2_Q62 / 16), whose product does not fit: the last four bits apart.
  const powers = (LN2_Q62 >> 4) * twos + (((LN2_Q62 & 15) * twos) >> 4);
  return negative ? powers - rest : powers + rest;
}

/** ln(x), Q57 (from -33.3 to 11.1), from x in Q48, rounded toward zero; 0 gives `i64.MIN_VALUE`. Error below 2^-55. */
export function ln(x: u64): i64 {
  if (x == 0) return i64.MIN_VALUE;
  const one: u64 = 0x0001000000000000;
  return x < one ? -(<i64>(lnRatio(one, x) >> 1)) : <i64>(lnRatio(x, one) >> 1);
}

/**
 * The normal distribution's upper tail scaled by its decay, N(-y) exp(y^2 / 2), 0.64, from y in Q58 below 24: 1/2 at
 * 0, and falling like 0.4 / y (over 1/sqrt(2 pi) it is Mills' ratio). The pieces are those of coefficients.ts.
 */
export function scaledTail(y: u64): u64 {
  const whole = <u32>(y >> 58);
  let piece = whole;
  let bits: u64 = 6; // 64 - 58, less the width's logarithm
  let start = whole;
  if (whole >= 16) {
    piece = 8;
    bits = 3;
    start = 16;
  } else if (whole >= 8) {
    piece = whole >= 12 ? 7 : 6;
    bits = 4;
    start = whole >= 12 ? 12 : 8;
  } else if (whole >= 4) {
    piece = whole >= 6 ? 5 : 4;
    bits = 5;
    start = whole >= 6 ? 6 : 4;
  }
  const v = (y - ((<u64>start) << 58)) << bits;
  return alternating(TAIL_FIRST + piece * TAIL_TERMS, TAIL_TERMS, v);
}

/** y^2 / 2, Q59, from y in Q58 below 8 (TAIL_END_Q58). */
export function halfSquare(y: u64): u64 {
  const wide = y << 3;
  return mulHigh(wide, wide);
}

/** The upper tail N(-y), Q63, from y in Q58 below 8. */
export function upperTail(y: u64): u64 {
  const exponent = halfSquare(y);
  return mulHigh(expFraction(exponent), scaledTail(y)) >> (exponent / LN2_Q59);
}

/** Cumulative normal distribution N(x), Q62 (1.0 is ONE_Q62), from x in Q58. Within 1e-15; 0 and 1 beyond 8. */
export function normalCdf(x: i64): i64 {
  const y = magnitude(x);
  const tail: i64 = y < TAIL_END_Q58 ? <i64>(upperTail(y) >> 1) : 0;
  return x < 0 ? tail : ONE_Q62 - tail;
}

/** Density of the normal distribution exp(-x^2 / 2) / sqrt(2 pi), Q62, from x in Q58. Within 1e-15; 0 beyond 8. */
export function normalDensity(x: i64): i64 {
  const y = magnitude(x);
  if (y >= TAIL_END_Q58) return 0;
  const exponent = halfSquare(y);
  return <i64>(mulHigh(expFraction(exponent), INVERSE_SQRT_TWO_PI) >> (exponent / LN2_Q59 + 1));
}

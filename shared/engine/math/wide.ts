/**
 * Products wider than 64 bits, for AssemblyScript, which has neither 128-bit integers nor several return values: each
 * function recomputes what it needs and returns one word. All are total: no input traps.
 *
 * Multiplication is schoolbook on 32-bit halves; division is Knuth's algorithm D on 32-bit digits in the two-digit
 * form of Warren, Hacker's Delight, 2nd ed., figure 9-3 (`divlu`).
 */

const LOW: u64 = 0xffffffff;

/** The upper 64 bits of the unsigned product `a * b` (the lower 64 are `a * b` itself). */
export function mulHigh(a: u64, b: u64): u64 {
  const aLow = a & LOW;
  const aHigh = a >> 32;
  const bLow = b & LOW;
  const bHigh = b >> 32;
  const middle = aHigh * bLow + ((aLow * bLow) >> 32); // at most (2^32 - 1)^2 + 2^32 - 2: fits
  const cross = aLow * bHigh + (middle & LOW); // likewise
  return aHigh * bHigh + (middle >> 32) + (cross >> 32);
}

/** The upper 64 bits of the signed product `a * b`: floor(a * b / 2^64). */
export function mulHighSigned(a: i64, b: i64): i64 {
  // As unsigned words a stands for a + 2^64 when negative, which adds b to the upper word; and likewise for b.
  return <i64>mulHigh(<u64>a, <u64>b) - ((a >> 63) & b) - ((b >> 63) & a);
}

/**
 * floor(a * b / 2^bits), rounded toward minus infinity, for `bits` 1 to 63. The caller sees to it that the result fits
 * 64 bits; otherwise its upper bits are lost (wrapped, not trapped).
 */
export function mulShift(a: i64, b: i64, bits: i64): i64 {
  const low = <u64>a * <u64>b;
  return (mulHighSigned(a, b) << (64 - bits)) | <i64>(low >> (<u64>bits));
}

/**
 * floor(a * b / c) with a 128-bit product. A quotient that does not fit 64 bits, division by zero among them, gives
 * `u64.MAX_VALUE`.
 */
export function mulDivDown(a: u64, b: u64, c: u64): u64 {
  if (c == 0) return u64.MAX_VALUE;
  const low = a * b;
  if (clz(a) + clz(b) >= 64) return low / c;
  const high = mulHigh(a, b);
  if (high == 0) return low / c;
  if (high >= c) return u64.MAX_VALUE;
  return divideWide(high, low, c);
}

/** ceil(a * b / c) with a 128-bit product; saturates as `mulDivDown` does. */
export function mulDivUp(a: u64, b: u64, c: u64): u64 {
  const down = mulDivDown(a, b, c);
  if (down == u64.MAX_VALUE) return down;
  // The remainder is below c, so its low word, which is all that wrapping arithmetic gives, is all of it.
  return down + <u64>(a * b != down * c);
}

/** floor((high * 2^64 + low) / divisor). Needs high < divisor, so that the quotient fits; `mulDivDown` sees to that. */
export function divideWide(high: u64, low: u64, divisor: u64): u64 {
  const shift = clz(divisor);
  const d = divisor << shift; // top bit set, so that a digit is estimated at most two too high
  const dHigh = d >> 32;
  const dLow = d & LOW;
  // shift may be 0, and a 64-bit shift by 64 is a shift by 0: hence in two steps.
  const upper = (high << shift) | ((low >> 1) >> (63 - shift));
  const lower = low << shift;

  const first = quotientDigit(upper, lower >> 32, d, dHigh, dLow);
  const rest = ((upper << 32) | (lower >> 32)) - first * d; // wraps; what is left is below d
  const second = quotientDigit(rest, lower & LOW, d, dHigh, dLow);
  return (first << 32) | second;
}

/** One 32-bit digit: floor((upper * 2^32 + next) / d), for upper < d and d with its top bit set. */
function quotientDigit(upper: u64, next: u64, d: u64, dHigh: u64, dLow: u64): u64 {
  let digit = upper / dHigh;
  let rest = upper - digit * dHigh;
  // Bounded: the estimate is at most two too high, so at most 2^32 + 1, and the product fits. A digit of 2^32 needs no
  // test of its own: it only comes of an upper half equal to dHigh, whose rest is below dLow since upper is below d.
  while (digit * dLow > ((rest << 32) | next)) {
    digit--;
    rest += dHigh;
    if (rest > LOW) break;
  }
  return digit;
}

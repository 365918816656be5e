import { beforeAll, describe, expect, test } from 'vitest';
import { loadMath, type MathExports, unsigned } from './compile.ts';
import { anyMagnitude, splitmix64 } from './random.ts';

const MAX = (1n << 64n) - 1n;
const EDGES = [0n, 1n, 2n, 0xffffffffn, 1n << 32n, (1n << 32n) + 1n, 1n << 63n, MAX - 1n, MAX];

let math: MathExports;
beforeAll(async () => {
  math = await loadMath();
}, 60_000);

/** Every triple of edges, then random triples of all magnitudes. */
function* triples(count: number): Generator<[bigint, bigint, bigint]> {
  for (const a of EDGES) for (const b of EDGES) for (const c of EDGES) yield [a, b, c];
  const next = splitmix64(76n);
  for (let i = 0; i < count; i++) {
    yield [anyMagnitude(next), anyMagnitude(next), anyMagnitude(next)];
  }
}

const saturate = (quotient: bigint) => (quotient > MAX ? MAX : quotient);

describe('wide products', () => {
  test('mulHigh and mulHighSigned are the upper words', () => {
    for (const [a, b] of triples(20_000)) {
      expect(unsigned(math.mulHigh!(a, b))).toBe((a * b) >> 64n);
      const x = BigInt.asIntN(64, a);
      const y = BigInt.asIntN(64, b);
      expect(math.mulHighSigned!(x, y)).toBe((x * y) >> 64n);
    }
  });

  test('mulShift rounds toward minus infinity, for every shift', () => {
    for (const [a, b, c] of triples(20_000)) {
      const x = BigInt.asIntN(64, a);
      const y = BigInt.asIntN(64, b);
      const bits = (c % 63n) + 1n;
      expect(math.mulShift!(x, y, bits)).toBe(BigInt.asIntN(64, (x * y) >> bits));
    }
  });

  test('mulDivDown and mulDivUp are exact and saturate', () => {
    let wide = 0;
    let saturated = 0;
    for (const [a, b, c] of triples(60_000)) {
      const down = c === 0n ? MAX : saturate((a * b) / c);
      const up = c === 0n ? MAX : saturate((a * b + c - 1n) / c);
      expect(unsigned(math.mulDivDown!(a, b, c))).toBe(down);
      expect(unsigned(math.mulDivUp!(a, b, c))).toBe(up);
      if (a * b > MAX && down < MAX) wide++;
      if (down === MAX) saturated++;
    }
    // The interesting branches were really taken.
    expect(wide).toBeGreaterThan(5_000);
    expect(saturated).toBeGreaterThan(5_000);
  });

  test('a digit that is estimated two too high is corrected', () => {
    // Hacker's Delight's hard cases: a divisor whose low half is full, and a dividend just below it.
    const divisors = [
      0x80000000ffffffffn,
      0x80000001ffffffffn,
      0xffffffff00000001n,
      0x8000000000000001n,
    ];
    for (const c of divisors) {
      for (const high of [c - 1n, c - 2n, 0x7fffffffffffffffn, 0x80000000fffffffen]) {
        if (high >= c) continue;
        for (const low of EDGES) {
          expect(unsigned(math.divideWide!(high, low, c))).toBe(((high << 64n) | low) / c);
        }
      }
    }
  });
});

import { beforeAll, describe, expect, test } from 'vitest';
import { loadMath, type MathExports, unsigned } from './compile.ts';
import { Big, black76Call } from './fit/reference.ts';
import { anyMagnitude, splitmix64, unit } from './random.ts';

const YEAR_MS = 31_536_000_000;
const MINUTE_MS = 60_000;
const MAX_VARIANCE = 25_000_000_000_000n;

let math: MathExports;
beforeAll(async () => {
  math = await loadMath();
}, 60_000);

interface Smile {
  readonly a: bigint;
  readonly b: bigint;
  readonly rho: number;
  readonly m: number;
  readonly sigma: number;
}

const big = (word: bigint | number) => new Big(word.toString());
const between = (low: number, high: number, next: () => bigint) => low * (high / low) ** unit(next);
const variance = ({ a, b, rho, m, sigma }: Smile, forward: bigint, strike: bigint) =>
  math.sviVariance!(a, b, rho, m, sigma, forward, strike);

/** The formula as it is printed, 1e-12 a year, without floor and cap. */
function exactVariance({ a, b, rho, m, sigma }: Smile, forward: bigint, strike: bigint) {
  const x = Big.ln(big(strike).div(big(forward))).minus(big(m).div(1e9));
  const root = x.times(x).plus(big(sigma).div(1e9).pow(2)).sqrt();
  return big(a).plus(big(b).times(big(rho).div(1e9).times(x).plus(root)));
}

/** Smiles that a committee could sign: some volatility at the money, wings within Lee's bound, m and rho anything. */
function anySmile(next: () => bigint, years: number): Smile {
  const level = between(0.01, 4, next) ** 2;
  const rho = Math.trunc((2 * unit(next) - 1) * 999_999_999);
  const widest = 2 / ((1 + Math.abs(rho) / 1e9) * years);
  const sigma = Math.round(between(1e6, 4e9, next));
  const b = Math.min(widest, 1000, between(1e-4, 10, next) * level);
  const least = ((b * sigma) / 1e9) * Math.sqrt(1 - (rho / 1e9) ** 2);
  const a = Math.ceil(Math.max(level - 2 * least * unit(next), -least * 0.999) * 1e12);
  const m = Math.round((2 * unit(next) - 1) * 2e9 * unit(next) ** 3);
  return { a: BigInt(a), b: BigInt(Math.floor(b * 1e12)), rho, m, sigma };
}

describe('a smile', () => {
  test('is within 3 units of 1e-12, and 2^-53 of b, of the formula with 90 digits', () => {
    const next = splitmix64(21n);
    let inside = 0;
    for (let i = 0; i < 3_000; i++) {
      const years = between(MINUTE_MS / YEAR_MS, 2, next);
      const smile = anySmile(next, years);
      const forward = BigInt(Math.round(between(1e6, 1e13, next)));
      const strike = BigInt(Math.round(Number(forward) * between(0.1, 10, next)));
      const exact = exactVariance(smile, forward, strike);
      const found = variance(smile, forward, strike);
      if (exact.gt(MAX_VARIANCE.toString())) {
        expect(MAX_VARIANCE - found <= 1n).toBe(true);
        continue;
      }
      const error = big(found).minus(exact).abs();
      const allowed = big(smile.b)
        .times(2 ** -53)
        .plus(3);
      if (error.gt(allowed)) expect.fail(`${JSON.stringify(smile, (_, v) => String(v))}: ${error}`);
      if (found !== 0n) inside++;
    }
    expect(inside).toBeGreaterThan(2_000);
  }, 60_000);

  test('is flat at b = 0, capped at 500 %, and never below nothing', () => {
    const flat = { a: 360_000_000_000n, b: 0n, rho: -400_000_000, m: 12, sigma: 5 };
    for (const strike of [1n, 90_000n, 1n << 63n])
      expect(variance(flat, 90_000n, strike)).toBe(flat.a);
    expect(variance({ ...flat, a: MAX_VARIANCE + 1n }, 1n, 1n)).toBe(MAX_VARIANCE);
    expect(variance({ ...flat, a: -1n }, 1n, 1n)).toBe(0n);
    const steep = { ...flat, b: 1_000_000_000_000_000n, sigma: 4_000_000_000, m: -2_000_000_000 };
    expect(variance(steep, 1n, 1n << 62n)).toBe(MAX_VARIANCE);
  });

  test('of any words traps nowhere and stays between 0 and the cap', () => {
    const next = splitmix64(22n);
    for (let i = 0; i < 20_000; i++) {
      const word = () => Number(BigInt.asIntN(32, anyMagnitude(next)));
      const smile = {
        a: BigInt.asIntN(64, anyMagnitude(next)),
        b: anyMagnitude(next),
        ...{ rho: word(), m: word(), sigma: word() },
      };
      const found = variance(smile, anyMagnitude(next), anyMagnitude(next));
      if (found < 0n || found > MAX_VARIANCE) expect.fail(`${found}`);
    }
  });

  test('of a published fit: Gatheral and Jacquier (2014), example 3.1', () => {
    // Example 3.1, Vogt's: a = -0.0410, b = 0.1331, m = 0.3586, rho = 0.3060, sigma = 0.4153, at one year; as the paper converts
    // it, variance at the money 0.01742625 and least variance 0.0116249 (at k = m - rho sigma / sqrt(1 - rho^2) = 0.2251).
    const vogt = {
      ...{ a: -41_000_000_000n, b: 133_100_000_000n, rho: 306_000_000 },
      ...{ m: 358_600_000, sigma: 415_300_000 },
    };
    const least = BigInt(Math.round(1e12 * Math.exp(0.225_110_6)));
    const at = (strike: bigint) => Number(variance(vogt, 1_000_000_000_000n, strike)) / 1e12;
    expect(at(1_000_000_000_000n).toFixed(8)).toBe('0.01742625');
    expect(at(least).toFixed(7)).toBe('0.0116249');
    for (const strike of [least / 2n, (least * 99n) / 100n, (least * 101n) / 100n, least * 2n])
      expect(variance(vogt, 1_000_000_000_000n, strike) > 11_600_000_000n).toBe(true);
    expect(math.isNowhereNegative!(vogt.a, vogt.b, vogt.rho, vogt.sigma)).toBeTruthy();
    expect(math.isWithinLee!(vogt.b, vogt.rho, BigInt(YEAR_MS))).toBeTruthy();
  });
});

describe('what is accepted', () => {
  test('a least variance of exactly 0, and not one unit less', () => {
    const b = 2_000_000_000_000n;
    // rho = 0.6: the root is exactly 0.8; sigma = 0.25: the least of the rest is 0.4.
    expect(math.isNowhereNegative!(-400_000_000_000n, b, 600_000_000, 250_000_000)).toBeTruthy();
    expect(math.isNowhereNegative!(-400_000_000_000n, b, -600_000_000, 250_000_000)).toBeTruthy();
    expect(math.isNowhereNegative!(-400_000_000_001n, b, 600_000_000, 250_000_000)).toBeFalsy();
    expect(math.isNowhereNegative!(0n, 0n, 0, 1)).toBeTruthy();
    expect(math.isNowhereNegative!(-1n, 0n, 0, 1)).toBeFalsy();
  });

  test('no smile that is negative anywhere, and few of the others refused', () => {
    const next = splitmix64(23n);
    let accepted = 0;
    for (let i = 0; i < 3_000; i++) {
      const b = BigInt(Math.round(between(1e6, 1e15, next)));
      const rho = Math.trunc((2 * unit(next) - 1) * 999_999_999);
      const sigma = Math.round(between(1, 4e9, next));
      const across = new Big(1).minus(big(rho).div(1e9).pow(2)).sqrt();
      const least = big(b).times(big(sigma).div(1e9)).times(across);
      const a = -BigInt(least.times(0.9 + 0.2 * unit(next)).toFixed(0));
      const good = math.isNowhereNegative!(a, b, rho, sigma);
      if (good && least.plus(big(a)).lt(0)) expect.fail(`${a} ${b} ${rho} ${sigma}`);
      // The root is rounded down by less than 1e-9 of sigma b, and two products by less than a unit.
      const lost = big(b).times(sigma).div(1e18).plus(3);
      if (!good && least.plus(big(a)).gt(lost)) expect.fail(`${a} ${b} ${rho} ${sigma} refused`);
      if (good) accepted++;
    }
    expect(accepted).toBeGreaterThan(1_000);
  });

  test('wings of 2 and no more, over the years that are left', () => {
    const within = (b: bigint, rho: number, years: number) =>
      math.isWithinLee!(b, rho, BigInt(YEAR_MS * years));
    expect(within(2_000_000_000_000n, 0, 1)).toBeTruthy();
    expect(within(2_000_000_000_001n, 0, 1)).toBeFalsy();
    expect(within(1_000_000_000_000n, 0, 2)).toBeTruthy();
    expect(within(1_600_000_000_000n, -250_000_000, 1)).toBeTruthy();
    expect(within(1_600_000_000_001n, -250_000_000, 1)).toBeFalsy();
    expect(within(1_000_000_000_000_000n, 999_999_999, 0)).toBeTruthy();
  });
});

describe('prices with a smile', () => {
  test('the root of the variance over time: relative 2^-59 or the last bit', () => {
    const next = splitmix64(24n);
    for (let i = 0; i < 2_000; i++) {
      const v = anyMagnitude(next) >> 19n;
      const timeMs = anyMagnitude(next) >> 16n;
      const exact = big(v).div(1e12).times(big(timeMs).div(YEAR_MS)).sqrt();
      const found = big(unsigned(math.totalOfVariance!(v, timeMs))).div(new Big(2).pow(60));
      if (exact.gte(16)) expect(found.gt(15.99)).toBe(true);
      else {
        const error = found.minus(exact).abs();
        expect(error.lte(exact.times(2 ** -59).plus(2 ** -60))).toBe(true);
      }
    }
    for (const volatility of [1, 600_000, 5_000_000])
      for (const timeMs of [1n, 60_000n, 31_536_000_000n]) {
        const square = math.totalOfVariance!(BigInt(volatility) ** 2n, timeMs);
        const plain = math.totalVolatility!(volatility, timeMs);
        const error = square > plain ? square - plain : plain - square;
        expect(error <= (plain >> 58n) + 1n).toBe(true);
      }
  });

  test('within 1e-9 of the forward of 90 digits from the smile to the price', () => {
    const next = splitmix64(25n);
    let largest = 0;
    let worth = 0;
    for (let i = 0; i < 1_200; i++) {
      const timeMs = Math.round(between(MINUTE_MS, 2 * YEAR_MS, next));
      const years = timeMs / YEAR_MS;
      const smile = anySmile(next, years);
      const forward = BigInt(Math.round(between(1e9, 1e12, next)));
      const strike = BigInt(Math.round(Number(forward) * between(0.1, 10, next)));
      let exact = exactVariance(smile, forward, strike).div(1e12);
      if (exact.gt(25)) exact = new Big(25);
      if (exact.lt(0.0001)) continue; // under 1 %
      const s = math.totalOfVariance!(variance(smile, forward, strike), BigInt(timeMs));
      const price = unsigned(math.callPriceNearest!(forward, strike, s));
      const { call } = black76Call(
        big(forward),
        big(strike),
        exact.sqrt(),
        big(timeMs).div(YEAR_MS),
      );
      const error = big(price).minus(call).abs().toNumber();
      largest = Math.max(largest, (error - 0.5) / Number(forward));
      if (error > Number(forward) * 1e-9) expect.fail(`${i}: ${error / Number(forward)}`);
      if (error > 1e-6) worth++;
    }
    console.info(`largest error before rounding: ${largest.toExponential(1)} of the forward`);
    expect(worth).toBeGreaterThan(200);
  }, 60_000);
});

import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { compileMath, loadMath, type MathExports, unsigned } from './compile.ts';
import { print } from './fit/fit.ts';
import { Big, black76Call, normalCdf, SQRT_TWO_PI, scaledTail } from './fit/reference.ts';
import { anyMagnitude, splitmix64, unit } from './random.ts';

const MAX = (1n << 64n) - 1n;
const YEAR_MS = 31_536_000_000;
const MINUTE_MS = 60_000;

let math: MathExports;
beforeAll(async () => {
  math = await loadMath();
}, 60_000);

const big = (word: bigint) => new Big(word.toString());
/** A fixed-point word as a number of so many bits after the point. */
const point = (word: bigint, bits: number) => big(word).div(new Big(2).pow(bits));
const words = (value: InstanceType<typeof Big>, bits: number) =>
  BigInt(value.times(new Big(2).pow(bits)).toFixed(0));

const total = (volatility: number, timeMs: bigint) => math.totalVolatility!(volatility, timeMs);
const call = (f: bigint, k: bigint, s: bigint) => unsigned(math.callPriceNearest!(f, k, s));
const put = (f: bigint, k: bigint, s: bigint) => unsigned(math.putPriceNearest!(f, k, s));

/** Logarithmic between two bounds. */
const between = (low: number, high: number, next: () => bigint) => low * (high / low) ** unit(next);

describe('the module', () => {
  test('has no imports, data, tables, globals, and touches no memory', async () => {
    const { binary, text } = await compileMath();
    const module = new WebAssembly.Module(binary as Uint8Array<ArrayBuffer>);
    expect(WebAssembly.Module.imports(module)).toEqual([]);
    expect(text).toContain('(memory $0 0)');
    expect(text).not.toMatch(/\((data|elem|table|global|import)\b|\.(load|store)|memory\.|f32|f64/);
  });

  test('coefficients.ts is what fit.ts prints', () => {
    const committed = readFileSync(new URL('./coefficients.ts', import.meta.url), 'utf8');
    expect(print()).toBe(committed);
  }, 60_000);
});

describe('elementary functions against the reference', () => {
  test('sqrtDown is exact around squares and everywhere', () => {
    const next = splitmix64(1n);
    for (let i = 0; i < 5_000; i++) {
      const root = anyMagnitude(next) >> 32n;
      for (const n of [
        root * root - 1n,
        root * root,
        root * root + 2n * root,
        anyMagnitude(next),
      ]) {
        if (n < 0n) continue;
        const found = unsigned(math.sqrtDown!(n));
        if (found * found > n || (found + 1n) ** 2n <= n) expect.fail(`sqrt ${n}: ${found}`);
      }
    }
    expect(unsigned(math.sqrtDown!(MAX))).toBe(0xffffffffn);
    expect(math.sqrtDown!(0n)).toBe(0n);
  });

  test('sqrtWide has 62 bits', () => {
    const next = splitmix64(2n);
    for (let i = 0; i < 500; i++) {
      const n = (next() >> 2n) | (1n << 62n) | (next() & (1n << 63n));
      const error = point(unsigned(math.sqrtWide!(n)), 31)
        .div(big(n).sqrt())
        .minus(1)
        .abs();
      expect(error.lt(2 ** -61)).toBe(true);
    }
  });

  test('exp, Q48', () => {
    const next = splitmix64(3n);
    for (let i = 0; i < 1_500; i++) {
      const x = BigInt.asIntN(64, next()) >> (next() % 20n);
      const exact = Big.exp(point(x, 59));
      const found = unsigned(math.exp!(x));
      if (exact.gte(32768)) expect(found).toBe(MAX);
      else {
        const error = point(found, 48).minus(exact).abs();
        expect(error.lt(exact.times(2 ** -56).plus(2 ** -47))).toBe(true);
      }
    }
    expect(math.exp!(0n)).toBe(1n << 48n);
    const lowest = words(Big.exp(-16), 48);
    expect(Math.abs(Number(math.exp!(-(1n << 63n)) - lowest))).toBeLessThan(2);
  });

  test('ln and lnRatio, from equal numbers to the widest ratio', () => {
    const next = splitmix64(4n);
    for (let i = 0; i < 1_500; i++) {
      const x = anyMagnitude(next) || 1n;
      const y = i % 2 ? anyMagnitude(next) || 1n : x + (x >> (next() % 62n)) || 1n;
      const [low, high] = x < y ? [x, y] : [y, x];
      if (high > MAX) continue;
      const error = point(unsigned(math.lnRatio!(high, low)), 58).minus(
        Big.ln(big(high).div(big(low))),
      );
      if (error.abs().gt(2 ** -56)) expect.fail(`ln ${high}/${low}: ${error.toExponential(2)}`);
    }
    for (const x of [1n, 5n, 1n << 48n, 3n << 47n, 1n << 61n]) {
      const error = point(math.ln!(x), 57).minus(Big.ln(point(x, 48)));
      expect(error.abs().lt(2 ** -55)).toBe(true);
    }
    expect(math.ln!(0n)).toBe(-(1n << 63n));
    expect(math.lnRatio!(7n, 7n)).toBe(0n);
  });

  test('scaled tail over its whole range, relative 5e-15, falling', () => {
    for (let i = 0; i < 480; i++) {
      const y = (BigInt(i) << 58n) / 20n;
      const exact = scaledTail(point(y, 58));
      const error = point(unsigned(math.scaledTail!(y)), 64)
        .div(exact)
        .minus(1)
        .abs();
      if (error.gt(5e-15)) expect.fail(`tail ${i / 20}: ${error.toExponential(2)}`);
    }
    // Across every border of two pieces, and inside, it falls.
    for (const border of [1, 2, 3, 4, 6, 8, 12, 16]) {
      const y = BigInt(border) << 58n;
      for (const step of [1n << 10n, 1n << 20n, 1n << 40n]) {
        const before = unsigned(math.scaledTail!(y - step));
        expect(before >= unsigned(math.scaledTail!(y))).toBe(true);
        expect(unsigned(math.scaledTail!(y)) >= unsigned(math.scaledTail!(y + step))).toBe(true);
      }
    }
  }, 60_000);

  test('normal distribution and density within 1e-15', () => {
    for (let i = -900; i <= 900; i += 3) {
      const x = (BigInt(i) << 58n) / 100n;
      const exact = point(x, 58);
      expect(point(math.normalCdf!(x), 62).minus(normalCdf(exact)).abs().lt(1e-15)).toBe(true);
      const density = Big.exp(exact.times(exact).div(-2)).div(SQRT_TWO_PI);
      expect(point(math.normalDensity!(x), 62).minus(density).abs().lt(1e-14)).toBe(true);
    }
    for (const x of [-(1n << 63n), -1n, 0n, 1n, (1n << 63n) - 1n]) {
      expect(math.normalCdf!(x) + math.normalCdf!(x === -(1n << 63n) ? (1n << 63n) - 1n : -x)).toBe(
        1n << 62n,
      );
    }
  }, 60_000);

  test('published values: Abramowitz and Stegun table 26.1, 15 digits', () => {
    const table: [string, string][] = [
      ['0.5', '0.691462461274013'],
      ['1', '0.841344746068543'],
      ['1.5', '0.933192798731142'],
      ['2', '0.977249868051821'],
      ['3', '0.998650101968370'],
    ];
    for (const [x, value] of table) {
      const found = point(math.normalCdf!(words(new Big(x), 58)), 62);
      expect(found.toFixed(15)).toBe(value);
    }
  });
});

describe('total volatility', () => {
  test('of any volatility and time, relative 2^-59 or the last bit', () => {
    const next = splitmix64(5n);
    for (let i = 0; i < 2_000; i++) {
      const volatility = Number(anyMagnitude(next) & 0xffffffffn);
      const timeMs = anyMagnitude(next);
      const exact = new Big(volatility).div(1e6).times(big(timeMs).div(YEAR_MS).sqrt());
      const found = unsigned(total(volatility, timeMs));
      if (exact.gte(16)) expect(found >= MAX - 8n).toBe(true);
      else {
        const error = point(found, 60).minus(exact).abs();
        expect(error.lte(exact.times(2 ** -59).plus(2 ** -60))).toBe(true);
      }
    }
  });
});

describe('Black-76', () => {
  test('within 1e-9 of the forward, indeed to the nearest unit, on the whole domain', () => {
    const next = splitmix64(6n);
    let largest = 0;
    let worth = 0;
    for (let i = 0; i < 1_500; i++) {
      const forward = BigInt(Math.round(between(1e6, 1e12, next)));
      const strike = BigInt(Math.round(Number(forward) * between(0.1, 10, next)));
      const volatility = Math.round(between(10_000, 5_000_000, next));
      const timeMs = BigInt(Math.round(between(MINUTE_MS, 2 * YEAR_MS, next)));
      const exact = black76Call(
        big(forward),
        big(strike),
        new Big(volatility).div(1e6),
        big(timeMs).div(YEAR_MS),
      );
      const s = total(volatility, timeMs);
      const price = call(forward, strike, s);
      const error = big(price).minus(exact.call).abs().toNumber();
      largest = Math.max(largest, error);
      if (error > 0.51)
        expect.fail(`F ${forward} K ${strike} v ${volatility} t ${timeMs}: ${error}`);
      expect(price - put(forward, strike, s)).toBe(forward - strike);
      const delta = big(math.callDeltaNearest!(forward, strike, s)).minus(exact.delta.times(1e9));
      expect(delta.abs().lt(0.51)).toBe(true);
      if (error > 1e-6) worth++; // an option with time value, not an intrinsic one that is trivially right
    }
    expect(largest).toBeGreaterThan(0.4);
    expect(worth).toBeGreaterThan(250);
  }, 60_000);

  test('large forwards: 1e-14 of the forward up to 2^64 units', () => {
    const next = splitmix64(7n);
    for (let i = 0; i < 1_000; i++) {
      const forward = next() >> 3n;
      const strike = BigInt(Math.round(Number(forward) * between(0.125, 8, next)));
      const volatility = Math.round(between(10_000, 5_000_000, next));
      const timeMs = BigInt(Math.round(between(MINUTE_MS, 2 * YEAR_MS, next)));
      const exact = black76Call(
        big(forward),
        big(strike),
        new Big(volatility).div(1e6),
        big(timeMs).div(YEAR_MS),
      );
      const error = big(call(forward, strike, total(volatility, timeMs))).minus(exact.call);
      if (error.abs().div(big(forward)).gt(1e-14)) expect.fail(`${forward} ${strike}: ${error}`);
    }
  }, 60_000);

  test('any words: parity and bounds hold, nothing traps', () => {
    const next = splitmix64(8n);
    for (let i = 0; i < 60_000; i++) {
      const f = anyMagnitude(next);
      const k = next() & 1n ? anyMagnitude(next) : BigInt.asUintN(64, f + (next() % 1_000n));
      const s = anyMagnitude(next);
      const c = call(f, k, s);
      const p = put(f, k, s);
      const intrinsic = f > k ? f - k : 0n;
      if (c - p !== f - k || c < intrinsic || c > f || p > k) {
        expect.fail(`F ${f} K ${k} s ${s}: call ${c}, put ${p}`);
      }
      const delta = math.callDeltaNearest!(f, k, s);
      if (delta < 0n || delta > 1_000_000_000n) expect.fail(`F ${f} K ${k} s ${s}: delta ${delta}`);
    }
  });

  test('edges: no time, no volatility, no forward, no strike, far in and out', () => {
    const f = 90_000_000_000n;
    for (const s of [0n, total(0, 1_000_000n), total(500_000, 0n)]) {
      expect(call(f, f, s)).toBe(0n);
      expect(call(f, f - 7n, s)).toBe(7n);
      expect(put(f, f + 7n, s)).toBe(7n);
      expect(put(f, f - 7n, s)).toBe(0n);
    }
    expect(call(0n, f, 1n << 60n)).toBe(0n);
    expect(put(0n, f, 1n << 60n)).toBe(f);
    expect(call(f, 0n, 1n << 60n)).toBe(f);
    expect(call(f, f * 10n, total(10_000, 60_000n))).toBe(0n);
    expect(call(f, f / 10n, total(10_000, 60_000n))).toBe(f - f / 10n);
    expect(call(f, f, MAX)).toBe(f); // the bound, but for 1e-15 of it
    expect(math.callDeltaNearest!(f, f, 0n)).toBe(500_000_000n);
    expect(math.callDeltaNearest!(f, f + 1n, 0n)).toBe(0n);
    expect(math.callDeltaNearest!(f, f - 1n, 0n)).toBe(1_000_000_000n);
  });

  test('published values: Hull, Options, Futures and Other Derivatives', () => {
    // 9th ed., example 18.6: futures 20, strike 20, 25 %, 4 months, 9 % a year: put 1.12.
    // (Four months are a third of a year.) Undiscounted here, so the book's discount is put back.
    const third = BigInt(YEAR_MS / 3);
    const futures = put(20_000_000n, 20_000_000n, total(250_000, third));
    expect(((Number(futures) / 1e6) * Math.exp(-0.09 / 3)).toFixed(2)).toBe('1.12');
    // Example 15.6: stock 42, strike 40, 20 %, 10 %, 6 months: call 4.76, put 0.81.
    const growth = Math.exp(0.05);
    const forward = BigInt(Math.round(42e6 * growth));
    const s = total(200_000, BigInt(YEAR_MS / 2));
    expect((Number(call(forward, 40_000_000n, s)) / 1e6 / growth).toFixed(2)).toBe('4.76');
    expect((Number(put(forward, 40_000_000n, s)) / 1e6 / growth).toFixed(2)).toBe('0.81');
    // d1 = 0.7693 there, N(d1) = 0.7791.
    const delta = math.callDeltaNearest!(forward, 40_000_000n, s);
    expect((Number(delta) / 1e9).toFixed(4)).toBe('0.7791');
  });
});

describe('monotone', () => {
  /** Random points, then a walk of small steps: the price may not turn back by even one unit. */
  test('in the strike and in the forward, by single units up to ten million USDC', () => {
    const next = splitmix64(9n);
    for (let i = 0; i < 600; i++) {
      const forward = BigInt(Math.round(between(1e3, 1e13, next)));
      const spread = between(0.0001, 2.3, next) * (next() & 1n ? 1 : -1);
      const strike = BigInt(Math.round(Number(forward) * Math.exp(spread)));
      const s = total(
        Math.round(between(10_000, 5_000_000, next)),
        BigInt(Math.round(between(MINUTE_MS, 2 * YEAR_MS, next))),
      );
      const step = i % 3 === 0 ? 1n : BigInt(Math.round(between(1, 1e6, next)));
      for (let j = 0n; j < 60n; j++) {
        const k = strike + j * step;
        const f = forward + j * step;
        const at = `F ${forward} K ${strike} s ${s} step ${step} at ${j}`;
        if (call(forward, k + step, s) > call(forward, k, s)) expect.fail(`call by strike: ${at}`);
        if (put(forward, k + step, s) < put(forward, k, s)) expect.fail(`put by strike: ${at}`);
        if (call(f + step, strike, s) < call(f, strike, s)) expect.fail(`call by forward: ${at}`);
        if (put(f + step, strike, s) > put(f, strike, s)) expect.fail(`put by forward: ${at}`);
      }
    }
  }, 60_000);

  test('by single units across the money, the octaves of a ratio and the pieces of the tail', () => {
    const forward = 90_000_000_000n;
    for (const years of [0.0001, 0.01, 0.25, 2]) {
      const s = total(650_000, BigInt(Math.round(years * YEAR_MS)));
      const deviation = Number(s) / 2 ** 60;
      const ratios = [1, Math.SQRT2, 2, 2 * Math.SQRT2, 4, 8];
      for (let d = 1; d <= 8; d++) ratios.push(Math.exp(d * deviation - deviation ** 2 / 2));
      for (let d = 1; d <= 8; d++) ratios.push(Math.exp(d * deviation + deviation ** 2 / 2));
      for (const ratio of ratios) {
        const start = BigInt(Math.round(Number(forward) * ratio)) - 300n;
        let before = call(forward, start, s);
        for (let k = start + 1n; k < start + 600n; k++) {
          const price = call(forward, k, s);
          if (price > before) expect.fail(`years ${years}, ratio ${ratio}, strike ${k}`);
          before = price;
        }
      }
    }
  }, 60_000);

  test('in total volatility', () => {
    const next = splitmix64(10n);
    for (let i = 0; i < 3_000; i++) {
      const forward = BigInt(Math.round(between(1e6, 1e12, next)));
      const strike = BigInt(Math.round(Number(forward) * between(0.2, 5, next)));
      const s = BigInt(Math.round(between(1e-4, 8, next) * 2 ** 60));
      expect(call(forward, strike, s + (s >> 30n)) >= call(forward, strike, s)).toBe(true);
    }
  });
});

const RECORDED = new URL('../../../../shared/data/deribit/', import.meta.url);
const CHAIN = new URL('chain-2026-02-05T155132Z.csv', RECORDED);
const TICKERS = new URL('tickers-BTC-2021-02-11.csv', RECORDED);

/** Rows of a recorded file as field lookups; cells that hold commas are quoted in it. */
function recorded(file: URL): ((name: string) => string)[] {
  const [head, ...rows] = readFileSync(file, 'utf8').trim().split('\n');
  const column = new Map(head!.split(',').map((name, index) => [name, index]));
  return rows.map((row) => {
    const cells = row.replace(/"[^"]*"/g, '').split(',');
    return (name) => cells[column.get(name)!]!;
  });
}

// A sanity check, not a precise one: the volatilities are published with 4 digits, and a mark, its volatility and
// its forward are not always of the same moment.
describe('recorded Deribit data, where it is present', () => {
  test('marks of a chain of 2026', () => {
    if (!existsSync(CHAIN)) return console.info('the Deribit chain is absent: nothing compared');
    let compared = 0;
    let alike = 0;
    for (const cell of recorded(CHAIN)) {
      const timeMs = Date.parse(cell('expiry_datetime')) - Date.parse(cell('timestamp'));
      if (timeMs < 86_400_000 || cell('currency') !== 'BTC') continue;
      const f = BigInt(Math.round(Number(cell('underlying')) * 1e6));
      const k = BigInt(Math.round(Number(cell('strike')) * 1e6));
      const s = total(Math.round(Number(cell('implied_volatility')) * 1e6), BigInt(timeMs));
      const price = cell('option_type') === 'call' ? call(f, k, s) : put(f, k, s);
      const mark = Number(cell('mark_price')); // in the underlying
      compared++;
      if (Math.abs(Number(price) / Number(f) - mark) < 1e-4 + mark * 2e-3) alike++;
    }
    console.info(`${alike} of ${compared} recorded marks within 1e-4 of the forward + 0.2 %`);
    expect(compared).toBeGreaterThan(300);
    expect(alike / compared).toBeGreaterThan(0.95);
  });

  test('deltas of the tickers of 2021', () => {
    if (!existsSync(TICKERS))
      return console.info('the Deribit tickers are absent: nothing compared');
    let compared = 0;
    let alike = 0;
    for (const cell of recorded(TICKERS)) {
      const [, expiry, strike, kind] = cell('instrument_name').split('-');
      const timeMs = Date.parse(`${expiry} 08:00 UTC`) - Number(cell('timestamp'));
      if (!(timeMs > 86_400_000)) continue;
      const f = BigInt(Math.round(Number(cell('underlying_price')) * 1e6));
      const s = total(Math.round(Number(cell('mark_iv')) * 1e4), BigInt(timeMs));
      const callDelta = Number(math.callDeltaNearest!(f, BigInt(strike!) * 1_000_000n, s)) / 1e9;
      const delta = kind === 'C' ? callDelta : callDelta - 1;
      compared++;
      if (Math.abs(delta - Number(cell('greeks.delta'))) < 1e-3) alike++;
    }
    console.info(`${alike} of ${compared} recorded deltas within 0.001`);
    expect(compared).toBeGreaterThan(300);
    expect(alike / compared).toBeGreaterThan(0.9);
  });
});

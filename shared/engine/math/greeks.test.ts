import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadMath, type MathExports, unsigned } from './compile.ts';
import { Big, normalCdf, SQRT_TWO_PI } from './fit/reference.ts';
import { anyMagnitude, splitmix64, unit } from './random.ts';

const YEAR_MS = 31_536_000_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const MAX = (1n << 64n) - 1n;

let math: MathExports;
beforeAll(async () => {
  math = await loadMath();
}, 60_000);

const big = (word: bigint | number) => new Big(word.toString());
const between = (low: number, high: number, next: () => bigint) => low * (high / low) ** unit(next);

/** Greeks of a call or put in the engine's units: forward and strike 1e-6 USDC, time in ms. */
function greeks(forward: bigint, strike: bigint, volatility: number, leftMs: number, put = false) {
  const s = math.totalVolatility!(volatility, BigInt(leftMs));
  const left = BigInt(leftMs);
  const price = put
    ? math.putPriceNearest!(forward, strike, s)
    : math.callPriceNearest!(forward, strike, s);
  const delta = math.deltaNearest!(forward, strike, s, put ? 1 : 0);
  return {
    price: Number(price) / 1e6,
    delta: Number(delta) / 1e9,
    gamma: Number(math.gammaDown!(forward, strike, s)) / 1e12,
    vega: Number(math.vegaDown!(forward, strike, s, left)) / 1e6,
    theta: -Number(math.thetaDown!(forward, strike, s, left)) / 1e6,
    rho: Number(math.rhoDown!(forward, delta, price, left)) / 1e6,
  };
}

type Figures = ReturnType<typeof greeks>;

describe('Greeks', () => {
  test('are those of the formulas with 90 digits, from a minute to two years', () => {
    const next = splitmix64(31n);
    let worth = 0;
    for (let i = 0; i < 1_000; i++) {
      const forward = BigInt(Math.round(between(1e8, 1e12, next)));
      const volatility = Math.round(between(10_000, 5_000_000, next));
      const leftMs = Math.round(between(MINUTE_MS, 2 * YEAR_MS, next));
      const years = big(leftMs).div(YEAR_MS);
      const s = big(volatility).div(1e6).times(years.sqrt());
      const away = (2 * unit(next) - 1) * Math.min(2.3, 9 * s.toNumber());
      const strike = BigInt(Math.round(Number(forward) * Math.exp(away)));
      const d1 = Big.ln(big(forward).div(big(strike)))
        .div(s)
        .plus(s.div(2));
      const density = Big.exp(d1.times(d1).div(-2)).div(SQRT_TWO_PI);
      const f = big(forward).div(1e6);
      const exact = {
        delta: normalCdf(d1).toNumber(),
        gamma: density.div(f.times(s)).toNumber(),
        vega: f.times(density).times(years.sqrt()).div(100).toNumber(),
        theta: f.times(density).times(s).div(years).div(-730).toNumber(),
        rho: big(strike)
          .div(1e6)
          .times(normalCdf(d1.minus(s)))
          .times(years)
          .div(100)
          .toNumber(),
      };
      const found = greeks(forward, strike, volatility, leftMs);
      for (const name of ['delta', 'gamma', 'vega', 'theta', 'rho'] as const) {
        // rho is made of a delta of nine digits.
        const coarse = f.times(years).times(1e-11).toNumber();
        const unitOf = { delta: 1e-9, gamma: 1e-12, vega: 1e-6, theta: 1e-6, rho: 2e-6 + coarse }[
          name
        ];
        const allowed = 1.1 * unitOf + 1e-9 * Math.abs(exact[name]);
        const error = Math.abs(found[name] - exact[name]);
        if (error > allowed) expect.fail(`${name} ${i}: ${found[name]} is not ${exact[name]}`);
      }
      if (exact.gamma > 1e-9) worth++;
    }
    expect(worth).toBeGreaterThan(500);
  }, 60_000);

  test('of a put are those of the call, but for delta and rho', () => {
    const call = greeks(90_000_000_000n, 95_000_000_000n, 600_000, 30 * DAY_MS);
    const put = greeks(90_000_000_000n, 95_000_000_000n, 600_000, 30 * DAY_MS, true);
    expect(put).toMatchObject({ gamma: call.gamma, vega: call.vega, theta: call.theta });
    expect(call.delta - put.delta).toBeCloseTo(1, 9);
    expect(call.rho - put.rho).toBeCloseTo((95_000 * 30) / 365 / 100, 5);
    expect(put.rho).toBeLessThan(0);
  });

  test('are nothing without time or volatility, and trap for no words', () => {
    const still = { gamma: 0, vega: 0, theta: -0 };
    expect(greeks(90_000_000_000n, 95_000_000_000n, 600_000, 0)).toMatchObject(still);
    expect(greeks(90_000_000_000n, 95_000_000_000n, 0, DAY_MS)).toMatchObject(still);
    const next = splitmix64(32n);
    for (let i = 0; i < 20_000; i++) {
      const [f, k, s, left] = [1, 2, 3, 4].map(() => anyMagnitude(next)) as [
        bigint,
        bigint,
        bigint,
        bigint,
      ];
      for (const word of [
        math.gammaDown!(f, k, s),
        math.vegaDown!(f, k, s, left),
        math.thetaDown!(f, k, s, left),
      ])
        expect(unsigned(word) <= MAX).toBe(true);
      math.rhoDown!(f, BigInt.asIntN(64, k) % 1_000_000_001n, s, left);
    }
  });
});

describe('published values', () => {
  test('Hull, Options, Futures and Other Derivatives, 9th ed., chapter 19: the stock option whose Greeks it follows', () => {
    // S = 49, K = 50, r = 5 %, volatility 20 %, T = 0.3846: price 2.40, delta 0.522, gamma 0.066, vega 12.1. Those are to the spot and
    // discounted: of the forward S e^rT they are, undiscounted, price e^rT, the same delta, gamma e^-rT, vega e^rT.
    const growth = Math.exp(0.05 * 0.3846);
    const forward = BigInt(Math.round(49e6 * growth));
    const found = greeks(forward, 50_000_000n, 200_000, Math.round(0.3846 * YEAR_MS));
    expect((found.price / growth).toFixed(2)).toBe('2.40');
    expect(found.delta.toFixed(3)).toBe('0.522');
    expect((found.gamma * growth).toFixed(3)).toBe('0.066');
    expect(((found.vega * 100) / growth).toFixed(1)).toBe('12.1');
  });

  test('Haug, The Complete Guide to Option Pricing Formulas, 2nd ed., chapter 1', () => {
    // Black-76 on a future: F = X = 19, T = 0.75, r = 10 %, 28 %: call and put 1.7011.
    const [future, year] = [19_000_000n, YEAR_MS * 0.75];
    for (const put of [false, true])
      expect((greeks(future, future, 280_000, year, put).price * Math.exp(-0.075)).toFixed(4)).toBe(
        '1.7011',
      );
    // Black and Scholes: S = 60, X = 65, T = 0.25, r = 8 %, 30 %: call 2.1334.
    const carried = BigInt(Math.round(60e6 * Math.exp(0.02)));
    const call = greeks(carried, 65_000_000n, 300_000, YEAR_MS / 4).price;
    expect((call * Math.exp(-0.02)).toFixed(4)).toBe('2.1334');
    // Merton: index 100, X = 95, T = 0.5, r = 10 %, yield 5 %, 20 %: put 2.4648.
    const index = BigInt(Math.round(100e6 * Math.exp(0.025)));
    const put = greeks(index, 95_000_000n, 200_000, YEAR_MS / 2, true).price;
    expect((put * Math.exp(-0.05)).toFixed(4)).toBe('2.4648');
  });
});

const TICKERS = new URL(
  '../../../../shared/data/deribit/tickers-BTC-2021-02-11.csv',
  import.meta.url,
);

// Published: delta, gamma, vega with 5 digits after the point, the mark with 8 in BTC, the volatility with 2 in percent: so
// what is published should lie between what half a hundredth of a percent less and more of volatility give, and a digit.
describe('recorded Deribit tickers, where they are present', () => {
  test('marks, delta, gamma and vega to the digits published', () => {
    if (!existsSync(TICKERS))
      return console.info('the Deribit tickers are absent: no Greeks compared');
    const [head, ...rows] = readFileSync(TICKERS, 'utf8').trim().split('\n');
    const column = new Map(head!.split(',').map((name, index) => [name, index]));
    const errors = { mark: [], delta: [], gamma: [], vega: [], theta: [] } as Record<
      string,
      number[]
    >;
    const alike = { price: 0, delta: 0, gamma: 0, vega: 0 };
    let compared = 0;
    for (const row of rows) {
      const cells = row.replace(/"[^"]*"/g, '').split(',');
      const cell = (name: string) => cells[column.get(name)!]!;
      const [, expiry, strike, kind] = cell('instrument_name').split('-');
      const leftMs = Date.parse(`${expiry} 08:00 UTC`) - Number(cell('timestamp'));
      if (!(leftMs > 0)) continue;
      const forward = BigInt(Math.round(Number(cell('underlying_price')) * 1e6));
      const k = BigInt(strike!) * 1_000_000n;
      const volatility = Math.round(Number(cell('mark_iv')) * 1e4);
      const [found, low, high] = [0, -50, 50].map((step) =>
        greeks(forward, k, volatility + step, leftMs, kind === 'P'),
      ) as [Figures, Figures, Figures];
      const inUnderlying = (price: number) => (price * 1e6) / Number(forward);
      const published = {
        price: Number(cell('mark_price')) * (Number(forward) / 1e6),
        ...{ delta: Number(cell('greeks.delta')), gamma: Number(cell('greeks.gamma')) },
        ...{ vega: Number(cell('greeks.vega')), theta: Number(cell('greeks.theta')) },
      };
      errors.mark!.push(inUnderlying(Math.abs(found.price - published.price)));
      for (const name of ['delta', 'gamma', 'vega', 'theta'] as const)
        errors[name]!.push(Math.abs(found[name] - published[name]));
      compared++;
      for (const name of ['price', 'delta', 'gamma', 'vega'] as const) {
        const digit = name === 'price' ? Number(forward) * 1e-14 : 1e-5;
        const value = published[name];
        const [least, most] = [low[name], found[name], high[name]]
          .sort((x, y) => x - y)
          .filter((_, at) => at !== 1) as [number, number];
        if (value >= least - digit && value <= most + digit) alike[name]++;
      }
    }
    const said = Object.entries(errors).map(([name, all]) => {
      const sorted = [...all].sort((x, y) => x - y);
      const at = (share: number) =>
        sorted[Math.floor(share * (sorted.length - 1))]!.toExponential(1);
      return `${name} median ${at(0.5)}, 95 % ${at(0.95)}, largest ${at(1)}`;
    });
    console.info(`${compared} tickers: ${said.join('; ')}`);
    console.info(`to the digits published, of ${compared}: ${JSON.stringify(alike)}`);
    expect(compared).toBeGreaterThan(900);
    expect(alike.gamma).toBe(compared);
    expect(alike.delta / compared).toBeGreaterThan(0.94);
    // A mark and its forward are not always of the same moment: half of them are within 7e-6 of the underlying.
    expect(alike.vega / compared).toBeGreaterThan(0.6);
    const middle = (name: string) => errors[name]!.sort((x, y) => x - y)[compared >> 1]!;
    expect(middle('mark')).toBeLessThan(1e-5);
    expect(middle('vega')).toBeLessThan(1e-3);
  });
});

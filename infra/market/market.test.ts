import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { smileOf, smileVolatility } from '#shared/protocol/smile.ts';
import type { Bar } from './bars.ts';
import { readPricesFiles } from './prices-files.ts';
import { Random } from './random.ts';
import { priceInBar, RecordedMarket } from './recorded.ts';
import { SimulatedMarket } from './simulated.ts';
import { forwardPrice, impliedSmile, impliedVolatility, YEAR_MS } from './volatility.ts';

const START_MS = Date.UTC(2026, 10, 27, 7, 0, 0);
const HOUR_MS = 3_600_000;

function path(seed: number, seconds: number, stepMs = 1000): number[] {
  const market = new SimulatedMarket({ seed, startMs: START_MS });
  const prices: number[] = [];
  for (let i = 1; i <= seconds; i++) {
    market.advanceTo(START_MS + i * stepMs);
    prices.push(market.price('BTC'));
  }
  return prices;
}

function logReturns(prices: readonly number[]): number[] {
  return prices.slice(1).map((price, i) => Math.log(price / (prices[i] ?? price)));
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanA = mean(a);
  const meanB = mean(b);
  const dot = mean(a.map((value, i) => (value - meanA) * ((b[i] ?? 0) - meanB)));
  return (
    dot / Math.sqrt(mean(a.map((v) => (v - meanA) ** 2)) * mean(b.map((v) => (v - meanB) ** 2)))
  );
}

describe('random', () => {
  test('streams repeat from their seed and differ from each other', () => {
    const draw = (seed: number, stream: string): number[] => {
      const random = new Random(seed, stream);
      return Array.from({ length: 5 }, () => random.uniform());
    };
    expect(draw(7, 'a')).toEqual(draw(7, 'a'));
    expect(draw(7, 'a')).not.toEqual(draw(8, 'a'));
    expect(draw(7, 'a')).not.toEqual(draw(7, 'b'));
    expect(draw(7 + 2 ** 32, 'a')).not.toEqual(draw(7, 'a'));
  });

  test('normal has mean 0 and variance 1', () => {
    const random = new Random(1, 'normal');
    const draws = Array.from({ length: 50_000 }, () => random.normal());
    const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
    const variance = draws.reduce((sum, x) => sum + x * x, 0) / draws.length;
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(Math.abs(variance - 1)).toBeLessThan(0.03);
  });
});

describe('simulated market', () => {
  test('the same seed gives the same path, whatever the steps it is asked in', () => {
    const bySeconds = path(3, 600);
    const byHalfMinutes = path(3, 20, 30_000);
    expect(path(3, 600)).toEqual(bySeconds);
    expect(byHalfMinutes.at(-1)).toBe(bySeconds.at(-1));
    expect(path(4, 600)).not.toEqual(bySeconds);
  });

  test('it never goes back', () => {
    const market = new SimulatedMarket({ seed: 1, startMs: START_MS });
    market.advanceTo(START_MS + HOUR_MS);
    const price = market.price('ETH');
    market.advanceTo(START_MS);
    expect(market.price('ETH')).toBe(price);
  });

  test('volatility clusters: the size of a return tells of the size of later ones', () => {
    const sizes = logReturns(path(11, 60_000)).map((r) => Math.min(Math.abs(r), 0.002));
    expect(correlation(sizes.slice(0, -60), sizes.slice(60))).toBeGreaterThan(0.05);
    const returns = logReturns(path(11, 60_000)).map((r) => Math.max(-0.002, Math.min(r, 0.002)));
    expect(Math.abs(correlation(returns.slice(0, -60), returns.slice(60)))).toBeLessThan(0.02);
  });

  test('it jumps now and then, and its volatility is of the right order', () => {
    const returns = logReturns(path(5, 86_400));
    const jumps = returns.filter((r) => Math.abs(r) > 0.003).length;
    expect(jumps).toBeGreaterThan(2);
    expect(jumps).toBeLessThan(40);
    const yearly = Math.sqrt(returns.reduce((sum, r) => sum + r * r, 0) * 365);
    expect(yearly).toBeGreaterThan(0.25);
    expect(yearly).toBeLessThan(1.5);
  });

  test('bitcoin and ether move together', () => {
    const market = new SimulatedMarket({ seed: 2, startMs: START_MS });
    const btc: number[] = [];
    const eth: number[] = [];
    for (let i = 1; i <= 3000; i++) {
      market.advanceTo(START_MS + i * 5000);
      btc.push(market.price('BTC'));
      eth.push(market.price('ETH'));
    }
    expect(correlation(logReturns(btc), logReturns(eth))).toBeGreaterThan(0.5);
  });
});

describe('recorded market', () => {
  const bar: Bar = { openTimeMs: START_MS, open: 100, high: 110, low: 95, close: 105 };
  const next: Bar = { openTimeMs: START_MS + 180_000, open: 50, high: 51, low: 49, close: 50 };
  const bars = new Map([
    ['BTC', [bar, next]],
    ['ETH', [bar, next]],
  ]);

  test('inside a bar the price opens, touches both extremes, closes, and never leaves it', () => {
    const prices = Array.from({ length: 60 }, (_, second) => priceInBar(bar, second * 1000, 9));
    expect(prices[0]).toBe(100);
    expect(prices.at(-1)).toBe(105);
    expect(Math.max(...prices)).toBe(110);
    expect(Math.min(...prices)).toBe(95);
    expect(prices.indexOf(95)).toBeLessThan(prices.indexOf(110)); // a rising bar falls first
    expect(priceInBar({ ...bar, close: 96 }, 0, 9)).toBe(100);
  });

  test('a gap holds the last close, and the recording ends in a simulation from there', () => {
    const market = new RecordedMarket({ bars, seed: 1 });
    expect(market.startMs).toBe(START_MS);
    market.advanceTo(START_MS + 100_000);
    expect(market.price('BTC')).toBe(105);
    market.advanceTo(START_MS + 239_000);
    expect(market.price('BTC')).toBe(50);
    market.advanceTo(START_MS + 900_000);
    expect(market.price('BTC')).not.toBe(50);
    expect(Math.abs(market.price('BTC') - 50)).toBeLessThan(10);
    const again = new RecordedMarket({ bars, seed: 1 });
    for (let ms = 0; ms <= 900_000; ms += 7_000) again.advanceTo(START_MS + ms);
    again.advanceTo(START_MS + 900_000);
    expect(again.price('BTC')).toBe(market.price('BTC'));
  });

  test('real bars of the FTX days are followed bar by bar', () => {
    const folder = resolve(import.meta.dirname, '../../../shared/data/prices');
    if (!existsSync(folder)) {
      console.log('note: ../shared/data/prices is absent, so no recorded bars were played');
      return;
    }
    const file = readdirSync(folder).find((name) => name === 'BTC-1m-2022-11-09.csv');
    expect(file).toBeDefined();
    const real = readPricesFiles([resolve(folder, 'BTC-1m-2022-11-09.csv')]);
    const market = new RecordedMarket({ bars: real, seed: 1 });
    for (const expected of real.get('ETH') ?? []) {
      market.advanceTo(expected.openTimeMs + 59_000);
      expect(market.price('ETH')).toBeCloseTo(expected.close, 9);
    }
    expect(market.realizedVolatility('ETH')).toBeGreaterThan(0.8);
  });
});

describe('volatility', () => {
  test('short expiries follow what happened, long ones the long run', () => {
    expect(impliedVolatility(1.5, 60_000)).toBeCloseTo(1.5 * 1.08, 2);
    expect(impliedVolatility(1.5, 2 * YEAR_MS)).toBeLessThan(0.75);
    expect(impliedVolatility(0.2, 2 * YEAR_MS)).toBeGreaterThan(0.55);
    expect(impliedVolatility(50, 0)).toBe(3);
    expect(impliedVolatility(0, 0)).toBe(0.1);
  });

  test('a smile has the implied volatility at the forward, bends with the deviations, and the exchange takes it', () => {
    for (const realized of [0, 0.3, 0.8, 3, 50])
      for (const leftMs of [0, 60_000, 86_400_000, 30 * 86_400_000, YEAR_MS, 2 * YEAR_MS]) {
        const plain = impliedSmile(realized, leftMs);
        const smile = smileOf(plain);
        const middle = impliedVolatility(realized, leftMs);
        expect(smileVolatility(smile, 90_000, 90_000)).toBeCloseTo(middle, 6);
        const far = (deviations: number) =>
          smileVolatility(smile, 1, Math.exp(deviations * plain.sigma)) / middle;
        expect(far(-2)).toBeCloseTo(1.282, 2);
        expect(far(2)).toBeCloseTo(1.106, 2);
        expect(plain.a).toBeGreaterThan(0);
        const years = leftMs / YEAR_MS;
        expect(plain.b * (1 - plain.rho) * years).toBeLessThan(2);
        expect(smile.b).toBeLessThan(10n ** 15n);
      }
  });

  test('a forward meets the index at expiry', () => {
    expect(forwardPrice(90_000, 0)).toBe(90_000);
    expect(forwardPrice(90_000, -5)).toBe(90_000);
    expect(forwardPrice(90_000, YEAR_MS)).toBeCloseTo(90_000 * Math.exp(0.04), 6);
  });
});

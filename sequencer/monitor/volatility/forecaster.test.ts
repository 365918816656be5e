import { describe, expect, it } from 'vitest';
import { garchSeries, normals } from '../testing/series.ts';
import { MINUTE_MS, MinuteBars } from './bars.ts';
import { EwmaVariance } from './ewma.ts';
import { FORECASTER_DEFAULTS, MINUTES_PER_YEAR, VolatilityForecaster } from './forecaster.ts';

const TRUTH = { omega: 1e-8, alpha: 0.08, beta: 0.9 };

describe('EwmaVariance', () => {
  it('weights a return by half after its half-life, and weights always sum to one', () => {
    const ewma = new EwmaVariance(10);
    ewma.observe(0.02);
    expect(ewma.variance).toBeCloseTo(4e-4, 12);
    for (let bar = 0; bar < 10; bar++) ewma.observe(0);
    // Weights of 11 returns: the oldest has 2^-1 of the newest's, all divided by their sum.
    const decay = 0.5 ** 0.1;
    const sum = (1 - decay ** 11) / (1 - decay);
    expect(ewma.variance).toBeCloseTo((4e-4 * 0.5) / sum, 12);
    ewma.observe(Number.NaN);
    expect(ewma.variance).toBeCloseTo((4e-4 * 0.5) / sum, 12);
  });
});

describe('MinuteBars', () => {
  it('closes a minute with the first price of the next, and a gap as a whole', () => {
    const bars = new MinuteBars();
    expect(bars.observe(100, 5 * MINUTE_MS)).toBeNull();
    expect(bars.observe(101, 5 * MINUTE_MS + 59_000)).toBeNull();
    expect(bars.openReturn).toBeCloseTo(Math.log(1.01), 12);
    const first = bars.observe(102, 6 * MINUTE_MS + 1);
    expect(first).toMatchObject({ endMs: 6 * MINUTE_MS, minutes: 1, close: 101 });
    expect(first?.value).toBeCloseTo(Math.log(1.01), 12);
    const gap = bars.observe(90, 16 * MINUTE_MS);
    expect(gap).toMatchObject({ endMs: 16 * MINUTE_MS, minutes: 10, close: 90 });
    expect(gap?.value).toBeCloseTo(Math.log(90 / 101), 12);
  });

  it('passes over what is no price and what comes late', () => {
    const bars = new MinuteBars();
    bars.observe(100, 5 * MINUTE_MS);
    for (const price of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(bars.observe(price, 6 * MINUTE_MS)).toBeNull();
    }
    expect(bars.observe(1, 4 * MINUTE_MS)).toBeNull();
    expect(bars.openReturn).toBe(0);
  });
});

describe('VolatilityForecaster', () => {
  it('forecasts the volatility that a series has', () => {
    const forecaster = new VolatilityForecaster();
    for (const value of garchSeries(TRUTH, 1000, normals(31))) forecaster.observe(value);
    const { garch, ewma } = forecaster.forecast();
    const long = Math.sqrt((TRUTH.omega / 0.02) * MINUTES_PER_YEAR);
    expect(garch).toBeGreaterThan(long / 2);
    expect(garch).toBeLessThan(long * 2);
    expect(ewma).toBeGreaterThan(long / 3);
    expect(ewma).toBeLessThan(long * 3);
  });

  it('forecasts better than the mean does, by the loss QLIKE (Patton 2011)', () => {
    const returns = garchSeries({ omega: 5e-9, alpha: 0.12, beta: 0.87 }, 1500, normals(32));
    const options = { ...FORECASTER_DEFAULTS, horizon: 1, refitMinutes: 200 };
    const forecaster = new VolatilityForecaster(options);
    const loss = { garch: 0, ewma: 0, mean: 0 };
    let squares = 0;
    for (const [at, value] of returns.entries()) {
      const { garch, ewma } = forecaster.forecast();
      if (at >= 300 && garch !== null) {
        const qlike = (variance: number) => Math.log(variance) + (value * value) / variance;
        loss.garch += qlike(garch ** 2 / MINUTES_PER_YEAR);
        loss.ewma += qlike(ewma ** 2 / MINUTES_PER_YEAR);
        loss.mean += qlike(squares / at);
      }
      squares += value * value;
      forecaster.observe(value);
    }
    expect(loss.garch).toBeLessThan(loss.ewma);
    expect(loss.ewma).toBeLessThan(loss.mean);
  });

  it('goes on after a restart as if there had been none', () => {
    const returns = garchSeries(TRUTH, 400, normals(33));
    const one = new VolatilityForecaster();
    for (const value of returns.slice(0, 300)) one.observe(value);
    const two = new VolatilityForecaster(
      FORECASTER_DEFAULTS,
      JSON.parse(JSON.stringify(one.state)),
    );
    for (const value of returns.slice(300)) {
      one.observe(value);
      two.observe(value);
      expect(two.forecast()).toEqual(one.forecast());
    }
  });

  it('is finite through constant prices, gaps, jumps and nonsense', () => {
    const forecaster = new VolatilityForecaster({ ...FORECASTER_DEFAULTS, window: 300 });
    const finite = () => {
      const { garch, ...rest } = forecaster.forecast();
      for (const value of Object.values(rest)) expect(value).toSatisfy(Number.isFinite);
      if (garch !== null) expect(garch).toSatisfy(Number.isFinite);
    };
    finite();
    for (let minute = 0; minute < 200; minute++) forecaster.observe(0);
    finite();
    for (const value of garchSeries(TRUTH, 300, normals(34))) forecaster.observe(value);
    finite();
    for (const [value, minutes] of [
      [0.1, 5],
      [-0.9, 1],
      [0.5, 100_000],
      [Number.NaN, 1],
      [Number.NEGATIVE_INFINITY, 1],
      [0.01, 0],
    ] as const) {
      forecaster.observe(value, minutes);
      finite();
    }
    for (let minute = 0; minute < 400; minute++) forecaster.observe(0);
    finite();
  });

  it('says that ten minutes of large moves are far above calm, and comes back', () => {
    const forecaster = new VolatilityForecaster();
    for (const value of garchSeries(TRUTH, 300, normals(35))) forecaster.observe(value);
    const before = forecaster.forecast().ratio;
    for (let minute = 0; minute < 10; minute++) forecaster.observe(minute % 2 ? 0.01 : -0.012);
    expect(forecaster.forecast().ratio).toBeGreaterThan(before * 2);
    for (const value of garchSeries(TRUTH, 600, normals(36))) forecaster.observe(value);
    expect(forecaster.forecast().ratio).toBeLessThan(before * 1.5);
  });
});

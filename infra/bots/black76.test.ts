import { describe, expect, test } from 'vitest';
import { YEAR_MS } from '#infra/market/volatility.ts';
import { black76, normalCdf } from './black76.ts';

describe('black76', () => {
  test('Hull’s example of a put on crude oil futures, less its discount', () => {
    const terms = { forward: 20, strike: 20, volatility: 0.25, toExpiryMs: YEAR_MS / 3 };
    const put = black76({ ...terms, optionKind: 'put' });
    expect(put * Math.exp(-0.09 / 3)).toBeCloseTo(1.12, 2);
  });

  test('call less put is forward less strike', () => {
    for (const strike of [50_000, 88_000, 90_000, 140_000]) {
      const terms = { forward: 90_000, strike, volatility: 0.6, toExpiryMs: 5e8 };
      const call = black76({ ...terms, optionKind: 'call' });
      const put = black76({ ...terms, optionKind: 'put' });
      expect(Math.abs(call - put - (90_000 - strike))).toBeLessThan(0.05);
    }
  });

  test('at expiry it is worth what it pays', () => {
    const terms = { forward: 100, strike: 90, volatility: 0.6, toExpiryMs: 0 };
    expect(black76({ ...terms, optionKind: 'call' })).toBe(10);
    expect(black76({ ...terms, optionKind: 'put' })).toBe(0);
  });

  test('the normal distribution function is symmetric', () => {
    expect(normalCdf(0)).toBeCloseTo(0.5, 7);
    expect(normalCdf(1.96)).toBeCloseTo(0.9750021, 6);
    expect(normalCdf(-3) + normalCdf(3)).toBeCloseTo(1, 12);
  });
});

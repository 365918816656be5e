import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { impliedVolatility, normalCdf, optionValue } from './black76.ts';

const terms = fc.record({
  forward: fc.double({ min: 1000, max: 200_000, noNaN: true }),
  moneyness: fc.double({ min: 0.3, max: 3, noNaN: true }),
  years: fc.double({ min: 0.003, max: 2, noNaN: true }),
  volatility: fc.double({ min: 0.1, max: 3, noNaN: true }),
});

describe('black76', () => {
  it('knows the normal distribution (Abramowitz and Stegun, table 26.1)', () => {
    expect(normalCdf(0)).toBeCloseTo(0.5, 15);
    expect(normalCdf(1)).toBeCloseTo(0.841344746068543, 15);
    expect(normalCdf(-2)).toBeCloseTo(0.0227501319481792, 15);
    expect(normalCdf(-8)).toBeCloseTo(6.22096057427178e-16, 22);
  });

  it('keeps put-call parity', () => {
    fc.assert(
      fc.property(terms, ({ forward, moneyness, years, volatility }) => {
        const strike = forward * moneyness;
        const call = optionValue({ kind: 'call', forward, strike, years }, volatility);
        const put = optionValue({ kind: 'put', forward, strike, years }, volatility);
        expect(Math.abs(call - put - (forward - strike))).toBeLessThan(forward * 1e-12);
      }),
    );
  });

  it('finds the volatility back from a value', () => {
    fc.assert(
      fc.property(terms, ({ forward, years, volatility }) => {
        const t = { kind: 'call' as const, forward, strike: forward * 1.05, years };
        const value = optionValue(t, volatility);
        fc.pre(value > forward * 1e-6);
        expect(impliedVolatility(t, value)).toBeCloseTo(volatility, 5);
      }),
    );
    const t = { kind: 'put' as const, forward: 100, strike: 120, years: 1 };
    expect(impliedVolatility(t, 20)).toBeNull();
    expect(impliedVolatility(t, 121)).toBeNull();
  });
});

import { Decimal } from 'decimal.js';
import { describe, expect, it } from 'vitest';
import { black76 } from './black76.ts';
import { normalCdf } from './normal.ts';

const Exact = Decimal.clone({ precision: 60 });
const PI = new Exact('3.14159265358979323846264338327950288419716939937510582097494459');

/** By the alternating Taylor series at 60 digits: another series than the twin's. */
function exactCdf(x: Decimal): Decimal {
  let power = x;
  let sum = x;
  for (let n = 1; power.abs().gt('1e-55'); n++) {
    power = power
      .times(x)
      .times(x)
      .div(-2 * n);
    sum = sum.plus(power.div(2 * n + 1));
  }
  return sum.div(PI.times(2).sqrt()).plus(0.5);
}

describe('the twin of the formulas', () => {
  it('knows the normal distribution to 1e-15', () => {
    let worst = 0;
    for (let x = -8.9; x < 9; x += 0.0917) {
      worst = Math.max(worst, Math.abs(normalCdf(x) - exactCdf(new Exact(x)).toNumber()));
    }
    expect(worst).toBeLessThan(1e-15);
    expect(normalCdf(-9.1)).toBe(0);
    expect(normalCdf(9.1)).toBe(1);
  });

  it('knows Black-76 to 1e-14 of forward and strike, against sixty digits', () => {
    let worst = 0;
    for (const strike of [10, 60, 95, 100, 101, 150, 700]) {
      for (const volatility of [0.05, 0.6, 3]) {
        for (const years of [0.001, 0.1, 2]) {
          for (const put of [false, true]) {
            const sign = put ? -1 : 1;
            const total = new Exact(years).sqrt().times(volatility);
            const d1 = new Exact(100).div(strike).ln().div(total).plus(total.div(2));
            if (d1.abs().gt(20)) continue; // the Taylor series wants more digits there
            const value = exactCdf(d1.times(sign))
              .times(100)
              .minus(exactCdf(d1.minus(total).times(sign)).times(strike))
              .times(sign)
              .toNumber();
            const off = Math.abs(black76({ put, forward: 100, strike, volatility, years }) - value);
            worst = Math.max(worst, off / Math.max(100, strike));
          }
        }
      }
    }
    expect(worst).toBeLessThan(1e-14);
    expect(black76({ put: false, forward: 110, strike: 100, volatility: 0, years: 1 })).toBe(10);
    expect(black76({ put: true, forward: 110, strike: 100, volatility: 1, years: 0 })).toBe(0);
  });

  it('gives the values of published examples', () => {
    // J. Hull, "Options, Futures, and Other Derivatives", Black's model: a put on a future, F = K = 20, 4 months, r = 9 %, 25 %: 1.12.
    const put = black76({ put: true, forward: 20, strike: 20, volatility: 0.25, years: 4 / 12 });
    expect(put * Math.exp(-0.09 * (4 / 12))).toBeCloseTo(1.12, 2);
    // E. Haug, "The Complete Guide to Option Pricing Formulas", Black-76: F = K = 19, 9 months, r = 10 %, 28 %: 1.7011.
    const call = black76({ put: false, forward: 19, strike: 19, volatility: 0.28, years: 0.75 });
    expect(call * Math.exp(-0.1 * 0.75)).toBeCloseTo(1.7011, 4);
  });
});

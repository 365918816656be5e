import { describe, expect, it } from 'vitest';
import { garchSeries, normals, students } from '../testing/series.ts';
import { fitGarch, LEAST_RETURNS } from './fit.ts';
import {
  conditionalVariances,
  horizonVariance,
  logLikelihood,
  longRunVariance,
  meanSquare,
} from './garch.ts';

/**
 * What `arch` 8.0.0 (Kevin Sheppard, Python) finds for these series: mean zero, GARCH(1,1), normal, backcast the mean square,
 * tolerance 1e-13. The series are made by testing/series.ts; `first` and `last` show that both made the same.
 */
const REFERENCE = [
  {
    truth: { omega: 1e-8, alpha: 0.08, beta: 0.9 },
    ...{ count: 2000, seed: 1, first: -0.0008180054165338996, last: -0.0001139548375351085 },
    found: { omega: 9.981088650804954e-9, alpha: 0.08325309246983156, beta: 0.9008799639644929 },
    likelihood: 11618.988889417773,
  },
  {
    truth: { omega: 2e-8, alpha: 0.15, beta: 0.8 },
    ...{ count: 2000, seed: 2, first: -0.0010396786816631942, last: -7.187421560781578e-5 },
    found: { omega: 2.5570988364203058e-8, alpha: 0.16317740528159946, beta: 0.7801679783280288 },
    likelihood: 11962.26467753819,
  },
  {
    truth: { omega: 1e-9, alpha: 0.03, beta: 0.96 },
    ...{ count: 3000, seed: 3, first: -0.0005094530454858686, last: -5.312550520933057e-5 },
    found: { omega: 9.075222405206459e-10, alpha: 0.039133477888057454, beta: 0.9528272718154057 },
    likelihood: 19846.121175193348,
  },
  {
    truth: { omega: 1e-8, alpha: 0.3, beta: 0.5 },
    ...{ count: 1000, seed: 4, first: -0.00023909550637119813, last: -6.1020847378460655e-5 },
    found: { omega: 1.0794181349173937e-8, alpha: 0.31497269423441915, beta: 0.4872995862888697 },
    likelihood: 7029.723128973159,
  },
];

describe('fitGarch', () => {
  it.each(REFERENCE)('finds what arch finds for seed $seed', (one) => {
    const returns = garchSeries(one.truth, one.count, normals(one.seed));
    expect(returns[0]).toBeCloseTo(one.first, 14);
    expect(returns.at(-1)).toBeCloseTo(one.last, 14);
    const fit = fitGarch(returns);
    expect(fit?.logLikelihood).toBeCloseTo(one.likelihood, 6);
    expect(fit?.parameters.alpha).toBeCloseTo(one.found.alpha, 4);
    expect(fit?.parameters.beta).toBeCloseTo(one.found.beta, 4);
    expect((fit?.parameters.omega ?? 0) / one.found.omega).toBeCloseTo(1, 3);
  });

  it('recovers known parameters from 2,880 returns, on average closely and never far off', () => {
    const truth = { omega: 1e-8, alpha: 0.08, beta: 0.9 };
    const off = { alpha: 0, persistence: 0 };
    const seeds = [11, 12, 13, 14, 15, 16];
    for (const seed of seeds) {
      const fit = fitGarch(garchSeries(truth, 2880, normals(seed)));
      const { alpha = 0, beta = 0 } = fit?.parameters ?? {};
      expect(Math.abs(alpha - truth.alpha)).toBeLessThan(0.05);
      expect(Math.abs(alpha + beta - 0.98)).toBeLessThan(0.04);
      off.alpha += (alpha - truth.alpha) / seeds.length;
      off.persistence += (alpha + beta - 0.98) / seeds.length;
    }
    expect(Math.abs(off.alpha)).toBeLessThan(0.015);
    expect(Math.abs(off.persistence)).toBeLessThan(0.015);
  });

  it('recovers them from fat-tailed returns too, less closely (quasi-likelihood)', () => {
    const truth = { omega: 1e-8, alpha: 0.08, beta: 0.9 };
    for (const seed of [21, 22, 23]) {
      const fit = fitGarch(garchSeries(truth, 2880, students(seed, 5)));
      const { alpha = 0, beta = 0 } = fit?.parameters ?? {};
      expect(Math.abs(alpha - truth.alpha)).toBeLessThan(0.06);
      expect(Math.abs(alpha + beta - 0.98)).toBeLessThan(0.06);
    }
  });

  it('is at a maximum: no step in any parameter is likelier', () => {
    const returns = garchSeries({ omega: 1e-8, alpha: 0.1, beta: 0.85 }, 1500, normals(5));
    const fit = fitGarch(returns);
    const { omega = 0, alpha = 0, beta = 0 } = fit?.parameters ?? {};
    const best = fit?.logLikelihood ?? 0;
    for (const step of [0.99, 1.01]) {
      expect(logLikelihood({ omega: omega * step, alpha, beta }, returns)).toBeLessThan(best);
      expect(logLikelihood({ omega, alpha: alpha * step, beta }, returns)).toBeLessThan(best);
      expect(logLikelihood({ omega, alpha, beta: beta * step }, returns)).toBeLessThan(best);
    }
  });

  it('does not depend on the unit', () => {
    const returns = garchSeries({ omega: 1e-8, alpha: 0.1, beta: 0.85 }, 1000, normals(6));
    const small = fitGarch(returns)?.parameters;
    const large = fitGarch(returns.map((one) => one * 1e4))?.parameters;
    expect(large?.alpha).toBeCloseTo(small?.alpha ?? 0, 6);
    expect(large?.beta).toBeCloseTo(small?.beta ?? 0, 6);
  });

  it('finds nothing where there is nothing to find', () => {
    expect(fitGarch([])).toBeNull();
    expect(fitGarch(new Array(LEAST_RETURNS - 1).fill(0.001))).toBeNull();
    expect(fitGarch(new Array(2000).fill(0))).toBeNull();
    expect(fitGarch([...new Array(1000).fill(0), 0.2])).toBeNull();
    expect(fitGarch([...new Array(1000).fill(0.001), Number.NaN])).toBeNull();
    expect(fitGarch([...new Array(1000).fill(0.001), Number.POSITIVE_INFINITY])).toBeNull();
  });

  it.each([
    ['a jump of 50 %', [...garchSeries(REFERENCE[0]!.truth, 500, normals(7)), 0.5]],
    ['the same return each time', new Array(500).fill(0.001)],
    [
      'half the returns 0',
      garchSeries(REFERENCE[0]!.truth, 500, normals(8)).map((r, i) => (i % 2 ? 0 : r)),
    ],
    ['returns of 1e-150', garchSeries(REFERENCE[0]!.truth, 500, normals(9)).map((r) => r * 1e-146)],
  ])('gives a stationary model for %s', (_, returns) => {
    const fit = fitGarch(returns);
    const { omega = 0, alpha = 0, beta = 1 } = fit?.parameters ?? {};
    for (const value of [omega, alpha, beta, fit?.logLikelihood])
      expect(value).toSatisfy(Number.isFinite);
    expect(omega).toBeGreaterThan(0);
    expect(alpha).toBeGreaterThan(0);
    expect(beta).toBeGreaterThanOrEqual(0);
    expect(alpha + beta).toBeLessThan(1);
  });
});

describe('the likelihood', () => {
  it('is the sum of the logarithms of normal densities', () => {
    const parameters = { omega: 2e-8, alpha: 0.15, beta: 0.8 };
    const returns = garchSeries(parameters, 50, normals(3));
    // Bollerslev's recursion and the normal density, term by term as they are written.
    let h = meanSquare(returns);
    let before = meanSquare(returns);
    let product = 0;
    for (const r of returns) {
      h = parameters.omega + parameters.alpha * before + parameters.beta * h;
      product += Math.log(Math.exp(-(r * r) / (2 * h)) / Math.sqrt(2 * Math.PI * h));
      before = r * r;
    }
    expect(logLikelihood(parameters, returns)).toBeCloseTo(product, 9);
  });

  it('forecasts a horizon as the sum of the expected variances', () => {
    const parameters = { omega: 2e-8, alpha: 0.15, beta: 0.8 };
    let expected = 3e-6;
    let sum = 0;
    for (let bar = 0; bar < 60; bar++) {
      sum += expected;
      expected = parameters.omega + (parameters.alpha + parameters.beta) * expected;
    }
    expect(horizonVariance(parameters, 3e-6, 60) / sum).toBeCloseTo(1, 12);
    const integrated = { omega: 2e-8, alpha: 0.2, beta: 0.8 };
    expect(longRunVariance(integrated)).toBe(Number.POSITIVE_INFINITY);
    expect(horizonVariance(integrated, 1e-6, 3)).toBeCloseTo(3e-6 + 3 * 2e-8, 15);
    expect(conditionalVariances(parameters, [])).toHaveLength(0);
  });
});

import { normalCdf } from './normal.ts';

/**
 * Value of a European option on a forward without interest (F. Black, "The pricing of commodity contracts", Journal of
 * Financial Economics 3, 1976): F N(d1) - K N(d2) for a call, d1,2 = ln(F/K)/v +- v/2, v = volatility sqrt(years).
 * Forward, strike and the value in one currency; volatility 1 = 100 % a year.
 */
export function black76(option: {
  readonly put: boolean;
  readonly forward: number;
  readonly strike: number;
  readonly volatility: number;
  readonly years: number;
}): number {
  const { put, forward, strike, volatility, years } = option;
  const sign = put ? -1 : 1;
  const total = volatility * Math.sqrt(years);
  if (total === 0) return Math.max(0, sign * (forward - strike));
  const d1 = Math.log(forward / strike) / total + total / 2;
  const d2 = d1 - total;
  return sign * (forward * normalCdf(sign * d1) - strike * normalCdf(sign * d2));
}

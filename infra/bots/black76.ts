import { YEAR_MS } from '#infra/market/volatility.ts';

/** Black-76 in floating point, for what bots think an option is worth; the engine has its own in integers. */
export interface OptionTerms {
  readonly forward: number;
  readonly strike: number;
  /** Per year, 1 = 100 %. */
  readonly volatility: number;
  readonly toExpiryMs: number;
  readonly optionKind: 'call' | 'put';
}

/** USDC per contract, undiscounted. */
export function black76(terms: OptionTerms): number {
  const { forward, strike, optionKind } = terms;
  const sign = optionKind === 'call' ? 1 : -1;
  const deviation = terms.volatility * Math.sqrt(Math.max(terms.toExpiryMs, 0) / YEAR_MS);
  if (deviation <= 0) return Math.max(0, sign * (forward - strike));
  const d1 = Math.log(forward / strike) / deviation + deviation / 2;
  const d2 = d1 - deviation;
  return Math.max(0, sign * (forward * normalCdf(sign * d1) - strike * normalCdf(sign * d2)));
}

/** Abramowitz and Stegun 26.2.17: within 7.5e-8, which is far below a tick. */
export function normalCdf(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const poly =
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * poly;
  return x >= 0 ? 1 - tail : tail;
}

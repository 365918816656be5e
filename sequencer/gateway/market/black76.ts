/**
 * Black-76 in floating point, to find the volatilities of bids and asks and for nothing else: the engine prices
 * and margins with integers of its own (`shared/engine/math`), and its Greeks are what a ticker shows.
 */
export type OptionKind = 'call' | 'put';

export interface OptionTerms {
  kind: OptionKind;
  /** Forward and strike in the same unit, for example USDC. */
  forward: number;
  strike: number;
  /** Time to expiry in years of 365 days. */
  years: number;
}

const SQRT_TWO_PI = Math.sqrt(2 * Math.PI);
export const MS_PER_YEAR = 365 * 86_400_000;

/** Standard normal distribution function, error below 1e-15 (Hart 1968, as given by West 2005). */
export function normalCdf(x: number): number {
  const z = Math.abs(x);
  if (z > 37) return x > 0 ? 1 : 0;
  const gauss = Math.exp((-z * z) / 2);
  const tail = z < 7.07106781186547 ? gauss * ratio(z) : gauss / continued(z) / SQRT_TWO_PI;
  return x > 0 ? 1 - tail : tail;
}

function ratio(z: number): number {
  let top = 3.52624965998911e-2 * z + 0.700383064443688;
  for (const c of [6.37396220353165, 33.912866078383, 112.079291497871, 221.213596169931]) {
    top = top * z + c;
  }
  top = top * z + 220.206867912376;
  let bottom = 8.83883476483184e-2 * z + 1.75566716318264;
  for (const c of [16.064177579207, 86.7807322029461, 296.564248779674, 637.333633378831]) {
    bottom = bottom * z + c;
  }
  return top / ((bottom * z + 793.826512519948) * z + 440.413735824752);
}

function continued(z: number): number {
  return z + 1 / (z + 2 / (z + 3 / (z + 4 / (z + 0.65))));
}

const intrinsic = (t: OptionTerms): number =>
  Math.max(0, t.kind === 'call' ? t.forward - t.strike : t.strike - t.forward);

/** Undiscounted value of an option, in the unit of the forward. `volatility` is a fraction a year. */
export function optionValue(terms: OptionTerms, volatility: number): number {
  const spread = volatility * Math.sqrt(Math.max(0, terms.years));
  if (!(spread > 0)) return intrinsic(terms);
  const { forward, strike } = terms;
  const d1 = Math.log(forward / strike) / spread + spread / 2;
  const d2 = d1 - spread;
  return terms.kind === 'call'
    ? forward * normalCdf(d1) - strike * normalCdf(d2)
    : strike * normalCdf(-d2) - forward * normalCdf(-d1);
}

const MAX_VOLATILITY = 20;

/** The volatility at which the option is worth `value`, or null where none from 0 to 2,000 % is. */
export function impliedVolatility(terms: OptionTerms, value: number): number | null {
  if (!(terms.years > 0) || !(value > intrinsic(terms))) return null;
  let low = 0;
  let high = MAX_VOLATILITY;
  if (optionValue(terms, high) < value) return null;
  for (let i = 0; i < 60 && high - low > 1e-9; i++) {
    const middle = (low + high) / 2;
    if (optionValue(terms, middle) < value) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

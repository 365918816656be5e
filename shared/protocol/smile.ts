import type { Smile } from './command-types.ts';

/**
 * Smiles for those who make or show them; what an option is worth with one is the engine's (`shared/engine/math/svi.ts`).
 */
const TRILLION = 1e12;
const BILLION = 1e9;
/** The engine's cap, the square of 500 % a year. */
const MAX_VARIANCE = 25;

/** The same volatility at every strike, exactly. `volatility` in 1e-6 a year. */
export function flatSmile(volatility: number): Smile {
  return { a: BigInt(volatility) ** 2n, b: 0n, rho: 0, m: 0, sigma: BILLION };
}

/** A smile from plain numbers (1 = 100 %, variances a year) to the nearest. */
export function smileOf(plain: {
  readonly a: number;
  readonly b: number;
  readonly rho: number;
  readonly m: number;
  readonly sigma: number;
}): Smile {
  return {
    a: BigInt(Math.round(plain.a * TRILLION)),
    b: BigInt(Math.round(plain.b * TRILLION)),
    rho: Math.round(plain.rho * BILLION),
    m: Math.round(plain.m * BILLION),
    sigma: Math.max(1, Math.round(plain.sigma * BILLION)),
  };
}

/** Volatility a year (1 = 100 %) at a strike, in floating point; forward and strike in one unit. */
export function smileVolatility(smile: Smile, forward: number, strike: number): number {
  const across = Math.log(strike / forward) - smile.m / BILLION;
  const bent = (smile.rho / BILLION) * across + Math.hypot(across, smile.sigma / BILLION);
  const variance = Number(smile.a) / TRILLION + (Number(smile.b) / TRILLION) * bent;
  return Math.sqrt(Math.min(MAX_VARIANCE, Math.max(0, variance)));
}

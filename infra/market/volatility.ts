/** Volatility as it happened, and the volatility per expiry that follows from it. All per year, 1 = 100 %. */

export const YEAR_MS = 365 * 24 * 3600 * 1000;
const HALF_LIFE_MS = 30 * 60 * 1000;
/** Long-run level, speed of return (per year) and the premium that sellers of options ask. */
const LONG_RUN = 0.6;
const REVERSION_PER_YEAR = 40;
const PREMIUM = 1.08;
const LOWEST = 0.1;
const HIGHEST = 3;

/** Exponentially weighted variance of log returns, half-life 30 minutes. */
export class RealizedVolatility {
  #variancePerMs: number;
  #lastPrice: number | undefined;
  #lastMs = 0;

  constructor(initial: number) {
    this.#variancePerMs = initial ** 2 / YEAR_MS;
  }

  observe(price: number, timeMs: number): void {
    if (this.#lastPrice !== undefined && timeMs > this.#lastMs) {
      const spanMs = timeMs - this.#lastMs;
      const keep = 0.5 ** (spanMs / HALF_LIFE_MS);
      const sample = Math.log(price / this.#lastPrice) ** 2 / spanMs;
      this.#variancePerMs = keep * this.#variancePerMs + (1 - keep) * sample;
    }
    this.#lastPrice = price;
    this.#lastMs = timeMs;
  }

  /** Per year, 1 = 100 %. */
  value(): number {
    return Math.sqrt(this.#variancePerMs * YEAR_MS);
  }
}

/**
 * Implied volatility for an expiry `toExpiryMs` away: the average expected variance until then if today's realized
 * variance returns to its long-run level (the term structure of Heston's model), plus a premium; 10 % to 300 %.
 */
export function impliedVolatility(realized: number, toExpiryMs: number): number {
  const longRun = LONG_RUN ** 2;
  const decay = (REVERSION_PER_YEAR * Math.max(toExpiryMs, 0)) / YEAR_MS;
  const weight = decay < 1e-9 ? 1 : (1 - Math.exp(-decay)) / decay;
  const variance = longRun + (realized ** 2 - longRun) * weight;
  return Math.min(HIGHEST, Math.max(LOWEST, PREMIUM * Math.sqrt(variance)));
}

/** What of the variance at the forward is the wings', and how they lean: options on what falls are dearer. */
const BENT = 0.35;
const LEAN = -0.3;
/** The narrowest smile: a standard deviation to expiry, but no less than this, in the logarithm of the strike. */
const NARROWEST = 0.02;

/**
 * The smile of an expiry in the terms of SVI (variances a year; `shared/engine/math/svi.ts`): the implied volatility at the
 * forward, a tenth more two standard deviations above it and a quarter more as far below. Free of negative variance, since a > 0; wings
 * below 2 as long as volatility times the root of the years is below 4.3.
 */
export function impliedSmile(realized: number, toExpiryMs: number) {
  const variance = impliedVolatility(realized, toExpiryMs) ** 2;
  const years = Math.max(toExpiryMs, 0) / YEAR_MS;
  const sigma = Math.max(NARROWEST, Math.sqrt(variance * years));
  return { a: (1 - BENT) * variance, b: (BENT * variance) / sigma, rho: LEAN, m: 0, sigma };
}

/** Forward price of an expiry: the index carried at 4 % a year, so it meets the index at expiry. */
export function forwardPrice(index: number, toExpiryMs: number): number {
  return index * Math.exp((0.04 * Math.max(toExpiryMs, 0)) / YEAR_MS);
}

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

/** Forward price of an expiry: the index carried at 4 % a year, so it meets the index at expiry. */
export function forwardPrice(index: number, toExpiryMs: number): number {
  return index * Math.exp((0.04 * Math.max(toExpiryMs, 0)) / YEAR_MS);
}

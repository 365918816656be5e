/**
 * Exponentially weighted variance of returns (J.P. Morgan/Reuters, RiskMetrics Technical Document, 4th ed. 1996, section 5.2), its decay given as the
 * half-life of a return's weight in bars. The mean is taken as zero, as there: over minutes it is far below the noise.
 */
export class EwmaVariance {
  readonly #decay: number;
  #variance: number;
  #weight: number;

  /** @param halfLifeBars after how many bars a return counts half */
  constructor(halfLifeBars: number, from: EwmaState = { variance: 0, weight: 0 }) {
    if (!(halfLifeBars > 0)) throw new RangeError('the half-life must be above 0 bars');
    this.#decay = 0.5 ** (1 / halfLifeBars);
    this.#variance = from.variance;
    this.#weight = from.weight;
  }

  /** Takes the return of one bar; what is not finite is passed over. */
  observe(bar: number): void {
    if (!Number.isFinite(bar)) return;
    // INVARIANT: the weights sum to one from the first return on, so a short history is not taken for a calm one.
    this.#weight = this.#decay * this.#weight + (1 - this.#decay);
    this.#variance += ((1 - this.#decay) / this.#weight) * (bar * bar - this.#variance);
  }

  /** Variance of one bar's return; 0 before the first. */
  get variance(): number {
    return this.#variance;
  }

  get state(): EwmaState {
    return { variance: this.#variance, weight: this.#weight };
  }
}

/** What a restart needs. */
export interface EwmaState {
  readonly variance: number;
  readonly weight: number;
}

import { medianAbsoluteDeviation, medianSorted, quantileRankSorted } from 'simple-statistics';

/**
 * Robust z-scores: distance from the median in median absolute deviations, times 0.6745 so that it reads as standard deviations where
 * values are normal (Iglewicz and Hoaglin, How to Detect and Handle Outliers, ASQC 1993, section 3.3, who call a value above 3.5 an outlier).
 * Neither moves when up to half of the window is wild, so a crash does not hide itself.
 */
export interface RobustOptions {
  /** Values remembered, and values before the first score. */
  readonly window: number;
  readonly least: number;
  /**
   * Smallest deviation assumed, in the values' unit: where a series hardly moves (spreads of one tick) its own
   * deviation is 0 and every change would score without end.
   */
  readonly floor: number;
}

const TO_SIGMA = 0.6745;

export interface RobustScore {
  /** Signed; 0 while too little is known. */
  readonly z: number;
  readonly median: number;
  /** Share of the remembered values that lie below. */
  readonly rank: number;
}

export class RobustWindow {
  readonly #options: RobustOptions;
  readonly #values: number[];

  constructor(options: RobustOptions, values: readonly number[] = []) {
    this.#options = options;
    this.#values = values.filter(Number.isFinite).slice(-options.window);
  }

  /** Scores a value against those before it; does not remember it. */
  score(value: number): RobustScore {
    const { least, floor } = this.#options;
    if (!Number.isFinite(value) || this.#values.length < least) return { z: 0, median: 0, rank: 0 };
    const sorted = [...this.#values].sort((a, b) => a - b);
    const median = medianSorted(sorted);
    const deviation = Math.max(medianAbsoluteDeviation(sorted), floor);
    return {
      z: (TO_SIGMA * (value - median)) / deviation,
      median,
      rank: quantileRankSorted(sorted, value),
    };
  }

  /** Remembers a value; what is not finite is passed over. */
  add(value: number): void {
    if (!Number.isFinite(value)) return;
    this.#values.push(value);
    if (this.#values.length > this.#options.window) this.#values.shift();
  }

  get values(): readonly number[] {
    return this.#values;
  }
}

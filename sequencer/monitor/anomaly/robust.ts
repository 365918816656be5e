import { median, medianAbsoluteDeviation } from 'simple-statistics';

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
}

export class RobustWindow {
  readonly #options: RobustOptions;
  readonly #values: number[];
  /** Of the values remembered now; null once another came. */
  #usual: { readonly median: number; readonly mad: number } | null = null;

  constructor(options: RobustOptions, values: readonly number[] = []) {
    this.#options = options;
    this.#values = values.filter(Number.isFinite).slice(-options.window);
  }

  /** Scores a value against those before it; does not remember it. */
  score(value: number): RobustScore {
    const { least, floor } = this.#options;
    if (!Number.isFinite(value) || this.#values.length < least) return { z: 0, median: 0 };
    // Both sort the window, and a minute that is not over is scored once a second.
    this.#usual ??= { median: median(this.#values), mad: medianAbsoluteDeviation(this.#values) };
    const deviation = Math.max(this.#usual.mad, floor);
    const z = (TO_SIGMA * (value - this.#usual.median)) / deviation;
    return { z, median: this.#usual.median };
  }

  /** Remembers a value; what is not finite is passed over. */
  add(value: number): void {
    if (!Number.isFinite(value)) return;
    this.#usual = null;
    this.#values.push(value);
    if (this.#values.length > this.#options.window) this.#values.shift();
  }

  get values(): readonly number[] {
    return this.#values;
  }
}

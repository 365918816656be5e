import { type RobustOptions, RobustWindow } from './robust.ts';

/** What is watched for being unlike itself; a value's logarithm where it is a size. */
export type SeriesName = 'return' | 'spread' | 'depth' | 'trade_size';

interface Series {
  /** Which side is bad news: both, only large, only small. */
  readonly side: 'both' | 'high' | 'low';
  readonly options: RobustOptions;
  /** Scores from which it is worth telling, and at which it says all it can. */
  readonly from: number;
  readonly full: number;
}

/**
 * Returns are divided by their forecast deviation first, so their window is unitless; minutes have tails far fatter than the normal's (kurtosis
 * of 5 to 52 on the recorded days), therefore the high thresholds: 3.5 would tell of one minute in forty on a quiet day. Sizes are
 * compared as logarithms: a floor of 0.25 takes what is within 28 % of the usual for the same.
 */
const SERIES: Readonly<Record<SeriesName, Series>> = {
  return: { side: 'both', options: { window: 1440, least: 60, floor: 0.2 }, from: 10, full: 25 },
  spread: { side: 'high', options: { window: 720, least: 30, floor: 0.25 }, from: 5, full: 12 },
  depth: { side: 'low', options: { window: 720, least: 30, floor: 0.25 }, from: 5, full: 12 },
  trade_size: {
    side: 'high',
    options: { window: 1000, least: 50, floor: 0.25 },
    from: 8,
    full: 16,
  },
};

export const SERIES_NAMES = Object.keys(SERIES) as readonly SeriesName[];

export interface Anomaly {
  readonly series: SeriesName;
  /** Robust z-score, signed. */
  readonly score: number;
  /** 0 where it begins to be worth telling, 1 from where it says all it can. */
  readonly severity: number;
  /** The value and what was usual, in the unit that was given. */
  readonly value: number;
  readonly usual: number;
  readonly timeMs: number;
  /** Of a return: the return itself, relative. */
  readonly move: number;
}

/** Remembered values by series. */
export type AnomalyState = Partial<Record<SeriesName, readonly number[]>>;

/** Scores the observations of one underlying against what has been usual for it. */
export class AnomalyDetector {
  readonly #windows: Readonly<Record<SeriesName, RobustWindow>>;

  constructor(from: AnomalyState = {}) {
    const entries = SERIES_NAMES.map((name) => [
      name,
      new RobustWindow(SERIES[name].options, from[name]),
    ]);
    this.#windows = Object.fromEntries(entries) as Record<SeriesName, RobustWindow>;
  }

  /**
   * Scores a value, and remembers it unless told otherwise (a minute that is not over is scored each second, and remembered once).
   *
   * @param value a return in deviations, or a size above 0
   * @param move of a return: the return itself
   * @returns null where it is not worth telling
   */
  observe(
    series: SeriesName,
    value: number,
    { timeMs, move = 0, remember = true }: { timeMs: number; move?: number; remember?: boolean },
  ): Anomaly | null {
    const { side, from, full } = SERIES[series];
    const size = series !== 'return';
    if (!Number.isFinite(value) || (size && value <= 0)) return null;
    const scored = size ? Math.log(value) : value;
    const window = this.#windows[series];
    const { z, median } = window.score(scored);
    if (remember) window.add(scored);
    const bad = side === 'both' ? Math.abs(z) : side === 'high' ? z : -z;
    if (bad < from) return null;
    const severity = Math.min(1, (bad - from) / (full - from));
    return {
      series,
      score: z,
      severity,
      value,
      usual: size ? Math.exp(median) : median,
      timeMs,
      move,
    };
  }

  get state(): AnomalyState {
    return Object.fromEntries(SERIES_NAMES.map((name) => [name, this.#windows[name].values]));
  }
}

import { type EwmaState, EwmaVariance } from './ewma.ts';
import { fitGarch, type GarchFit } from './fit.ts';
import {
  conditionalVariances,
  type GarchParameters,
  horizonVariance,
  longRunVariance,
} from './garch.ts';

export const MINUTES_PER_YEAR = 365 * 24 * 60;

export interface ForecasterOptions {
  /** Half-life of the EWMA that follows the market, minutes. */
  readonly fastHalfLife: number;
  /** Half-life of the level that the market is compared with, minutes. */
  readonly slowHalfLife: number;
  /** That level before anything was seen, a fraction a year; it is never taken to be below `calmFloor`. */
  readonly calmStart: number;
  readonly calmFloor: number;
  /** Returns kept for fits, and minutes between fits. */
  readonly window: number;
  readonly refitMinutes: number;
  /** How far ahead forecasts look, minutes. */
  readonly horizon: number;
  /** Longest gap whose return is spread over its minutes; after a longer one the models only age. */
  readonly longestGap: number;
}

export const FORECASTER_DEFAULTS: ForecasterOptions = {
  fastHalfLife: 20,
  slowHalfLife: 7 * 24 * 60,
  calmStart: 0.6,
  calmFloor: 0.4,
  window: 2880,
  refitMinutes: 60,
  horizon: 60,
  longestGap: 10,
};

export interface Forecast {
  /** Volatility a year that EWMA and GARCH expect over the horizon; GARCH null before there is a fit. */
  readonly ewma: number;
  readonly garch: number | null;
  /** What is acted upon. */
  readonly volatility: number;
  /** The level it is compared with, and `volatility` over it. */
  readonly calm: number;
  readonly ratio: number;
  /** Standard deviation of the next minute's return. */
  readonly nextMinute: number;
}

/** What a restart needs. */
export interface ForecasterState {
  readonly returns: readonly number[];
  readonly fast: EwmaState;
  readonly slow: EwmaState;
  readonly parameters: GarchParameters | null;
  readonly nextVariance: number;
  readonly sinceFit: number;
}

/** Follows the volatility of one underlying by minute returns: EWMA at once, GARCH(1,1) fitted anew while it runs. */
export class VolatilityForecaster {
  readonly #options: ForecasterOptions;
  readonly #fast: EwmaVariance;
  readonly #slow: EwmaVariance;
  #returns: number[];
  #parameters: GarchParameters | null;
  #nextVariance: number;
  #sinceFit: number;

  constructor(options: ForecasterOptions = FORECASTER_DEFAULTS, from?: ForecasterState) {
    this.#options = options;
    const slowStart = { variance: options.calmStart ** 2 / MINUTES_PER_YEAR, weight: 1 };
    this.#fast = new EwmaVariance(options.fastHalfLife, from?.fast ?? slowStart);
    this.#slow = new EwmaVariance(options.slowHalfLife, from?.slow ?? slowStart);
    this.#returns = [...(from?.returns ?? [])];
    this.#parameters = from?.parameters ?? null;
    this.#nextVariance = from?.nextVariance ?? slowStart.variance;
    this.#sinceFit = from?.sinceFit ?? 0;
  }

  /** Takes a return over `minutes` minutes. Returns the new fit if it was time for one. */
  observe(value: number, minutes = 1): GarchFit | null {
    if (!Number.isFinite(value) || !(minutes >= 1)) return null;
    if (minutes > this.#options.longestGap) {
      this.#age(minutes);
      return null;
    }
    // The gap's variance, in equal parts: the sum of squares stays what it was.
    const part = value / Math.sqrt(minutes);
    for (let minute = 0; minute < minutes; minute++) this.#take(part);
    return this.#sinceFit >= this.#options.refitMinutes ? this.fit() : null;
  }

  /** Fits now, beginning at the last parameters too. Null, and the old ones stay, where nothing can be fitted. */
  fit(): GarchFit | null {
    this.#sinceFit = 0;
    const fit = fitGarch(this.#returns, this.#parameters ?? undefined);
    if (fit === null) return null;
    this.#parameters = fit.parameters;
    const variances = conditionalVariances(fit.parameters, this.#returns);
    this.#nextVariance = next(
      fit.parameters,
      this.#returns.at(-1) ?? 0,
      variances.at(-1) ?? this.#nextVariance,
    );
    return fit;
  }

  forecast(): Forecast {
    const { horizon, calmFloor } = this.#options;
    const ewma = yearly(this.#fast.variance);
    const calm = Math.max(calmFloor, yearly(this.#slow.variance));
    const garch =
      this.#parameters === null
        ? null
        : yearly(horizonVariance(this.#parameters, this.#nextVariance, horizon) / horizon);
    const volatility = Math.max(ewma, garch ?? 0);
    const minute = Math.max(this.#fast.variance, this.#parameters ? this.#nextVariance : 0);
    return {
      ewma,
      garch,
      volatility,
      calm,
      ratio: volatility / calm,
      nextMinute: Math.sqrt(minute),
    };
  }

  get parameters(): GarchParameters | null {
    return this.#parameters;
  }

  get state(): ForecasterState {
    return {
      returns: this.#returns,
      fast: this.#fast.state,
      slow: this.#slow.state,
      parameters: this.#parameters,
      nextVariance: this.#nextVariance,
      sinceFit: this.#sinceFit,
    };
  }

  #take(value: number): void {
    this.#fast.observe(value);
    this.#slow.observe(value);
    this.#returns.push(value);
    if (this.#returns.length > this.#options.window) this.#returns.shift();
    if (this.#parameters !== null) {
      this.#nextVariance = next(this.#parameters, value, this.#nextVariance);
    }
    this.#sinceFit += 1;
  }

  /** Minutes nobody saw: the variance goes back towards its level, as GARCH expects of it. */
  #age(minutes: number): void {
    if (this.#parameters === null) return;
    const level = longRunVariance(this.#parameters);
    const { alpha, beta } = this.#parameters;
    if (!Number.isFinite(level)) return;
    this.#nextVariance = level + (this.#nextVariance - level) * (alpha + beta) ** minutes;
  }
}

function next({ omega, alpha, beta }: GarchParameters, value: number, variance: number): number {
  return omega + alpha * value * value + beta * variance;
}

/** A minute's variance as volatility a year. */
export function yearly(variance: number): number {
  return Math.sqrt(variance * MINUTES_PER_YEAR);
}

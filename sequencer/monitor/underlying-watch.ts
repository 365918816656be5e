import { type Anomaly, AnomalyDetector, type AnomalyState } from './anomaly/anomalies.ts';
import type { ContagionReport } from './contagion/contagion.ts';
import type { Situation } from './policy.ts';
import { MINUTE_MS, MinuteBars, type MinuteBarsState } from './volatility/bars.ts';
import type { GarchFit } from './volatility/fit.ts';
import {
  FORECASTER_DEFAULTS,
  type ForecasterOptions,
  type ForecasterState,
  VolatilityForecaster,
} from './volatility/forecaster.ts';

/** How the books of an underlying look, over all instruments near the money. */
export interface BookSurvey {
  /** Median of (ask - bid) / mark; null where there is no two-sided book. */
  readonly spread: number | null;
  /** USDC of the underlying (by delta) resting within reach of the marks, both sides. */
  readonly depth: number;
}

/** What positions say, from one look at all accounts. */
export interface PositionSurvey {
  readonly contagion: ContagionReport;
  readonly fund: number;
  readonly marginUse: number | null;
}

/** What a restart needs. */
export interface UnderlyingState {
  readonly bars: MinuteBarsState | null;
  readonly forecaster: ForecasterState;
  readonly anomalies: AnomalyState;
}

/** How long an anomaly counts. */
const ANOMALY_MS = 5 * MINUTE_MS;
/** How old a look at the positions may be. */
const POSITIONS_MS = 5 * MINUTE_MS;

/** Everything that is known of one underlying. All times are the exchange's. */
export class UnderlyingWatch {
  readonly underlying: string;
  readonly #bars: MinuteBars;
  readonly #forecaster: VolatilityForecaster;
  readonly #detector: AnomalyDetector;
  readonly #recent = new Map<Anomaly['series'], Anomaly>();
  #positions: (PositionSurvey & { readonly timeMs: number }) | null = null;
  #price: number | null = null;
  #priceMs = 0;

  constructor(
    underlying: string,
    options: ForecasterOptions = FORECASTER_DEFAULTS,
    from?: UnderlyingState,
  ) {
    this.underlying = underlying;
    this.#bars = new MinuteBars(from?.bars ?? undefined);
    this.#forecaster = new VolatilityForecaster(options, from?.forecaster);
    this.#detector = new AnomalyDetector(from?.anomalies);
  }

  /** Takes an index price. Returns a new fit if one was made. */
  onIndex(price: number, timeMs: number): GarchFit | null {
    if (!(price > 0) || !Number.isFinite(price)) return null;
    // Late news are no news.
    if (timeMs < this.#priceMs) return null;
    this.#price = price;
    this.#priceMs = timeMs;
    const closed = this.#bars.observe(price, timeMs);
    let fit: GarchFit | null = null;
    if (closed !== null) {
      this.#scoreReturn(closed.value, closed.minutes, { timeMs, remember: closed.minutes === 1 });
      fit = this.#forecaster.observe(closed.value, closed.minutes);
    }
    // A minute that is not over is scored too: a crash does not wait for the full minute.
    this.#scoreReturn(this.#bars.openReturn, 1, { timeMs, remember: false });
    return fit;
  }

  /** @param notional amount times index, USDC */
  onTrade(notional: number, timeMs: number): void {
    this.#note(this.#detector.observe('trade_size', notional, { timeMs }));
  }

  onBooks({ spread, depth }: BookSurvey, timeMs: number): void {
    if (spread !== null) this.#note(this.#detector.observe('spread', spread, { timeMs }));
    this.#note(this.#detector.observe('depth', depth, { timeMs }));
  }

  onPositions(survey: PositionSurvey, timeMs: number): void {
    this.#positions = { ...survey, timeMs };
  }

  /** Last index price and its time; null before the first. */
  get index(): { readonly price: number; readonly timeMs: number } | null {
    return this.#price === null ? null : { price: this.#price, timeMs: this.#priceMs };
  }

  situation(nowMs: number): Situation {
    for (const [series, { timeMs }] of this.#recent) {
      if (nowMs - timeMs > ANOMALY_MS) this.#recent.delete(series);
    }
    const known = this.#positions;
    const positions = known !== null && nowMs - known.timeMs <= POSITIONS_MS ? known : null;
    return {
      underlying: this.underlying,
      forecast: this.#forecaster.forecast(),
      anomalies: [...this.#recent.values()],
      contagion: positions?.contagion ?? null,
      fund: positions?.fund ?? null,
      marginUse: positions?.marginUse ?? null,
    };
  }

  get state(): UnderlyingState {
    return {
      bars: this.#bars.state,
      forecaster: this.#forecaster.state,
      anomalies: this.#detector.state,
    };
  }

  #scoreReturn(
    move: number,
    minutes: number,
    { timeMs, remember }: { timeMs: number; remember: boolean },
  ): void {
    const expected = this.#forecaster.forecast().nextMinute * Math.sqrt(minutes);
    if (!(expected > 0)) return;
    this.#note(this.#detector.observe('return', move / expected, { timeMs, move, remember }));
  }

  #note(anomaly: Anomaly | null): void {
    if (anomaly === null) return;
    const known = this.#recent.get(anomaly.series);
    const stale = known === undefined || anomaly.timeMs - known.timeMs > ANOMALY_MS;
    if (stale || anomaly.severity >= known.severity) this.#recent.set(anomaly.series, anomaly);
  }
}

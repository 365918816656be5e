/** A minute of an index, closed. */
export interface MinuteReturn {
  /** When the minute ended, ms. */
  readonly endMs: number;
  /** Log return since the close before. */
  readonly value: number;
  /** Minutes that it spans; above 1 after a gap. */
  readonly minutes: number;
  readonly close: number;
}

/** Where a series stands, for a restart. */
export interface MinuteBarsState {
  readonly minute: number;
  readonly close: number;
  readonly last: number;
}

export const MINUTE_MS = 60_000;

/** Makes minute returns of prices that come when they come. A minute is closed by the first price of a later one. */
export class MinuteBars {
  #minute = -1;
  #close = 0;
  #last = 0;

  constructor(from?: MinuteBarsState) {
    if (from === undefined) return;
    this.#minute = from.minute;
    this.#close = from.close;
    this.#last = from.last;
  }

  /**
   * Takes a price. Returns the return of the minute that it closes, or null. Prices that are not above 0 or that
   * are of a minute before the present one are passed over: an index may come late, but never changes the past.
   */
  observe(price: number, timeMs: number): MinuteReturn | null {
    if (!(price > 0) || !Number.isFinite(price) || !Number.isFinite(timeMs)) return null;
    const minute = Math.floor(timeMs / MINUTE_MS);
    if (this.#minute < 0) {
      this.#minute = minute;
      this.#close = price;
      this.#last = price;
      return null;
    }
    if (minute < this.#minute) return null;
    if (minute === this.#minute) {
      this.#last = price;
      return null;
    }
    return this.#turn(minute, price);
  }

  /** Log return since the last close, of a minute that is not over. */
  get openReturn(): number {
    return this.#minute < 0 ? 0 : Math.log(this.#last / this.#close);
  }

  get state(): MinuteBarsState | null {
    if (this.#minute < 0) return null;
    return { minute: this.#minute, close: this.#close, last: this.#last };
  }

  #turn(minute: number, price: number): MinuteReturn {
    const minutes = minute - this.#minute;
    // After a gap what is known is where the price stands now, so the return spans the gap.
    const close = minutes === 1 ? this.#last : price;
    const value = Math.log(close / this.#close);
    const endMs = (this.#minute + minutes) * MINUTE_MS;
    this.#minute = minute;
    this.#close = close;
    this.#last = price;
    return { endMs, value, minutes, close };
  }
}

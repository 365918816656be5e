import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '#shared/client/index.ts';
import { RATE_LIMITED } from '#shared/protocol/api-codes.ts';

/** Keeps surveys to a share of what the exchange allows, one request after the other, and waits when told to. */
export class Pacer {
  readonly #perSecond: number;
  readonly #nowMs: () => number;
  readonly #signal: AbortSignal;
  #freeMs = 0;

  /** @param perSecond weight a second @param nowMs real, monotonic */
  constructor(perSecond: number, nowMs: () => number, signal: AbortSignal) {
    this.#perSecond = perSecond;
    this.#nowMs = nowMs;
    this.#signal = signal;
  }

  /** Runs a request when its turn has come; once more after RATE_LIMITED. */
  async run<T>(weight: number, request: () => Promise<T>): Promise<T> {
    const now = this.#nowMs();
    const waitMs = this.#freeMs - now;
    this.#freeMs = Math.max(now, this.#freeMs) + (weight * 1000) / this.#perSecond;
    // Below a timer's resolution the debt only adds up until it is worth a wait.
    if (waitMs > 4) await sleep(waitMs, undefined, { signal: this.#signal });
    this.#signal.throwIfAborted();
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== RATE_LIMITED) throw error;
      await sleep(error.retryAfterMs ?? 1000, undefined, { signal: this.#signal });
      return request();
    }
  }
}

import { sleep } from '#infra/devnet/clock.ts';
import { Latencies } from '#infra/devnet/latency.ts';
import { ApiError } from '#shared/client/errors.ts';
import { DISCONNECTED, OUTCOME_UNKNOWN } from '#shared/protocol/api-codes.ts';

/** Codes from here on are found by the client itself: it cannot say what the exchange did. */
const FIRST_LOCAL_CODE = DISCONNECTED;
const PAUSE_MS = 500;

/** What all bots together did. */
export class BotStats {
  readonly latencies = new Latencies();
  orders = 0;
  acknowledged = 0;
  rejected = 0;
  trades = 0;
  /** Neither acknowledged nor rejected: the connection or the exchange went away meanwhile. */
  unknown = 0;
  readonly rejections = new Map<string, number>();

  /** Runs one command and counts it. Returns undefined if it was refused or its outcome is not known. */
  async count<T>(send: () => Promise<T>): Promise<T | undefined> {
    const startedAt = performance.now();
    this.orders += 1;
    try {
      const answer = await send();
      this.acknowledged += 1;
      this.latencies.add(performance.now() - startedAt);
      return answer;
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === undefined) {
        this.unknown += 1;
        // Nobody answers: whoever tries again at once only gets in the way of a restart.
        await sleep(PAUSE_MS);
      } else {
        this.rejected += 1;
        this.rejections.set(refusal, (this.rejections.get(refusal) ?? 0) + 1);
      }
      return undefined;
    }
  }

  /** The commonest rejections, for people. */
  commonest(count: number): string {
    return [...this.rejections]
      .sort((a, b) => b[1] - a[1])
      .slice(0, count)
      .map(([code, times]) => `${code} ${times}`)
      .join(', ');
  }
}

/**
 * Name of the engine's or API's refusal; undefined where the command may have run all the same (no answer, a broken
 * connection, an exchange that failed before it was durable).
 */
export function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const certain = error.status < FIRST_LOCAL_CODE && error.status !== OUTCOME_UNKNOWN;
  return certain ? error.code : undefined;
}

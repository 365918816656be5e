import { Latencies } from '#infra/devnet/latency.ts';

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
      const refusal = engineCodeOf(error);
      if (refusal === undefined) {
        this.unknown += 1;
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

/** Name of the engine's or API's refusal, undefined for errors of the connection. */
export function engineCodeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('refusal' in error)) return undefined;
  return typeof error.refusal === 'string' ? error.refusal : undefined;
}

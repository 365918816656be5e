import { nextExpiryMs } from '#infra/devnet/clock.ts';
import type { Command, Decoded, IndexCommand } from '#shared/protocol/commands.ts';

interface Observation {
  readonly timeMs: number;
  readonly price: bigint;
}

const WINDOW_MS = 30 * 60_000;
/** One observation counts for at most this long. */
const COVERS_MS = 60_000;

/** What stands in the batches on L1, counted command by command. */
export class Census {
  readonly #labels = new Map<bigint, number>();
  readonly #kinds = new Map<string, number>();
  readonly #observations = new Map<number, Observation[]>();
  #clockMs = 0;
  #settledUntilMs = 0;

  /** Takes the next command, in the order of the batches. */
  add(decoded: Decoded<Command>): void {
    const kind = decoded.ok ? decoded.value.kind : 'malformed';
    this.#kinds.set(kind, this.commandsOf(kind) + 1);
    if (!decoded.ok) return;
    const command = decoded.value;
    if (command.kind === 'clock') this.#clockMs = Number(command.timeMs);
    if (command.kind === 'settleInstrument') this.#settledUntilMs = lastExpiryMs(this.#clockMs);
    if (command.kind === 'index') this.#observe(command);
    if (command.kind === 'order' && command.label !== undefined) {
      this.#labels.set(command.label, this.timesPosted(command.label) + 1);
    }
  }

  /** How often an order with this label was posted. */
  timesPosted(label: bigint): number {
    return this.#labels.get(label) ?? 0;
  }

  /** Posted commands of a kind, such as `order`. */
  commandsOf(kind: string): number {
    return this.#kinds.get(kind) ?? 0;
  }

  /**
   * The settlement price that the rules give for an expiry, worked out anew from the signed observations: the average of
   * the index over the last 30 minutes, weighted with the time that each observation covers, rounded down to 1e-6 USDC.
   */
  settlementPrice(underlying: number, expiryMs: number): { price: bigint; coveredMs: number } {
    const observations = this.#observations.get(underlying) ?? [];
    let sum = 0n;
    let coveredMs = 0;
    for (const [index, { timeMs, price }] of observations.entries()) {
      const nextMs = observations[index + 1]?.timeMs ?? Number.MAX_SAFE_INTEGER;
      const from = Math.max(timeMs, expiryMs - WINDOW_MS);
      const until = Math.min(nextMs, timeMs + COVERS_MS, expiryMs);
      if (until <= from) continue;
      sum += BigInt(until - from) * price;
      coveredMs += until - from;
    }
    return { price: coveredMs === 0 ? 0n : sum / BigInt(coveredMs), coveredMs };
  }

  /** The lower median, dated as early as the earliest of its observations. */
  #observe({ underlying, observations }: IndexCommand): void {
    const prices = observations.map((one) => one.price).sort((a, b) => (a < b ? -1 : 1));
    const price = prices[(prices.length - 1) >> 1] ?? 0n;
    const timeMs = Math.min(...observations.map((one) => Number(one.timeMs)));
    // A straggler from before an expiry that is settled already changes nothing any more.
    if (timeMs < this.#settledUntilMs) return;
    const list = this.#observations.get(underlying) ?? [];
    list.push({ timeMs, price });
    this.#observations.set(underlying, list);
  }
}

/** The last 08:00 UTC at or before `timeMs`. */
function lastExpiryMs(timeMs: number): number {
  return nextExpiryMs(timeMs) - 24 * 3_600_000;
}

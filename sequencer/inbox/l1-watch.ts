import type { Logger } from 'pino';
import type { Address, PublicClient } from 'viem';
import { settlementAbi } from '#contracts/abi/index.ts';

/** What is wrong with L1 though it answers; in words for people. */
export interface L1Concern {
  readonly code: 'LATE_FINALITY' | 'REORG';
  readonly words: string;
}

export interface WatchOptions {
  readonly settlement: Address;
  /** The last final block may be so old, ms; null where finality means nothing, as on a devnet. */
  readonly maxUnfinalizedMs: number | null;
  /** A reorg is over when so many blocks stand above the highest that was seen when it was noticed. */
  readonly settleBlocks: number;
}

export interface WatchDependencies {
  readonly client: Pick<PublicClient, 'getBlock' | 'readContract'>;
  readonly log: Logger;
  /** The exchange's clock, which L1's blocks follow. */
  readonly nowMs: () => number;
}

interface Seen {
  readonly hash: string;
  readonly timeMs: number;
}

interface Reorg {
  /** The last block that both chains have, as far as was seen. */
  readonly fork: bigint;
  readonly depth: number;
  readonly overAt: bigint;
}

/** Heads that are remembered: what is older than these is final on any healthy L1. */
const KEPT = 512;

/**
 * Watches L1's head and finality for what only a node can see: blocks that were replaced, and finality that does not come. While there is a
 * concern the inbox is read no further than is safe anyway, and the gateway takes no new risk. It ends by itself.
 */
export class L1Watch {
  readonly #options: WatchOptions;
  readonly #deps: WatchDependencies;
  readonly #seen = new Map<bigint, Seen>();
  #head: (Seen & { readonly number: bigint }) | null = null;
  #final: { readonly number: bigint; readonly timeMs: number } | null = null;
  #reorg: Reorg | null = null;
  #forceDelayMs: number | null = null;
  /** Where reading has to begin again after a reorg. */
  #rewindTo: bigint | null = null;

  constructor(options: WatchOptions, deps: WatchDependencies) {
    this.#options = options;
    this.#deps = deps;
  }

  /** L1's last final block; null before the first look, and where L1 knows no finality. */
  get finalized(): { readonly number: number; readonly timeMs: number } | null {
    return this.#final && { number: Number(this.#final.number), timeMs: this.#final.timeMs };
  }

  /** What is wrong now: finality grows late by time alone. */
  get concerns(): L1Concern[] {
    const found: L1Concern[] = [];
    const { maxUnfinalizedMs: most } = this.#options;
    if (most !== null && this.#final !== null) {
      const ageMs = this.#deps.nowMs() - this.#final.timeMs;
      if (ageMs > most) {
        const words = `L1's last final block ${this.#final.number} is ${minutes(ageMs)} old, and ${minutes(most)} is the most that is well`;
        found.push({ code: 'LATE_FINALITY', words });
      }
    }
    if (this.#reorg !== null) {
      const { fork, depth, overAt } = this.#reorg;
      const words = `L1 replaced ${depth} blocks after block ${fork}, and is believed again from block ${overAt} on`;
      found.push({ code: 'REORG', words });
    }
    return found;
  }

  /** Looks at head and finality; returns the head's number. Throws when L1 is away. */
  async look(): Promise<bigint> {
    const { client } = this.#deps;
    const block = await client.getBlock({ blockTag: 'latest' });
    const number = block.number as bigint;
    const hash = block.hash as string;
    if (this.#head?.hash === hash) return number;
    this.#forceDelayMs ??= await this.#readForceDelay();
    this.#final = await this.#readFinal();
    await this.#compare(number, hash, block.parentHash);
    const timeMs = Number(block.timestamp) * 1000;
    this.#remember(number, { hash, timeMs });
    this.#head = { number, hash, timeMs };
    if (this.#reorg !== null && number >= this.#reorg.overAt) {
      this.#deps.log.info({ block: Number(number) }, 'the reorg of L1 is over');
      this.#reorg = null;
    }
    return number;
  }

  /**
   * The last block whose messages may be consumed now; null while nothing is wrong. What is final may always be, and what must be: after half
   * of the time in which L1 forces a message, it is taken even so, since a batch without it could not land.
   */
  get limit(): bigint | null {
    if (this.#head === null || this.concerns.length === 0) return null;
    let limit = this.#final?.number ?? -1n;
    const dueMs = this.#head.timeMs - (this.#forceDelayMs ?? 0) / 2;
    for (const [number, { timeMs }] of this.#seen) {
      if (timeMs <= dueMs && number > limit) limit = number;
    }
    return limit;
  }

  /** The first block that was replaced since the last call, or null: what is in it was not read yet. */
  takeRewind(): bigint | null {
    const from = this.#rewindTo;
    this.#rewindTo = null;
    return from;
  }

  async #compare(number: bigint, hash: string, parentHash: string): Promise<void> {
    const below = this.#below(number);
    const same = this.#seen.get(number);
    const replaced = same !== undefined && same.hash !== hash;
    const kept = below === null || (below === number - 1n ? parentHash : await this.#hashOf(below));
    if (!replaced && (kept === true || kept === this.#seen.get(below as bigint)?.hash)) return;
    const highest = [...this.#seen.keys()].reduce((a, b) => (a > b ? a : b), number);
    const fork = await this.#findFork(number);
    for (const seen of [...this.#seen.keys()]) if (seen > fork) this.#seen.delete(seen);
    const overAt = highest + BigInt(this.#options.settleBlocks);
    this.#reorg = { fork, depth: Number(highest - fork), overAt };
    const from = fork + 1n;
    if (this.#rewindTo === null || from < this.#rewindTo) this.#rewindTo = from;
    this.#deps.log.warn(
      { fork: Number(fork), depth: this.#reorg.depth },
      'L1 reorganizes: deposits wait, and no new risk is taken',
    );
  }

  /** The highest remembered block that L1 still has; one below the lowest if it has none. */
  async #findFork(number: bigint): Promise<bigint> {
    const numbers = [...this.#seen.keys()].sort((a, b) => (a < b ? 1 : -1));
    for (const one of numbers) {
      if (one < number && (await this.#hashOf(one)) === this.#seen.get(one)?.hash) return one;
    }
    return (numbers.at(-1) ?? number) - 1n;
  }

  #below(number: bigint): bigint | null {
    let found: bigint | null = null;
    for (const one of this.#seen.keys()) {
      if (one < number && (found === null || one > found)) found = one;
    }
    return found;
  }

  async #hashOf(blockNumber: bigint): Promise<string | null> {
    return (await this.#deps.client.getBlock({ blockNumber })).hash;
  }

  /** A node that knows no finality answers with an error; one that is away fails at the next look too. */
  async #readFinal() {
    try {
      const block = await this.#deps.client.getBlock({ blockTag: 'finalized' });
      return { number: block.number as bigint, timeMs: Number(block.timestamp) * 1000 };
    } catch {
      return this.#final;
    }
  }

  async #readForceDelay(): Promise<number> {
    const { settlement: address } = this.#options;
    const contract = { address, abi: settlementAbi } as const;
    const seconds = await this.#deps.client.readContract({
      ...contract,
      functionName: 'forceDelay',
    });
    return Number(seconds) * 1000;
  }

  #remember(number: bigint, seen: Seen): void {
    this.#seen.delete(number);
    this.#seen.set(number, seen);
    if (this.#seen.size <= KEPT) return;
    const oldest = this.#seen.keys().next().value;
    if (oldest !== undefined) this.#seen.delete(oldest);
  }
}

const minutes = (ms: number): string => {
  const whole = Math.round(ms / 60_000);
  return whole === 1 ? '1 minute' : `${whole} minutes`;
};

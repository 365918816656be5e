import { PlimsollError } from '#shared/protocol/errors.ts';
import { type BlockMark, type L1Event, readEvents } from './events.ts';
import type { L1 } from './l1.ts';
import { type Patience, patiently } from './patience.ts';

export interface FollowerOptions {
  /** First block to look at: the settlement's own or an earlier one. */
  readonly fromBlock: bigint;
  /** Blocks that must stand on top of one before it is read. Reorgs are followed all the same. */
  readonly confirmations: bigint;
  /** Blocks asked for in one request at most. */
  readonly chunkBlocks: bigint;
}

export interface FollowerDependencies {
  readonly l1: L1;
  readonly patience: Patience;
}

/** The end of the chain, as far as it may be read. */
export interface Head extends BlockMark {
  /** Of L1's latest block. */
  readonly timeMs: number;
}

export type Portion =
  /** What the contract said up to and including `through`. */
  | {
      readonly kind: 'events';
      readonly events: readonly L1Event[];
      readonly through: BlockMark;
      readonly head: Head;
    }
  /** There is nothing newer. */
  | { readonly kind: 'current'; readonly head: Head }
  /** L1 changed its mind: what was read from later blocks than `kept` never happened. */
  | { readonly kind: 'reorg'; readonly kept: bigint };

const FIRST_CHUNK_BLOCKS = 500n;
const KEPT_MARKS = 1024;

/**
 * Reads the settlement contract's events from L1, in order, each once. Keeps hashes of the blocks it has read up to, so it notices
 * when L1 leaves a branch, and goes back to the last block that both branches share as far as it can tell.
 */
export class Follower {
  readonly #deps: FollowerDependencies;
  readonly #options: FollowerOptions;
  #nextBlock: bigint;
  #chunkBlocks: bigint;
  #marks: BlockMark[] = [];

  constructor(options: FollowerOptions, deps: FollowerDependencies) {
    this.#options = options;
    this.#deps = deps;
    this.#nextBlock = options.fromBlock;
    this.#chunkBlocks = minimum(FIRST_CHUNK_BLOCKS, options.chunkBlocks);
  }

  get nextBlock(): bigint {
    return this.#nextBlock;
  }

  /** Starts again at a block. */
  rewind(nextBlock: bigint): void {
    this.#nextBlock = nextBlock;
    this.#marks = this.#marks.filter(({ number }) => number < nextBlock);
  }

  /** The next portion. Patient with an L1 that is away. */
  async next(): Promise<Portion> {
    return patiently(this.#deps.patience, () => this.#attempt());
  }

  /** Whether L1's present branch has this block. */
  async isCanonical(mark: BlockMark): Promise<boolean> {
    return patiently(
      this.#deps.patience,
      async () => (await this.#hashOf(mark.number)) === mark.hash,
    );
  }

  async #attempt(): Promise<Portion> {
    const latest = await this.#deps.l1.client.getBlock({ blockTag: 'latest' });
    const reorg = await this.#findReorg(latest.number);
    if (reorg !== null) return reorg;
    const timeMs = Number(latest.timestamp) * 1000;
    const last = latest.number - this.#options.confirmations;
    if (this.#nextBlock > last) {
      const { number, hash } = latest;
      return { kind: 'current', head: { number, hash, timeMs } };
    }
    const to = minimum(this.#nextBlock + this.#chunkBlocks - 1n, last);
    const before = await this.#hashOf(to);
    const events = await this.#read(to);
    // The same hash before and after: the events are of the branch that has this block.
    if (before === null || (await this.#hashOf(to)) !== before) return this.#attempt();
    const through = { number: to, hash: before };
    this.#marks.push(through);
    if (this.#marks.length > KEPT_MARKS) this.#marks.splice(1, this.#marks.length - KEPT_MARKS);
    this.#nextBlock = to + 1n;
    return {
      kind: 'events',
      events,
      through,
      head: { number: latest.number, hash: latest.hash, timeMs },
    };
  }

  /** Nodes refuse ranges with too much in them: then a smaller one is tried at once. */
  async #read(to: bigint): Promise<L1Event[]> {
    try {
      const events = await readEvents(this.#deps.l1, this.#nextBlock, to);
      this.#chunkBlocks = minimum(this.#chunkBlocks * 2n, this.#options.chunkBlocks);
      return events;
    } catch (error) {
      if (!(error instanceof PlimsollError) && this.#chunkBlocks > 1n) this.#chunkBlocks /= 2n;
      throw error;
    }
  }

  async #findReorg(latest: bigint): Promise<Portion | null> {
    const top = this.#marks.at(-1);
    if (top === undefined || (await this.#stands(top, latest))) return null;
    while (
      this.#marks.length > 0 &&
      !(await this.#stands(this.#marks.at(-1) as BlockMark, latest))
    ) {
      this.#marks.pop();
    }
    const kept = this.#marks.at(-1)?.number ?? this.#options.fromBlock - 1n;
    this.#nextBlock = kept + 1n;
    return { kind: 'reorg', kept };
  }

  async #stands(mark: BlockMark, latest: bigint): Promise<boolean> {
    return mark.number <= latest && (await this.#hashOf(mark.number)) === mark.hash;
  }

  async #hashOf(number: bigint): Promise<`0x${string}` | null> {
    const block = await this.#deps.l1.client.request({
      method: 'eth_getBlockByNumber',
      params: [`0x${number.toString(16)}`, false],
    });
    return block?.hash ?? null;
  }
}

function minimum(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

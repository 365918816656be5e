import type { Logger } from 'pino';
import { type Address, type PublicClient, parseAbiItem } from 'viem';
import { textOf } from '#shared/l1/errors.ts';
import { hexToBytes } from '#shared/protocol/bytes.ts';
import { SequencerError } from '../errors.ts';
import type { L1Watch } from './l1-watch.ts';

export interface FollowerOptions {
  readonly settlement: Address;
  /** Blocks that must stand on top of a message's block before it is consumed; 0: the latest block counts. */
  readonly confirmations: number;
  /** Block to start looking at; the settlement's own block or an earlier one. */
  readonly fromBlock: bigint;
  /** Blocks asked for in one request. */
  readonly chunkBlocks: bigint;
}

export interface FollowerDependencies {
  readonly client: PublicClient;
  readonly log: Logger;
  /** Says how far reading is safe while something is wrong with L1; without it L1 is believed. */
  readonly watch?: Pick<L1Watch, 'look' | 'limit' | 'takeRewind'>;
  /** Number of the message that is to be consumed next. */
  readonly nextMessage: () => number;
  readonly onMessage: (message: Uint8Array) => void;
  readonly onProgress: (seen: number, trouble: string | null) => void;
}

const MESSAGE_ENQUEUED = parseAbiItem(
  'event MessageEnqueued(uint256 indexed index, address indexed sender, bytes message)',
);

/** Brings inbox messages from L1 to the exchange, in order, each once, when they are deep enough. */
export class InboxFollower {
  readonly #options: FollowerOptions;
  readonly #deps: FollowerDependencies;
  #nextBlock: bigint;
  #seen = 0;
  #ended = false;
  #holding = false;
  /** Number of the message for which everything is being read again. */
  #missed: number | null = null;

  constructor(options: FollowerOptions, deps: FollowerDependencies) {
    this.#options = options;
    this.#deps = deps;
    this.#nextBlock = options.fromBlock;
    this.#seen = deps.nextMessage();
  }

  /**
   * Polls until `stop`, real time. Survives L1 being away, and a node that once left a message out; a gap that is there when all is read
   * again is fatal and ends it with an error.
   */
  async run(pollMs: number): Promise<void> {
    while (!this.#ended) {
      try {
        await this.poll();
        this.#deps.onProgress(this.#seen, null);
      } catch (error) {
        if (error instanceof SequencerError) throw error;
        const trouble = `the inbox on L1 cannot be read: ${textOf(error)}`;
        this.#deps.log.warn({ trouble }, 'following L1 waits');
        this.#deps.onProgress(this.#seen, trouble);
      }
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  stop(): void {
    this.#ended = true;
  }

  /** Whether blocks that are deep enough wait because something is wrong with L1. */
  get holding(): boolean {
    return this.#holding;
  }

  /** Reads all blocks that are deep enough by now, and safe. */
  async poll(): Promise<void> {
    const { client, watch } = this.#deps;
    const latest = watch ? await watch.look() : await client.getBlockNumber({ cacheTime: 0 });
    const rewind = watch?.takeRewind() ?? null;
    // What is in blocks that took the place of others was not read; messages that were are passed over.
    if (rewind !== null && rewind >= this.#options.fromBlock && rewind < this.#nextBlock) {
      this.#nextBlock = rewind;
    }
    let deep = latest - BigInt(this.#options.confirmations);
    const limit = watch?.limit ?? null;
    this.#holding = limit !== null && limit < deep;
    if (limit !== null && limit < deep) deep = limit;
    while (this.#nextBlock <= deep && !this.#ended) {
      const last = this.#nextBlock + this.#options.chunkBlocks - 1n;
      await this.#readBlocks(last < deep ? last : deep);
    }
  }

  async #readBlocks(toBlock: bigint) {
    const logs = await this.#deps.client.getLogs({
      address: this.#options.settlement,
      event: MESSAGE_ENQUEUED,
      fromBlock: this.#nextBlock,
      toBlock,
      strict: true,
    });
    this.#nextBlock = toBlock + 1n;
    for (const { args } of logs) {
      const index = Number(args.index);
      if (index > this.#deps.nextMessage() && this.#readAgain()) return;
      this.#take(index, hexToBytes(args.message));
    }
  }

  /** A node that is behind the others may answer without the newest message. False if this message was missed before. */
  #readAgain(): boolean {
    const missed = this.#deps.nextMessage();
    if (this.#missed === missed) return false;
    this.#missed = missed;
    this.#nextBlock = this.#options.fromBlock;
    this.#deps.log.warn({ missed }, 'an inbox message was left out by L1; reading all again');
    return true;
  }

  #take(index: number, message: Uint8Array) {
    const next = this.#deps.nextMessage();
    if (index < next) return;
    if (index > next) {
      throw new SequencerError(
        'INBOX_GAP',
        `L1 shows inbox message ${index}, but message ${next} was never seen. Set --from-block to the settlement's own block or earlier, or use an L1 node that answers completely.`,
      );
    }
    this.#deps.onMessage(message);
    this.#seen = index + 1;
  }
}

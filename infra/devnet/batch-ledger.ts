import { type Address, type Hex, hexToBytes } from 'viem';
import { settlementAbi } from '#contracts/abi/index.ts';
import { type BatchHeader, commandInput, decodeBatch } from '#shared/protocol/batch.ts';
import { type Command, type Decoded, decodeCommand } from '#shared/protocol/commands.ts';
import type { L1 } from './l1.ts';

/** Batches are large: some blocks of them already fill what a node answers at once (10 MB). */
const BLOCKS_AT_ONCE = 16n;

/** A batch as its L1 log tells it, without its data. */
export interface LandedBatch {
  readonly number: bigint;
  readonly landedAtSeconds: bigint;
  readonly header: BatchHeader;
  /** 0 where the data is not read. */
  readonly segments: number;
  readonly commands: number;
}

export interface BatchLedgerOptions {
  readonly l1: L1;
  readonly settlement: Address;
  readonly fromBlock: bigint;
  /** Called with every command in every batch, in order; left out, the data is not looked at. */
  readonly onCommand?: (command: Decoded<Command>) => void;
}

/**
 * What L1's logs say was posted, with nobody's help but the chain's. Reads on from where it stopped; a devnet's anvil has
 * no reorgs.
 */
export class BatchLedger {
  readonly #options: BatchLedgerOptions;
  readonly #batches: LandedBatch[] = [];
  #nextBlock: bigint;
  #updating: Promise<void> | undefined;

  constructor(options: BatchLedgerOptions) {
    this.#options = options;
    this.#nextBlock = options.fromBlock;
  }

  get batches(): readonly LandedBatch[] {
    return this.#batches;
  }

  get last(): LandedBatch | undefined {
    return this.#batches.at(-1);
  }

  get segments(): number {
    return this.#batches.reduce((sum, batch) => sum + batch.segments, 0);
  }

  get commands(): number {
    return this.#batches.reduce((sum, batch) => sum + batch.commands, 0);
  }

  /** The last batch that is final at L1 time `nowSeconds` if nobody disputed one; 0 is genesis. */
  finalNumber(nowSeconds: bigint, challengePeriod: bigint): bigint {
    const final = this.#batches.findLast(
      (batch) => batch.landedAtSeconds + challengePeriod <= nowSeconds,
    );
    return final?.number ?? 0n;
  }

  /** Reads the logs that are new. */
  update(): Promise<void> {
    this.#updating ??= this.#update().finally(() => {
      this.#updating = undefined;
    });
    return this.#updating;
  }

  async #update(): Promise<void> {
    const { l1, settlement } = this.#options;
    const latest = await l1.client.getBlockNumber({ cacheTime: 0 });
    while (this.#nextBlock <= latest) {
      const last = this.#nextBlock + BLOCKS_AT_ONCE - 1n;
      const toBlock = last < latest ? last : latest;
      const logs = await l1.client.getContractEvents({
        address: settlement,
        abi: settlementAbi,
        eventName: 'BatchPosted',
        fromBlock: this.#nextBlock,
        toBlock,
        strict: true,
      });
      this.#nextBlock = toBlock + 1n;
      for (const { args } of logs) this.#take(args.header, args.data);
    }
  }

  #take(header: BatchHeader, data: Hex): void {
    const { onCommand } = this.#options;
    const segments = onCommand === undefined ? [] : decodeBatch(hexToBytes(data));
    let commands = 0;
    for (const segment of segments) {
      for (const command of segment.commands) {
        commands += 1;
        onCommand?.(decodeCommand(commandInput(command)));
      }
    }
    const { number, landedAt: landedAtSeconds } = header;
    this.#batches.push({ number, landedAtSeconds, header, segments: segments.length, commands });
  }
}

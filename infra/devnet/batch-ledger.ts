import { type Address, type Hex, hexToBytes } from 'viem';
import { settlementAbi } from '#contracts/abi/index.ts';
import { type BatchHeader, commandInput, decodeBatch } from '#shared/protocol/batch.ts';
import { decodeCommand } from '#shared/protocol/commands.ts';
import type { L1 } from './l1.ts';

/** A batch as its L1 log tells it, without its data. */
export interface LandedBatch {
  readonly number: bigint;
  readonly landedAtSeconds: bigint;
  readonly header: BatchHeader;
  readonly segments: number;
  readonly commands: number;
}

/**
 * What L1's logs say was posted, read by nobody's help but the chain's: headers, counts, and which labelled orders the
 * batches hold. Reads on from where it stopped; a devnet's anvil has no reorgs.
 */
export class BatchLedger {
  readonly #l1: L1;
  readonly #settlement: Address;
  readonly #batches: LandedBatch[] = [];
  readonly #labels = new Map<bigint, number>();
  readonly #kinds = new Map<string, number>();
  readonly #readData: boolean;
  #nextBlock: bigint;

  /** `readData`: whether to look into the batches, which takes memory for every labelled order. */
  constructor(options: { l1: L1; settlement: Address; fromBlock: bigint; readData: boolean }) {
    this.#l1 = options.l1;
    this.#settlement = options.settlement;
    this.#readData = options.readData;
    this.#nextBlock = options.fromBlock;
  }

  get batches(): readonly LandedBatch[] {
    return this.#batches;
  }

  get last(): LandedBatch | undefined {
    return this.#batches.at(-1);
  }

  /** How often an order with this label is in the posted batches. */
  timesPosted(label: bigint): number {
    return this.#labels.get(label) ?? 0;
  }

  /** Posted commands of a kind, such as `order`. */
  commandsOf(kind: string): number {
    return this.#kinds.get(kind) ?? 0;
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
  async update(): Promise<void> {
    const latest = await this.#l1.client.getBlockNumber({ cacheTime: 0 });
    if (latest < this.#nextBlock) return;
    const logs = await this.#l1.client.getContractEvents({
      address: this.#settlement,
      abi: settlementAbi,
      eventName: 'BatchPosted',
      fromBlock: this.#nextBlock,
      toBlock: latest,
      strict: true,
    });
    this.#nextBlock = latest + 1n;
    for (const { args } of logs) this.#take(args.header, args.data);
  }

  #take(header: BatchHeader, data: Hex): void {
    const segments = this.#readData ? decodeBatch(hexToBytes(data)) : [];
    let commands = 0;
    for (const segment of segments) {
      for (const command of segment.commands) {
        commands += 1;
        this.#count(commandInput(command));
      }
    }
    const { number, landedAt: landedAtSeconds } = header;
    this.#batches.push({ number, landedAtSeconds, header, segments: segments.length, commands });
  }

  #count(bytes: Uint8Array): void {
    const decoded = decodeCommand(bytes);
    const kind = decoded.ok ? decoded.value.kind : 'malformed';
    this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
    if (!decoded.ok || decoded.value.kind !== 'order') return;
    const { label } = decoded.value;
    if (label !== undefined) this.#labels.set(label, (this.#labels.get(label) ?? 0) + 1);
  }
}

import type { Hex, TransactionReceipt } from 'viem';
import type { Fees } from '#shared/l1/fees.ts';
import type { Block } from './node.ts';
import type { Intent, SentVersion, TransactionRecord } from './types.ts';

/** An intention on its way: what is kept of it, and what only matters while this process looks after it. */
export class Flight {
  intent: Intent;
  nonce: number | null;
  gas: bigint;
  versions: SentVersion[];
  done: boolean;
  /** Block that holds it, while it is mined but not deep enough. */
  minedIn: Hex | null = null;
  /** L1's last block when the newest version was sent, or when it became the first of its account. */
  since = 0n;
  /** Block at which the node was last asked whether it still has it. */
  askedAt = 0n;
  isFirst = false;
  /** Looks in a row that found the nonce mined and no version of this. */
  missed = 0;
  /** What a replacement must outbid, if the node refused more than the newest version offers. */
  outbid: Fees | null = null;
  /** A node may have a version of it. */
  handed: boolean;
  /** How often fees were raised. */
  attempts = 0;
  readonly ended: Promise<TransactionReceipt>;
  readonly end: (receipt: TransactionReceipt) => void;
  readonly fail: (error: unknown) => void;

  constructor(record: TransactionRecord) {
    this.intent = record.intent;
    this.nonce = record.nonce;
    this.gas = record.gas;
    this.versions = [...record.versions];
    this.done = record.done;
    this.handed = record.versions.length > 0;
    let end: (receipt: TransactionReceipt) => void = () => {};
    let fail: (error: unknown) => void = () => {};
    this.ended = new Promise((resolve, reject) => {
      end = resolve;
      fail = reject;
    });
    this.end = end;
    this.fail = fail;
    // A flight that nobody waits for may fail too.
    this.ended.catch(() => {});
  }

  static of(intent: Intent): Flight {
    return new Flight({ intent, nonce: null, gas: 0n, versions: [], done: false });
  }

  get newest(): SentVersion | undefined {
    return this.versions.at(-1);
  }

  get record(): TransactionRecord {
    const { intent, nonce, gas, versions, done } = this;
    return { intent, nonce, gas, versions: [...versions], done };
  }

  /** The most that it may still cost, wei. */
  get cost(): bigint {
    return (this.newest?.maxFeePerGas ?? 0n) * this.gas + (this.intent.value ?? 0n);
  }

  /** Back to having no nonce: nothing that was sent for it can be mined any more. */
  ground(): void {
    this.nonce = null;
    this.versions = [];
    this.minedIn = null;
    this.missed = 0;
    this.outbid = null;
    this.isFirst = false;
    this.handed = false;
  }

  /** Blocks for which it could have been mined and was not. */
  waited(block: Block): bigint {
    return block.number - this.since;
  }
}

import type { Address, Hex, TransactionReceipt } from 'viem';
import type { Fees } from '#shared/l1/fees.ts';

/** Something that is to happen on L1, once. */
export interface Intent {
  /** Names the intention: the same key is the same intention, also after a restart. */
  readonly key: string;
  readonly to: Address;
  readonly data: Hex;
  /** Wei; 0 if left out. */
  readonly value?: bigint;
  /**
   * Gas limit, for a call that cannot be estimated because it only succeeds after others that are still on their way. Left out: the
   * estimate and a quarter.
   */
  readonly gas?: bigint;
  /** What it is, in a few words, for logs and errors. */
  readonly what: string;
  /** L1's seconds between which urgency grows from none to all. Left out: it never does. */
  readonly urgency?: Urgency;
}

export interface Urgency {
  readonly from: bigint;
  readonly by: bigint;
}

/** A signed form of an intention. All forms of one nonce are alike but for fees, so at most one is ever mined. */
export interface SentVersion extends Fees {
  readonly hash: Hex;
}

/** What is known of an intention, kept before anything is sent. */
export interface TransactionRecord {
  readonly intent: Intent;
  /** Null: it has none yet, and nothing was sent. */
  readonly nonce: number | null;
  readonly gas: bigint;
  /** The newest last. */
  readonly versions: readonly SentVersion[];
  /** It is mined, as deep as asked for, and did not revert. */
  readonly done: boolean;
}

/** How an intention of an earlier run ended. */
export interface Outcome {
  readonly intent: Intent;
  readonly result: TransactionReceipt | Error;
}

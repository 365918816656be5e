import type { VirtualTime } from '../clock.ts';
import type { PlainError } from '../errors.ts';
import type { Identity } from '../journal/schema.ts';
import type { BatchRow, SegmentRow, SendRow } from '../journal/store.ts';

/** What every thread with a replica is started with. */
export interface ReplicaData {
  readonly identity: Identity;
  readonly journalFile: string;
  readonly engineFile: string;
  /** Snapshot to start from, null for genesis. */
  readonly snapshotFile: string | null;
  readonly logLevel: string;
}

export interface SealerData extends ReplicaData {
  /** Cut a batch this often, ms of real time, if there is anything to cut. */
  readonly batchIntervalMs: number;
  /** L1's last batch at the start. */
  readonly landedBatch: number;
  /** When this many batches are not on L1 yet, only full ones are cut. */
  readonly maxWaitingBatches: number;
}

/** To the sealer: rows up to this id are durable; `finish`: seal them all, cut the last batch, and answer; `landed`: L1's last batch. */
export type ToSealer =
  | { readonly kind: 'durable'; readonly lastRow: number }
  | { readonly kind: 'finish'; readonly lastRow: number }
  | { readonly kind: 'landed'; readonly batch: number };

export type FromSealer =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'sealed';
      readonly segments: readonly SegmentRow[];
      readonly batches: readonly BatchRow[];
    }
  | { readonly kind: 'finished' }
  | { readonly kind: 'failed'; readonly error: PlainError };

export interface PosterData extends ReplicaData {
  readonly rpcUrl: string;
  /** 0x and 64 hex digits; null: check batches, post nothing. */
  readonly privateKey: `0x${string}` | null;
  readonly snapshotDirectory: string;
  /** Take a snapshot when this many segments came since the last one. */
  readonly snapshotSegments: number;
  /** Recover one in this many batches' signatures again instead of taking the journal's word; 1: all. */
  readonly verifyOneIn: number;
  readonly pollMs: number;
  /** The exchange's clock; null: the machine's. */
  readonly virtualTime: VirtualTime | null;
  /** Replace a transaction that was not mined for this long, ms. */
  readonly bumpAfterMs: number;
  /** No transaction may offer more for a unit of gas, wei as a decimal string. */
  readonly maxFeePerGas: string;
}

/** To the poster: batches up to this number are durable; `finish`: check them all, take a snapshot, and answer. */
export type ToPoster =
  | { readonly kind: 'batches'; readonly last: number }
  | { readonly kind: 'stored'; readonly id: number }
  | { readonly kind: 'finish'; readonly last: number };

export interface PosterReport {
  readonly connected: boolean;
  readonly blockNumber: number;
  readonly blockTimeMs: number;
  readonly landedBatch: number;
  readonly trouble: string | null;
}

export type FromPoster =
  | { readonly kind: 'ready' }
  | { readonly kind: 'checked'; readonly number: number }
  | { readonly kind: 'snapshot'; readonly sequence: number; readonly ms: number }
  /** Make this durable, then answer `stored` with the id. */
  | { readonly kind: 'store'; readonly id: number; readonly send: SendRow }
  | { readonly kind: 'report'; readonly report: PosterReport }
  | { readonly kind: 'finished' }
  | { readonly kind: 'failed'; readonly error: PlainError };

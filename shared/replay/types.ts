import type { Hex } from 'viem';
import type { BatchHeader } from '#shared/protocol/batch.ts';

/** The part of the engine's host (`shared/host/engine.ts`) that a replay drives. */
export interface ReplayEngine {
  readonly view: DataView;
  segmentStart(): void;
  execute(command: Uint8Array): number;
  /** Counts the next inbox message as consumed; false if this segment has no room for it. */
  advance(): boolean;
  executeInbox(message: Uint8Array): number;
}

/** The part of the state tree (`shared/state/tree.ts`) that a replay asks. */
export interface ReplayTree {
  /** Hashes what changed since the last call and returns the root, 32 bytes. */
  updatedRoot(): Uint8Array;
}

/** Where a replay stands: after batch `number`. */
export interface ReplayPosition {
  readonly number: bigint;
  /** Batch hash, or null if it is not known because the batch has not landed: then no link to a parent is checked. */
  readonly hash: Hex | null;
  readonly root: Hex;
  readonly inboxCount: bigint;
  readonly inboxAccumulator: Hex;
  readonly clockMs: bigint;
}

/** One batch as L1 has it. */
export interface ReplayBatch {
  readonly header: BatchHeader;
  readonly data: Uint8Array;
  /** Inbox message by its number; asked only for numbers below `header.inboxCount`. */
  readonly message: (number: bigint) => Uint8Array | undefined;
}

/** What is wrong, in the order in which it is looked for; the first finding ends the replay. */
export type FindingCode =
  | 'NUMBER'
  | 'PARENT_HASH'
  | 'PREVIOUS_ROOT'
  | 'DATA_HASH'
  | 'SEGMENTS_ROOT'
  | 'INBOX_BACKWARDS'
  | 'INBOX_MESSAGE_MISSING'
  | 'INBOX_ACCUMULATOR'
  | 'SEGMENT_ROOT'
  | 'EMPTY_SEGMENT_ROOT'
  | 'FINAL_ROOT'
  | 'CLOCK'
  | 'INDEX_TIME'
  | 'VOLATILITY_TIME'
  | 'INBOX_COUNT';

export interface Finding {
  readonly code: FindingCode;
  readonly batch: bigint;
  /** Segment inside the batch, from 0; null for what concerns the header. */
  readonly segment: number | null;
  readonly claimed: string;
  readonly computed: string;
  /** One sentence for people. */
  readonly message: string;
}

/** What one segment did; handed to `onSegment` after its root was computed, whether it agrees or not. */
export interface SegmentReport {
  readonly batch: bigint;
  readonly index: number;
  /** Result code of each command; `null` for a CONSUME that was a no-op (nothing left to consume, or no room). */
  readonly codes: readonly (number | null)[];
  readonly claimedRoot: Hex;
  readonly root: Hex;
  readonly agrees: boolean;
}

export interface ReplayReport {
  readonly number: bigint;
  readonly segments: number;
  readonly commands: number;
  readonly inboxMessages: number;
  /** Root after the last segment that ran. */
  readonly root: Hex;
  /** Null: everything agrees. */
  readonly finding: Finding | null;
}

import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readSnapshotHead, writeSnapshot } from '#shared/state/snapshot.ts';
import type { StateTree } from '#shared/state/tree.ts';
import { SequencerError } from '../errors.ts';
import type { Identity } from '../journal/schema.ts';
import type { SnapshotMetadata } from './open.ts';

/** Older ones are removed: one to use, one in case it is damaged. */
const KEPT = 2;
const NAME = /^batch-(\d{12})\.snapshot$/;

export interface SnapshotPosition {
  readonly batch: number;
  readonly lastSequence: number;
  readonly lastSegment: number;
  readonly inboxAccumulator: `0x${string}`;
}

/**
 * Writes the snapshot of a batch's end and removes the oldest. The tree is up to date. Throws `DISK_FULL` or `SNAPSHOT_IO`; half a
 * snapshot is not left behind.
 */
export function saveSnapshot(
  directory: string,
  tree: StateTree,
  identity: Identity,
  at: SnapshotPosition,
): void {
  mkdirSync(directory, { recursive: true });
  const { chainId, settlement, engineHash } = identity;
  const { batch, inboxAccumulator } = at;
  const metadata: SnapshotMetadata = { chainId, settlement, batch, inboxAccumulator };
  const file = join(directory, `batch-${String(batch).padStart(12, '0')}.snapshot`);
  const head = {
    engineHash,
    sequence: BigInt(at.lastSequence),
    segment: BigInt(at.lastSegment),
    metadata: { ...metadata },
  };
  try {
    writeSnapshot(file, tree, head);
  } catch (error) {
    throw unwritable(file, error);
  }
  for (const old of listSnapshots(directory).slice(KEPT)) rmSync(old);
}

/** No room, by whatever limit: the disk's, a quota's, or the one for files. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

function unwritable(file: string, error: unknown): SequencerError {
  // What is there of it takes the room that the journal needs to end in order.
  rmSync(`${file}.partial`, { force: true });
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (FULL.has(code)) {
    return new SequencerError(
      'DISK_FULL',
      `The disk is full: the snapshot ${file} cannot be written. Nothing acknowledged is lost, the journal has it. Free space and start again.`,
      error,
    );
  }
  const text = error instanceof Error ? error.message : String(error);
  return new SequencerError(
    'SNAPSHOT_IO',
    `The snapshot ${file} cannot be written: ${text}. Check the disk and the permissions, and start again.`,
    error,
  );
}

/** Snapshot files, the newest first. */
export function listSnapshots(directory: string): string[] {
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory).filter((name) => NAME.test(name));
  return names
    .sort()
    .reverse()
    .map((name) => join(directory, name));
}

export interface SnapshotFile {
  readonly file: string;
  readonly sequence: number;
  readonly segment: number;
  /** State root, 0x hex. */
  readonly root: string;
}

/**
 * The snapshots whose heads are sound, the newest first; `skipped` says what is wrong with the others. Whether their pages are
 * sound shows when they are loaded.
 */
export function findSnapshots(directory: string): {
  found: SnapshotFile[];
  skipped: { file: string; error: unknown }[];
} {
  const found: SnapshotFile[] = [];
  const skipped: { file: string; error: unknown }[] = [];
  for (const file of listSnapshots(directory)) {
    try {
      const { sequence, segment, root } = readSnapshotHead(file);
      found.push({ file, sequence: Number(sequence), segment: Number(segment), root });
    } catch (error) {
      skipped.push({ file, error });
    }
  }
  return { found, skipped };
}

import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readSnapshotHead, writeSnapshot } from '#shared/state/snapshot.ts';
import type { StateTree } from '#shared/state/tree.ts';
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

/** Writes the snapshot of a batch's end and removes the oldest. The tree is up to date. */
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
  writeSnapshot(file, tree, {
    engineHash,
    sequence: BigInt(at.lastSequence),
    segment: BigInt(at.lastSegment),
    metadata: { ...metadata },
  });
  for (const old of listSnapshots(directory).slice(KEPT)) rmSync(old);
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

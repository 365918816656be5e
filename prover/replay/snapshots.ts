import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Hex } from 'viem';
import type { BatchHeader } from '#shared/protocol/batch.ts';
import type { ReplayPosition } from '#shared/replay/types.ts';
import { loadSnapshot, readSnapshotHead, writeSnapshot } from '#shared/state/snapshot.ts';
import type { Json, SnapshotHead } from '#shared/state/snapshot-format.ts';
import type { StateTree } from '#shared/state/tree.ts';
import { ProverError, textOf } from '../errors.ts';
import type { BlockMark } from '../follower/events.ts';

const NAME = /^batch-(\d{12})\.snapshot$/;
/** A reorg deeper than these starts again from genesis. */
const KEPT = 4;

/** Which exchange a data directory belongs to. */
export interface Identity {
  readonly chainId: number;
  readonly settlement: string;
  readonly engineHash: string;
}

/** Where a replay stood when its state was written. */
export interface SavedPoint {
  readonly header: BatchHeader;
  readonly hash: Hex;
  /** The block that the batch landed in. */
  readonly block: BlockMark;
  /** Where to read L1 from: no message that is still to be consumed is older. */
  readonly scanFrom: bigint;
}

export interface SavedState {
  readonly file: string;
  readonly point: SavedPoint;
}

/** The snapshots of one exchange's replay in a directory of our own. */
export class SnapshotStore {
  readonly #directory: string;
  readonly #identity: Identity;

  /** @throws ProverError DATA_DIRECTORY_UNUSABLE, WRONG_DATA_DIRECTORY */
  constructor(directory: string, identity: Identity) {
    this.#directory = directory;
    this.#identity = identity;
    try {
      mkdirSync(directory, { recursive: true });
    } catch (cause) {
      throw unusable(directory, cause);
    }
  }

  /** Writes the state of a batch's end, and removes the oldest. The tree is up to date. */
  save(tree: StateTree, point: SavedPoint): void {
    const file = join(
      this.#directory,
      `batch-${String(point.header.number).padStart(12, '0')}.snapshot`,
    );
    const { chainId, settlement, engineHash } = this.#identity;
    const metadata = { chainId, settlement, point: toJson(point) };
    try {
      writeSnapshot(file, tree, { engineHash, sequence: 0n, segment: 0n, metadata });
      for (const old of this.#files().slice(KEPT)) rmSync(old);
    } catch (cause) {
      throw unusable(this.#directory, cause);
    }
  }

  /** What can be loaded, the newest first. Damaged files and those of another engine are skipped and named in `skipped`. */
  list(): { states: SavedState[]; skipped: string[] } {
    const states: SavedState[] = [];
    const skipped: string[] = [];
    for (const file of this.#files()) {
      try {
        const head = readSnapshotHead(file);
        const point = this.#pointOf(file, head);
        if (head.engineHash === this.#identity.engineHash) states.push({ file, point });
        else skipped.push(`${file} is of another engine`);
      } catch (error) {
        if (error instanceof ProverError) throw error;
        skipped.push(textOf(error));
      }
    }
    return { states, skipped };
  }

  /** Loads into zeroed memory. Throws StateError if the pages are not what the head says; memory is zero then. */
  load(state: SavedState, tree: StateTree): ReplayPosition {
    loadSnapshot(state.file, tree, { engineHash: this.#identity.engineHash, dirty: false });
    const { header, hash } = state.point;
    return {
      number: header.number,
      hash,
      root: header.finalRoot,
      inboxCount: header.inboxCount,
      inboxAccumulator: header.inboxAccumulator,
      clockMs: header.clockMs,
    };
  }

  #pointOf(file: string, head: SnapshotHead): SavedPoint {
    const metadata = head.metadata as { chainId?: Json; settlement?: Json; point?: Json } | null;
    const { chainId, settlement } = this.#identity;
    if (metadata?.chainId !== chainId || metadata.settlement !== settlement) {
      throw new ProverError(
        'WRONG_DATA_DIRECTORY',
        `${file} is of chain ${metadata?.chainId}, contract ${metadata?.settlement}. Give each exchange a --data directory of its own.`,
      );
    }
    return fromJson(metadata.point as Json);
  }

  #files(): string[] {
    if (!existsSync(this.#directory)) return [];
    const names = readdirSync(this.#directory).filter((name) => NAME.test(name));
    const newestFirst = names.sort().reverse();
    return newestFirst.map((name) => join(this.#directory, name));
  }
}

function unusable(directory: string, cause: unknown): ProverError {
  return new ProverError(
    'DATA_DIRECTORY_UNUSABLE',
    `The data directory ${directory} cannot be written (${textOf(cause)}). Free space or choose another with --data.`,
    { cause },
  );
}

/** Bigints become `{ "n": "12" }`. */
function toJson(value: unknown): Json {
  if (typeof value === 'bigint') return { n: `${value}` };
  if (typeof value !== 'object' || value === null) return value as Json;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, toJson(part)]));
}

function fromJson(json: Json): SavedPoint {
  const revive = (value: Json): unknown => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const record = value as { readonly n?: Json };
    if (typeof record.n === 'string') return BigInt(record.n);
    return Object.fromEntries(Object.entries(record).map(([key, part]) => [key, revive(part)]));
  };
  return revive(json) as SavedPoint;
}

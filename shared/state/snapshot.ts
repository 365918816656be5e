import { createHash } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { StateError } from './errors.ts';
import {
  corrupt,
  decodeFront,
  decodePrefix,
  encodeFront,
  PREFIX_BYTES,
  type SnapshotHead,
  SUM_BYTES,
} from './snapshot-format.ts';
import { nonZeroPages, PAGE_BYTES, type StateTree } from './tree.ts';

/** Pages read, written and summed at a time: 1 MiB. */
const RUN_PAGES = 256;

/**
 * Writes the state to `path`, atomically: whoever reads `path` sees the old file or the whole new one, also
 * after a crash. Synchronous on purpose, since the state must not change meanwhile; call it in the
 * thread that owns a replica, never in the one that trades. A tree with marks is brought up to date first; one
 * without must be.
 *
 * @returns bytes written
 * @throws the file system's own error (a full disk, say); `path` is untouched then
 */
export function writeSnapshot(
  path: string,
  tree: StateTree,
  head: Omit<SnapshotHead, 'root'>,
): number {
  if (tree.hasMarks) tree.update();
  const partial = `${path}.partial`;
  const pages = tree.pages();
  const front = encodeFront({ ...head, root: bytesToHex(tree.root()) }, pages);
  const file = openSync(partial, 'w');
  try {
    writeAll(file, front);
    const sum = createHash('sha256');
    for (const { first, count } of runsOf(pages)) {
      const run = tree.state.subarray(first * PAGE_BYTES, (first + count) * PAGE_BYTES);
      sum.update(run);
      writeAll(file, run);
    }
    writeAll(file, sum.digest());
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(partial, path);
  syncDirectory(dirname(path));
  return front.length + pages.length * PAGE_BYTES + SUM_BYTES;
}

export interface LoadOptions {
  readonly engineHash: string;
  /**
   * Whether the memory may hold anything but zeroes. If so it is scanned and zeroed first, which reads all of
   * it (about a second for the engine's); say `false` only for memory just instantiated.
   */
  readonly dirty: boolean;
}

/**
 * Restores the state into the tree's memory, rebuilds the tree and checks that its root is the recorded one.
 * If it throws, memory is zero and the tree that of zeroed memory.
 *
 * @throws StateError SNAPSHOT_UNREADABLE (the file system's error is the cause), SNAPSHOT_TRUNCATED,
 * SNAPSHOT_CORRUPT, SNAPSHOT_WRONG_VERSION, SNAPSHOT_WRONG_ENGINE, SNAPSHOT_WRONG_ROOT
 */
export function loadSnapshot(path: string, tree: StateTree, options: LoadOptions): SnapshotHead {
  if (options.dirty) zeroPages(tree, nonZeroPages(tree.state));
  let loaded = new Uint32Array(0);
  try {
    return withFile(path, (file) => {
      const { head, pages, pagesAt } = readFront(file, tree.state.length);
      if (head.engineHash !== options.engineHash) {
        throw new StateError(
          'SNAPSHOT_WRONG_ENGINE',
          `The snapshot is of engine ${head.engineHash}, this is ${options.engineHash}. ` +
            'Run the engine it was made with, or delete it and replay.',
        );
      }
      loaded = pages;
      readPages(file, tree.state, pages, pagesAt);
      const root = bytesToHex(tree.rebuild(pages));
      if (root !== head.root) {
        throw new StateError(
          'SNAPSHOT_WRONG_ROOT',
          `The snapshot says its root is ${head.root}, its pages make ${root}. Delete it and replay.`,
        );
      }
      return head;
    });
  } catch (error) {
    zeroPages(tree, loaded);
    throw error;
  }
}

/** What a snapshot says about itself, verified by its own checksum; the pages are not read. */
export function readSnapshotHead(path: string): SnapshotHead {
  return withFile(path, (file) => readFront(file, 2 ** 32).head);
}

function readFront(file: number, stateBytes: number) {
  const size = fstatSync(file).size;
  const start = readAll(file, 0, Math.min(size, PREFIX_BYTES));
  if (size < PREFIX_BYTES) throw truncated(size, PREFIX_BYTES);
  const prefix = decodePrefix(start);
  const pagesAt = PREFIX_BYTES + prefix.headBytes + 4 * prefix.pageCount;
  const expected = pagesAt + prefix.pageCount * PAGE_BYTES + SUM_BYTES;
  if (size < expected) throw truncated(size, expected);
  if (size > expected) throw corrupt(`it has ${size - expected} bytes too many`);
  const front = readAll(file, 0, pagesAt);
  return { ...decodeFront(front, prefix, stateBytes), pagesAt };
}

function readPages(file: number, state: Uint8Array, pages: Uint32Array, pagesAt: number): void {
  const sum = createHash('sha256');
  let at = pagesAt;
  for (const { first, count } of runsOf(pages)) {
    const run = state.subarray(first * PAGE_BYTES, (first + count) * PAGE_BYTES);
    readInto(file, at, run);
    sum.update(run);
    at += run.length;
  }
  if (Buffer.compare(sum.digest(), readAll(file, at, SUM_BYTES)) !== 0) {
    throw corrupt('the checksum of its pages does not match');
  }
}

/** Pages that stand side by side, at most `RUN_PAGES` together. */
function* runsOf(pages: Uint32Array): Generator<{ first: number; count: number }> {
  for (let i = 0; i < pages.length; ) {
    const first = pages[i] as number;
    let count = 1;
    while (count < RUN_PAGES && pages[i + count] === first + count) count++;
    yield { first, count };
    i += count;
  }
}

function zeroPages(tree: StateTree, pages: Uint32Array): void {
  for (const { first, count } of runsOf(pages)) {
    tree.state.fill(0, first * PAGE_BYTES, (first + count) * PAGE_BYTES);
  }
  tree.rebuild(new Uint32Array(0));
}

function truncated(size: number, expected: number): StateError {
  return new StateError(
    'SNAPSHOT_TRUNCATED',
    `The snapshot has ${size} bytes of ${expected}. Delete it; an older one or the journal rebuilds the state.`,
  );
}

/** File system errors become SNAPSHOT_UNREADABLE; our own pass. */
function withFile<T>(path: string, use: (file: number) => T): T {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    return use(file);
  } catch (cause) {
    if (cause instanceof StateError || !(cause instanceof Error && 'syscall' in cause)) throw cause;
    throw new StateError(
      'SNAPSHOT_UNREADABLE',
      `The snapshot ${path} cannot be read (${cause.message}). Check the path and its permissions.`,
      { cause },
    );
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function readAll(file: number, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  readInto(file, position, bytes);
  return bytes;
}

function readInto(file: number, position: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    const read = readSync(file, bytes, done, bytes.length - done, position + done);
    if (read === 0) throw truncated(position + done, position + bytes.length);
    done += read;
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(file, bytes, done, bytes.length - done);
  }
}

/** A rename is durable only once the directory is. */
function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

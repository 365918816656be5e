import {
  ACCOUNT_SIZE,
  ACCOUNTS,
  EXIT_MARKS,
  EXIT_MARKS_SIZE,
  MAX_ACCOUNTS,
} from '#shared/engine/layout.ts';
import { equalBytes } from '#shared/protocol/bytes.ts';
import { StateError } from './errors.ts';
import { hashPair } from './hasher.ts';
import { DEPTH, NODE_BYTES, spanOf } from './shape.ts';
import type { StateTree } from './tree.ts';

/** A run of memory that is exactly one node of the tree, and its path to the root. */
export interface RangeProof {
  /** State address of the first byte, a multiple of the length. */
  readonly address: number;
  /** Memory there: a power of two of at least 32 bytes. */
  readonly bytes: Uint8Array;
  /** Siblings from the range's own height up, 32 bytes each: `DEPTH - log2(bytes.length / 32)` of them. */
  readonly path: readonly Uint8Array[];
}

/**
 * Proves an aligned run of memory under the tree's root. The tree must be up to date with its memory.
 *
 * @param length a power of two from 32 to 2^32; `address` is a multiple of it
 * @throws StateError STATE_OUT_OF_RANGE; STATE_STALE if memory was written since the last update
 */
export function proveRange(tree: StateTree, address: number, length: number): RangeProof {
  const height = heightOf(address, length);
  if (address + length > tree.state.length) {
    throw new StateError('STATE_OUT_OF_RANGE', 'The range ends behind the state.');
  }
  const path: Uint8Array[] = [];
  let index = address / length;
  for (let level = height; level < DEPTH; level++) {
    path.push(tree.node(level, siblingOf(index)));
    index = Math.floor(index / 2);
  }
  const proof = { address, bytes: tree.state.slice(address, address + length), path };
  if (!verifyRange(tree.root(), proof)) throw staleError();
  return proof;
}

/** Whether the memory under `root` has these bytes at this address. False for anything malformed. */
export function verifyRange(root: Uint8Array, proof: RangeProof): boolean {
  const computed = rangeRoot(proof);
  return computed !== undefined && equalBytes(computed, root);
}

/** The root that the proof leads to, or undefined if it is malformed. */
export function rangeRoot({ address, bytes, path }: RangeProof): Uint8Array | undefined {
  const length = bytes.length;
  if (!isRange(address, length)) return undefined;
  const height = Math.log2(length / NODE_BYTES);
  if (path.length !== DEPTH - height) return undefined;
  if (path.some((sibling) => sibling.length !== NODE_BYTES)) return undefined;
  let node = subtreeRoot(bytes);
  let index = address / length;
  for (const sibling of path) {
    node = index % 2 === 0 ? hashPair(node, sibling) : hashPair(sibling, node);
    index = Math.floor(index / 2);
  }
  return node;
}

/** The node over `bytes`, whose length is a power of two of at least 32. */
export function subtreeRoot(bytes: Uint8Array): Uint8Array {
  let nodes = bytes;
  while (nodes.length > NODE_BYTES) {
    const above = new Uint8Array(nodes.length / 2);
    for (let at = 0; at < nodes.length; at += 2 * NODE_BYTES) {
      const middle = at + NODE_BYTES;
      above.set(
        hashPair(nodes.subarray(at, middle), nodes.subarray(middle, middle + NODE_BYTES)),
        at / 2,
      );
    }
    nodes = above;
  }
  return nodes;
}

/** The record of an account, 2,048 bytes and 21 siblings. */
export function proveAccount(tree: StateTree, account: number): RangeProof {
  if (!(Number.isInteger(account) && account >= 0 && account < MAX_ACCOUNTS)) {
    throw new StateError('STATE_OUT_OF_RANGE', `Accounts are 0 to ${MAX_ACCOUNTS - 1}.`);
  }
  return proveRange(tree, ACCOUNTS + account * ACCOUNT_SIZE, ACCOUNT_SIZE);
}

/** One leaf, 32 bytes and 27 siblings. */
export function proveLeaf(tree: StateTree, leaf: number): RangeProof {
  return proveRange(tree, leaf * NODE_BYTES, NODE_BYTES);
}

/** The facts of the header and of the exit: bytes 0 to 63 and 26 siblings. */
export function proveFacts(tree: StateTree): RangeProof {
  return proveRange(tree, 0, 2 * NODE_BYTES);
}

/** The table of exit marks, 8,192 bytes and 19 siblings. */
export function proveExitMarks(tree: StateTree): RangeProof {
  return proveRange(tree, EXIT_MARKS, EXIT_MARKS_SIZE);
}

export function siblingOf(index: number): number {
  return index % 2 === 0 ? index + 1 : index - 1;
}

export function staleError(): StateError {
  return new StateError(
    'STATE_STALE',
    'Memory was written since the tree was last updated. Call update() before proving.',
  );
}

function isRange(address: number, length: number): boolean {
  const aligned = length >= NODE_BYTES && Number.isInteger(Math.log2(length / NODE_BYTES));
  const inside = Number.isInteger(address) && address >= 0 && address + length <= spanOf(DEPTH);
  return aligned && inside && address % length === 0;
}

function heightOf(address: number, length: number): number {
  if (!isRange(address, length)) {
    throw new StateError(
      'STATE_OUT_OF_RANGE',
      `${length} bytes at ${address} are not one node: the length is a power of two from 32, the address a multiple of it.`,
    );
  }
  return Math.log2(length / NODE_BYTES);
}

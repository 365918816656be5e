import { LEAF_BYTES, TREE_DEPTH } from '#shared/engine/layout.ts';
import { StateError } from './errors.ts';
import { hashPair } from './hasher.ts';

/**
 * The tree's shape. A node is named by its height (0: leaves, `TREE_DEPTH`: the root) and its index from the
 * left among the nodes of that height; it covers `LEAF_BYTES << height` bytes from `index` times that.
 */
export const NODE_BYTES: number = LEAF_BYTES;
export const DEPTH: number = TREE_DEPTH;

/** `ZERO_NODES[height]`: the node over zeroes only. */
export const ZERO_NODES: readonly Uint8Array[] = zeroNodes();

/** The root of zeroed memory: genesis. */
export const ZERO_ROOT: Uint8Array = zeroNode(DEPTH);

export function zeroNode(height: number): Uint8Array {
  const node = ZERO_NODES[height];
  if (node === undefined) {
    throw new StateError('STATE_OUT_OF_RANGE', `Heights are 0 to ${DEPTH}, not ${height}.`);
  }
  return node;
}

function zeroNodes(): Uint8Array[] {
  const nodes: Uint8Array[] = [new Uint8Array(NODE_BYTES)];
  for (let height = 0; height < DEPTH; height++) {
    const below = nodes[height] as Uint8Array;
    nodes.push(hashPair(below, below));
  }
  return nodes;
}

/** Bytes of memory under a node of this height. */
export function spanOf(height: number): number {
  return NODE_BYTES * 2 ** height;
}

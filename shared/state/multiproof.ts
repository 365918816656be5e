import { equalBytes } from '#shared/protocol/bytes.ts';
import { StateError } from './errors.ts';
import { hashPair } from './hasher.ts';
import { siblingOf, staleError } from './proofs.ts';
import { DEPTH, NODE_BYTES } from './shape.ts';
import type { StateTree } from './tree.ts';

/** A tree that answers for its root and its nodes. */
export type ProvableTree = Pick<StateTree, 'root' | 'node'>;

const LEAVES = 2 ** DEPTH;

/** Several leaves and what is needed to get from them to the root. */
export interface Multiproof {
  /** Leaf indices, strictly ascending, at least one. */
  readonly indices: readonly number[];
  /** The leaves, 32 bytes each. */
  readonly leaves: readonly Uint8Array[];
  /**
   * The siblings that do not follow from the leaves, 32 bytes each, in the order in which a verifier needs
   * them: from the leaves' height up, and from left to right at each height.
   */
  readonly nodes: readonly Uint8Array[];
}

/**
 * Proves a set of leaves (any order, repetitions allowed) under the tree's root.
 *
 * @throws StateError STATE_OUT_OF_RANGE (no leaf, or one outside the tree); STATE_STALE
 */
export function proveLeaves(tree: ProvableTree, leaves: Iterable<number>): Multiproof {
  const indices = [...new Set(leaves)].sort((a, b) => a - b);
  if (!isLeafSet(indices)) {
    throw new StateError('STATE_OUT_OF_RANGE', `A proof needs leaves from 0 to ${LEAVES - 1}.`);
  }
  const nodes: Uint8Array[] = [];
  let current = indices;
  for (let height = 0; height < DEPTH; height++) {
    const above: number[] = [];
    for (let i = 0; i < current.length; i++) {
      const index = current[i] as number;
      if (index % 2 === 0 && current[i + 1] === index + 1) i++;
      else nodes.push(tree.node(height, siblingOf(index)));
      above.push(Math.floor(index / 2));
    }
    current = above;
  }
  const proof = { indices, leaves: indices.map((index) => tree.node(0, index)), nodes };
  if (!verifyLeaves(tree.root(), proof)) throw staleError();
  return proof;
}

/** Whether the memory under `root` has these leaves. False for anything malformed. */
export function verifyLeaves(root: Uint8Array, proof: Multiproof): boolean {
  const computed = leavesRoot(proof);
  return computed !== undefined && equalBytes(computed, root);
}

/**
 * The root that the proof leads to, or undefined if it is malformed: no leaves, indices not strictly
 * ascending or out of range, a node of a wrong size, too few nodes or too many. With other leaves the same
 * proof leads to the root after they were written.
 */
export function leavesRoot({ indices, leaves, nodes }: Multiproof): Uint8Array | undefined {
  if (!isLeafSet(indices) || leaves.length !== indices.length) return undefined;
  if ([...leaves, ...nodes].some((node) => node.length !== NODE_BYTES)) return undefined;
  let current = indices.map((index, i) => ({ index, node: leaves[i] as Uint8Array }));
  let used = 0;
  for (let height = 0; height < DEPTH; height++) {
    const above: typeof current = [];
    for (let i = 0; i < current.length; i++) {
      const { index, node } = current[i] as (typeof current)[number];
      const next = current[i + 1];
      let sibling: Uint8Array | undefined;
      if (index % 2 === 0 && next?.index === index + 1) {
        sibling = next.node;
        i++;
      } else {
        sibling = nodes[used++];
      }
      if (sibling === undefined) return undefined;
      const parent = index % 2 === 0 ? hashPair(node, sibling) : hashPair(sibling, node);
      above.push({ index: Math.floor(index / 2), node: parent });
    }
    current = above;
  }
  return used === nodes.length ? current[0]?.node : undefined;
}

function isLeafSet(indices: readonly number[]): boolean {
  let last = -1;
  for (const index of indices) {
    if (!Number.isInteger(index) || index <= last || index >= LEAVES) return false;
    last = index;
  }
  return indices.length > 0;
}

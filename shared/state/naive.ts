import { createHash } from 'node:crypto';
import { DEPTH, NODE_BYTES, zeroNode } from './shape.ts';

/** The root of `state` by the definition and nothing clever: the twin that tests hold the tree to. */
export function naiveRoot(state: Uint8Array): Uint8Array {
  let nodes: Uint8Array[] = [];
  for (let at = 0; at < state.length; at += NODE_BYTES)
    nodes.push(state.slice(at, at + NODE_BYTES));
  for (let height = 0; height < DEPTH; height++) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < nodes.length; i += 2) {
      const hash = createHash('sha256').update(nodes[i] as Uint8Array);
      above.push(hash.update(nodes[i + 1] ?? zeroNode(height)).digest());
    }
    nodes = above;
  }
  return Uint8Array.from(nodes[0] as Uint8Array);
}

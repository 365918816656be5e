import { DEPTH } from '#shared/state/shape.ts';

/** Counts the nodes that a multiproof of leaves needs while leaves are added one by one. */
export class PathCounter {
  /** Nodes between the leaves and the root, numbered as in a heap: the root is 1. */
  readonly #paths = new Set<number>();
  #nodes = 0;

  /** How many more nodes the proof has with this leaf than without: -1 at least. */
  add(leaf: number): number {
    const before = this.#nodes;
    let node = 2 ** DEPTH + leaf;
    while (node > 1 && !this.#paths.has(node)) {
      this.#paths.add(node);
      // Its sibling is needed, unless it is on a path itself: then this node was needed, and is no longer.
      this.#nodes += this.#paths.has(siblingOf(node)) ? -1 : 1;
      node = Math.floor(node / 2);
    }
    return this.#nodes - before;
  }

  get nodes(): number {
    return this.#nodes;
  }
}

const siblingOf = (node: number) => (node % 2 === 0 ? node + 1 : node - 1);

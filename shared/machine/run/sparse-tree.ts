import { fastestHasher, type PairHasher } from '#shared/state/hasher.ts';
import { DEPTH, NODE_BYTES, ZERO_ROOT, zeroNode } from '#shared/state/shape.ts';

/** A Merkle tree over memory that answers for its nodes: a StateTree, or a SparseTree over one. */
export interface NodeSource {
  root(): Uint8Array;
  /** Height 0: leaves. */
  node(height: number, index: number): Uint8Array;
}

export const ZERO_TREE: NodeSource = {
  root: () => ZERO_ROOT,
  node: (height) => zeroNode(height),
};

export interface LeafWrite {
  readonly index: number;
  readonly bytes: Uint8Array;
}

/**
 * What was written over another tree, which stays as it is: only changed leaves and the nodes above them are held, so that gigabytes of
 * state below cost nothing. Hashes when a node above the leaves is asked for.
 */
export class SparseTree implements NodeSource {
  readonly #base: NodeSource;
  readonly #hasher: PairHasher;
  readonly #levels: Map<number, Uint8Array>[] = Array.from({ length: DEPTH + 1 }, () => new Map());
  readonly #pending = new Set<number>();

  constructor(base: NodeSource = ZERO_TREE, hasher: PairHasher = fastestHasher()) {
    this.#base = base;
    this.#hasher = hasher;
  }

  /** A tree over this one, which must not be written any more while the other is in use. */
  fork(): SparseTree {
    this.#flush();
    return new SparseTree(this, this.#hasher);
  }

  leaf(index: number): Uint8Array {
    return this.#levels[0]?.get(index) ?? this.#base.node(0, index);
  }

  /** Takes over `bytes`, 32 each. */
  write(leaves: Iterable<LeafWrite>): void {
    for (const { index, bytes } of leaves) {
      this.#levels[0]?.set(index, bytes);
      this.#pending.add(index);
    }
  }

  /** Bytes anywhere in memory. */
  writeBytes(address: number, bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      const index = Math.floor((address + at) / NODE_BYTES);
      const offset = (address + at) % NODE_BYTES;
      const part = bytes.subarray(at, at + NODE_BYTES - offset);
      const leaf = this.leaf(index).slice();
      leaf.set(part, offset);
      this.write([{ index, bytes: leaf }]);
      at += part.length;
    }
  }

  readBytes(address: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let at = 0;
    while (at < length) {
      const offset = (address + at) % NODE_BYTES;
      const part = this.leaf(Math.floor((address + at) / NODE_BYTES)).subarray(offset);
      bytes.set(part.subarray(0, length - at), at);
      at += part.length;
    }
    return bytes;
  }

  root(): Uint8Array {
    return this.node(DEPTH, 0);
  }

  node(height: number, index: number): Uint8Array {
    if (height > 0) this.#flush();
    return this.#levels[height]?.get(index) ?? this.#base.node(height, index);
  }

  /** Hashes what is above the pending leaves, a whole height at a time. */
  #flush(): void {
    if (this.#pending.size === 0) return;
    let current = [...this.#pending];
    this.#pending.clear();
    for (let height = 0; height < DEPTH; height++) {
      current = [...new Set(current.map((index) => Math.floor(index / 2)))];
      const pairs = new Uint8Array(current.length * 2 * NODE_BYTES);
      current.forEach((parent, i) => {
        pairs.set(this.#known(height, 2 * parent), 2 * i * NODE_BYTES);
        pairs.set(this.#known(height, 2 * parent + 1), (2 * i + 1) * NODE_BYTES);
      });
      const hashes = new Uint8Array(current.length * NODE_BYTES);
      this.#hasher.hashInto(pairs, hashes);
      const above = this.#levels[height + 1] as Map<number, Uint8Array>;
      current.forEach((parent, i) => {
        above.set(parent, hashes.slice(i * NODE_BYTES, (i + 1) * NODE_BYTES));
      });
    }
  }

  #known(height: number, index: number): Uint8Array {
    return this.#levels[height]?.get(index) ?? this.#base.node(height, index);
  }
}

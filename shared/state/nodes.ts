import { DEPTH, NODE_BYTES, spanOf, zeroNode } from './shape.ts';

/** Leaves and the pairs above them are not kept: hashing a 128-byte block again is cheaper than memory. */
export const LOWEST_KEPT = 2;
export const NODE_WORDS = NODE_BYTES / 4;

const WASM_PAGE = 65536;

/**
 * The inner nodes of one tree, a flat array a height, in zeroed memory that the operating system
 * provides only where it is written. A node never written is all zeroes, which stands for the zero
 * subtree (no SHA-256 is all zeroes). So looking a node up is one multiplication, and what is kept costs
 * half of the memory it covers.
 */
export class NodeStore {
  readonly words: Int32Array;
  /** Index in `words` of a height's first node. */
  readonly starts: readonly number[];
  /** Nodes kept of a height; those to the right of them are zero subtrees. */
  readonly counts: readonly number[];
  private readonly zeroWords: readonly Int32Array[];

  constructor(stateBytes: number) {
    const starts: number[] = [];
    const counts: number[] = [];
    const zeroWords: Int32Array[] = [];
    let words = 0;
    for (let height = 0; height <= DEPTH; height++) {
      const covering = Math.ceil(stateBytes / spanOf(height));
      // Even, so that a node's sibling always has a place.
      const count = height < LOWEST_KEPT ? 0 : covering + (covering % 2);
      starts.push(words);
      counts.push(count);
      zeroWords.push(new Int32Array(zeroNode(height).slice().buffer));
      words += count * NODE_WORDS;
    }
    const pages = Math.ceil((words * 4) / WASM_PAGE);
    // Not an ArrayBuffer: the garbage collector would count gigabytes that nobody has touched.
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.words = new Int32Array(memory.buffer);
    this.starts = starts;
    this.counts = counts;
    this.zeroWords = zeroWords;
  }

  /** Whether anything was ever written at this node; false for every zero subtree never touched. */
  has(height: number, index: number): boolean {
    if (index >= (this.counts[height] as number)) return false;
    const at = (this.starts[height] as number) + index * NODE_WORDS;
    for (let i = at; i < at + NODE_WORDS; i++) if (this.words[i] !== 0) return true;
    return false;
  }

  /** Whether the memory under a node is all zero, never written or zero again. */
  isZero(height: number, index: number): boolean {
    if (!this.has(height, index)) return true;
    const at = (this.starts[height] as number) + index * NODE_WORDS;
    const zero = this.zeroWords[height] as Int32Array;
    return zero.every((word, i) => word === this.words[at + i]);
  }

  /** A node of a kept height, as a copy. */
  get(height: number, index: number): Uint8Array {
    if (!this.has(height, index)) return zeroNode(height).slice();
    const at = this.words.byteOffset + this.byteStart(height) + index * NODE_BYTES;
    return new Uint8Array(this.words.buffer, at, NODE_BYTES).slice();
  }

  /** Where a height's nodes begin, in bytes. */
  byteStart(height: number): number {
    return (this.starts[height] as number) * 4;
  }

  /** Copies the two children of each parent into `target`, 16 words a parent. */
  gatherChildren(
    parents: { readonly height: number; readonly indices: Uint32Array },
    from: number,
    to: number,
    target: Int32Array,
  ): void {
    const { words } = this;
    const below = parents.height - 1;
    const start = this.starts[below] as number;
    let out = 0;
    for (let i = from; i < to; i++) {
      const left = start + (parents.indices[i] as number) * 2 * NODE_WORDS;
      copyNode(words, left, target, out);
      copyNode(words, left + NODE_WORDS, target, out + NODE_WORDS);
      // A first word of zero is rare in a hash and certain in a node that was never written.
      if (words[left] === 0) this.substituteZero(below, target, out);
      if (words[left + NODE_WORDS] === 0) this.substituteZero(below, target, out + NODE_WORDS);
      out += 2 * NODE_WORDS;
    }
  }

  private substituteZero(height: number, target: Int32Array, at: number): void {
    if (isZero(target, at)) copyNode(this.zeroWords[height] as Int32Array, 0, target, at);
  }

  /** Writes nodes from `source`, 8 words each. */
  scatter(
    nodes: { readonly height: number; readonly indices: Uint32Array },
    from: number,
    to: number,
    source: Int32Array,
  ): void {
    const { words } = this;
    const start = this.starts[nodes.height] as number;
    let read = 0;
    for (let i = from; i < to; i++) {
      copyNode(source, read, words, start + (nodes.indices[i] as number) * NODE_WORDS);
      read += NODE_WORDS;
    }
  }
}

/** Unrolled: copying nodes is half of what a root costs, and as a loop took a sixth longer. */
function copyNode(source: Int32Array, from: number, target: Int32Array, to: number): void {
  target[to] = source[from] as number;
  target[to + 1] = source[from + 1] as number;
  target[to + 2] = source[from + 2] as number;
  target[to + 3] = source[from + 3] as number;
  target[to + 4] = source[from + 4] as number;
  target[to + 5] = source[from + 5] as number;
  target[to + 6] = source[from + 6] as number;
  target[to + 7] = source[from + 7] as number;
}

function isZero(words: Int32Array, at: number): boolean {
  for (let i = at; i < at + NODE_WORDS; i++) if (words[i] !== 0) return false;
  return true;
}

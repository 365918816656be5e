import { HASHES, type Kernel, LIST, MOST_NODES, makeKernel, TILES, ZEROES } from './kernel.ts';
import { DEPTH, NODE_BYTES, spanOf, zeroNode } from './shape.ts';

/** Leaves and the pairs above them are not kept: hashing a 128-byte block again is cheaper than memory. */
export const LOWEST_KEPT = 2;
const WASM_PAGE = 65536;
const TILE_BYTES = 4096;
const TILE_HEIGHTS = 6;
const WORDS = NODE_BYTES / 4;

/** Where a height's nodes stand. */
interface Row {
  /** Address of the row in the first tile. */
  readonly base: number;
  /** log2 of how many nodes of this height a tile has. */
  readonly shift: number;
  /** Nodes kept; those to the right of them are zero subtrees. */
  readonly count: number;
  /** Address of the zero subtree's node. */
  readonly zero: number;
}

/**
 * The inner nodes of one tree in zeroed memory that the operating system provides only where it is written. A node never
 * written is all zeroes, which stands for the zero subtree (no SHA-256 is all zeroes).
 *
 * Nodes stand in tiles of 4 KiB, a page of memory. A tile holds six heights, so a path from a block to the root passes five
 * pages and not 26:
 *
 *   0          2048       3072      3584     3840     3968     4032
 *   | 64 nodes | 32 above | 16      | 8      | 4      | 2      | unused |
 *
 * Siblings stand side by side in one cache line of 64 bytes. Tiles of the same heights are an array, so an address takes a few
 * shifts. What is kept costs half of the memory it covers.
 */
export class NodeStore {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  /** Indices of the nodes to be stored. */
  readonly list: Uint32Array;
  private readonly kernel: Kernel;
  private readonly rows: readonly (Row | undefined)[];

  constructor(stateBytes: number) {
    let end = TILES;
    const rows: (Row | undefined)[] = [];
    for (let height = 0; height <= DEPTH; height++) {
      const inTile = (height - LOWEST_KEPT) % TILE_HEIGHTS;
      const tiles = Math.ceil(stateBytes / spanOf(height - inTile + TILE_HEIGHTS));
      rows.push(
        height < LOWEST_KEPT
          ? undefined
          : {
              base: end + TILE_BYTES - (TILE_BYTES >> inTile),
              shift: TILE_HEIGHTS - inTile,
              count: tiles * 2 ** (TILE_HEIGHTS - inTile),
              zero: ZEROES + height * NODE_BYTES,
            },
      );
      if (inTile === TILE_HEIGHTS - 1 || height === DEPTH) end += tiles * TILE_BYTES;
    }
    const pages = Math.ceil(end / WASM_PAGE);
    // Not an ArrayBuffer: the garbage collector would count gigabytes that nobody has touched.
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.rows = rows;
    this.bytes = new Uint8Array(memory.buffer);
    this.words = new Int32Array(memory.buffer);
    this.list = new Uint32Array(memory.buffer, LIST, MOST_NODES);
    for (let height = 0; height <= DEPTH; height++) {
      this.bytes.set(zeroNode(height), ZEROES + height * NODE_BYTES);
    }
    this.kernel = makeKernel(memory);
  }

  /**
   * Stores the first `count` nodes at `HASHES` as those of this height that `list` names, then puts their parents into
   * `list` and the parents' children to `PAIRS`. Returns how many parents there are.
   */
  climb(height: number, count: number): number {
    const { base, shift, zero } = this.row(height);
    return this.kernel.climb(count, base, shift, zero);
  }

  /** Stores `count` nodes of this height at address `source` as those from index `first` on. */
  place(nodes: { height: number; first: number; count: number; source: number }): void {
    const { base, shift } = this.row(nodes.height);
    this.kernel.place(nodes.count, base, shift, nodes.first, nodes.source);
  }

  /** Puts nodes of this height, already stored, into `list` and at `HASHES`, for `climb`. */
  recall(height: number, indices: Uint32Array): void {
    this.list.set(indices);
    let to = HASHES;
    for (const index of indices) {
      const at = this.at(height, index);
      this.bytes.copyWithin(to, at, at + NODE_BYTES);
      to += NODE_BYTES;
    }
  }

  /** Whether the memory under a node is all zero, never written or zero again. */
  isZero(height: number, index: number): boolean {
    const at = this.at(height, index) / 4;
    if (at < 0) return true;
    const { words } = this;
    const zero = this.row(height).zero / 4;
    for (let i = 0; i < WORDS; i++) {
      if (words[at + i] !== words[zero + i]) return !this.isWritten(at);
    }
    return true;
  }

  /** A node of a kept height, as a copy. */
  get(height: number, index: number): Uint8Array {
    const at = this.at(height, index);
    if (at < 0 || !this.isWritten(at / 4)) return zeroNode(height).slice();
    return this.bytes.slice(at, at + NODE_BYTES);
  }

  /** Address of a node, or -1 for one that is not kept. */
  private at(height: number, index: number): number {
    const { base, shift, count } = this.row(height);
    if (index >= count) return -1;
    return base + (index >>> shift) * TILE_BYTES + (index & ((1 << shift) - 1)) * NODE_BYTES;
  }

  private isWritten(word: number): boolean {
    for (let i = word; i < word + WORDS; i++) if (this.words[i] !== 0) return true;
    return false;
  }

  private row(height: number): Row {
    return this.rows[height] as Row;
  }
}

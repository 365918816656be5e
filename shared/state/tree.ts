import { BLOCK_BYTES } from '#shared/machine/wasm/areas.ts';
import { StateError } from './errors.ts';
import { fastestHasher, hashPair, type PairHasher } from './hasher.ts';
import { BLOCKS, HASHES, MOST_NODES, PAIRS } from './kernel.ts';
import { MarkCollector, type Marks } from './marks.ts';
import { LOWEST_KEPT, NodeStore } from './nodes.ts';
import { DEPTH, NODE_BYTES, zeroNode } from './shape.ts';
import { Sweep } from './sweep.ts';

/** Pages of the rebuild and of snapshots. */
export const PAGE_BYTES = 4096;
const PAGE_HEIGHT = 7; // a node of this height covers a page
const BLOCK_HEIGHT = 2;
const BLOCK_WORDS = BLOCK_BYTES / 4;
const PAGES_AT_ONCE = (2 * MOST_NODES * 64) / PAGE_BYTES;

export interface StateTreeOptions {
  /** The state, index 0 being state address 0 (`viewsOf`); a multiple of 4,096 bytes, word-aligned. */
  readonly state: Uint8Array;
  /** Where stores are marked; without it only `rebuild` and `updateBlocks` can be used. */
  readonly marks?: Marks | undefined;
}

/** Room in the nodes' memory for so many blocks, pairs that they are hashed to, and nodes that those are hashed to. */
interface Views {
  readonly blocks: Uint8Array;
  readonly pairs: Uint8Array;
  readonly hashes: Uint8Array;
}

/**
 * The Merkle tree over an engine's memory: SHA-256, 32-byte leaves, depth 27, zero subtrees implied. It starts
 * as the tree of zeroed memory; call `rebuild` where the memory is not zeroed.
 */
export class StateTree {
  readonly state: Uint8Array;
  readonly hasher: PairHasher;
  private nodes: NodeStore;
  private readonly stateWords: Int32Array;
  private readonly sweep: Sweep | undefined;
  /** Only where a sweep is not possible. */
  private readonly collector: MarkCollector | undefined;
  /** See `viewsOf`. */
  private views: Views[] = [];

  constructor(options: StateTreeOptions, hasher: PairHasher = fastestHasher()) {
    const { state, marks } = options;
    if (state.length % PAGE_BYTES !== 0 || state.byteOffset % 4 !== 0 || state.length === 0) {
      throw new StateError(
        'STATE_MISALIGNED',
        `A state of ${state.length} bytes at ${state.byteOffset} is not whole 4 KiB pages. Pass all of it.`,
      );
    }
    this.state = state;
    this.hasher = hasher;
    this.stateWords = new Int32Array(state.buffer, state.byteOffset, state.length / 4);
    this.nodes = new NodeStore(state.length);
    if (marks === undefined) return;
    if (Sweep.isPossible(marks, state)) this.sweep = new Sweep(marks, state);
    else this.collector = new MarkCollector(marks);
  }

  /** Whether `update` can find out by itself what was written. */
  get hasMarks(): boolean {
    return this.sweep !== undefined || this.collector !== undefined;
  }

  /** The root as of the last update, 32 bytes, a copy. */
  root(): Uint8Array {
    return this.nodes.get(DEPTH, 0);
  }

  /** Hashes what stores marked since the last call, and returns the root. */
  updatedRoot(): Uint8Array {
    this.update();
    return this.root();
  }

  /** Hashes the blocks that are marked and clears the marks. Returns how many 128-byte blocks there were. */
  update(): number {
    if (this.sweep !== undefined) return this.updateSwept(this.sweep);
    if (this.collector === undefined) {
      throw new StateError(
        'STATE_MISALIGNED',
        'This tree was made without marks. Pass those of a module rewritten with marks, or rebuild.',
      );
    }
    const blocks = this.collector.collect();
    this.updateBlocks(blocks);
    return blocks.length;
  }

  /** Hashes these 128-byte blocks again: their indices, ascending, each once. */
  updateBlocks(blocks: Uint32Array): void {
    const count = blocks.length;
    if (count === 0) return;
    if ((blocks[count - 1] as number) >= this.state.length / BLOCK_BYTES) {
      throw new StateError('STATE_OUT_OF_RANGE', 'A block lies behind the end of the state.');
    }
    for (let from = 0; from < count; from += MOST_NODES) {
      const chunk = blocks.subarray(from, from + MOST_NODES);
      this.gatherBlocks(chunk);
      this.hashBlocks(chunk, this.viewsOf(chunk.length).blocks);
    }
  }

  /**
   * Builds the whole tree from memory. `pages`: ascending indices of the 4 KiB pages that are not zero;
   * without it all of the memory is scanned, which reads gigabytes.
   */
  rebuild(pages: Uint32Array = nonZeroPages(this.state)): Uint8Array {
    this.nodes = new NodeStore(this.state.length);
    this.views = [];
    this.forgetMarks();
    for (let i = 0; i < pages.length; ) {
      const first = pages[i] as number;
      let run = 1;
      while (run < PAGES_AT_ONCE && pages[i + run] === first + run) run++;
      this.hashPages(first, run);
      i += run;
    }
    for (let from = 0; from < pages.length; from += MOST_NODES) {
      const chunk = pages.subarray(from, from + MOST_NODES);
      this.nodes.recall(PAGE_HEIGHT, chunk);
      this.climbFrom(PAGE_HEIGHT, chunk.length);
    }
    return this.root();
  }

  /** A node as of the last update (leaves and their pairs: as memory is now), a copy. */
  node(height: number, index: number): Uint8Array {
    if (!(index >= 0 && index < 2 ** (DEPTH - height))) {
      throw new StateError('STATE_OUT_OF_RANGE', `There is no node ${index} at height ${height}.`);
    }
    if (height >= LOWEST_KEPT) return this.nodes.get(height, index);
    const start = index * NODE_BYTES * 2 ** height;
    if (start >= this.state.length) return zeroNode(height).slice();
    if (height === 0) return this.state.slice(start, start + NODE_BYTES);
    return hashPair(this.node(0, 2 * index), this.node(0, 2 * index + 1));
  }

  /** Ascending indices of the 4 KiB pages that are not zero, as of the last update; reads no memory. */
  pages(): Uint32Array {
    let found = [0];
    for (let height = DEPTH - 1; height >= PAGE_HEIGHT; height--) {
      const children = found.flatMap((index) => [2 * index, 2 * index + 1]);
      found = children.filter((index) => !this.nodes.isZero(height, index));
    }
    return Uint32Array.from(found);
  }

  private updateSwept(sweep: Sweep): number {
    let total = 0;
    for (;;) {
      const count = sweep.take();
      if (count === 0) return total;
      this.hashBlocks(...sweep.taken(count));
      total += count;
      if (!sweep.mayHaveMore(count)) return total;
    }
  }

  private forgetMarks(): void {
    this.collector?.collect();
    if (this.sweep !== undefined) while (this.sweep.mayHaveMore(this.sweep.take()));
  }

  /** Hashes at most `MOST_NODES` blocks, which are side by side in `bytes`, and what is above them. */
  private hashBlocks(indices: Uint32Array, bytes: Uint8Array): void {
    const { pairs, hashes } = this.viewsOf(indices.length);
    this.hasher.hashInto(bytes, pairs);
    this.hasher.hashInto(pairs, hashes);
    this.nodes.list.set(indices);
    this.climbFrom(BLOCK_HEIGHT, indices.length);
  }

  /** Copies blocks to where they are hashed from, side by side. */
  private gatherBlocks(blocks: Uint32Array): void {
    const { stateWords } = this;
    const { words } = this.nodes;
    let out = BLOCKS / 4;
    for (let i = 0; i < blocks.length; i++) {
      const at = (blocks[i] as number) * BLOCK_WORDS;
      for (let word = 0; word < BLOCK_WORDS; word++) words[out++] = stateWords[at + word] as number;
    }
  }

  /** The hashes of `count` nodes of this height are new: stores them and hashes what is above them. */
  private climbFrom(height: number, count: number): void {
    let left = count;
    for (let level = height; level < DEPTH; level++) {
      left = this.nodes.climb(level, left);
      const { pairs, hashes } = this.viewsOf(left);
      this.hasher.hashInto(pairs, hashes);
    }
    this.nodes.climb(DEPTH, left);
  }

  /** Whole pages side by side need no gathering: each height is hashed from the one below in place. */
  private hashPages(first: number, count: number): void {
    const { nodes, state } = this;
    const { buffer } = nodes.bytes;
    let below = state.subarray(first * PAGE_BYTES, (first + count) * PAGE_BYTES);
    for (let height = 1; height <= PAGE_HEIGHT; height++) {
      const made = count * 2 ** (PAGE_HEIGHT - height);
      const source = height % 2 === 0 ? HASHES : PAIRS;
      const hashes = new Uint8Array(buffer, source, made * NODE_BYTES);
      this.hasher.hashInto(below, hashes);
      below = hashes;
      if (height < LOWEST_KEPT) continue;
      nodes.place({ height, first: first * 2 ** (PAGE_HEIGHT - height), count: made, source });
    }
  }

  /** Made once for each count: a root needs 28 of them. */
  private viewsOf(count: number): Views {
    const made = this.views[count];
    if (made !== undefined) return made;
    const { buffer } = this.nodes.bytes;
    const views: Views = {
      blocks: new Uint8Array(buffer, BLOCKS, count * BLOCK_BYTES),
      pairs: new Uint8Array(buffer, PAIRS, count * 2 * NODE_BYTES),
      hashes: new Uint8Array(buffer, HASHES, count * NODE_BYTES),
    };
    this.views[count] = views;
    return views;
  }
}

/** Ascending indices of the 4 KiB pages with a byte other than zero. Reads all of it. */
export function nonZeroPages(state: Uint8Array): Uint32Array {
  const words = new Int32Array(state.buffer, state.byteOffset, state.length / 4);
  const pageWords = PAGE_BYTES / 4;
  const pages: number[] = [];
  for (let page = 0; page < words.length / pageWords; page++) {
    const end = (page + 1) * pageWords;
    let at = page * pageWords;
    while (at < end && words[at] === 0) at++;
    if (at < end) pages.push(page);
  }
  return Uint32Array.from(pages);
}

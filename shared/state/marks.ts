import { BLOCK_BYTES, type MarkViews, REGION_BYTES } from '#shared/machine/wasm/areas.ts';

/**
 * The two levels of byte marks that a module rewritten with `marks` sets; see `viewsOf`. With the memory and room in it they
 * are swept there (`sweep.ts`).
 */
export type Marks = Pick<MarkViews, 'level1' | 'level2'> & Partial<MarkViews>;

const BLOCKS = REGION_BYTES / BLOCK_BYTES;

/** Collects marked blocks and clears their marks, in JavaScript; reads 1 byte a 64 KiB, then only marked regions. */
export class MarkCollector {
  private readonly level1: Uint8Array;
  private readonly words1: Int32Array;
  private readonly level2: Buffer;
  private found = new Uint32Array(4096);

  constructor({ level1, level2 }: Marks) {
    this.level1 = level1;
    this.words1 = new Int32Array(level1.buffer, level1.byteOffset, level1.length / 4);
    this.level2 = Buffer.from(level2.buffer, level2.byteOffset, level2.length);
  }

  /** Indices of the marked blocks, ascending; the view is valid until the next call. */
  collect(): Uint32Array {
    let count = 0;
    // Stores mark with the byte 1, so the C library's memchr finds regions at memory speed.
    for (
      let region = this.level2.indexOf(1);
      region >= 0;
      region = this.level2.indexOf(1, region + 1)
    ) {
      this.level2[region] = 0;
      if (this.found.length < count + BLOCKS) this.enlarge();
      count = this.collectRegion(region, count);
    }
    return this.found.subarray(0, count);
  }

  private collectRegion(region: number, count: number): number {
    const { level1, words1, found } = this;
    let next = count;
    const first = region * BLOCKS;
    for (let word = first / 4; word < (first + BLOCKS) / 4; word++) {
      if (words1[word] === 0) continue;
      for (let block = word * 4; block < word * 4 + 4; block++) {
        if (level1[block] !== 0) found[next++] = block;
      }
      words1[word] = 0;
    }
    return next;
  }

  private enlarge(): void {
    const larger = new Uint32Array(this.found.length * 2);
    larger.set(this.found);
    this.found = larger;
  }
}

import { BLOCK_BYTES, type MarkViews, REGION_BYTES } from '#shared/machine/wasm/areas.ts';
import { assembleKernel, VectorCode } from './assemble.ts';
import { MOST_NODES } from './kernel.ts';

/** Level 1 marks of a 64 KiB region. */
const MARKS_A_REGION: number = REGION_BYTES / BLOCK_BYTES;
const LIST = 0;
const BLOCKS = 4 * MOST_NODES;
const SPARE_BYTES = BLOCKS + BLOCK_BYTES * MOST_NODES;

interface SweepExports {
  sweep(
    level1: number,
    level2: number,
    level2End: number,
    state: number,
    list: number,
    blocks: number,
    most: number,
  ): number;
}

let assembled: WebAssembly.Module | undefined;

/**
 * Finds marked blocks, clears their marks and puts copies of the blocks side by side, all inside the engine's memory, whose
 * spare part it overwrites. In JavaScript this took a third of the time that hashing takes.
 */
export class Sweep {
  readonly #exports: SweepExports;
  readonly #marks: MarkViews;
  readonly #state: number;
  readonly #views: [Uint32Array, Uint8Array][] = [];

  /** Needs `Sweep.isPossible`. */
  constructor(marks: MarkViews, state: Uint8Array) {
    assembled ??= assembleKernel([
      { name: 'sweep', params: 7, results: 1, locals: 8, code: sweep() },
    ]);
    const instance = new WebAssembly.Instance(assembled, { host: { memory: marks.memory } });
    this.#exports = instance.exports as unknown as SweepExports;
    this.#marks = marks;
    this.#state = state.byteOffset;
  }

  static isPossible(marks: Partial<MarkViews>, state: Uint8Array): marks is MarkViews {
    return marks.memory?.buffer === state.buffer && (marks.spareBytes ?? 0) >= SPARE_BYTES;
  }

  /** Takes at most `MOST_NODES` blocks, ascending. Returns how many. */
  take(): number {
    const { level1, level2 } = this.#marks;
    const from = level2.byteOffset;
    const end = from + level2.length;
    return this.#exports.sweep(level1.byteOffset, from, end, this.#state, LIST, BLOCKS, MOST_NODES);
  }

  /** Whether more blocks may be marked after this many were taken: only whole regions are. */
  mayHaveMore(taken: number): boolean {
    return taken > MOST_NODES - MARKS_A_REGION;
  }

  /** Indices and bytes of what was just taken, valid until the engine runs again. */
  taken(count: number): [Uint32Array, Uint8Array] {
    const made = this.#views[count];
    if (made !== undefined) return made;
    const { buffer } = this.#marks.memory;
    const views: [Uint32Array, Uint8Array] = [
      new Uint32Array(buffer, LIST, count),
      new Uint8Array(buffer, BLOCKS, count * BLOCK_BYTES),
    ];
    this.#views[count] = views;
    return views;
  }
}

/** sweep(level1, level2, level2End, state, list, blocks, most): all addresses but the last. Returns how many were taken. */
function sweep(): VectorCode {
  const [level1, level2, level2End, state, list, to, most] = [0, 1, 2, 3, 4, 5, 6];
  const [region, mark, markEnd, bits, block, from, count, wide] = [7, 8, 9, 10, 11, 12, 13, 14];
  const code = new VectorCode();
  code.op('local.get', level2).op('local.set', region);
  code.op('local.get', level2End).i32(64).op('i32.sub').op('local.set', wide);
  code.open('block').open('loop');
  code.op('local.get', region).op('local.get', level2End).op('i32.ge_u').op('br_if', 1);
  // 64 regions at once while nothing is marked, then 16 at once up to the next one marked.
  code.op('local.get', region).op('local.get', wide).op('i32.le_s').open('if');
  code.load128(region).load128(region, 16).or128().load128(region, 32).or128();
  code.load128(region, 48).or128().anyTrue().op('i32.eqz').open('if');
  code.advance(region, 64).op('br', 2).op('end');
  code.load128(region).nonZeroBytes().op('local.tee', bits).op('i32.eqz').open('if');
  code.advance(region, 16).op('br', 2).op('end');
  code.op('local.get', bits).op('i32.ctz').op('local.get', region).op('i32.add');
  code.op('local.set', region).op('end');
  code.op('local.get', region).memory('i32.load8_u', 0).open('if');
  code.op('local.get', count).i32(MARKS_A_REGION).op('i32.add');
  code.op('local.get', most).op('i32.gt_u').op('br_if', 2);
  code.op('local.get', region).i32(0).memory('i32.store8', 0);
  code.op('local.get', region).op('local.get', level2).op('i32.sub').i32(MARKS_A_REGION);
  code.op('i32.mul').op('local.get', level1).op('i32.add').op('local.tee', mark);
  code.i32(MARKS_A_REGION).op('i32.add').op('local.set', markEnd);
  code.open('loop');
  code.load128(mark).nonZeroBytes().op('local.tee', bits).open('if');
  code.op('local.get', mark).zero128().store128(0);
  code.open('loop');
  code.op('local.get', mark).op('local.get', level1).op('i32.sub');
  code.op('local.get', bits).op('i32.ctz').op('i32.add').op('local.set', block);
  code.op('local.get', list).op('local.get', count).i32(2).op('i32.shl').op('i32.add');
  code.op('local.get', block).memory('i32.store', 0, 2);
  code.op('local.get', block).i32(Math.log2(BLOCK_BYTES)).op('i32.shl');
  code.op('local.get', state).op('i32.add').op('local.set', from);
  code.copy(to, from, BLOCK_BYTES).advance(to, BLOCK_BYTES).advance(count, 1);
  code.op('local.get', bits).op('local.get', bits).i32(1).op('i32.sub').op('i32.and');
  code.op('local.tee', bits).op('br_if', 0).op('end').op('end');
  code.advance(mark, 16);
  code.op('local.get', mark).op('local.get', markEnd).op('i32.lt_u').op('br_if', 0).op('end');
  code.op('end');
  code.advance(region, 1).op('br', 0).op('end').op('end');
  return code.op('local.get', count).op('end');
}

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BLOCK_BYTES,
  type MarkViews,
  REGION_BYTES,
  type RewrittenExports,
  viewsOf,
} from '#shared/machine/wasm/areas.ts';
import { everyAccess, STATE_BYTES } from '#shared/machine/wasm/fixture.ts';
import { rewrite } from '#shared/machine/wasm/rewrite.ts';
import { MarkCollector } from './marks.ts';
import { naiveRoot } from './naive.ts';
import { Sweep } from './sweep.ts';
import { StateTree } from './tree.ts';

const SPARE_PAGES = 5;
const MARK_PAGES = 2;

/** A memory as a rewritten module has it: spare room, marks, the state. */
function made(regions: number): { marks: MarkViews; state: Uint8Array } {
  const memory = new WebAssembly.Memory({ initial: SPARE_PAGES + MARK_PAGES + regions });
  const spareBytes = SPARE_PAGES * REGION_BYTES;
  const blocks = (regions * REGION_BYTES) / BLOCK_BYTES;
  const stateBase = spareBytes + MARK_PAGES * REGION_BYTES;
  const state = new Uint8Array(memory.buffer, stateBase);
  for (let i = 0; i < state.length; i += 61) state[i] = i >> 5;
  const level1 = new Uint8Array(memory.buffer, spareBytes, blocks);
  // Right below the state, so that reading behind the last mark would take state for marks.
  const level2 = new Uint8Array(memory.buffer, stateBase - regions, regions);
  return { marks: { level1, level2, memory, spareBytes }, state };
}

function mark({ level1, level2 }: MarkViews, blocks: readonly number[]): void {
  for (const block of blocks) {
    level1[block] = 1;
    level2[Math.floor((block * BLOCK_BYTES) / REGION_BYTES)] = 1;
  }
}

/** Everything that a sweep finds, each block with its bytes checked. */
function sweepAll(sweep: Sweep, state: Uint8Array): number[] {
  const found: number[] = [];
  for (;;) {
    const count = sweep.take();
    const [indices, bytes] = sweep.taken(count);
    for (const [i, block] of indices.entries()) {
      const copied = bytes.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES);
      const original = state.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
      if (Buffer.compare(copied, original) !== 0) throw new Error(`block ${block} differs`);
    }
    found.push(...indices);
    if (!sweep.mayHaveMore(count)) return found;
  }
}

describe('a sweep', () => {
  test.each([1, 15, 16, 63, 64, 65, 130])('of %i regions finds what is marked, once', (regions) => {
    const { marks, state } = made(regions);
    const sweep = new Sweep(marks, state);
    const blocks = marks.level1.length;
    const marked = fc.oneof(
      fc.uniqueArray(fc.nat(blocks - 1), { maxLength: 200 }),
      fc.constantFrom([0], [blocks - 1], [0, blocks - 1]),
      // A run, which fills regions and more than one sweep.
      fc
        .tuple(fc.nat(blocks - 1), fc.nat(6000))
        .map(([from, length]) => [...Array(blocks).keys()].slice(from, from + length)),
    );
    fc.assert(
      fc.property(marked, (list) => {
        mark(marks, list);
        expect(sweepAll(sweep, state)).toEqual(list.toSorted((a, b) => a - b));
        expect(marks.level1.includes(1)).toBe(false);
        expect(marks.level2.includes(1)).toBe(false);
        expect(sweep.take()).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  test('finds what the collector finds', () => {
    const { marks, state } = made(65);
    const list = Array.from({ length: 3000 }, (_, i) => (i * 7919) % marks.level1.length);
    mark(marks, list);
    const swept = sweepAll(new Sweep(marks, state), state);
    mark(marks, list);
    expect([...new MarkCollector(marks).collect()]).toEqual(swept);
  });

  test('is possible only in the memory of the state, with room', () => {
    const { marks, state } = made(2);
    const { level1, level2 } = marks;
    expect(Sweep.isPossible(marks, state)).toBe(true);
    expect(Sweep.isPossible({ level1, level2 }, state)).toBe(false);
    expect(Sweep.isPossible(marks, made(2).state)).toBe(false);
    expect(Sweep.isPossible({ ...marks, spareBytes: 65536 }, state)).toBe(false);
  });
});

test.each([
  ['with an undo log, swept', true],
  ['without one, collected', false],
])('a module rewritten %s: the root is that of all of the memory', (_, undo) => {
  const wasm = rewrite(everyAccess(), { marks: true, undo, stateEnd: STATE_BYTES });
  const module = new WebAssembly.Module(new Uint8Array(wasm));
  const instance = new WebAssembly.Instance(module, { host: { observe: () => {} } });
  const { touch } = instance.exports as unknown as RewrittenExports;
  const { state, marks } = viewsOf(instance.exports.memory as WebAssembly.Memory, instance.exports);
  expect(Sweep.isPossible(marks as MarkViews, state)).toBe(undo);
  const tree = new StateTree({ state, marks });
  tree.rebuild();
  for (const [at, length] of [
    [0, 1],
    [300, 70_000],
    [STATE_BYTES - 1, 1],
  ] as const) {
    touch(at, length);
    state.fill(length & 255, at, at + length);
    expect(Buffer.from(tree.updatedRoot())).toEqual(Buffer.from(naiveRoot(state)));
    expect(tree.update()).toBe(0);
  }
});

test('more marked blocks than one sweep takes', () => {
  const { marks, state } = made(12);
  const tree = new StateTree({ state, marks });
  mark(
    marks,
    Array.from(marks.level1.keys()).filter((block) => block % 10 !== 3),
  );
  for (let block = 3; block < marks.level1.length; block += 10) {
    state.fill(0, block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
  }
  expect(tree.update()).toBeGreaterThan(2 * 2048);
  expect(Buffer.from(tree.root())).toEqual(Buffer.from(naiveRoot(state)));
  mark(marks, [5, 700]);
  state.fill(1);
  expect(tree.rebuild()).toEqual(new StateTree({ state }).rebuild());
  expect(tree.update(), 'a rebuild forgets the marks').toBe(0);
});

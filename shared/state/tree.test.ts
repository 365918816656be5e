import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type RewrittenExports, viewsOf } from '#shared/machine/wasm/areas.ts';
import { everyAccess, STATE_BYTES, STORE_ACCESSES } from '#shared/machine/wasm/fixture.ts';
import { rewrite } from '#shared/machine/wasm/rewrite.ts';
import { fastestHasher, nativeHasher, type PairHasher, portableHasher } from './hasher.ts';
import { naiveRoot } from './naive.ts';
import { DEPTH, ZERO_ROOT } from './shape.ts';
import { nonZeroPages, StateTree } from './tree.ts';

const WASM = rewrite(everyAccess(), { marks: true, undo: true, stateEnd: STATE_BYTES });
const native = nativeHasher();
const hashers: PairHasher[] = native === undefined ? [portableHasher] : [native, portableHasher];

function instantiate() {
  const module = new WebAssembly.Module(new Uint8Array(WASM));
  const instance = new WebAssembly.Instance(module, { host: { observe: () => {} } });
  const exports = instance.exports as unknown as RewrittenExports &
    Record<string, (at: number, value: number | bigint) => void>;
  return { exports, ...viewsOf(instance.exports.memory as WebAssembly.Memory, exports) };
}

test('the native hasher is in use where it is installed, and nothing breaks where it is not', () => {
  expect(fastestHasher().name).toBe(native === undefined ? 'node' : 'hashtree');
  const missing = () => {
    throw new Error('Cannot find module');
  };
  expect(nativeHasher(missing as unknown as NodeJS.Require)).toBeUndefined();
});

describe.each(hashers)('with $name', (hasher) => {
  test('pairs are hashed with SHA-256', () => {
    const input = Uint8Array.from({ length: 5 * 64 }, (_, i) => i * 37);
    const output = new Uint8Array(5 * 32);
    hasher.hashInto(input, output);
    for (let i = 0; i < 5; i++) {
      const expected = createHash('sha256')
        .update(input.subarray(64 * i, 64 * i + 64))
        .digest();
      expect(Buffer.from(output.subarray(32 * i, 32 * i + 32))).toEqual(expected);
    }
  });

  test('zeroed memory has the zero root, a constant of the protocol', () => {
    const tree = new StateTree({ state: new Uint8Array(8192) }, hasher);
    let zero: Uint8Array = new Uint8Array(32);
    for (let i = 0; i < DEPTH; i++) zero = createHash('sha256').update(zero).update(zero).digest();
    expect(Buffer.from(ZERO_ROOT)).toEqual(zero);
    expect(tree.root()).toEqual(ZERO_ROOT);
    expect(tree.rebuild()).toEqual(ZERO_ROOT);
  });

  test('after random stores and host writes the root is that of all of the memory', () => {
    const store = fc.record({
      access: fc.constantFrom(...STORE_ACCESSES.map(({ name }, i) => [name, i] as const)),
      at: fc.integer({ min: -20, max: STATE_BYTES }),
      value: fc.integer(),
    });
    const segment = fc.record({
      stores: fc.array(store, { maxLength: 30 }),
      write: fc.record({ at: fc.nat(STATE_BYTES - 3000), length: fc.nat(3000), byte: fc.nat(255) }),
      rollback: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), (segments) => {
        const { exports, state, marks } = instantiate();
        const tree = new StateTree({ state, marks }, hasher);
        tree.rebuild();
        for (const { stores, write, rollback } of segments) {
          exports.undoReset?.();
          for (const {
            access: [name, i],
            at,
            value,
          } of stores) {
            try {
              exports[`store${i}`]?.(at, name.startsWith('i64') ? BigInt(value) : value);
            } catch (error) {
              expect(error).toBeInstanceOf(WebAssembly.RuntimeError);
            }
          }
          exports.touch(write.at, write.length);
          state.fill(write.byte, write.at, write.at + write.length);
          if (rollback) exports.undoRollback?.();
          expect(Buffer.from(tree.updatedRoot())).toEqual(Buffer.from(naiveRoot(state)));
          expect(tree.update()).toBe(0);
          expect(tree.pages()).toEqual(nonZeroPages(state));
        }
        const fresh = new StateTree({ state }, hasher);
        expect(fresh.rebuild()).toEqual(tree.root());
        expect(new StateTree({ state }, hasher).rebuild(tree.pages())).toEqual(tree.root());
      }),
      { numRuns: 12 },
    );
  });

  test('more dirty blocks than one native call takes', () => {
    const state = new Uint8Array(3 * 2 ** 20);
    const tree = new StateTree({ state }, hasher);
    for (let i = 0; i < state.length; i += 96) state[i] = i / 96;
    tree.updateBlocks(Uint32Array.from({ length: state.length / 128 }, (_, i) => i));
    const root = tree.root();
    expect(Buffer.from(root)).toEqual(Buffer.from(naiveRoot(state)));
    expect(tree.rebuild()).toEqual(root);
    state.fill(0);
    expect(tree.rebuild(tree.pages())).toEqual(ZERO_ROOT);
    expect(tree.pages()).toEqual(new Uint32Array(0));
  });
});

test('nodes of every height, also beyond the state, are the hashes of their children', () => {
  const state = Uint8Array.from({ length: 5 * 4096 }, (_, i) => (i % 5000 < 900 ? i * 7 : 0));
  const tree = new StateTree({ state }, portableHasher);
  tree.rebuild();
  for (let height = 1; height <= DEPTH; height++) {
    for (const index of [0, 1, 2, 2 ** (DEPTH - height) - 1]) {
      if (index >= 2 ** (DEPTH - height)) continue;
      const expected = createHash('sha256').update(tree.node(height - 1, 2 * index));
      const node = tree.node(height, index);
      expect(Buffer.from(node)).toEqual(
        expected.update(tree.node(height - 1, 2 * index + 1)).digest(),
      );
    }
  }
});

test('what makes no sense is refused', () => {
  const state = new Uint8Array(8192);
  const misaligned = expect.objectContaining({ code: 'STATE_MISALIGNED' });
  const outOfRange = expect.objectContaining({ code: 'STATE_OUT_OF_RANGE' });
  expect(() => new StateTree({ state: new Uint8Array(5000) })).toThrow(misaligned);
  expect(() => new StateTree({ state: state.subarray(2, 4098) })).toThrow(misaligned);
  expect(() => new StateTree({ state }).update()).toThrow(misaligned);
  expect(() => new StateTree({ state }).updateBlocks(Uint32Array.of(64))).toThrow(outOfRange);
  expect(() => new StateTree({ state }).node(DEPTH, 1)).toThrow(outOfRange);
  expect(() => new StateTree({ state }).node(0, -1)).toThrow(outOfRange);
});

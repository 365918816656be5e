import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BLOCK_BYTES, type RewriteOptions, type RewrittenExports, viewsOf } from './areas.ts';
import {
  type Access,
  assemble,
  everyAccess,
  LOAD_ACCESSES,
  STATE_BYTES,
  STATE_PAGES,
  STORE_ACCESSES,
} from './fixture.ts';
import { STORE_WIDTHS } from './opcodes.ts';
import { rewrite } from './rewrite.ts';

type Call = (...values: (number | bigint)[]) => number | bigint | undefined;
type Exports = Record<string, Call> & RewrittenExports;

const PLAIN = everyAccess();
const VARIANTS = [
  { marks: true, undo: false },
  { marks: false, undo: true },
  { marks: true, undo: true },
] as const;
const options = (variant: { marks: boolean; undo: boolean }, undoEntries = 4096) =>
  ({ ...variant, stateEnd: STATE_BYTES - 500, undoEntries }) satisfies RewriteOptions;

function instantiate(wasm: Uint8Array, observe: (at: number) => void = () => {}) {
  const module = new WebAssembly.Module(new Uint8Array(wasm));
  const instance = new WebAssembly.Instance(module, { host: { observe } });
  const exports = instance.exports as unknown as Exports;
  const memory = instance.exports.memory as WebAssembly.Memory;
  return { exports, memory, ...viewsOf(memory, exports) };
}

/** What a call gives: its value, or that it trapped. */
function outcome(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) return 'trap';
    throw error;
  }
}

const equal = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
const widthOf = (access: Access) => STORE_WIDTHS.get(access.name) ?? 0;
const argument = (access: Access, value: bigint) =>
  access.type === 'i32' ? Number(BigInt.asIntN(32, value)) : BigInt.asIntN(64, value);

/** Effective addresses about every edge: blocks, regions, both ends of the state and of the address space. */
const edge = fc.oneof(
  fc.integer({ min: 0, max: 400 }),
  fc.integer({ min: 65536 - 140, max: 65536 + 140 }),
  fc.integer({ min: STATE_BYTES - 140, max: STATE_BYTES + 20 }),
  fc.integer({ min: 0, max: STATE_BYTES }),
  fc.integer({ min: 2 ** 32 - 300, max: 2 ** 32 + 300 }),
);

const step = fc.record({
  access: fc.integer({ min: 0, max: STORE_ACCESSES.length - 1 }),
  effective: edge,
  value: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
});
const at = (effective: number, access: Access) => (effective - access.offset) | 0;

describe.each(VARIANTS)('rewritten with %o', (variant) => {
  test('random stores do what they do in the plain module, traps included', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const plain = instantiate(PLAIN);
        const derived = instantiate(rewrite(PLAIN, options(variant)));
        for (const { access: i, effective, value } of steps) {
          const access = STORE_ACCESSES[i] as Access;
          const input = argument(access, value);
          const expected = outcome(() =>
            plain.exports[`store${i}`]?.(at(effective, access), input),
          );
          const actual = outcome(() =>
            derived.exports[`store${i}`]?.(at(effective, access), input),
          );
          expect(actual, `${access.name} offset=${access.offset} at ${effective}`).toBe(expected);
        }
        expect(equal(plain.state, derived.state)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('every load reads what it reads in the plain module, traps included', () => {
    const plain = instantiate(PLAIN);
    const derived = instantiate(rewrite(PLAIN, options(variant)));
    for (let i = 0; i < STATE_BYTES; i++) plain.state[i] = derived.state[i] = (i * 131) >> 3;
    for (const [i, access] of LOAD_ACCESSES.entries()) {
      const edges = [0, 1, 77, 65535, STATE_BYTES - 9, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 5];
      for (let end = STATE_BYTES - 8; end <= STATE_BYTES + 1; end++) edges.push(end);
      for (const effective of edges) {
        const address = at(effective, access);
        const expected = outcome(() => plain.exports[`load${i}`]?.(address));
        const actual = outcome(() => derived.exports[`load${i}`]?.(address));
        expect(actual, `${access.name} offset=${access.offset} at ${effective}`).toBe(expected);
      }
    }
  });

  test('memory.size, data, tables and globals are those of the plain module', () => {
    const { exports, state } = instantiate(rewrite(PLAIN, options(variant)));
    expect(exports.pages?.()).toBe(STATE_PAGES);
    expect(Buffer.from(state.subarray(300, 307)).toString()).toBe('settled');
    expect(exports.apply?.(0, 21)).toBe(42);
    expect(exports.apply?.(1, 21)).toBe(63);
    expect(outcome(() => exports.apply?.(2, 21))).toBe('trap');
    expect(exports.calls?.()).toBe(10);
  });
});

describe('marks', () => {
  test('are set for exactly the blocks that a store wrote, and for none when it trapped', () => {
    fc.assert(
      fc.property(step, ({ access: i, effective, value }) => {
        const { exports, marks } = instantiate(rewrite(PLAIN, options(VARIANTS[2])));
        const access = STORE_ACCESSES[i] as Access;
        const call = () => exports[`store${i}`]?.(at(effective, access), argument(access, value));
        const trapped = outcome(call) === 'trap';
        const address = (at(effective, access) >>> 0) + access.offset;
        const bytes = [...Array(widthOf(access)).keys()].map((byte) => address + byte);
        const expected = (unit: number) =>
          trapped ? [] : [...new Set(bytes.map((byte) => Math.floor(byte / unit)))];
        expect(trapped).toBe(address + widthOf(access) > STATE_BYTES);
        expect(marked(marks?.level1)).toEqual(expected(BLOCK_BYTES));
        expect(marked(marks?.level2)).toEqual(expected(65536));
      }),
      { numRuns: 400 },
    );
  });
});

function marked(level: Uint8Array | undefined): number[] {
  return [...(level ?? []).entries()].filter(([, mark]) => mark !== 0).map(([i]) => i);
}

describe('undo', () => {
  test('rolls back whatever random stores did since the last reset, marks left set', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.array(step), (kept, undone) => {
        const { exports, state, marks } = instantiate(rewrite(PLAIN, options(VARIANTS[2])));
        const run = (steps: typeof kept) => {
          for (const { access: i, effective, value } of steps) {
            const access = STORE_ACCESSES[i] as Access;
            const input = argument(access, value);
            outcome(() => exports[`store${i}`]?.(at(effective, access), input));
          }
        };
        run(kept);
        exports.undoReset?.();
        const before = state.slice();
        run(undone);
        const after = marks?.level1.slice();
        exports.undoRollback?.();
        expect(equal(state, before)).toBe(true);
        expect(marks?.level1).toEqual(after);
        expect(exports.undoEntries?.()).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test('a command that traps half-way, also after a call to the host, leaves no trace', () => {
    const seen: number[] = [];
    const { exports, state } = instantiate(rewrite(PLAIN, options(VARIANTS[1])), (address) => {
      seen.push(state[address + 3] ?? 0);
      exports.touch(address + 1, 300);
      state.fill(0x55, address + 1, address + 301);
    });
    for (let i = 0; i < state.length; i++) state[i] = i * 7;
    const before = state.slice();
    expect(outcome(() => exports.storeThenTrap?.(1001))).toBe('trap');
    expect(seen).toEqual([0xee]);
    expect(equal(state, before)).toBe(false);
    expect(exports.undoEntries?.()).toBe(3 + Math.floor(300 / 8) + (300 % 8) + 1);
    exports.undoRollback?.();
    expect(equal(state, before)).toBe(true);
  });

  test('a full log traps before the store, and everything logged can still be taken back', () => {
    const { exports, state } = instantiate(rewrite(PLAIN, options(VARIANTS[1], 5)));
    const store = STORE_ACCESSES.findIndex(
      ({ name, offset }) => name === 'i32.store' && offset === 0,
    );
    const before = state.slice();
    for (let i = 0; i < 5; i++) exports[`store${store}`]?.(4 * i, 9);
    expect(outcome(() => exports[`store${store}`]?.(40, 9))).toBe('trap');
    expect(state[40]).toBe(0);
    expect(exports.undoEntries?.()).toBe(5);
    exports.undoRollback?.();
    expect(equal(state, before)).toBe(true);
  });
});

describe('touch', () => {
  test.each([
    [0, 0, []],
    [130, 0, []],
    [130, 1, [1]],
    [127, 2, [0, 1]],
    [100, 300, [0, 1, 2, 3]],
    [STATE_BYTES - 1, 1, [STATE_BYTES / BLOCK_BYTES - 1]],
  ])('of %i, %i bytes marks blocks %o', (address, length, blocks) => {
    const { exports, marks } = instantiate(rewrite(PLAIN, options(VARIANTS[2])));
    exports.touch(address, length);
    expect(marked(marks?.level1)).toEqual(blocks);
    expect(marked(marks?.level2)).toEqual([...new Set(blocks.map((block) => block >> 9))]);
  });

  test.each([
    [STATE_BYTES, 1],
    [STATE_BYTES - 1, 2],
    [-1, 1],
    [-8, 100],
    [0, STATE_BYTES + 1],
    [5, -1],
  ])('of %i, %i bytes leaves the state and traps without a mark', (address, length) => {
    const { exports, marks } = instantiate(rewrite(PLAIN, options(VARIANTS[2])));
    expect(outcome(() => exports.touch(address, length))).toBe('trap');
    expect(marked(marks?.level1)).toEqual([]);
    expect(exports.undoEntries?.()).toBe(0);
  });
});

test('an imported memory gets the enlarged limits', () => {
  const wasm = rewrite(everyAccess('imported'), options(VARIANTS[2], 16));
  const [memory] = WebAssembly.Module.imports(new WebAssembly.Module(new Uint8Array(wasm))).filter(
    ({ kind }) => kind === 'memory',
  );
  expect(memory?.name).toBe('memory');
  const shared = new WebAssembly.Memory({ initial: STATE_PAGES + 1, maximum: STATE_PAGES + 1 });
  const module = new WebAssembly.Module(new Uint8Array(wasm));
  const imports = { host: { observe: () => {} }, env: { memory: shared } };
  const instance = new WebAssembly.Instance(module, imports);
  const { state } = viewsOf(shared, instance.exports);
  expect(state.length).toBe(STATE_BYTES);
});

test('the same module gives the same bytes', () => {
  const once = rewrite(PLAIN, options(VARIANTS[2]));
  expect(equal(once, rewrite(PLAIN.slice(), options(VARIANTS[2])))).toBe(true);
});

describe('refused', () => {
  const memory = `(memory ${STATE_PAGES} ${STATE_PAGES})`;
  test.each([
    ['WASM_UNSUPPORTED', 'memory.grow', `${memory} (func (drop (memory.grow (i32.const 1))))`],
    ['WASM_UNSUPPORTED', 'touch', `${memory} (func (export "touch"))`],
    ['WASM_MEMORY_MISMATCH', '4 to 4 pages', '(memory 4 4)'],
    ['WASM_MEMORY_MISMATCH', '3 to 5 pages', '(memory 3 5)'],
    ['WASM_MEMORY_MISMATCH', 'no pages', ''],
  ])('with %s: %s', (code, words, body) => {
    const wasm = assemble(`(module ${body})`);
    expect(() => rewrite(wasm, options(VARIANTS[2]))).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(words) }),
    );
  });

  test('a state that leaves no room for the rest', () => {
    const wasm = assemble('(module (memory 65500 65500))');
    const stateEnd = 65500 * 65536;
    expect(() => rewrite(wasm, { marks: true, undo: true, stateEnd })).toThrow(
      expect.objectContaining({ code: 'WASM_MEMORY_MISMATCH' }),
    );
  });

  test('a module that is well formed but not valid', () => {
    const wasm = assemble(`(module ${memory} (func (result i32) (i32.const 1)))`);
    wasm[wasm.lastIndexOf(0x41)] = 0x42; // i64.const where the type says i32
    expect(() => rewrite(wasm, options(VARIANTS[2]))).toThrow(
      expect.objectContaining({ code: 'WASM_INVALID' }),
    );
  });
});

/** Every instruction that computes, loads or stores, against V8's own: result, trap and memory alike. */
import { describe, expect, test } from 'vitest';
import { INSTRUCTIONS, STATUS, TRAPS } from '#shared/machine/isa.ts';
import { assemble } from '#shared/machine/wasm/fixture.ts';
import { type Assembled, assembleCode } from './assembler.ts';
import { Machine } from './machine.ts';
import type { RunnableProgram } from './program.ts';
import { Random } from './random.ts';

type Width = 32 | 64;
/** WebAssembly's name of an instruction, and whether its operands and result are i32. */
interface Twin {
  readonly op: string;
  readonly wasm: string;
  readonly width: Width;
  readonly result: Width;
  readonly operands: 1 | 2;
}

const twin = (op: string, wasm: string, operands: 1 | 2, result?: Width): Twin => {
  const width = wasm.startsWith('i32') ? 32 : 64;
  return { op, wasm, width, result: result ?? width, operands };
};
const ARITHMETIC = 'add sub mul shl shr_u shr_s rotl rotr div_u div_s rem_u rem_s'.split(' ');
const bothWidths = (name: string) => [
  twin(`${name}32`, `i32.${name}`, 2),
  twin(`${name}64`, `i64.${name}`, 2),
];
const sized = (name: string) =>
  [32, 64].map((width) => {
    const [base, sign] = name.split('_');
    return twin(sign ? `${base}_${sign}${width}` : `${name}${width}`, `i${width}.${name}`, 2);
  });
const COMPARISONS = ['eq', 'ne', 'lt_u', 'le_u', 'lt_s', 'le_s', 'gt_u', 'ge_u', 'gt_s', 'ge_s'];
const comparison = (name: string) =>
  [32, 64].map((width) =>
    twin(name.endsWith('_s') ? `${name}${width}` : name, `i${width}.${name}`, 2, 32),
  );
const TWINS: Twin[] = [
  ...['and', 'or', 'xor'].flatMap((name) => [
    twin(name, `i32.${name}`, 2),
    twin(name, `i64.${name}`, 2),
  ]),
  ...ARITHMETIC.flatMap((name) => (name.includes('_') ? sized(name) : bothWidths(name))),
  ...COMPARISONS.flatMap(comparison),
  ...['clz', 'ctz'].flatMap((name) => [
    twin(`${name}32`, `i32.${name}`, 1),
    twin(`${name}64`, `i64.${name}`, 1),
  ]),
  twin('popcnt', 'i32.popcnt', 1),
  twin('popcnt', 'i64.popcnt', 1),
];

const EDGES = [
  0n,
  1n,
  2n,
  3n,
  7n,
  31n,
  32n,
  33n,
  63n,
  64n,
  65n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0x8000_0001n,
  0xffff_fffen,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0x8000_0000_0000_0001n,
  0xffff_ffff_ffff_fffen,
  0xffff_ffff_ffff_ffffn,
];
const NAMES = new Set(INSTRUCTIONS.map(({ name }) => name));
const clip = (value: bigint, width: Width) => BigInt.asUintN(width, value);
const toWasm = (value: bigint, width: Width) =>
  width === 32 ? Number(BigInt.asIntN(32, value)) : BigInt.asIntN(64, value);
const fromWasm = (value: number | bigint, width: Width) => BigInt.asUintN(width, BigInt(value));

function trapOf(error: unknown): number {
  const { message } = error as Error;
  if (/divide by zero|remainder by zero/.test(message)) return TRAPS.DIVISION_BY_ZERO;
  if (/result unrepresentable/.test(message)) return TRAPS.INTEGER_OVERFLOW;
  if (/out of bounds/.test(message)) return TRAPS.OUT_OF_BOUNDS;
  throw error;
}

const one = (
  instruction: Assembled,
  more: Partial<RunnableProgram> = {},
): { program: RunnableProgram } => ({
  program: {
    code: assembleCode([{ op: 'halt' }, instruction, { op: 'return_value', a: 3 }]),
    entries: new Map([
      ['f', { address: 16, parameters: ['i64', 'i64'], results: ['i64'], frameSize: 4 }],
    ]),
    globals: [],
    pages: 0,
    maxPages: 0,
    data: [],
    ...more,
  },
});

const module = (bytes: Uint8Array) => new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);

/** Runs both on a pair and compares. */
function compare(twin: Twin, run: (x: bigint, y: bigint) => readonly [number, bigint]) {
  const { wasm, width, operands, result } = twin;
  const type = `i${width}`;
  const second = operands === 2 ? '(local.get 1)' : '';
  const text = `(module (func (export "f") (param ${type} ${type}) (result i${result})
    (${wasm} (local.get 0) ${second})))`;
  const { exports } = new WebAssembly.Instance(module(assemble(text)));
  const v8 = exports.f as (x: number | bigint, y: number | bigint) => number | bigint;
  const random = new Random(width + wasm.length);
  const values = [...EDGES, ...Array.from({ length: 6 }, () => random.u64())];
  for (const x of new Set(values.map((value) => clip(value, width)))) {
    for (const y of new Set(values.map((value) => clip(value, width)))) {
      let expected: readonly [number, bigint];
      try {
        expected = [0, fromWasm(v8(toWasm(x, width), toWasm(y, width)), result)];
      } catch (error) {
        expected = [trapOf(error), 0n];
      }
      if (String(run(x, y)) !== String(expected)) {
        expect({ x, y, machine: run(x, y) }).toEqual({ x, y, machine: expected });
      }
      if (operands === 1) break;
    }
  }
}

function outcome(machine: Machine, args: readonly bigint[]) {
  const { status, trap, result } = machine.call('f', args);
  expect(status).toBe(trap === 0 ? STATUS.FINISHED : STATUS.TRAPPED);
  return [trap, result] as const;
}

describe('arithmetic equals V8', () => {
  const registers = TWINS.filter(({ op }) => NAMES.has(op));
  test.each(registers)('$op = $wasm', (twin) => {
    const machine = new Machine(one({ op: twin.op, dst: 3, a: 1, b: 2 }).program);
    compare(twin, (x, y) => outcome(machine, [x, y]));
  });

  const immediates = TWINS.filter(({ op }) => NAMES.has(`${op}_imm`));
  test.each(immediates)('$op with a constant = $wasm', (twin) => {
    const machines = new Map<bigint, Machine>();
    compare(twin, (x, y) => {
      let machine = machines.get(y);
      if (machine === undefined) {
        machine = new Machine(one({ op: `${twin.op}_imm`, dst: 3, a: 1, imm: y }).program);
        machines.set(y, machine);
      }
      return outcome(machine, [x, 0n]);
    });
  });

  test('every instruction of two operands was met', () => {
    const met = new Set(TWINS.flatMap(({ op }) => [op, `${op}_imm`]));
    const wanted = INSTRUCTIONS.filter(({ form }) => form === 'dst a b' || form === 'dst a imm');
    expect(wanted.map(({ name }) => name).filter((name) => !met.has(name))).toEqual([]);
  });

  // WebAssembly's sign extensions are not in its first version: shifts say the same.
  test.each([
    ['extend8_s32', 8, 32],
    ['extend16_s32', 16, 32],
    ['extend8_s64', 8, 64],
    ['extend16_s64', 16, 64],
    ['extend32_s64', 32, 64],
  ] as const)('%s', (op, from, to) => {
    const machine = new Machine(one({ op, dst: 3, a: 1 }).program);
    for (const x of EDGES) {
      expect(outcome(machine, [x, 0n])).toEqual([0, BigInt.asUintN(to, BigInt.asIntN(from, x))]);
    }
  });

  test.each([
    ['add32', (x: bigint, y: bigint) => x + y],
    ['sub32', (x: bigint, y: bigint) => x - y],
    ['mul32', (x: bigint, y: bigint) => x * y],
    ['shl32', (x: bigint, y: bigint) => x << (y & 31n)],
  ] as const)('%s takes operands with upper bits and leaves none', (op, meaning) => {
    const machine = new Machine(one({ op, dst: 3, a: 1, b: 2 }).program);
    for (const x of EDGES) {
      for (const y of EDGES) {
        expect(outcome(machine, [x, y])).toEqual([0, BigInt.asUintN(32, meaning(x, y))]);
      }
    }
  });
});

const LOADS: [string, string][] = [
  ['load8_u', 'i32.load8_u'],
  ['load16_u', 'i32.load16_u'],
  ['load32_u', 'i64.load32_u'],
  ['load64', 'i64.load'],
  ['load8_s32', 'i32.load8_s'],
  ['load16_s32', 'i32.load16_s'],
  ['load8_s64', 'i64.load8_s'],
  ['load16_s64', 'i64.load16_s'],
  ['load32_s64', 'i64.load32_s'],
];
const STORES: [string, string][] = [
  ['store8', 'i64.store8'],
  ['store16', 'i64.store16'],
  ['store32', 'i64.store32'],
  ['store64', 'i64.store'],
];
const PAGES = 2;
const BYTES = PAGES * 65536;
const WINDOWS = [0, 65536 - 64, BYTES - 64];
const PLACES = [
  ...Array.from({ length: 34 }, (_, i) => i),
  ...[9, 8, 7, 4, 3, 2, 1, 0].map((left) => BYTES - left),
  ...[65520, 65529, 65535, 0xffff_ffff, 0x8000_0000],
];
const OFFSETS = [0, 1, 31, BYTES - 1, 0xffff_ffff];

function v8Memory(body: string): WebAssembly.Instance {
  const text = `(module (memory (export "memory") ${PAGES}) ${body})`;
  return new WebAssembly.Instance(module(assemble(text)));
}

function fill(instance: WebAssembly.Instance) {
  const memory = new Uint8Array((instance.exports.memory as WebAssembly.Memory).buffer);
  const random = new Random(7);
  const data = WINDOWS.map((offset) => ({ offset, bytes: random.bytes(64) }));
  for (const { offset, bytes } of data) memory.set(bytes, offset);
  return { memory, data };
}

describe('memory equals V8', () => {
  test.each(LOADS)('%s = %s', (op, wasm) => {
    const width = wasm.startsWith('i32') ? 32 : 64;
    for (const offset of OFFSETS) {
      const body = `(func (export "f") (param i32) (result i${width})
        (${wasm} offset=${offset} align=1 (local.get 0)))`;
      const instance = v8Memory(body);
      const { data } = fill(instance);
      const load = instance.exports.f as (at: number) => number | bigint;
      const memory = { pages: PAGES, maxPages: PAGES, data };
      const machine = new Machine(one({ op, dst: 3, a: 1, imm: offset }, memory).program);
      for (const at of PLACES) {
        let expected: readonly [number, bigint];
        try {
          expected = [0, fromWasm(load(at | 0), width)];
        } catch (error) {
          expected = [trapOf(error), 0n];
        }
        expect([at, ...outcome(machine, [BigInt(at), 0n])]).toEqual([at, ...expected]);
        if (width === 64 || !NAMES.has(`${op}_at`)) continue;
        const fixed = { op: `${op}_at`, dst: 3, imm: at + offset };
        expect(outcome(new Machine(one(fixed, memory).program), [0n, 0n])).toEqual(expected);
      }
    }
  });

  test.each(STORES)('%s = %s', (op, wasm) => {
    for (const offset of OFFSETS) {
      const body = `(func (export "f") (param i32 i64)
        (${wasm} offset=${offset} align=1 (local.get 0) (local.get 1)))`;
      const instance = v8Memory(body);
      const { memory, data } = fill(instance);
      const store = instance.exports.f as (at: number, value: bigint) => void;
      const shape = { pages: PAGES, maxPages: PAGES, data };
      const machine = new Machine(one({ op, a: 1, b: 2, imm: offset }, shape).program);
      const fixed = new Machine({ ...one({ op: 'halt' }, shape).program });
      for (const [i, at] of PLACES.entries()) {
        const value = 0x0123_4567_89ab_cdefn * BigInt(2 * i + 1);
        let expected = 0;
        try {
          store(at | 0, BigInt.asIntN(64, value));
        } catch (error) {
          expected = trapOf(error);
        }
        const word = BigInt.asUintN(64, value);
        expect([at, outcome(machine, [BigInt(at), word])[0]]).toEqual([at, expected]);
        const atFixed = { op: `${op}_at`, b: 2, imm: at + offset };
        const once = new Machine(one(atFixed, shape).program, { memory: fixed.memory() });
        expect(outcome(once, [0n, word])[0]).toBe(expected);
        if (expected !== 0) continue;
        const near = Math.max(0, at + offset - 40);
        const now = once.memory().readBytes(near, Math.min(80, BYTES - near));
        const before = fixed.memory().readBytes(near, now.length);
        const changed = now.filter((byte, k) => byte !== before[k]).length;
        expect(changed).toBeLessThanOrEqual(8);
      }
      for (const window of WINDOWS) {
        const bytes = machine.memory().readBytes(window, 64);
        expect(bytes).toEqual(memory.slice(window, window + 64));
      }
    }
  });
});

import binaryen from 'binaryen';
import { describe, expect, test } from 'vitest';
import { WasmError } from './errors.ts';
import { assemble, everyAccess } from './fixture.ts';
import { OPCODES, refusedName } from './opcodes.ts';
import { instructionsOf, parseModule } from './parse.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

test('a module is read as it was written', () => {
  const module = parseModule(everyAccess());
  expect(module.imports).toMatchObject([{ module: 'host', name: 'observe', kind: 'function' }]);
  expect(module.memories).toEqual([{ min: 3, max: 3 }]);
  expect(module.tables).toEqual([{ min: 2, max: 2 }]);
  expect(module.globals).toMatchObject([{ type: 'i32', mutable: true, init: { value: 7n } }]);
  expect(module.elements).toMatchObject([{ offset: { value: 0n }, functions: [1, 2] }]);
  expect(module.data).toMatchObject([{ offset: { value: 300n } }]);
  expect(module.exports.find(({ name }) => name === 'apply')?.kind).toBe('function');
});

test('instructions carry their immediates and cover the body without a gap', () => {
  const wasm = assemble(`(module (memory 1) (func (param i32) (result i64)
    (block (block (br_table 0 1 0 (local.get 0))))
    (i64.store32 offset=70000 align=2 (i32.const -5) (i64.const -9223372036854775808))
    (i64.const 4294967296)))`);
  const { functions, bytes } = parseModule(wasm);
  const body = functions[0] ?? { start: 0, end: 0 };
  const list = [...instructionsOf(bytes, body.start, body.end)];
  for (const [i, { start }] of list.entries()) expect(start).toBe(list[i - 1]?.end ?? body.start);
  expect(list.at(-1)).toMatchObject({ end: body.end, opcode: { name: 'end' } });
  expect(list.find(({ opcode }) => opcode.name === 'br_table')?.labels).toHaveLength(2);
  const store = list.find(({ opcode }) => opcode.name === 'i64.store32');
  expect(store).toMatchObject({ align: 1, offset: 70000 });
  const constants = list.filter(({ opcode }) => opcode.name.endsWith('.const'));
  expect(constants.map(({ value }) => value)).toEqual([-5n, -(2n ** 63n), 2n ** 32n]);
});

test('the table has the integer instructions of WebAssembly 1.0 under their numbers', () => {
  const numbers = { 'i32.load': 0x28, 'i64.store32': 0x3e, 'i32.eqz': 0x45, 'i64.ge_u': 0x5a };
  const more = {
    'i32.clz': 0x67,
    'i64.rotr': 0x8a,
    'i32.wrap_i64': 0xa7,
    'i64.extend_i32_u': 0xad,
  };
  for (const [name, code] of Object.entries({ ...numbers, ...more })) {
    expect(OPCODES.get(code)?.name).toBe(name);
  }
  expect(refusedName(0xbf)).toBe('f64.reinterpret_i64');
  expect(refusedName(0x38)).toBe('f32.store');
  // 24 of control and variables, 19 loads and stores, 22 comparisons, 36 of arithmetic, 3 conversions.
  expect(OPCODES.size).toBe(104);
});

describe('outside the subset', () => {
  test.each([
    ['Type f64', '(func (param f64))'],
    ['f32.const', '(func (drop (f32.const 1)))'],
    [
      'f64.reinterpret_i64',
      '(func (result i64) (i64.trunc_f64_s (f64.reinterpret_i64 (i64.const 0))))',
    ],
    ['sign-extension', '(func (result i32) (i32.extend8_s (i32.const 1)))'],
    ['bulk-memory', '(memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))'],
    ['v128', '(func (param v128))'],
    ['A second memory', '(memory 1) (memory 1)'],
    ['A second table', '(table 1 funcref) (table 1 funcref)'],
    ['A table of anything but functions', '(table 1 externref)'],
    ['Shared or 64-bit memory', '(memory 1 1 shared)'],
    [
      'several results',
      '(type (func (result i32 i32))) (func (type 0) (i32.const 1) (i32.const 1))',
    ],
  ])('%s is named and refused', (words, body) => {
    const wasm = assemble(`(module ${body})`, binaryen.Features.All);
    expect(() => parseModule(wasm)).toThrow(
      expect.objectContaining({
        code: 'WASM_UNSUPPORTED',
        message: expect.stringContaining(words),
      }),
    );
  });
});

test('no prefix of a module, and no module with a byte changed, throws anything but a WasmError', () => {
  const wasm = everyAccess();
  const check = (bytes: Uint8Array) => {
    try {
      for (const { start, end } of parseModule(bytes).functions) expect(end).toBeGreaterThan(start);
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(WasmError);
      return false;
    }
  };
  const sections = parseModule(wasm).sections.map(({ end }) => end);
  for (let length = 0; length < wasm.length; length += 3) {
    if (!sections.includes(length) && length !== 8)
      expect(check(wasm.subarray(0, length))).toBe(false);
  }
  for (let i = 0; i < wasm.length; i += 5) {
    const changed = wasm.slice();
    changed[i] = (changed[i] as number) ^ 0xff;
    check(changed);
  }
});

test('LEB128 integers round-trip, and forms that are too long are refused', () => {
  for (const value of [0, 1, 63, 64, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]) {
    expect(new Reader(new Writer().u32(value).finish()).u32()).toBe(value);
    expect(new Reader(new Writer().s32(value).finish()).s32()).toBe(value | 0);
    expect(new Reader(new Writer().s32(-value).finish()).s32()).toBe(-value | 0);
  }
  const malformed = expect.objectContaining({ code: 'WASM_MALFORMED' });
  expect(() => new Reader(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x10)).u32()).toThrow(malformed);
  expect(() => new Reader(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x70)).s32()).toThrow(malformed);
  expect(() => new Reader(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0)).s32()).toThrow(malformed);
  const truncated = expect.objectContaining({ code: 'WASM_TRUNCATED' });
  expect(() => new Reader(Uint8Array.of(0x80)).u32()).toThrow(truncated);
});

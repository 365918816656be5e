import { describe, expect, test } from 'vitest';
import { Writer } from '#shared/machine/wasm/writer.ts';
import { Machine } from '../run/machine.ts';
import { Trio } from './testing/differential.ts';
import { vector } from './testing/stack-body.ts';

// Found by random modules, and written as bytes: an assembler from text would keep the values in locals of its own.

const I32 = 0x7f;
const I64 = 0x7e;
const type = (params: readonly number[], results: readonly number[]) =>
  new Writer().byte(0x60).sized(Uint8Array.from(params)).sized(Uint8Array.from(results)).finish();

const [LESS, MORE, LOCAL_0, LOCAL_1] = [1, 2, [0x20, 0], [0x20, 1]];
const constant = (value: number) => [0x41, value];
const call = (index: number) => [0x10, index];
const [IF, ELSE, END, ADD, SUB, MUL] = [0x04, 0x05, 0x0b, 0x6a, 0x6b, 0x6c];

/** The code of each function, and the type of each; the last is exported as "f". Its table has the functions 1 and 2. */
function trioOf(types: readonly Uint8Array[], functions: readonly (readonly [number, number[]])[]) {
  const section = (id: number, content: Uint8Array) =>
    new Writer().byte(id).sized(content).finish();
  const exported = new Writer()
    .text('f')
    .byte(0)
    .u32(functions.length - 1)
    .finish();
  const bodies = functions.map(([, code]) =>
    new Writer().sized(Uint8Array.of(0, ...code, END)).finish(),
  );
  const wasm = new Writer()
    .bytes(Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0))
    .bytes(section(1, vector(types)))
    .bytes(section(3, Uint8Array.of(functions.length, ...functions.map(([index]) => index))))
    .bytes(section(4, Uint8Array.of(1, 0x70, 0, 2)))
    .bytes(section(7, vector([exported])))
    .bytes(section(9, Uint8Array.of(1, 0, 0x41, 0, END, 2, LESS, MORE)))
    .bytes(section(10, vector(bodies)));
  return new Trio(wasm.finish());
}

describe('several results of a call', () => {
  const types = [type([I32], [I32, I32, I32]), type([I32], [I32])];
  const three: [number, number[]] = [0, [...constant(7), ...constant(5), ...LOCAL_0]];
  const less: [number, number[]] = [1, [...LOCAL_0, ...constant(1), SUB]];
  const more: [number, number[]] = [1, [...LOCAL_0, ...constant(1), ADD]];

  test("do not overwrite an if's condition on their way to become an argument", () => {
    const choice = [
      ...LOCAL_0,
      ...call(0),
      IF,
      1,
      ...call(LESS),
      ELSE,
      ...constant(1),
      ADD,
      END,
      ADD,
    ];
    const trio = trioOf(types, [three, less, more, [1, choice]]);
    expect(trio.call('f', 1n).result).toBe(11n);
    expect(trio.call('f', 0n).result).toBe(13n);
  });

  test('do not overwrite the index of an indirect call', () => {
    const choice = [...LOCAL_0, ...call(0), 0x11, 1, 0, ADD];
    const trio = trioOf(types, [three, less, more, [1, choice]]);
    expect(trio.call('f', 0n).result).toBe(11n);
    expect(trio.call('f', 1n).result).toBe(13n);
    expect(trio.call('f', 2n).result).toBeUndefined();
  });
});

test('an export with several results leaves the others behind the globals', () => {
  const types = [type([I32, I64], [I64, I32, I64, I32])];
  const turn = [...LOCAL_1, ...LOCAL_0, 0x42, 3, ...LOCAL_0, ...constant(1), ADD];
  const trio = trioOf(types, [
    [0, turn],
    [0, turn],
    [0, turn],
    [0, [...LOCAL_0, ...LOCAL_1, ...call(0)]],
  ]);
  expect(trio.call('f', 0xffff_ffffn, 1n << 63n).result).toBe(1n << 63n);
  const machine = new Machine(trio.program);
  const { results } = machine.call('f', [7n, 9n]);
  expect(results).toEqual([9n, 7n, 3n, 8n]);
});

test("an if's parameter that one arm only sees as another type keeps out of the way of later values", () => {
  const types = [type([I64, I32, I32], [I32]), type([I64], [I32]), type([I64, I32], [I32])];
  const sum: [number, number[]] = [0, [...LOCAL_0, 0xa7, ...LOCAL_1, 0x20, 2, SUB, ADD]];
  const same: [number, number[]] = [1, [...LOCAL_0, 0xa7]];
  const choice = [
    ...[...LOCAL_0, 0x42, 1, 0x7c, ...LOCAL_1, IF, 1],
    ...[0xa7, ...constant(25), ...LOCAL_1, MUL, ADD],
    ...[ELSE, ...constant(9), ...constant(4), ...call(0), END],
  ];
  const trio = trioOf(types, [sum, same, same, [2, choice]]);
  expect(trio.call('f', 41n, 0n).result).toBe(47n);
  expect(trio.call('f', 41n, 2n).result).toBe(92n);
});

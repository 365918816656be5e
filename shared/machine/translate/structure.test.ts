import binaryen from 'binaryen';
import { describe, expect, test } from 'vitest';
import { Code } from '#shared/machine/wasm/code.ts';
import { assemble } from '#shared/machine/wasm/fixture.ts';
import { Writer } from '#shared/machine/wasm/writer.ts';
import { keccak256 } from '#shared/protocol/keccak.ts';
import { TRAPS } from '../isa.ts';
import { Trio } from './testing/differential.ts';
import { Twin } from './testing/twin.ts';
import { entryOf, translate } from './translate.ts';

const ALL = binaryen.Features.All;
const trioOf = (text: string) => new Trio(assemble(text, ALL));

describe('calls', () => {
  test('arguments are in their places, however deep the calls are nested', () => {
    const trio = trioOf(`(module
      (func $sub (param i32 i32) (result i32) (i32.sub (local.get 0) (local.get 1)))
      (func $mix (param i32 i64 i32) (result i64)
        (i64.add (i64.mul (local.get 1) (i64.const 10)) (i64.extend_i32_u (call $sub (local.get 0) (local.get 2)))))
      (func $nothing (param i32) (if (local.get 0) (then (return))))
      (func (export "nested") (param i32 i32) (result i64)
        (call $mix
          (call $sub (call $sub (local.get 0) (i32.const 3)) (call $sub (local.get 1) (local.get 0)))
          (call $mix (local.get 1) (i64.const 7) (call $sub (i32.const 100) (local.get 0)))
          (i32.add (local.get 0) (call $sub (local.get 0) (local.get 1)))))
      (func (export "waiting") (param i32 i32) (result i32)
        (i32.sub (local.get 0) (block (result i32)
          (call $nothing (local.get 1))
          (local.set 0 (call $sub (local.get 0) (local.get 1)))
          (call $sub (local.get 0) (i32.const 1)))))
      (func $even (export "even") (param i32) (result i32)
        (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1)) (else (call $odd (i32.sub (local.get 0) (i32.const 1))))))
      (func $odd (param i32) (result i32)
        (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0)) (else (call $even (i32.sub (local.get 0) (i32.const 1))))))
      (func $forever (export "forever") (call $forever)))`);
    for (const a of [0n, 5n, 0xffff_ffffn]) {
      for (const b of [1n, 9n, 0x8000_0000n]) {
        trio.call('nested', a, b);
        trio.call('waiting', a, b);
      }
    }
    expect(trio.call('even', 100n).result).toBe(1n);
    expect(trio.call('even', 777n).result).toBe(0n);
    expect(trio.call('forever').trap).toBe(TRAPS.CALL_STACK_EXHAUSTED);
    // The machine's own limit, which V8 does not share.
    expect(trio.twin.call('even', 1_022n)).toBe(1n);
    expect(trio.twin.call('even', 1_023n)).toBeUndefined();
    expect(trio.twin.trap).toBe(TRAPS.CALL_STACK_EXHAUSTED);
  });

  test('several results change places on their way back', () => {
    const trio = trioOf(`(module
      (func $turn (param i32 i32 i32) (result i32 i32 i32 i32)
        local.get 0 local.get 1 local.get 0 local.get 2)
      (func $circle (param i32 i32 i32) (result i32 i32 i32 i32)
        local.get 2 local.get 1 local.get 2 local.get 0)
      (func $early (param i32 i32 i32) (result i32 i32 i32 i32)
        (if (i32.lt_u (local.get 0) (i32.const 3)) (then local.get 1 local.get 2 local.get 0 i32.const 9 return))
        local.get 2 local.get 2 local.get 1 local.get 1)
      ${['turn', 'circle', 'early']
        .map(
          (
            name,
          ) => `(func (export "${name}") (param i32 i32 i32) (result i32) (local i32 i32 i32 i32)
        local.get 0 local.get 1 local.get 2 call $${name}
        local.set 6 local.set 5 local.set 4 local.set 3
        (i32.add (i32.mul (i32.const 1000) (local.get 3)) (i32.add (i32.mul (i32.const 100) (local.get 4))
          (i32.add (i32.mul (i32.const 10) (local.get 5)) (local.get 6)))))`,
        )
        .join('\n')})`);
    expect(trio.call('turn', 1n, 2n, 3n).result).toBe(1213n);
    expect(trio.call('circle', 1n, 2n, 3n).result).toBe(3231n);
    expect(trio.call('early', 1n, 2n, 3n).result).toBe(2319n);
    expect(trio.call('early', 4n, 2n, 3n).result).toBe(3322n);
  });

  test('an arm that returns leaves nothing behind for those who come after the if', () => {
    const trio = trioOf(`(module
      (func (export "f") (param i32 i32) (result i32)
        (i32.sub (local.get 1) (block (result i32)
          (if (local.get 0) (then (return (i32.const 406))))
          (i32.add (local.get 0) (i32.const 5))))))`);
    expect(trio.call('f', 0n, 100n).result).toBe(95n);
    expect(trio.call('f', 1n, 100n).result).toBe(406n);
  });

  test('through the table: each entry, the wrong type, none, and beyond', () => {
    const trio = trioOf(`(module
      (table 5 funcref) (elem (i32.const 1) $double $square $sum)
      (func $double (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
      (func $square (param i32) (result i32) (i32.mul (local.get 0) (local.get 0)))
      (func $sum (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
      (func (export "one") (param i32 i32) (result i32)
        (i32.add (i32.const 1000) (call_indirect (param i32) (result i32) (local.get 1) (local.get 0))))
      (func (export "two") (param i32 i32) (result i32)
        (call_indirect (param i32 i32) (result i32) (local.get 1) (i32.const 4) (local.get 0)))
      (func (export "none") (param i32) (call_indirect (local.get 0))))`);
    for (const entry of [0n, 1n, 2n, 3n, 4n, 5n, 6n, 0xffff_ffffn]) {
      trio.call('one', entry, 12n);
      trio.call('two', entry, 12n);
      trio.call('none', entry);
    }
    expect(trio.call('one', 2n, 12n).result).toBe(1144n);
    expect(trio.twin.call('one', 3n, 1n)).toBeUndefined();
    expect(trio.twin.trap).toBe(TRAPS.INDIRECT_TYPE);
    expect(trio.twin.call('one', 4n, 1n)).toBeUndefined();
    expect(trio.twin.trap).toBe(TRAPS.UNDEFINED_ELEMENT);
  });

  test('of the host', () => {
    const trio = trioOf(`(module
      (import "host" "readCommand" (func $read (param i32) (result i32)))
      (import "host" "keccak256" (func $keccak (param i32 i32 i32)))
      (import "host" "emit" (func $emit (param i32 i32)))
      (memory (export "memory") 1 1)
      (func (export "f") (param i32) (result i32) (local i32)
        (local.set 1 (call $read (local.get 0)))
        (call $keccak (local.get 0) (local.get 1) (i32.const 64))
        (call $emit (i32.const 1) (i32.const 64))
        (i32.add (local.get 1) (i32.load (i32.const 64)))))`);
    trio.input = new Uint8Array(200).map((_, i) => i * 7);
    const results = [100n, 5_001n, 40n].map((at) => trio.call('f', at).result);
    const hash = new DataView(keccak256(new Uint8Array(200).map((_, i) => i * 7)).buffer);
    // The last overlaps what it hashes: all of it is read first.
    expect(results).toEqual(new Array(3).fill(200n + BigInt(hash.getUint32(0, true))));
    trio.input = new Uint8Array(0);
    trio.call('f', 65_536n);
  });
});

describe('the module around the functions', () => {
  test('globals, data and the start function', () => {
    const trio = trioOf(`(module
      (memory (export "memory") 1 2)
      (global $fixed i64 (i64.const 0x123456789abcdef0))
      (global $count (export "count") (mut i32) (i32.const -2))
      (global $wide (export "wide") (mut i64) (i64.const -3))
      (global (export "answer") i32 (i32.const 42))
      (data (i32.const 10) "first") (data (i32.const 12) "second")
      (func $begin (global.set $count (i32.add (global.get $count) (i32.const 10))))
      (start $begin)
      (func (export "f") (param i32) (result i64)
        (global.set $count (i32.mul (global.get $count) (local.get 0)))
        (global.set $wide (i64.sub (global.get $wide) (global.get $fixed)))
        (i64.load (i32.const 10))))`);
    expect(trio.call('f', 3n).result).toBe(
      BigInt(`0x${Buffer.from('fisecond').reverse().toString('hex')}`),
    );
    trio.call('f', 0xffff_ffffn);
    expect(trio.program.globals.length).toBe(2);
  });

  test('a start function that traps leaves no instance', () => {
    const program = translate(
      assemble('(module (func $t unreachable) (start $t) (func (export "f")))'),
    );
    expect(() => new Twin(program)).toThrow('The start function traps: 1.');
  });

  test('nesting has no depth', () => {
    const depth = 20_000;
    const code = new Code();
    for (let i = 0; i < depth; i++) code.open(i % 3 === 0 ? 'loop' : 'block');
    code.op('local.get', 0).i32(5).op('i32.add').op('local.set', 0);
    for (let i = 0; i < depth; i++) code.op('end');
    code.op('local.get', 0).op('end');
    const trio = new Trio(oneFunction(code.finish()));
    expect(trio.call('f', 7n).result).toBe(12n);
  });

  test('a br_table of 20,000 entries', () => {
    const code = new Code()
      .open('block')
      .open('block')
      .op('local.get', 0)
      .op('br_table')
      .u32(20_000);
    for (let i = 0; i < 20_000; i++) code.u32(i % 2);
    code.u32(0).op('end').i32(111).op('return').op('end').i32(222).op('end');
    const trio = new Trio(oneFunction(code.finish()));
    expect(trio.call('f', 19_998n).result).toBe(111n);
    expect(trio.call('f', 19_999n).result).toBe(222n);
    expect(trio.call('f', 20_000n).result).toBe(111n);
    expect(trio.call('f', 0xffff_ffffn).result).toBe(111n);
  });
});

/** A module that exports f: i32 to i32 with this body. */
function oneFunction(instructions: Uint8Array): Uint8Array {
  const body = new Writer().u32(0).bytes(instructions).finish();
  const section = (id: number, content: Uint8Array | readonly number[]) =>
    new Writer().byte(id).sized(Uint8Array.from(content)).finish();
  return new Writer()
    .bytes([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0])
    .bytes(section(1, [1, 0x60, 1, 0x7f, 1, 0x7f]))
    .bytes(section(3, [1, 0]))
    .bytes(section(7, [1, 1, 0x66, 0, 0]))
    .bytes(section(10, new Writer().u32(1).sized(body).finish()))
    .finish();
}

describe('what is out is refused by name', () => {
  test('a function, with the exports that reach it, and no other', () => {
    const program = translate(
      assemble(
        `(module
          (func $float (param i32) (result i32) (i32.trunc_f64_s (f64.convert_i32_s (local.get 0))))
          (func $between (param i32) (result i32) (call $float (local.get 0)))
          (func (export "bad") (param i32) (result i32) (call $between (local.get 0)))
          (func (export "worse") (param f32) (result i32) (i32.const 1))
          (func (export "local") (result i32) (local f64) (i32.const 1))
          (func (export "good") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))`,
        ALL,
      ),
    );
    expect([...program.entries.keys()]).toEqual(['good']);
    expect(new Twin(program).call('good', 41n)).toBe(42n);
    expect(program.refused.get('bad')).toMatch(
      /^function 0: f64.convert_i32_s at byte \d+ is outside/,
    );
    expect(program.refused.get('worse')).toMatch(
      /^function 3 \("worse"\): A parameter or result of type f32/,
    );
    expect(program.refused.get('local')).toContain('A local of type f64');
    expect(() => entryOf(program, 'bad')).toThrow(
      '"bad" cannot run on the machine: function 0: f64.convert_i32_s',
    );
    expect(() => entryOf(program, 'nobody')).toThrow(
      'The program has no entry "nobody". It has "good".',
    );
  });

  test.each([
    [
      'an import',
      '(import "env" "now" (func $now (result i32))) (func (export "f") (result i32) (call $now))',
      'imported function "env.now"',
    ],
    [
      'a host function of another type',
      '(import "host" "emit" (func $emit (param i64))) (func (export "f") (call $emit (i64.const 1)))',
      'host function "emit" with another type',
    ],
    [
      'bulk memory',
      '(memory 1) (func (export "f") (memory.fill (i32.const 0) (i32.const 0) (i32.const 1)))',
      'bulk-memory',
    ],
    ['SIMD', '(func (export "f") (drop (v128.const i32x4 0 0 0 0)))', 'SIMD'],
    [
      'an imported table',
      '(import "env" "t" (table 1 funcref)) (func (export "f") (call_indirect (i32.const 0)))',
      'imported table',
    ],
    [
      'an imported global',
      '(import "env" "g" (global i32)) (func (export "f") (result i32) (global.get 0))',
      'global 0, imported',
    ],
    [
      'an atomic',
      '(memory 1 1) (func (export "f") (drop (i32.atomic.load (i32.const 0))))',
      'atomic',
    ],
    ['a tail call', '(func $g) (func (export "f") (return_call $g))', '0x12'],
    [
      'too many locals',
      `(func (export "f") (local ${'i64 '.repeat(2_047)}))`,
      'registers, more than 2047',
    ],
  ])('%s', (_, body, words) => {
    const wasm = assemble(`(module ${body})`, ALL);
    expect(translate(wasm).refused.get('f')).toContain(words);
    expect(() => translate(wasm, { exports: ['f'] })).toThrow(words);
  });

  test.each([
    [
      'an imported memory',
      '(import "env" "m" (memory 1)) (func (export "f"))',
      'imports its memory ("env.m")',
    ],
    [
      'data beyond the memory',
      '(memory 1) (data (i32.const 65530) "0123456") (func (export "f"))',
      'does not fit into 1 pages',
    ],
    [
      'a start function with floats',
      '(func $s (drop (f32.add (f32.const 1) (f32.const 2)))) (start $s) (func (export "f"))',
      'start function cannot run',
    ],
    ['an export that is not there', '(func (export "g"))', 'exports no function "f"'],
  ])('%s: the module', (_, body, words) => {
    const wasm = assemble(`(module ${body})`, ALL);
    expect(() => translate(wasm, { exports: ['f'] })).toThrow(words);
  });

  test('bytes that are no module', () => {
    expect(() => translate(new Uint8Array(20))).toThrow('no valid WebAssembly module');
  });
});

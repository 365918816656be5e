import binaryen from 'binaryen';
import { describe, expect, test } from 'vitest';
import {
  assemble,
  everyAccess,
  LOAD_ACCESSES,
  OFFSETS,
  STATE_BYTES,
  STORE_ACCESSES,
} from '#shared/machine/wasm/fixture.ts';
import { Trio } from './testing/differential.ts';

const trioOf = (text: string, features?: number) => new Trio(assemble(text, features));
const ALL = binaryen.Features.All;

const EDGES32 = [
  0n,
  1n,
  2n,
  31n,
  32n,
  33n,
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
];
const EDGES64 = [
  ...EDGES32,
  63n,
  64n,
  65n,
  0x1_0000_0000n,
  0x1234_5678_9abc_def0n,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0x8000_0000_0000_0001n,
  0xffff_ffff_0000_0000n,
  0xffff_ffff_ffff_fffen,
  0xffff_ffff_ffff_ffffn,
];

const BINARY =
  'add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u'.split(
    ' ',
  );
const COMPARE = BINARY.slice(15);
const UNARY32 =
  'i32.clz i32.ctz i32.popcnt i32.eqz i64.extend_i32_s i64.extend_i32_u i32.extend8_s i32.extend16_s'.split(
    ' ',
  );
const UNARY64 =
  'i64.clz i64.ctz i64.popcnt i64.eqz i32.wrap_i64 i64.extend8_s i64.extend16_s i64.extend32_s'.split(
    ' ',
  );

describe("every operator on edge values is V8's", () => {
  for (const type of ['i32', 'i64'] as const) {
    const edges = type === 'i32' ? EDGES32 : EDGES64;
    const result = (name: string) => (COMPARE.includes(name) ? 'i32' : type);
    test.each(BINARY)(`${type}.%s of registers and of constants on either side`, (name) => {
      const trio = trioOf(`(module
        (func (export "both") (param ${type} ${type}) (result ${result(name)})
          (${type}.${name} (local.get 0) (local.get 1)))
        (func (export "branch") (param ${type} ${type}) (result i32)
          (if (result i32) (i32.wrap_i64 (i64.and (i64.const 0x1ffffffff)
              ${widened(`(${type}.${name} (local.get 0) (local.get 1))`, result(name))}))
            (then (i32.const 7)) (else (i32.const 9))))
        ${edges
          .map(
            (edge, i) => `
          (func (export "right${i}") (param ${type}) (result ${result(name)})
            (${type}.${name} (local.get 0) (${type}.const ${edge})))
          (func (export "left${i}") (param ${type}) (result ${result(name)})
            (${type}.${name} (${type}.const ${edge}) (local.get 0)))`,
          )
          .join('')}
        ${
          COMPARE.includes(name)
            ? edges
                .map(
                  (edge, i) => `
          (func (export "take${i}") (param ${type}) (result i32)
            (block $out (br_if $out (${type}.${name} (local.get 0) (${type}.const ${edge}))) (return (i32.const 1)))
            (i32.const 2))
          (func (export "skip${i}") (param ${type}) (result i32)
            (if (result i32) (i32.eqz (${type}.${name} (${type}.const ${edge}) (local.get 0)))
              (then (i32.const 1)) (else (i32.const 2))))`,
                )
                .join('')
            : ''
        })`);
      for (const a of edges) {
        for (const b of edges) for (const export_ of ['both', 'branch']) trio.call(export_, a, b);
        for (const i of edges.keys()) {
          trio.call(`right${i}`, a);
          trio.call(`left${i}`, a);
          if (!COMPARE.includes(name)) continue;
          trio.call(`take${i}`, a);
          trio.call(`skip${i}`, a);
        }
      }
    });
  }
  test.each([
    ...UNARY32.map((name) => [name, 'i32', EDGES32] as const),
    ...UNARY64.map((name) => [name, 'i64', EDGES64] as const),
  ])('%s', (name, type, edges) => {
    const to = name.endsWith('eqz') ? 'i32' : name.slice(0, 3);
    const trio = trioOf(
      `(module (func (export "f") (param ${type}) (result ${to}) (${name} (local.get 0)))
      ${edges.map((edge, i) => `(func (export "constant${i}") (result ${to}) (${name} (${type}.const ${edge})))`).join('')})`,
      ALL,
    );
    for (const [i, a] of edges.entries()) {
      trio.call('f', a);
      trio.call(`constant${i}`);
    }
  });
});

const widened = (code: string, type: string) =>
  type === 'i32' ? `(i64.extend_i32_u ${code})` : code;

describe('the upper bits of a wrapped number are never seen', () => {
  const wide = EDGES64.filter((edge) => edge > 0xffff_ffffn);
  const a = '(i32.wrap_i64 (local.get 0))';
  const b = '(i32.wrap_i64 (local.get 1))';
  const define = (name: string, result: string, code: string) =>
    `(func (export "${name}") (param i64 i64) (result ${result}) ${code})`;

  test('by operators, on either side, once and twice', () => {
    const trio = trioOf(`(module ${BINARY.map((name) =>
      [
        define(`${name}_ab`, 'i32', `(i32.${name} ${a} ${b})`),
        define(`${name}_ac`, 'i32', `(i32.${name} ${a} (i32.const 7))`),
        define(`${name}_cb`, 'i32', `(i32.${name} (i32.const 7) ${b})`),
        define(`${name}_wide`, 'i64', `(i64.extend_i32_u (i32.${name} ${a} ${b}))`),
        define(
          `${name}_masked`,
          'i64',
          `(i64.extend_i32_s (i32.xor (i32.or ${a} ${b}) (i32.${name} (i32.and ${a} ${b}) ${b})))`,
        ),
      ].join('\n'),
    ).join('\n')}
    ${['clz', 'ctz', 'popcnt', 'eqz', 'extend8_s', 'extend16_s']
      .map((name) => define(name, 'i32', `(i32.${name} ${a})`))
      .join('\n')})`);
    for (const name of trio.program.entries.keys()) {
      for (const x of wide) for (const y of EDGES64) trio.call(name, x, y);
    }
  });

  test('by whatever else takes an i32', () => {
    const trio = trioOf(`(module (memory (export "memory") 1 1)
      (global $g (export "g") (mut i32) (i32.const 0))
      (table 3 funcref) (elem (i32.const 0) $id $id $id)
      (func $id (param i32) (result i32) (local.get 0))
      ${[
        define('if', 'i32', `(if (result i32) ${a} (then (i32.const 1)) (else (i32.const 2)))`),
        define('br_if', 'i32', `(block $l (br_if $l ${a}) (return (i32.const 3))) (i32.const 4)`),
        define('br_value', 'i32', `(block $l (result i32) (drop (br_if $l ${a} ${b})) ${b})`),
        define(
          'table',
          'i32',
          `(block $x (block $y (br_table $x $y ${a})) (return (i32.const 1))) (i32.const 2)`,
        ),
        define(
          'select',
          'i32',
          `(select ${a} ${b} (i32.wrap_i64 (i64.add (local.get 0) (local.get 1))))`,
        ),
        define('call', 'i64', `(i64.extend_i32_u (call $id ${a}))`),
        define('indirect', 'i32', `(call_indirect (param i32) (result i32) ${b} ${a})`),
        define('load', 'i32', `(i32.load8_u ${a})`),
        define(
          'store',
          'i32',
          `(i32.store8 ${a} ${b}) (i32.store16 (i32.const 8) ${b}) (i32.store (i32.const 12) ${a}) ${a}`,
        ),
        define('global', 'i32', `(global.set $g ${a}) (global.get $g)`),
        define('block', 'i64', `(i64.extend_i32_u (block (result i32) ${a}))`),
        define(
          'waits',
          'i64',
          `(i64.extend_i32_u (i32.add ${a} (block (result i32) (local.set 0 (i64.const 5)) ${b})))`,
        ),
        `(func (export "local") (param i64 i64) (result i64) (local i32)
          (local.set 2 ${a}) (i64.add (i64.extend_i32_u (local.get 2)) (i64.extend_i32_u (local.tee 2 ${b}))))`,
        define('return', 'i32', `(return ${a})`),
      ].join('\n')})`);
    for (const name of trio.program.entries.keys()) {
      for (const x of EDGES64) for (const y of wide) trio.call(name, x, y);
    }
  });
});

describe('memory', () => {
  test('every load and store at every offset, in bounds and out', () => {
    const trio = new Trio(withoutObserve());
    const addresses = [
      0n,
      1n,
      31n,
      32n,
      63n,
      65_533n,
      BigInt(STATE_BYTES) - 8n,
      BigInt(STATE_BYTES) - 4n,
      BigInt(STATE_BYTES) - 1n,
      BigInt(STATE_BYTES),
      0xffff_fff8n,
      0xffff_ffffn,
    ];
    for (const [i, { name }] of STORE_ACCESSES.entries()) {
      for (const address of addresses)
        trio.call(`store${i}`, address, 0xf1e2_d3c4_b5a6_9788n + BigInt(name.length + i));
    }
    for (const i of LOAD_ACCESSES.keys())
      for (const address of addresses) trio.call(`load${i}`, address);
    expect(OFFSETS.length).toBeGreaterThan(4);
  });

  test('grow, size, and loads at constant addresses', () => {
    const trio = trioOf(
      `(module (memory (export "memory") 1 3)
      (data (i32.const 65500) "at the end of the first page, over 32")
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
      (func (export "size") (result i32) (memory.size))
      (func (export "second") (result i64) (i64.load offset=65532 (i32.const 4)))
      (func (export "far") (result i32) (i32.load8_s offset=0xffffffff (i32.const -1)))
      (func (export "put") (param i64) (i64.store offset=8 (i32.const 65528) (local.get 0)))
      (func (export "narrow") (param i64) (i64.store32 (i32.const 65500) (local.get 0)) (i32.store16 (i32.const 3) (i32.wrap_i64 (local.get 0)))))`.replace(
        'over 32',
        '',
      ),
    );
    const calls = [
      ['size'],
      ['second'],
      ['far'],
      ['put', 5n],
      ['grow', 1n],
      ['second'],
      ['put', 77n],
      ['narrow', 0x1122_3344_5566_7788n],
      ['second'],
      ['grow', 2n],
      ['grow', 0xffff_ffffn],
      ['grow', 1n],
      ['size'],
      ['grow', 1n],
      ['grow', 0n],
    ] as const;
    for (const [name, ...args] of calls) trio.call(name, ...args);
  });
});

/** The fixture imports a host function of its own; here it is the machine's. */
function withoutObserve(): Uint8Array {
  const module = binaryen.readBinary(everyAccess());
  module.removeFunction('storeThenTrap');
  for (const { name } of [{ name: 'storeThenTrap' }]) module.removeExport(name);
  module.runPasses(['remove-unused-module-elements']);
  const bytes = module.emitBinary();
  module.dispose();
  return bytes;
}

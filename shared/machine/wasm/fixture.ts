import binaryen from 'binaryen';

/** Assembles the text format (test support), by default without anything newer than WebAssembly 1.0. */
export function assemble(text: string, features = binaryen.Features.MVP): Uint8Array {
  const module = binaryen.parseText(text);
  module.setFeatures(features);
  try {
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

export const STATE_PAGES = 3;
export const STATE_BYTES = STATE_PAGES * 65536;

const STORES = [
  ['i32.store8', 'i32'],
  ['i32.store16', 'i32'],
  ['i32.store', 'i32'],
  ['i64.store8', 'i64'],
  ['i64.store16', 'i64'],
  ['i64.store32', 'i64'],
  ['i64.store', 'i64'],
] as const;
const LOADS = [
  'i32.load8_s i32.load8_u i32.load16_s i32.load16_u i32.load'.split(' '),
  'i64.load8_s i64.load8_u i64.load16_s i64.load16_u i64.load32_s i64.load32_u i64.load'.split(' '),
].flat();

/** Offset immediates: none, small, across a block, the whole state less one, and near the 32-bit end. */
export const OFFSETS = [0, 1, 5, 127, 128, STATE_BYTES - 1, 0xfff00000, 0xffffffff] as const;

export interface Access {
  readonly name: string;
  readonly type: 'i32' | 'i64';
  readonly offset: number;
}

const grid = (kinds: readonly (readonly [string, 'i32' | 'i64'])[]): Access[] =>
  kinds.flatMap(([name, type]) => OFFSETS.map((offset) => ({ name, type, offset })));

/** Exported as `store0`, `store1`, ... (address, value). */
export const STORE_ACCESSES = grid(STORES);
/** Exported as `load0`, ... (address): value. */
export const LOAD_ACCESSES = grid(LOADS.map((name) => [name, name.slice(0, 3) as 'i32' | 'i64']));

/** A module with every load and store at every offset, a table, data, a global and a host call. */
export function everyAccess(memory: 'own' | 'imported' = 'own'): Uint8Array {
  const stores = STORE_ACCESSES.map(
    ({ name, type, offset }, i) =>
      `(func (export "store${i}") (param i32 ${type}) (local i64 i32)
        (${name} offset=${offset} align=1 (local.get 0) (local.get 1)))`,
  );
  const loads = LOAD_ACCESSES.map(
    ({ name, type, offset }, i) =>
      `(func (export "load${i}") (param i32) (result ${type})
        (${name} offset=${offset} align=1 (local.get 0)))`,
  );
  const limits = `${STATE_PAGES} ${STATE_PAGES}`;
  const declared =
    memory === 'own'
      ? `(memory (export "memory") ${limits})`
      : `(import "env" "memory" (memory ${limits})) (export "memory" (memory 0))`;
  return assemble(`(module
    (import "host" "observe" (func $observe (param i32)))
    ${declared}
    (table 2 2 funcref)
    (elem (i32.const 0) $twice $thrice)
    (global $calls (mut i32) (i32.const 7))
    (data (i32.const 300) "settled")
    (func $twice (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
    (func $thrice (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
    (func (export "apply") (param i32 i32) (result i32)
      (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
      (call_indirect (param i32) (result i32) (local.get 1) (local.get 0)))
    (func (export "calls") (result i32) (global.get $calls))
    (func (export "pages") (result i32) (memory.size))
    (func (export "storeThenTrap") (param $at i32)
      (i64.store (local.get $at) (i64.const 0x1111111111111111))
      (i32.store8 offset=3 (local.get $at) (i32.const 0xee))
      (i32.store16 offset=126 (local.get $at) (i32.const 0xdddd))
      (call $observe (local.get $at))
      (i64.store32 offset=2 (local.get $at) (i64.const 0x77777777))
      (unreachable))
    ${stores.join('\n')}
    ${loads.join('\n')})`);
}

/**
 * The instructions of WebAssembly 1.0 by number. Those on floats are named, so that a refusal can say
 * what was found, but have no entry in `OPCODES`.
 */
export type Immediates =
  | 'none'
  | 'block' // block type
  | 'types' // vector of value types
  | 'label' // label index
  | 'labels' // vector of label indices and the default
  | 'function' // function index
  | 'indirect' // type index, table index
  | 'local' // local index
  | 'global' // global index
  | 'memarg' // alignment (log2), offset
  | 'memory' // memory index
  | 'i32'
  | 'i64';

export interface Opcode {
  readonly code: number;
  readonly name: string;
  readonly immediates: Immediates;
}

const CONTROL: readonly (readonly [number, string, Immediates])[] = [
  [0x00, 'unreachable', 'none'],
  [0x01, 'nop', 'none'],
  [0x02, 'block', 'block'],
  [0x03, 'loop', 'block'],
  [0x04, 'if', 'block'],
  [0x05, 'else', 'none'],
  [0x0b, 'end', 'none'],
  [0x0c, 'br', 'label'],
  [0x0d, 'br_if', 'label'],
  [0x0e, 'br_table', 'labels'],
  [0x0f, 'return', 'none'],
  [0x10, 'call', 'function'],
  [0x11, 'call_indirect', 'indirect'],
  [0x1a, 'drop', 'none'],
  [0x1b, 'select', 'none'],
  [0x20, 'local.get', 'local'],
  [0x21, 'local.set', 'local'],
  [0x22, 'local.tee', 'local'],
  [0x23, 'global.get', 'global'],
  [0x24, 'global.set', 'global'],
  [0x3f, 'memory.size', 'memory'],
  [0x40, 'memory.grow', 'memory'],
  [0x41, 'i32.const', 'i32'],
  [0x42, 'i64.const', 'i64'],
];

/** 0x28 .. 0x3e: loads and stores. */
const MEMORY =
  'i32.load i64.load f32.load f64.load i32.load8_s i32.load8_u i32.load16_s i32.load16_u ' +
  'i64.load8_s i64.load8_u i64.load16_s i64.load16_u i64.load32_s i64.load32_u ' +
  'i32.store i64.store f32.store f64.store i32.store8 i32.store16 i64.store8 i64.store16 i64.store32';

const COMPARE = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u';
const ARITHMETIC =
  'clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr';
const FLOAT_COMPARE = 'eq ne lt gt le ge';
const FLOAT_ARITHMETIC = 'abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign';

const prefixed = (type: string, names: string) => names.split(' ').map((name) => `${type}.${name}`);

/** 0x45 .. 0xbf: everything without immediates. */
const NUMERIC = [
  'i32.eqz',
  ...prefixed('i32', COMPARE),
  'i64.eqz',
  ...prefixed('i64', COMPARE),
  ...prefixed('f32', FLOAT_COMPARE),
  ...prefixed('f64', FLOAT_COMPARE),
  ...prefixed('i32', ARITHMETIC),
  ...prefixed('i64', ARITHMETIC),
  ...prefixed('f32', FLOAT_ARITHMETIC),
  ...prefixed('f64', FLOAT_ARITHMETIC),
  ...prefixed('i32', 'wrap_i64 trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u'),
  ...prefixed('i64', 'extend_i32_s extend_i32_u trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u'),
  ...prefixed('f32', 'convert_i32_s convert_i32_u convert_i64_s convert_i64_u demote_f64'),
  ...prefixed('f64', 'convert_i32_s convert_i32_u convert_i64_s convert_i64_u promote_f32'),
  'i32.reinterpret_f32',
  'i64.reinterpret_f64',
  'f32.reinterpret_i32',
  'f64.reinterpret_i64',
];

/** 0xc0 .. 0xc4 */
const SIGN_EXTENSION = [
  'i32.extend8_s',
  'i32.extend16_s',
  'i64.extend8_s',
  'i64.extend16_s',
  'i64.extend32_s',
] as const;

const REFUSED: ReadonlyMap<number, string> = new Map([
  [0x1c, 'select with types (reference types)'],
  [0x25, 'table.get'],
  [0x26, 'table.set'],
  [0x43, 'f32.const'],
  [0x44, 'f64.const'],
  ...SIGN_EXTENSION.map((name, i) => [0xc0 + i, `${name} (sign-extension)`] as const),
  [0xd0, 'ref.null (reference types)'],
  [0xd1, 'ref.is_null (reference types)'],
  [0xd2, 'ref.func (reference types)'],
  [0xfc, 'a bulk-memory or saturating conversion instruction'],
  [0xfd, 'a SIMD instruction'],
  [0xfe, 'an atomic instruction'],
]);

function table(): { supported: Map<number, Opcode>; names: Map<number, string> } {
  const supported = new Map<number, Opcode>();
  const names = new Map(REFUSED);
  const add = (code: number, name: string, immediates: Immediates) => {
    if (/f(32|64)/.test(name)) names.set(code, name);
    else supported.set(code, { code, name, immediates });
  };
  for (const [code, name, immediates] of CONTROL) add(code, name, immediates);
  for (const [i, name] of MEMORY.split(' ').entries()) add(0x28 + i, name, 'memarg');
  for (const [i, name] of NUMERIC.entries()) add(0x45 + i, name, 'none');
  return { supported, names };
}

const { supported, names } = table();

/** Every instruction of the integer subset. */
export const OPCODES: ReadonlyMap<number, Opcode> = supported;

/** What the machine runs besides: instructions that no engine needs, but other compilers like to use. */
export const MACHINE_OPCODES: ReadonlyMap<number, Opcode> = new Map([
  ...supported,
  [0x1c, { code: 0x1c, name: 'select', immediates: 'types' }],
  ...SIGN_EXTENSION.map((name, i): [number, Opcode] => [
    0xc0 + i,
    { code: 0xc0 + i, name, immediates: 'none' },
  ]),
]);

/** What an unsupported instruction is called. */
export function refusedName(code: number): string {
  return names.get(code) ?? `Unknown instruction 0x${code.toString(16).padStart(2, '0')}`;
}

/** Bytes that each store writes. */
export const STORE_WIDTHS: ReadonlyMap<string, 1 | 2 | 4 | 8> = new Map([
  ['i32.store', 4],
  ['i64.store', 8],
  ['i32.store8', 1],
  ['i32.store16', 2],
  ['i64.store8', 1],
  ['i64.store16', 2],
  ['i64.store32', 4],
] as const);

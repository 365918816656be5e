/**
 * The instruction set of the machine: the one table from which the opcodes of the AssemblyScript machine and of the Solidity machine are
 * generated (`npx tsx shared/machine/generate.ts`). Semantics are stated here once; both machines implement exactly this.
 *
 * An instruction is 16 bytes, big-endian: op u16, dst u16, a u16, b u16, imm u64. `op`, `dst`, `a` and `b` are stored multiplied by 32, so that L1
 * indexes 32-byte words without a shift: op x 32 finds the handler, a register x 32 is an offset from the frame.
 *
 * Registers hold 64 bits. A value of type i32 stands there zero-extended, which is why instructions that do not care (and, or, xor, eq,
 * unsigned comparisons, moves, popcnt) exist once for both types. `r[x]` below is register `x` of the current frame, `mask32` = 2^32 - 1.
 * Constants in `imm` are stored as they stand in a register (an i32 zero-extended).
 *
 * Code addresses (targets, pc) are byte offsets into the program, multiples of 16. The instruction at 0 is `halt`: the outermost frame
 * returns to it.
 */
export interface Instruction {
  readonly name: string;
  /** Which fields it uses: what the translator, the disassembler and the checks of a program go by. */
  readonly form: Form;
  readonly meaning: string;
}

export type Form =
  | 'dst a b' // three registers
  | 'dst a imm' // two registers and a constant
  | 'dst a' // two registers
  | 'dst imm' // one register and a constant
  | 'dst' // one register
  | 'a' // one register read
  | 'none'
  | 'target' // imm is a code address
  | 'a target' // a register read and a code address
  | 'a b target' // two registers read and a code address
  | 'a const target' // imm = constant (high 32 bits) and a code address (low 32 bits)
  | 'dst a b cond' // imm is a fourth register x 32
  | 'a table' // imm is the number of entries
  | 'call' // see `call`
  | 'host' // dst is a frame offset as in `call`
  | 'dst a offset' // load: imm is an offset below 2^32
  | 'a b offset' // store
  | 'dst address' // load at a constant address below 2^33
  | 'b address' // store at one
  | 'dst global' // imm is the absolute register x 32
  | 'a global'
  | 'trap'; // imm is the trap's code

type Row = readonly [name: string, form: Form, meaning: string];

const BINARY: readonly Row[] = [
  ['and', 'dst a b', 'r[a] & r[b]'],
  ['or', 'dst a b', 'r[a] | r[b]'],
  ['xor', 'dst a b', 'r[a] ^ r[b]'],
  ['add32', 'dst a b', '(r[a] + r[b]) & mask32'],
  ['sub32', 'dst a b', '(r[a] - r[b]) & mask32'],
  ['mul32', 'dst a b', '(r[a] * r[b]) & mask32'],
  ['shl32', 'dst a b', '(r[a] << (r[b] & 31)) & mask32'],
  ['shr_u32', 'dst a b', 'r[a] >>> (r[b] & 31)'],
  ['shr_s32', 'dst a b', 'arithmetic, of the low 32 bits, by r[b] & 31'],
  ['rotl32', 'dst a b', 'of the low 32 bits, by r[b] & 31'],
  ['rotr32', 'dst a b', 'of the low 32 bits, by r[b] & 31'],
  ['div_u32', 'dst a b', 'trap DIVISION_BY_ZERO if r[b] = 0'],
  ['div_s32', 'dst a b', 'trap DIVISION_BY_ZERO if r[b] = 0, then INTEGER_OVERFLOW if -2^31 / -1'],
  ['rem_u32', 'dst a b', 'trap DIVISION_BY_ZERO if r[b] = 0'],
  ['rem_s32', 'dst a b', 'trap DIVISION_BY_ZERO if r[b] = 0; 0 if -2^31 rem -1'],
  ['add64', 'dst a b', 'modulo 2^64'],
  ['sub64', 'dst a b', 'modulo 2^64'],
  ['mul64', 'dst a b', 'modulo 2^64'],
  ['shl64', 'dst a b', 'by r[b] & 63'],
  ['shr_u64', 'dst a b', 'by r[b] & 63'],
  ['shr_s64', 'dst a b', 'arithmetic, by r[b] & 63'],
  ['rotl64', 'dst a b', 'by r[b] & 63'],
  ['rotr64', 'dst a b', 'by r[b] & 63'],
  ['div_u64', 'dst a b', 'as div_u32'],
  ['div_s64', 'dst a b', 'as div_s32, the overflow at -2^63 / -1'],
  ['rem_u64', 'dst a b', 'as rem_u32'],
  ['rem_s64', 'dst a b', 'as rem_s32'],
];

const COMPARE: readonly Row[] = [
  ['eq', 'dst a b', 'r[a] = r[b] ? 1 : 0'],
  ['ne', 'dst a b', 'r[a] = r[b] ? 0 : 1'],
  ['lt_u', 'dst a b', 'r[a] < r[b], unsigned'],
  ['le_u', 'dst a b', 'r[a] <= r[b], unsigned'],
  ['lt_s32', 'dst a b', 'r[a] < r[b], as signed 32-bit numbers'],
  ['le_s32', 'dst a b', 'r[a] <= r[b], as signed 32-bit numbers'],
  ['lt_s64', 'dst a b', 'r[a] < r[b], as signed 64-bit numbers'],
  ['le_s64', 'dst a b', 'r[a] <= r[b], as signed 64-bit numbers'],
];

/** With a constant on the left only these differ from swapping the operands. */
const COMPARE_GREATER: readonly Row[] = [
  ['gt_u', 'dst a b', 'r[a] > r[b], unsigned'],
  ['ge_u', 'dst a b', 'r[a] >= r[b], unsigned'],
  ['gt_s32', 'dst a b', 'as signed 32-bit numbers'],
  ['ge_s32', 'dst a b', 'as signed 32-bit numbers'],
  ['gt_s64', 'dst a b', 'as signed 64-bit numbers'],
  ['ge_s64', 'dst a b', 'as signed 64-bit numbers'],
];

/** The same with `imm` in the place of r[b]. */
const immediate = ([name, , meaning]: Row): Row => [
  `${name}_imm`,
  'dst a imm',
  meaning.replaceAll('r[b]', 'imm'),
];

const UNARY: readonly Row[] = [
  ['move', 'dst a', 'r[a]'],
  ['clz32', 'dst a', 'leading zeros of the low 32 bits; 32 of zero'],
  ['ctz32', 'dst a', 'trailing zeros; 32 of zero'],
  ['clz64', 'dst a', '64 of zero'],
  ['ctz64', 'dst a', '64 of zero'],
  ['popcnt', 'dst a', 'bits set in r[a]'],
  ['extend8_s32', 'dst a', 'bits 0..7 sign-extended to 32'],
  ['extend16_s32', 'dst a', 'bits 0..15 sign-extended to 32'],
  ['extend8_s64', 'dst a', 'bits 0..7 sign-extended to 64'],
  ['extend16_s64', 'dst a', 'bits 0..15 sign-extended to 64'],
  ['extend32_s64', 'dst a', 'bits 0..31 sign-extended to 64'],
];

const CONTROL: readonly Row[] = [
  ['halt', 'none', 'status FINISHED; pc stays 0. The result is the register at fp'],
  ['trap', 'trap', 'status TRAPPED with code imm; pc stays at this instruction'],
  ['const', 'dst imm', 'imm'],
  ['select', 'dst a b cond', 'r[imm] != 0 ? r[a] : r[b]'],
  ['br', 'target', 'pc = imm'],
  ['br_if', 'a target', 'pc = imm if r[a] != 0'],
  ['br_unless', 'a target', 'pc = imm if r[a] = 0'],
  ['br_eq', 'a b target', 'pc = imm if r[a] = r[b]'],
  ['br_ne', 'a b target', 'pc = imm if r[a] != r[b]'],
  ['br_lt_u', 'a b target', ''],
  ['br_le_u', 'a b target', ''],
  ['br_lt_s32', 'a b target', ''],
  ['br_le_s32', 'a b target', ''],
  ['br_lt_s64', 'a b target', ''],
  ['br_le_s64', 'a b target', ''],
  ['br_eq_imm', 'a const target', 'pc = imm & mask32 if r[a] = imm >>> 32'],
  ['br_ne_imm', 'a const target', ''],
  ['br_lt_u_imm', 'a const target', ''],
  ['br_ge_u_imm', 'a const target', ''],
  ['br_le_u_imm', 'a const target', ''],
  ['br_gt_u_imm', 'a const target', ''],
  [
    'br_table',
    'a table',
    'pc += 16 x (1 + min(r[a], imm)); imm + 1 instructions `br` follow, the default last',
  ],
  [
    'call',
    'call',
    'dst: offset of the callee’s frame in the caller’s, a: 1 + its parameters, b: its frame size, imm: its address. Trap CALL_STACK_EXHAUSTED if the ' +
      'depth would exceed MAX_DEPTH or fp + dst + b would exceed MAX_REGISTERS. fp += dst; registers a .. b - 1 = 0; register 0 = link; pc = imm',
  ],
  ['return', 'none', 'link = r[0]; r[0] = 0; pc and fp from link'],
  ['return_value', 'a', 'value = r[a]; link = r[0]; r[0] = value; pc and fp from link'],
];

const MEMORY: readonly Row[] = [
  [
    'load8_u',
    'dst a offset',
    'address = r[a] + imm (33 bits); trap OUT_OF_BOUNDS if address + width > pages x 65536',
  ],
  ['load16_u', 'dst a offset', 'little-endian'],
  ['load32_u', 'dst a offset', ''],
  ['load64', 'dst a offset', ''],
  ['load8_s32', 'dst a offset', 'sign-extended to 32 bits'],
  ['load16_s32', 'dst a offset', ''],
  ['load8_s64', 'dst a offset', 'sign-extended to 64 bits'],
  ['load16_s64', 'dst a offset', ''],
  ['load32_s64', 'dst a offset', ''],
  [
    'store8',
    'a b offset',
    'the low bits of r[b] at r[a] + imm; a store out of bounds writes nothing',
  ],
  ['store16', 'a b offset', ''],
  ['store32', 'a b offset', ''],
  ['store64', 'a b offset', ''],
  ['load8_u_at', 'dst address', 'the same at address imm'],
  ['load16_u_at', 'dst address', ''],
  ['load32_u_at', 'dst address', ''],
  ['load64_at', 'dst address', ''],
  ['store8_at', 'b address', ''],
  ['store16_at', 'b address', ''],
  ['store32_at', 'b address', ''],
  ['store64_at', 'b address', ''],
  ['memory_size', 'dst', 'pages'],
  [
    'memory_grow',
    'dst a',
    'old pages, or mask32 if pages + r[a] exceeds the program’s maximum; new pages are zero',
  ],
  ['global_get', 'dst global', 'globals are the first registers of all'],
  ['global_set', 'a global', ''],
];

/** Arguments stand in r[dst + 1] .., the result goes to r[dst]; without a result r[dst] = 0. */
const HOST: readonly Row[] = [
  [
    'host_read_command',
    'host',
    'shared/protocol/README.md; OUT_OF_BOUNDS as for loads and stores, nothing written then',
  ],
  [
    'host_keccak256',
    'host',
    'trap HOST_LIMIT if the length exceeds HOST_BYTES, before bounds are looked at',
  ],
  [
    'host_ecrecover',
    'host',
    'digest, then signature, then (if one is found) the 20 bytes at dst are checked for bounds',
  ],
  ['host_emit', 'host', 'nothing'],
];

const ROWS: readonly Row[] = [
  ...CONTROL,
  ...BINARY,
  ...BINARY.map(immediate),
  ...COMPARE,
  ...COMPARE.map(immediate),
  ...COMPARE_GREATER.map(immediate),
  ...UNARY,
  ...MEMORY,
  ...HOST,
];

/** Instruction `i` has the opcode FIRST_OPCODE + i: on L1 the table of handlers begins where Solidity's free memory does, at 4 x 32. */
export const FIRST_OPCODE = 4;

export const INSTRUCTIONS: readonly Instruction[] = ROWS.map(([name, form, meaning]) => ({
  name,
  form,
  meaning,
}));

export const INSTRUCTION_BYTES = 16;

/** Limits; what exceeds one at translation is refused by name, what exceeds one in a run traps. */
export const LIMITS = {
  /** Registers of one frame, link included. */
  FRAME: 2_047,
  /** Calls inside each other, the outermost counted. */
  MAX_DEPTH: 1_023,
  /** Registers of all frames and globals together. */
  MAX_REGISTERS: 16_384,
  CODE_BYTES: 1 << 20,
  MAX_PAGES: 65_536,
  /** What host functions read or write in one call, bytes. */
  HOST_BYTES: 8_192,
} as const;

/**
 * Register 0 of a frame while its function runs: bits 0..31 the return address, 32..42 the offset of the frame in its caller's, 43..53 its
 * size, 54..63 its depth (1 is the outermost).
 */
export const LINK = {
  OFFSET_SHIFT: 32,
  SIZE_SHIFT: 43,
  DEPTH_SHIFT: 54,
  FIELD_MASK: 2_047,
  DEPTH_MASK: 1_023,
} as const;

export const STATUS = { RUNNING: 0, FINISHED: 1, TRAPPED: 2 } as const;

export const TRAPS = {
  NONE: 0,
  UNREACHABLE: 1,
  DIVISION_BY_ZERO: 2,
  INTEGER_OVERFLOW: 3,
  OUT_OF_BOUNDS: 4,
  CALL_STACK_EXHAUSTED: 5,
  UNDEFINED_ELEMENT: 6,
  INDIRECT_TYPE: 7,
  HOST_LIMIT: 8,
} as const;

import { FIRST_OPCODE, INSTRUCTIONS } from '#shared/machine/isa.ts';

/** What the Solidity machine costs, for cutting a segment into transactions. */
export interface GasModel {
  /** Of one step, by opcode. */
  readonly steps: readonly number[];
  /** Of a leaf of the witness: calldata, table, both hashes' share. */
  readonly leaf: number;
  /** Of a node of the witness, and of a node on the way to the root that has to be hashed. */
  readonly node: number;
  /** Of a register in the witness. */
  readonly register: number;
  /** Of a byte of calldata that is no witness: the segment, inbox messages. */
  readonly byte: number;
  /** Of a transaction that does nothing: 21,000, the program into memory, the judge's own work. */
  readonly transaction: number;
  /** What one transaction may use. */
  readonly limit: number;
}

/** L1's limit of a transaction (EIP-7825). */
export const TRANSACTION_GAS = 16_777_216;

/**
 * Gas of a step: instructions as measured one by one on the Runner (loads and stores of a leaf that is at its home), host functions with what a call and its command cost the driver. From `npx tsx test/bench/disputes/calibrate.ts`.
 */
const STEP_GAS: readonly (readonly [gas: number, names: string])[] = [
  [113, 'br'],
  [129, 'const'],
  [140, 'br_unless'],
  [141, 'move'],
  [143, 'br_if'],
  [157, 'memory_size'],
  [158, 'br_eq_imm br_ge_u_imm br_le_u_imm'],
  [159, 'and_imm or_imm xor_imm eq_imm lt_u_imm gt_u_imm'],
  [161, 'br_ne_imm br_lt_u_imm br_gt_u_imm'],
  [162, 'ne_imm le_u_imm ge_u_imm'],
  [165, 'add32_imm sub32_imm shr_u32_imm add64_imm sub64_imm shr_u64_imm'],
  [167, 'mul32_imm mul64_imm'],
  [170, 'br_eq br_le_u'],
  [171, 'and or xor shl32_imm shl64_imm eq lt_u'],
  [173, 'br_ne br_lt_u'],
  [174, 'ne le_u global_set'],
  [175, 'lt_s32_imm lt_s64_imm gt_s32_imm gt_s64_imm'],
  [177, 'add32 sub32 shr_u32 add64 sub64 shr_u64'],
  [178, 'le_s32_imm le_s64_imm ge_s32_imm ge_s64_imm'],
  [179, 'mul32 mul64 shr_s32_imm shr_s64_imm'],
  [183, 'shl32 shl64'],
  [186, 'br_le_s32 br_le_s64'],
  [187, 'lt_s32 lt_s64'],
  [188, 'select'],
  [189, 'br_lt_s32 br_lt_s64'],
  [190, 'le_s32 le_s64'],
  [191, 'shr_s32 shr_s64'],
  [192, 'return'],
  [193, 'global_get'],
  [213, 'clz64'],
  [215, 'extend8_s32 extend8_s64'],
  [216, 'extend16_s32 extend16_s64 extend32_s64'],
  [217, 'return_value'],
  [219, 'clz32'],
  [233, 'ctz32 ctz64'],
  [248, 'br_table'],
  [250, 'memory_grow'],
  [271, 'load8_u_at load16_u_at load32_u_at load64_at'],
  [283, 'rotl32_imm'],
  [284, 'rotl32 rotl64_imm'],
  [285, 'div_u32 rem_u32 rotl64 div_u64 rem_u64 div_u32_imm rem_u32_imm div_u64_imm rem_u64_imm'],
  [289, 'rotr32_imm'],
  [290, 'rotr32 rotr64_imm'],
  [291, 'rotr64'],
  [298, 'load8_u load16_u load32_u load64'],
  [310, 'load8_s32 load8_s64'],
  [311, 'load16_s32 load16_s64 load32_s64'],
  [313, 'store8_at store16_at store32_at store64_at'],
  [333, 'popcnt'],
  [337, 'rem_s32 rem_s64 rem_s32_imm rem_s64_imm'],
  [357, 'call'],
  [383, 'div_s32 div_s64 div_s32_imm div_s64_imm'],
  [387, 'store8 store16 store32 store64'],
  [400, 'halt trap host_emit'],
  [4000, 'host_ecrecover'],
  [11000, 'host_keccak256'],
  [53500, 'host_read_command'],
];

function stepTable(): number[] {
  const gas = new Map(
    STEP_GAS.flatMap(([each, names]) => names.split(' ').map((name) => [name, each])),
  );
  const known = INSTRUCTIONS.map(({ name }) => {
    const each = gas.get(name);
    if (each === undefined) throw new Error(`The gas of ${name} is not known: measure it.`);
    return each;
  });
  return [...Array<number>(FIRST_OPCODE).fill(0), ...known];
}

/**
 * Fitted to real transactions of the engine's commands on anvil: within 3.2 % for 66 commands made to be dear and for ordinary segments.
 * `transaction` holds the judge's own work besides the machine's; the limit leaves room for that error, and for the 64th part of the gas
 * that the judge cannot pass on to the machine.
 */
export const GAS_MODEL: GasModel = {
  steps: stepTable(),
  leaf: 3_400,
  node: 1_150,
  register: 200,
  byte: 16,
  transaction: 290_000,
  limit: 15_000_000,
};

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

const STEP = 200;

/** Until measured by opcode: the mean. */
export const GAS_MODEL: GasModel = {
  steps: [...Array<number>(FIRST_OPCODE).fill(0), ...INSTRUCTIONS.map(() => STEP)],
  leaf: 9_000,
  node: 600,
  register: 300,
  byte: 16,
  transaction: 600_000,
  limit: 15_500_000,
};

import { FIRST_OPCODE, INSTRUCTION_BYTES, INSTRUCTIONS } from '#shared/machine/isa.ts';

/** One instruction; registers and offsets in words, not multiplied. */
export interface Assembled {
  readonly op: string;
  readonly dst?: number;
  readonly a?: number;
  readonly b?: number;
  readonly imm?: bigint | number;
}

const CODES = new Map(INSTRUCTIONS.map(({ name }, i) => [name, FIRST_OPCODE + i]));
/** Instructions whose `imm` is a register, which is stored as the fields are. */
const REGISTER_IMM = new Set(['dst a b cond', 'dst global', 'a global']);

/** Code from instructions by name, for tests and vectors: it checks nothing but the names. */
export function assembleCode(instructions: readonly Assembled[]): Uint8Array {
  const code = new Uint8Array(instructions.length * INSTRUCTION_BYTES);
  const view = new DataView(code.buffer);
  instructions.forEach(({ op, dst = 0, a = 0, b = 0, imm = 0 }, i) => {
    const opcode = CODES.get(op);
    if (opcode === undefined) throw new Error(`There is no instruction ${op}.`);
    const form = INSTRUCTIONS[opcode - FIRST_OPCODE]?.form ?? 'none';
    const at = i * INSTRUCTION_BYTES;
    [opcode, dst, a, b].forEach((field, k) => {
      view.setUint16(at + 2 * k, field * 32);
    });
    const value = REGISTER_IMM.has(form) ? BigInt(imm) * 32n : BigInt(imm);
    view.setBigUint64(at + 8, BigInt.asUintN(64, value));
  });
  return code;
}

import { FIRST_OPCODE, INSTRUCTION_BYTES, INSTRUCTIONS, type Instruction } from '../isa.ts';

/** An instruction as it stands in code, with opcode and registers as plain numbers (`imm` as stored). */
export interface Decoded {
  readonly instruction: Instruction;
  readonly dst: number;
  readonly a: number;
  readonly b: number;
  readonly imm: bigint;
}

export const OPCODES: ReadonlyMap<string, number> = new Map(
  INSTRUCTIONS.map(({ name }, i) => [name, FIRST_OPCODE + i]),
);

/** Fields are stored times 32, so that L1 indexes words with them. */
const SCALE = 32;

/** Writes one instruction at `address`. Registers and `dst` are numbers; `imm` is written as it is. */
export function encode(
  code: Uint8Array,
  address: number,
  fields: Omit<Decoded, 'instruction'> & { readonly name: string },
): void {
  const opcode = OPCODES.get(fields.name);
  if (opcode === undefined) throw new RangeError(`${fields.name} is no instruction.`);
  const view = new DataView(code.buffer, code.byteOffset + address, INSTRUCTION_BYTES);
  view.setUint16(0, opcode * SCALE);
  view.setUint16(2, fields.dst * SCALE);
  view.setUint16(4, fields.a * SCALE);
  view.setUint16(6, fields.b * SCALE);
  view.setBigUint64(8, fields.imm);
}

/** Reads the instruction at `address`; undefined if it is none. */
export function decode(code: Uint8Array, address: number): Decoded | undefined {
  const view = new DataView(code.buffer, code.byteOffset + address, INSTRUCTION_BYTES);
  const [op, dst, a, b] = [0, 2, 4, 6].map((at) => view.getUint16(at)) as [
    number,
    number,
    number,
    number,
  ];
  const instruction = INSTRUCTIONS[op / SCALE - FIRST_OPCODE];
  if (instruction === undefined || [dst, a, b].some((field) => field % SCALE !== 0)) {
    return undefined;
  }
  return {
    instruction,
    dst: dst / SCALE,
    a: a / SCALE,
    b: b / SCALE,
    imm: view.getBigUint64(8),
  };
}

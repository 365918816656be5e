import { INSTRUCTION_BYTES, LIMITS } from '../isa.ts';
import { encode } from '../program/encode.ts';
import { type Item, isLabel, type Label, type Line } from './assembler.ts';
import { TranslateError } from './errors.ts';

/** A function ready to be placed. */
export interface Placeable {
  readonly items: readonly Item[];
  readonly frameSize: number;
  readonly parameters: number;
}

export interface Linked {
  readonly code: Uint8Array;
  /** Code addresses of each function, by its index in the module: first instruction, and one past the last. */
  readonly places: ReadonlyMap<number, { readonly start: number; readonly end: number }>;
}

/** Lays functions one after another behind the `halt` at 0, and turns labels and callees into addresses. */
export function link(functions: ReadonlyMap<number, Placeable>): Linked {
  const places = new Map<number, { start: number; end: number }>();
  let end = INSTRUCTION_BYTES;
  for (const [index, { items }] of functions) {
    const start = end;
    end += items.filter((item) => !isLabel(item)).length * INSTRUCTION_BYTES;
    places.set(index, { start, end });
  }
  if (end > LIMITS.CODE_BYTES) {
    throw new TranslateError(
      'TRANSLATE_LIMIT',
      `The program has ${end} bytes of code, more than ${LIMITS.CODE_BYTES}. Ask for fewer exports, or split the module.`,
    );
  }
  const code = new Uint8Array(end);
  encode(code, 0, { name: 'halt', dst: 0, a: 0, b: 0, imm: 0n });
  for (const [index, { items }] of functions) {
    let address = places.get(index)?.start as number;
    const labels = labelAddresses(items, address);
    for (const item of items) {
      if (isLabel(item)) continue;
      encode(code, address, place(item, labels, functions, places));
      address += INSTRUCTION_BYTES;
    }
  }
  return { code, places };
}

function labelAddresses(items: readonly Item[], start: number): Map<Label, number> {
  const labels = new Map<Label, number>();
  let address = start;
  for (const item of items) {
    if (isLabel(item)) labels.set(item, address);
    else address += INSTRUCTION_BYTES;
  }
  return labels;
}

const REGISTER_OPERANDS = new Set(['select', 'global_get', 'global_set']);

function place(
  line: Line,
  labels: ReadonlyMap<Label, number>,
  functions: ReadonlyMap<number, Placeable>,
  places: ReadonlyMap<number, { readonly start: number }>,
) {
  const { name, dst, a, b } = line;
  if (line.callee !== undefined) {
    const callee = functions.get(line.callee) as Placeable;
    const imm = BigInt(places.get(line.callee)?.start as number);
    return { name, dst, a: 1 + callee.parameters, b: callee.frameSize, imm };
  }
  if (line.target !== undefined) {
    const target = BigInt(labels.get(line.target) as number);
    const imm = name.endsWith('_imm') ? (line.imm << 32n) | target : target;
    return { name, dst, a, b, imm };
  }
  // A register named by `imm` is stored like the others, times 32.
  return { name, dst, a, b, imm: REGISTER_OPERANDS.has(name) ? line.imm * 32n : line.imm };
}

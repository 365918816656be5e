import { INSTRUCTIONS } from '../isa.ts';

/** A place in the code of a function. */
export interface Label {
  readonly id: number;
}

/** An instruction before its place is known: registers are numbers, targets are labels, callees are function indices. */
export interface Line {
  readonly name: string;
  dst: number;
  readonly a: number;
  readonly b: number;
  readonly imm: bigint;
  target: Label | undefined;
  readonly callee: number | undefined;
}

/** A label stands in the list before the line that it names. */
export type Item = Line | Label;

export const isLabel = (item: Item): item is Label => 'id' in item;

const FORMS = new Map(INSTRUCTIONS.map(({ name, form }) => [name, form]));

/** Instructions that write `dst` and nothing else, so that they may write another register instead. */
export function writesRegister(name: string): boolean {
  const form = FORMS.get(name) ?? '';
  return form.startsWith('dst');
}

const swapped = (pairs: readonly (readonly [string, string])[]) =>
  new Map([...pairs, ...pairs.map(([a, b]) => [b, a] as const)]);

/** Opposites that keep their operands. */
const OPPOSITES = swapped([
  ['eq', 'ne'],
  ['eq_imm', 'ne_imm'],
  ['lt_u_imm', 'ge_u_imm'],
  ['le_u_imm', 'gt_u_imm'],
  ['lt_s32_imm', 'ge_s32_imm'],
  ['le_s32_imm', 'gt_s32_imm'],
  ['lt_s64_imm', 'ge_s64_imm'],
  ['le_s64_imm', 'gt_s64_imm'],
  ['br_if', 'br_unless'],
]);

/** Opposites whose operands change places. */
const CROSSED = swapped([
  ['lt_u', 'le_u'],
  ['lt_s32', 'le_s32'],
  ['lt_s64', 'le_s64'],
]);

/** A comparison, or a conditional branch, that holds exactly when `line` does not; undefined if it is neither. */
export function opposite(line: Line): Line | undefined {
  const branch = line.name.startsWith('br_') ? 'br_' : '';
  const direct = OPPOSITES.get(line.name) ?? OPPOSITES.get(line.name.slice(branch.length));
  if (direct !== undefined) {
    return { ...line, name: OPPOSITES.has(line.name) ? direct : branch + direct };
  }
  const crossed = CROSSED.get(line.name.slice(branch.length));
  if (crossed === undefined) return undefined;
  return { ...line, name: branch + crossed, a: line.b, b: line.a };
}

/** A branch that is taken when a comparison holds; undefined if there is no such instruction. */
export function branchOn(comparison: Line, target: Label): Line | undefined {
  const name = `br_${comparison.name}`;
  if (!FORMS.has(name)) return undefined;
  const constant = name.endsWith('_imm');
  if (constant && comparison.imm >> 32n !== 0n) return undefined;
  return { ...comparison, name, dst: 0, target };
}

export type Fields = Partial<Pick<Line, 'dst' | 'a' | 'b' | 'imm' | 'target' | 'callee'>>;

export function line(name: string, fields: Fields = {}): Line {
  return { name, dst: 0, a: 0, b: 0, imm: 0n, target: undefined, callee: undefined, ...fields };
}

/** Collects the code of one function, and can take back or change what it was given last. */
export class Assembler {
  readonly items: Item[] = [];
  /** Items before this one may be reached from elsewhere than the item before: they are settled. */
  #settled = 0;
  #labels = 0;

  label(): Label {
    return { id: this.#labels++ };
  }

  emit(name: string, fields: Fields = {}): void {
    this.items.push(line(name, fields));
  }

  put(item: Line): void {
    this.items.push(item);
  }

  bind(label: Label): void {
    this.items.push(label);
    this.#settled = this.items.length;
  }

  /** What was emitted last has been branched over or to: it must stay as it is. */
  settle(): void {
    this.#settled = this.items.length;
  }

  /** The last line, if it wrote `register` and nothing has happened since. */
  lastWriting(register: number): Line | undefined {
    const last = this.items.at(-1);
    if (this.items.length <= this.#settled || last === undefined || isLabel(last)) return undefined;
    return last.dst === register && writesRegister(last.name) ? last : undefined;
  }

  /** Takes the last line back. */
  pop(): Line {
    return this.items.pop() as Line;
  }
}

import type { Instruction } from '#shared/machine/wasm/parse.ts';
import { branchOn, type Label, type Line, line, opposite } from './assembler.ts';
import type { Frame } from './frame.ts';
import type { Operation, Scan } from './scan.ts';
import { temporary, type Value } from './values.ts';

interface Block {
  readonly kind: 'function' | 'block' | 'loop' | 'if' | 'else';
  /** Where a branch to the block goes, and the registers where it brings its values. */
  readonly label: Label;
  readonly homes: readonly number[];
  /** Where the block leaves its results, if anything branches to its end. */
  readonly resultHomes: readonly number[];
  /** Values below its parameters. */
  readonly height: number;
  readonly parameters: readonly Value[];
  /** Of `if`: where it goes if the condition does not hold. */
  readonly otherwise: Label | undefined;
  branched: boolean;
}

/** Structured control flow becomes branches. No recursion: blocks may be nested as deep as a module likes. */
export class Blocks {
  readonly #frame: Frame;
  readonly #scan: Scan;
  readonly #results: number;
  readonly #blocks: Block[] = [];

  /** `results`: of the function. */
  constructor(frame: Frame, scan: Scan, results: number) {
    this.#frame = frame;
    this.#scan = scan;
    this.#results = results;
    this.#blocks.push({
      kind: 'function',
      label: frame.code.label(),
      homes: [],
      resultHomes: [],
      height: 0,
      parameters: [],
      otherwise: undefined,
      branched: false,
    });
  }

  open(operation: Operation, at: number): void {
    const { stack, code } = this.#frame;
    const kind = operation.instruction.opcode.name as 'block' | 'loop' | 'if';
    const condition = kind === 'if' ? this.#popCondition() : undefined;
    this.#frame.rescue((register) => this.#assignedIn(register - 1, at, operation.end));
    const { params, results } = operation.type;
    if (params > 0) this.#frame.settle(params);
    const height = stack.length - params;
    const parameters = stack.slice(height);
    const end = this.#scan.operations[operation.end] as Operation;
    const resultHomes = this.#frame.homesAt(height, end.firstPush, results);
    const label = code.label();
    const otherwise = kind === 'if' ? code.label() : undefined;
    if (condition && otherwise) code.put({ ...negated(condition), target: otherwise });
    if (kind === 'loop') code.bind(label);
    const homes = kind === 'loop' ? parameters.map(({ home }) => home) : resultHomes;
    const branched = false;
    const targets = { label, homes, resultHomes, otherwise };
    this.#blocks.push({ kind, height, parameters, branched, ...targets });
  }

  #assignedIn(local: number, start: number, end: number): boolean {
    const positions = this.#scan.assignments.get(local);
    if (positions === undefined) return false;
    let low = 0;
    let high = positions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((positions[middle] as number) <= start) low = middle + 1;
      else high = middle;
    }
    return (positions[low] ?? end) < end;
  }

  else({ reached }: Operation): void {
    const block = this.#blocks.pop() as Block;
    const { code, stack } = this.#frame;
    if (reached) {
      this.#frame.placeAll(block.resultHomes, this.#frame.take(block.resultHomes.length));
      code.emit('br', { target: block.label });
    }
    code.bind(block.otherwise as Label);
    stack.length = block.height;
    stack.push(...block.parameters);
    const branched = block.branched || reached;
    this.#blocks.push({ ...block, kind: 'else', branched, otherwise: undefined });
  }

  end(operation: Operation): void {
    const { code, stack } = this.#frame;
    // Without an `else` the parameters are the results.
    const open = this.#blocks.at(-1) as Block;
    let { reached } = operation;
    if (open.kind === 'if') {
      if (open.resultHomes.length === 0) {
        code.bind(open.otherwise as Label);
        stack.length = open.height; // an arm that control does not leave may have left something
      } else this.else(operation);
      reached = true;
    }
    const block = this.#blocks.pop() as Block;
    if (block.kind === 'function') {
      if (reached) this.#leave();
      return;
    }
    const { resultHomes } = block;
    const joins = block.kind !== 'loop' && block.branched;
    if (!joins && reached) return;
    if (reached) this.#frame.placeAll(resultHomes, this.#frame.take(resultHomes.length));
    if (block.kind !== 'loop') code.bind(block.label);
    stack.length = block.height;
    stack.push(...resultHomes.map((home) => temporary(this.#frame.use(home), false)));
  }

  br(depth: number): void {
    const block = this.#target(depth);
    if (block.kind === 'function') return this.#leave();
    this.#frame.placeAll(block.homes, this.#frame.take(block.homes.length));
    this.#frame.code.emit('br', { target: block.label });
  }

  return(): void {
    this.#leave();
  }

  brIf(depth: number): void {
    const { code } = this.#frame;
    const condition = this.#popCondition();
    const block = this.#target(depth);
    const values = this.#frame.top(block.homes.length);
    const moves = this.#frame.movesTo(block.homes, values);
    if (block.kind !== 'function' && moves.length === 0) {
      code.put({ ...condition, target: block.label });
      return;
    }
    const skip = code.label();
    code.put({ ...negated(condition), target: skip });
    this.#go(block);
    code.bind(skip);
  }

  /** Branches with copies of the values on top, which stay. */
  #go(block: Block): void {
    if (block.kind === 'function') return this.#leave();
    const values = this.#frame.top(block.homes.length);
    for (const { to, from } of this.#frame.movesTo(block.homes, values)) {
      this.#frame.copy(to, from);
    }
    this.#frame.code.emit('br', { target: block.label });
  }

  brTable({ labels, index }: Instruction): void {
    const { code } = this.#frame;
    const depths = [...labels, index];
    const register = this.#frame.register(this.#frame.pop());
    const stubs = new Map<number, Label>();
    code.emit('br_table', { a: register, imm: BigInt(labels.length) });
    for (const depth of depths) {
      const block = this.#target(depth);
      let { label } = block;
      if (block.kind === 'function' || block.homes.length > 0) {
        label = stubs.get(depth) ?? code.label();
        stubs.set(depth, label);
      }
      code.emit('br', { target: label });
    }
    for (const [depth, label] of stubs) {
      code.bind(label);
      this.#go(this.#target(depth));
    }
  }

  /** Returns the values on top of the stack, which stay there. */
  #leave(): void {
    const { code } = this.#frame;
    const values = this.#frame.top(this.#results);
    const [first, ...others] = values;
    if (first === undefined) {
      code.emit('return');
      return;
    }
    // Results after the first stay in registers 1 .. of this frame, which the caller's frame reaches.
    const targets = others.map((_, i) => this.#frame.use(i + 1));
    const moves = this.#frame.movesTo(targets, others);
    const spare = this.#frame.free + values.length + 1;
    const overwritten = first.kind !== 'constant' && targets.includes(first.register);
    if (overwritten || (others.length > 0 && targets.includes(first.home))) {
      this.#frame.copy(spare, first);
      for (const { to, from } of moves) this.#frame.copy(to, from);
      code.emit('return_value', { a: spare });
      return;
    }
    for (const { to, from } of moves) this.#frame.copy(to, from);
    code.emit('return_value', { a: this.#frame.register(first) });
  }

  #target(depth: number): Block {
    const block = this.#blocks[this.#blocks.length - 1 - depth] as Block;
    block.branched = true;
    return block;
  }

  /** A branch, without its target, that is taken when the value on top of the stack is not zero. */
  #popCondition(): Line {
    const { code } = this.#frame;
    const value = this.#frame.pop();
    const last =
      value.kind === 'temporary' && !value.wrapped ? code.lastWriting(value.register) : undefined;
    const fused = last && fuse(last);
    if (fused !== undefined) {
      code.pop();
      return fused;
    }
    return line('br_if', { a: this.#frame.register(value) });
  }
}

const NOWHERE: Label = { id: -1 };

/** The branch that a comparison and `br_if` make together, if there is one. */
function fuse(comparison: Line): Line | undefined {
  if (comparison.imm === 0n) {
    if (comparison.name === 'eq_imm') return line('br_unless', { a: comparison.a });
    if (comparison.name === 'ne_imm') return line('br_if', { a: comparison.a });
  }
  return branchOn(comparison, NOWHERE);
}

/** Every branch has its opposite. */
const negated = (branch: Line): Line => opposite(branch) as Line;

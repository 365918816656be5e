import {
  type ForeignType,
  type FunctionBody,
  type FunctionType,
  type Instruction,
  instructionsOf,
  LENIENT,
  type Module,
  type ValueType,
} from '#shared/machine/wasm/parse.ts';
import { TranslateError } from './errors.ts';

/** An instruction that can run, and what the translator has to know before it comes there. */
export interface Operation {
  readonly instruction: Instruction;
  /** Number of the first value that it pushes; values are numbered in the order in which they are pushed. */
  readonly firstPush: number;
  /** Of `block`, `loop` and `if`: their type, and where in the list their `end` stands. */
  readonly type: BlockType;
  end: number;
  /** Of `else` and `end`: whether control can come here from the instruction before. */
  readonly reached: boolean;
}

export interface BlockType {
  readonly params: number;
  readonly results: number;
}

export interface Scan {
  readonly operations: readonly Operation[];
  /** Registers to leave free before the home of each value pushed: the links of the calls whose first argument it is. */
  readonly gaps: readonly number[];
  /** For each local, the operations that assign it, ascending. */
  readonly assignments: ReadonlyMap<number, readonly number[]>;
}

interface Block {
  readonly kind: 'function' | 'block' | 'loop' | 'if' | 'else';
  readonly operation: number;
  readonly type: BlockType;
  /** Values below the block's parameters. */
  readonly height: number;
  readonly parameters: readonly number[];
  live: boolean;
}

const NO_TYPE: BlockType = { params: 0, results: 0 };

/** Index of a function's type: of an imported function or one of the module's own. */
export function typeOf(module: Module, index: number): FunctionType {
  const imported = module.imports.filter((entry) => entry.kind === 'function');
  const type = imported[index]?.type ?? module.functions[index - imported.length]?.type ?? -1;
  return typeAt(module, type);
}

export function typeAt(module: Module, index: number): FunctionType {
  const type = module.types[index];
  if (type === undefined) throw new TranslateError('TRANSLATE_INVALID', `No type ${index}.`);
  return type;
}

/** Refuses types that no register holds. */
export function onlyIntegers(
  types: readonly (ValueType | ForeignType)[],
  what: string,
): asserts types is readonly ValueType[] {
  const foreign = types.find((type) => type !== 'i32' && type !== 'i64');
  if (foreign === undefined) return;
  throw new TranslateError('TRANSLATE_UNSUPPORTED', `${what} of type ${foreign}`);
}

/**
 * Reads a body once before it is translated: drops what cannot run, numbers the values that are pushed and follows each to where it is
 * consumed, so that the translator can compute it where it is wanted.
 *
 * @throws WasmError or TranslateError for whatever is outside the subset.
 */
export function scan(module: Module, body: FunctionBody): Scan {
  return new Scanner(module).run(body);
}

class Scanner {
  readonly #module: Module;
  readonly #operations: Operation[] = [];
  readonly #blocks: Block[] = [];
  readonly #assignments = new Map<number, number[]>();
  #stack: number[] = [];
  /** A value's home is to be that of value `next` (later, same depth) plus `links`. -1: it has no such wish. */
  readonly #next: number[] = [];
  readonly #links: number[] = [];
  /** Blocks opened inside code that cannot run. */
  #dead = 0;

  constructor(module: Module) {
    this.#module = module;
  }

  run(body: FunctionBody): Scan {
    const type = typeAt(this.#module, body.type);
    this.#open('function', -1, { params: 0, results: type.results.length });
    for (const instruction of instructionsOf(this.#module.bytes, body.start, body.end, LENIENT)) {
      this.#read(instruction);
    }
    const gaps = this.#links.slice();
    for (let value = gaps.length - 1; value >= 0; value--) {
      const next = this.#next[value] as number;
      if (next >= 0) gaps[value] = (gaps[value] as number) + (gaps[next] as number);
    }
    return { operations: this.#operations, gaps, assignments: this.#assignments };
  }

  get #block(): Block {
    return this.#blocks.at(-1) as Block;
  }

  #read(instruction: Instruction): void {
    const { name, immediates } = instruction.opcode;
    if (!this.#block.live) {
      if (immediates === 'block') this.#dead++;
      else if (this.#dead > 0) {
        if (name === 'end') this.#dead--;
        return;
      } else if (name !== 'end' && name !== 'else') return;
      if (this.#dead > 0) return;
    }
    const reached = this.#block.live;
    const type = immediates === 'block' ? this.#blockType(instruction) : NO_TYPE;
    const at = this.#operations.length;
    const firstPush = this.#next.length;
    this.#operations.push({ instruction, type, reached, end: -1, firstPush });
    if (immediates === 'block') this.#open(name as 'block' | 'loop' | 'if', at, type);
    else if (name === 'else') this.#else(at);
    else if (name === 'end') this.#end(at);
    else this.#plain(instruction, at);
  }

  #blockType({ index, result }: Instruction): BlockType {
    if (index < 0) {
      onlyIntegers(result ? [result] : [], 'A block');
      return { params: 0, results: result ? 1 : 0 };
    }
    const { params, results } = typeAt(this.#module, index);
    onlyIntegers([...params, ...results], 'A block with a parameter or result');
    return { params: params.length, results: results.length };
  }

  #open(kind: Block['kind'], operation: number, type: BlockType): void {
    if (kind === 'if') this.#stack.pop();
    const height = this.#stack.length - type.params;
    const parameters = this.#stack.slice(height);
    this.#blocks.push({ kind, operation, type, height, parameters, live: true });
  }

  #else(at: number): void {
    const block = this.#close(at);
    this.#stack.push(...block.parameters);
    this.#blocks.push({ ...block, kind: 'else', live: true });
  }

  #end(at: number): void {
    const block = this.#close(at);
    if (block.operation >= 0) (this.#operations[block.operation] as Operation).end = at;
    const { results } = block.type;
    for (let i = 0; i < results; i++) this.#push();
  }

  /** Ends the current block or arm: what it leaves becomes the block's results, which are numbered from the next value on at its `end`. */
  #close(at: number): Block {
    const block = this.#blocks.pop() as Block;
    const left = block.live ? this.#stack.slice(block.height) : [];
    this.#stack.length = block.height;
    if (block.kind !== 'if' || this.#isEnd(at)) {
      const first = this.#next.length;
      for (const [i, value] of left.entries()) this.#follow(value, first + i);
    }
    return block;
  }

  #isEnd(at: number): boolean {
    return this.#operations[at]?.instruction.opcode.name === 'end';
  }

  #follow(value: number, next: number): void {
    // INVARIANT: next > value, or the gaps could not be added up in one pass.
    if (next > value) this.#next[value] = next;
  }

  #push(): number {
    const value = this.#next.push(-1) - 1;
    this.#links.push(0);
    this.#stack.push(value);
    return value;
  }

  #plain(instruction: Instruction, at: number): void {
    const { opcode, index } = instruction;
    const stack = this.#stack;
    switch (opcode.name) {
      case 'local.set':
      case 'local.tee':
        this.#assign(index, at);
        if (opcode.name === 'local.set') stack.pop();
        else this.#replace(1, 1);
        return;
      case 'call':
        return this.#call(typeOf(this.#module, index), 0);
      case 'call_indirect':
        return this.#call(typeAt(this.#module, index), 1);
      case 'br_if':
        stack.pop();
        return;
      case 'br':
      case 'br_table':
      case 'return':
      case 'unreachable':
        this.#block.live = false;
        return;
      case 'i32.wrap_i64':
      case 'i64.extend_i32_u': {
        const value = stack.pop() as number;
        this.#follow(value, this.#push());
        return;
      }
      case 'select':
        onlyIntegers(instruction.result ? [instruction.result] : [], 'A select');
        return this.#replace(3, 1);
      default: {
        const [pops, pushes] = arity(opcode.name);
        this.#replace(pops, pushes);
      }
    }
  }

  #replace(pops: number, pushes: number): void {
    this.#stack.length -= pops;
    for (let i = 0; i < pushes; i++) this.#push();
  }

  #assign(local: number, at: number): void {
    const list = this.#assignments.get(local);
    if (list) list.push(at);
    else this.#assignments.set(local, [at]);
  }

  /** The first argument stands one register above the link, which stands where the first result will. */
  #call({ params, results }: FunctionType, operands: number): void {
    onlyIntegers([...params, ...results], 'A call with a parameter or result');
    this.#stack.length -= operands;
    const first = this.#stack[this.#stack.length - params.length];
    this.#stack.length -= params.length;
    if (first !== undefined && params.length > 0) {
      this.#links[first] = (this.#links[first] as number) + 1;
      if (results.length > 0) this.#follow(first, this.#next.length);
    }
    for (let i = 0; i < results.length; i++) this.#push();
  }
}

/** How many values an instruction without special treatment takes and leaves. */
function arity(name: string): readonly [pops: number, pushes: number] {
  if (name === 'nop') return [0, 0];
  if (name === 'drop' || name === 'global.set') return [1, 0];
  if (name === 'local.get' || name === 'global.get' || name === 'memory.size') return [0, 1];
  if (name.endsWith('.const')) return [0, 1];
  if (name.includes('.store')) return [2, 0];
  const unary = /\.(load|eqz|clz|ctz|popcnt|extend|wrap)|^memory\.grow$/;
  return unary.test(name) ? [1, 1] : [2, 1];
}

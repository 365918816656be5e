import type { FunctionBody, Instruction, ValueType } from '#shared/machine/wasm/parse.ts';
import { LIMITS, TRAPS } from '../isa.ts';
import { type Item, opposite } from './assembler.ts';
import { Blocks } from './blocks.ts';
import { Calls } from './calls.ts';
import { type Environment, inRegister } from './environment.ts';
import { TranslateError } from './errors.ts';
import { Frame } from './frame.ts';
import { ACCESSES, MIRRORED, OPERATORS, type Operator } from './operations.ts';
import { type Operation, onlyIntegers, scan, typeAt } from './scan.ts';
import { isZeroExtended, MASK32, temporary, type Value, wrap } from './values.ts';

/** The code of one function, not yet placed. */
export interface LoweredFunction {
  readonly items: readonly Item[];
  /** Registers of its frame, link included. */
  readonly frameSize: number;
  readonly parameters: number;
}

/**
 * Translates a function's body. Deterministic.
 *
 * @throws TranslateError or WasmError for what is outside the subset.
 */
export function lower(environment: Environment, body: FunctionBody): LoweredFunction {
  const { params, results } = typeAt(environment.module, body.type);
  onlyIntegers([...params, ...results], 'A parameter or result');
  onlyIntegers(
    body.locals.map((local) => local.type),
    'A local',
  );
  const locals = body.locals.reduce((sum, { count }) => sum + count, params.length);
  if (locals >= LIMITS.FRAME) throw tooManyRegisters(locals);
  const { operations, gaps, assignments } = scan(environment.module, body);
  const frame = new Frame(locals, gaps);
  const blocks = new Blocks(frame, { operations, gaps, assignments }, results.length);
  const types = [
    ...params,
    ...body.locals.flatMap(({ count, type }) =>
      new Array<ValueType>(count).fill(type as ValueType),
    ),
  ];
  const lowering = new Lowering(environment, frame, blocks, types as ValueType[]);
  for (const [at, operation] of operations.entries()) lowering.translate(operation, at);
  if (frame.size > LIMITS.FRAME) throw tooManyRegisters(frame.size);
  return { items: frame.code.items, frameSize: frame.size, parameters: params.length };
}

const tooManyRegisters = (count: number) =>
  new TranslateError('TRANSLATE_LIMIT', `A frame of ${count} registers, more than ${LIMITS.FRAME}`);

class Lowering {
  readonly #environment: Environment;
  readonly #frame: Frame;
  readonly #blocks: Blocks;
  readonly #calls: Calls;
  readonly #locals: readonly ValueType[];

  constructor(
    environment: Environment,
    frame: Frame,
    blocks: Blocks,
    locals: readonly ValueType[],
  ) {
    this.#environment = environment;
    this.#frame = frame;
    this.#blocks = blocks;
    this.#locals = locals;
    this.#calls = new Calls(frame, environment);
  }

  translate(operation: Operation, at: number): void {
    const { instruction } = operation;
    this.#frame.numberFrom(operation.firstPush);
    switch (instruction.opcode.name) {
      case 'block':
      case 'loop':
      case 'if':
        return this.#blocks.open(operation, at);
      case 'else':
        return this.#blocks.else(operation);
      case 'end':
        return this.#blocks.end(operation);
      case 'br':
        return this.#blocks.br(instruction.index);
      case 'br_if':
        return this.#blocks.brIf(instruction.index);
      case 'br_table':
        return this.#blocks.brTable(instruction);
      case 'return':
        return this.#blocks.return();
      case 'call':
        return this.#calls.call(instruction.index);
      case 'call_indirect':
        return this.#calls.indirect(instruction.index);
      default:
        return this.#plain(instruction);
    }
  }

  #plain(instruction: Instruction): void {
    const { name } = instruction.opcode;
    const frame = this.#frame;
    const operator = OPERATORS.get(name);
    if (operator !== undefined) {
      return operator.kind === 'unary' ? this.#unary(operator) : this.#binary(operator);
    }
    if (name.includes('.load')) return this.#load(instruction);
    if (name.includes('.store')) return this.#store(instruction);
    if (name.startsWith('local.') || name.startsWith('global.')) return this.#variable(instruction);
    switch (name) {
      case 'nop':
        return;
      case 'unreachable':
        return frame.code.emit('trap', { imm: BigInt(TRAPS.UNREACHABLE) });
      case 'drop':
        frame.pop();
        return;
      case 'select':
        return this.#select();
      case 'i32.const':
        return frame.pushConstant(inRegister(instruction.value, 'i32'));
      case 'i64.const':
        return frame.pushConstant(inRegister(instruction.value, 'i64'));
      case 'i32.eqz':
      case 'i64.eqz':
        return this.#eqz();
      case 'i32.wrap_i64':
        return this.#convert(wrap(frame.pop()));
      case 'i64.extend_i32_u':
        return this.#extend(frame.pop());
      case 'memory.size':
        return frame.compute('memory_size', {}, true);
      case 'memory.grow':
        return frame.compute('memory_grow', { a: frame.register(frame.pop()) }, true);
      default:
        // INVARIANT: the parser lets pass what is above and nothing else.
        throw new TranslateError('TRANSLATE_UNSUPPORTED', name);
    }
  }

  /**
   * The same register, seen as another type; unless a later value could have it for its home. An `if`'s parameter may stand that high, when its other
   * arm makes it an argument of a call.
   */
  #convert(value: Value): void {
    const frame = this.#frame;
    frame.push((home) => {
      if (value.kind !== 'temporary' || value.register <= home) return { ...value, home };
      frame.copy(home, value);
      return temporary(home, value.zero || value.wrapped);
    });
  }

  #extend(value: Value): void {
    if (value.kind === 'constant') return this.#convert(value);
    if (!value.wrapped) return this.#convert({ ...value, zero: true });
    this.#frame.compute('and_imm', { a: value.register, imm: MASK32 }, true);
  }

  #variable({ opcode, index }: Instruction): void {
    const frame = this.#frame;
    const register = 1 + index;
    const zero = this.#locals[index] === 'i32';
    const wrapped = false;
    switch (opcode.name) {
      case 'local.get':
        return frame.push((home) => ({ kind: 'local', register, home, zero, wrapped }));
      case 'local.set':
        return frame.assign(register, frame.pop());
      case 'local.tee': {
        const value = frame.pop();
        frame.assign(register, value);
        if (value.kind === 'constant') return this.#convert(value);
        return frame.push((home) => ({ kind: 'local', register, home, zero, wrapped }));
      }
      case 'global.get': {
        const place = this.#environment.global(index);
        if (place.kind === 'constant') return frame.pushConstant(place.value);
        return frame.compute('global_get', { imm: BigInt(place.register) }, false);
      }
      default: {
        const place = this.#environment.global(index);
        const a = frame.register(frame.pop());
        // INVARIANT: valid modules assign mutable globals only, and those are registers.
        if (place.kind === 'register')
          frame.code.emit('global_set', { a, imm: BigInt(place.register) });
      }
    }
  }

  #binary(operator: Operator): void {
    const frame = this.#frame;
    let [a, b] = frame.take(2) as [Value, Value];
    if (operator.swap) [a, b] = [b, a];
    let { name } = operator;
    if (a.kind === 'constant' && b.kind !== 'constant') {
      if (operator.commutes) [a, b] = [b, a];
      else if (operator.kind === 'compare') {
        name = MIRRORED.get(name) as string;
        [a, b] = [b, a];
      }
    }
    const zero =
      operator.zero === 'always' ||
      (operator.zero === 'either' && (isZeroExtended(a) || isZeroExtended(b))) ||
      (operator.zero === 'both' && isZeroExtended(a) && isZeroExtended(b)) ||
      shiftsOut(name, b);
    const wrapped = staysWrapped(name, a, b);
    const left = frame.register(a, operator.wide);
    if (b.kind === 'constant') {
      return frame.compute(`${name}_imm`, { a: left, imm: b.value }, zero, wrapped);
    }
    const right = frame.register(b, operator.wide);
    frame.compute(name, { a: left, b: right }, zero, wrapped);
  }

  #unary({ name, zero, wide }: Operator): void {
    const frame = this.#frame;
    const a = frame.register(frame.pop(), wide);
    frame.compute(name, { a }, zero === 'always');
  }

  #eqz(): void {
    const frame = this.#frame;
    const value = frame.pop();
    const last =
      value.kind === 'temporary' && !value.wrapped
        ? frame.code.lastWriting(value.register)
        : undefined;
    const inverse = last && opposite(last);
    if (inverse !== undefined) {
      frame.code.pop();
      return frame.compute(inverse.name, { a: inverse.a, b: inverse.b, imm: inverse.imm }, true);
    }
    const a = frame.register(value);
    frame.compute('eq_imm', { a, imm: 0n }, true);
  }

  #select(): void {
    const frame = this.#frame;
    const [first, second, condition] = frame.take(3) as [Value, Value, Value];
    const zero = isZeroExtended(first) && isZeroExtended(second);
    const a = frame.register(first);
    const b = frame.register(second);
    const imm = BigInt(frame.register(condition));
    frame.compute('select', { a, b, imm }, zero);
  }

  #load({ opcode, offset }: Instruction): void {
    const frame = this.#frame;
    // INVARIANT: the table has every load and store of the subset.
    const access = ACCESSES.get(opcode.name) as NonNullable<ReturnType<typeof ACCESSES.get>>;
    const address = frame.pop();
    if (address.kind === 'constant' && access.constant !== undefined) {
      const imm = address.value + BigInt(offset);
      return frame.compute(access.constant, { imm }, access.zero);
    }
    const a = frame.register(address);
    frame.compute(access.name, { a, imm: BigInt(offset) }, access.zero);
  }

  #store({ opcode, offset }: Instruction): void {
    const frame = this.#frame;
    const access = ACCESSES.get(opcode.name) as NonNullable<ReturnType<typeof ACCESSES.get>>;
    const [address, value] = frame.take(2) as [Value, Value];
    if (address.kind === 'constant' && access.constant !== undefined) {
      const b = frame.register(value, true);
      frame.code.emit(access.constant, { b, imm: address.value + BigInt(offset) });
      return;
    }
    const a = frame.register(address);
    const b = frame.register(value, true);
    frame.code.emit(access.name, { a, b, imm: BigInt(offset) });
  }
}

/** A shift to the right by 32 or more leaves zeros above. */
function shiftsOut(name: string, count: Value): boolean {
  return name === 'shr_u64' && count.kind === 'constant' && (count.value & 63n) >= 32n;
}

/** and, or and xor of wrapped values leave something in the upper bits, too. */
function staysWrapped(name: string, a: Value, b: Value): boolean {
  const dirty = (value: Value) => value.kind !== 'constant' && value.wrapped;
  if (name === 'and') return dirty(a) && dirty(b);
  return (name === 'or' || name === 'xor') && (dirty(a) || dirty(b));
}

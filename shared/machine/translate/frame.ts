import { Assembler, type Line } from './assembler.ts';
import { constantOf, MASK32, type Move, sequence, temporary, type Value } from './values.ts';

/**
 * The frame of the function being translated: WebAssembly's stack as the translator knows it, and the code that brings values into registers.
 * Register 0 is the link, then parameters and locals, then the homes of values.
 */
export class Frame {
  readonly code = new Assembler();
  readonly stack: Value[] = [];
  readonly #gaps: readonly number[];
  readonly #firstHome: number;
  #highest: number;
  /** Number of the next value pushed; the scan numbered them. */
  #next = 0;

  /** `locals`: parameters and locals together. */
  constructor(locals: number, gaps: readonly number[]) {
    this.#gaps = gaps;
    this.#firstHome = 1 + locals;
    this.#highest = locals;
  }

  /** Registers that the function needs, link included. */
  get size(): number {
    return this.#highest + 1;
  }

  /** Notes that a register is written. */
  use(register: number): number {
    if (register > this.#highest) this.#highest = register;
    return register;
  }

  /** The scan numbered the values from here on. */
  numberFrom(value: number): void {
    this.#next = value;
  }

  /** First register that no value on the stack has for its home. */
  get free(): number {
    return (this.stack.at(-1)?.home ?? this.#firstHome - 1) + 1;
  }

  /** Home of the next value pushed. */
  nextHome(): number {
    return this.free + (this.#gaps[this.#next] as number);
  }

  /** Homes of `count` values numbered from `first`, were they pushed on the lowest `height` values of the stack. */
  homesAt(height: number, first: number, count: number): number[] {
    let home = height > 0 ? (this.stack[height - 1] as Value).home : this.#firstHome - 1;
    return Array.from({ length: count }, (_, i) => {
      home += 1 + (this.#gaps[first + i] as number);
      return home;
    });
  }

  push(value: (home: number) => Value): void {
    const home = this.nextHome();
    this.#next++;
    this.stack.push(value(home));
  }

  pushConstant(value: bigint): void {
    this.push((home) => constantOf(value, home));
  }

  /** Emits an instruction whose result is the next value. */
  compute(name: string, fields: Partial<Line>, zero: boolean, wrapped = false): void {
    this.push((home) => {
      this.code.emit(name, { ...fields, dst: this.use(home) });
      return { ...temporary(home, zero), wrapped };
    });
  }

  pop(): Value {
    return this.stack.pop() as Value;
  }

  /** Takes the top `count` values off. */
  take(count: number): Value[] {
    return this.stack.splice(this.stack.length - count, count);
  }

  /** The top `count` values, which stay. */
  top(count: number): Value[] {
    return this.stack.slice(this.stack.length - count);
  }

  /** The register in which a value stands. `wide`: its upper bits do not matter. */
  register(value: Value, wide = false): number {
    if (value.kind !== 'constant' && (wide || !value.wrapped)) return value.register;
    this.copy(value.home, value);
    return value.home;
  }

  /** Copies a value that stays where it is. */
  copy(to: number, value: Value): void {
    this.use(to);
    if (value.kind === 'constant') this.code.emit('const', { dst: to, imm: value.value });
    else if (value.wrapped) this.code.emit('and_imm', { dst: to, a: value.register, imm: MASK32 });
    else if (value.register !== to) this.code.emit('move', { dst: to, a: value.register });
  }

  /** Brings a value that nobody needs any more to a register: computes it there if that is still possible. */
  place(to: number, value: Value): void {
    const last = this.#retargetable(value);
    if (last === undefined) this.copy(to, value);
    else last.dst = this.use(to);
  }

  #retargetable(value: Value): Line | undefined {
    if (value.kind !== 'temporary' || value.wrapped) return undefined;
    return this.code.lastWriting(value.register);
  }

  /** Brings several values to their places at once. */
  placeAll(to: readonly number[], values: readonly Value[]): void {
    if (values.length === 1) return this.place(to[0] as number, values[0] as Value);
    for (const move of this.movesTo(to, values)) this.copy(move.to, move.from);
  }

  /** The moves that `placeAll` would need without computing anything elsewhere. */
  movesTo(to: readonly number[], values: readonly Value[]): Move[] {
    const moves = values.map((from, i) => ({ to: to[i] as number, from }));
    // Beyond every home of the values and every place they go to.
    const spare = Math.max(0, ...moves.flatMap((move) => [move.to, move.from.home])) + 1;
    return sequence(moves, spare);
  }

  /** Before a local is assigned: values that were still to be read from it are. */
  rescue(isAssigned: (register: number) => boolean): void {
    for (const [i, value] of this.stack.entries()) {
      if (value.kind !== 'local' || !isAssigned(value.register)) continue;
      this.copy(value.home, value);
      this.stack[i] = temporary(value.home, value.zero || value.wrapped);
    }
  }

  /** local.set: `value` has been popped. */
  assign(local: number, value: Value): void {
    const last = this.#retargetable(value);
    // What computes the value may read the local, as may the values rescued: all of that comes before the assignment.
    if (last !== undefined) this.code.pop();
    this.rescue((register) => register === local);
    if (last !== undefined) this.code.put({ ...last, dst: local });
    else this.copy(local, value);
  }

  /** Brings the top values home, whatever they are. */
  settle(count: number): void {
    const values = this.take(count);
    const homes = values.map((value) => value.home);
    for (const move of this.movesTo(homes, values)) this.copy(move.to, move.from);
    this.stack.push(...values.map(({ home }) => temporary(home, false)));
  }
}

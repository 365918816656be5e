import { Code } from '#shared/machine/wasm/code.ts';
import type { FunctionType, ValueType } from '#shared/machine/wasm/parse.ts';
import { Writer } from '#shared/machine/wasm/writer.ts';
import type { Draw } from './draws.ts';

interface Label {
  readonly types: readonly ValueType[];
  /** Values below it. */
  readonly height: number;
  readonly loop: boolean;
}

const OPERATORS = 'add sub mul and or xor shl shr_s shr_u rotl rotr div_u rem_s'.split(' ');
const COMPARISONS = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u'.split(' ');
/** Where in memory the locals of a function are found after it. */
const SEEN = 60_000;
const I32 = 0x7f;
const I64 = 0x7e;
export const byteOf = (type: ValueType) => (type === 'i32' ? I32 : I64);
/** A vector of the binary format. */
export const vector = (items: readonly Uint8Array[]): Uint8Array =>
  items.reduce((writer, item) => writer.bytes(item), new Writer().u32(items.length)).finish();
const LOCALS: readonly ValueType[] = ['i32', 'i64', 'i32', 'i64'];

/** The types of a module, each once. */
export class Types {
  readonly list: FunctionType[] = [];

  index(params: readonly ValueType[], results: readonly ValueType[]): number {
    const key = `${params}>${results}`;
    const found = this.list.findIndex((type) => `${type.params}>${type.results}` === key);
    return found >= 0 ? found : this.list.push({ params, results }) - 1;
  }
}

/** The body of one function: valid, and sure to end. */
export class Body {
  readonly code = new Code();
  readonly #draw: Draw;
  readonly #types: Types;
  readonly #functions: readonly FunctionType[];
  readonly #index: number;
  readonly #locals: readonly ValueType[];
  #stack: ValueType[] = [];
  #labels: Label[];
  #fuel: number;
  #counters = 0;
  readonly #firstCounter: number;

  constructor(
    draw: Draw,
    types: Types,
    functions: readonly FunctionType[],
    index: number,
    fuel: number,
  ) {
    this.#draw = draw;
    this.#types = types;
    this.#functions = functions;
    this.#index = index;
    this.#fuel = fuel;
    const { params, results } = functions[index] as FunctionType;
    this.#locals = [...(params as readonly ValueType[]), ...LOCALS];
    this.#firstCounter = this.#locals.length;
    this.#labels = [{ types: results as readonly ValueType[], height: 0, loop: false }];
  }

  bytes(): Uint8Array {
    this.#sequence();
    // What it did to its locals is seen in memory.
    for (const [i, type] of this.#locals.entries()) {
      this.code
        .i32(0)
        .op('local.get', i)
        .memory(`${type}.store`, SEEN + 8 * i);
    }
    this.#leaveWith(0, this.#labels[0]?.types ?? []);
    this.code.op('end');
    const counters = new Writer().u32(this.#counters).byte(I32).finish();
    const own = LOCALS.map((type) => new Writer().u32(1).byte(byteOf(type)).finish());
    const content = new Writer().bytes(vector([...own, counters])).bytes(this.code.finish());
    return new Writer().sized(content.finish()).finish();
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#draw(items.length)] as T;
  }

  #type(): ValueType {
    return this.#draw(2) === 0 ? 'i32' : 'i64';
  }

  #sequence(): void {
    for (let count = 2 + this.#draw(12); count > 0 && this.#fuel > 0; count--) {
      if (!this.#instruction()) return;
    }
  }

  /** False: control does not come past what was written. */
  #instruction(): boolean {
    this.#fuel--;
    switch (this.#draw(16)) {
      case 0:
      case 1:
      case 2:
        this.#push(this.#type());
        return true;
      case 3:
      case 4:
        return this.#operate();
      case 5:
      case 6:
        return this.#assign();
      case 7:
        return this.#block();
      case 8:
        return this.#loop();
      case 9:
        return this.#if();
      case 10:
        return this.#branch();
      case 11:
        return this.#call();
      case 12:
        return this.#memory();
      case 13:
        return this.#convert();
      case 14: {
        const type = this.#type();
        this.#want([type, type, 'i32']);
        this.code.op('select');
        this.#stack.splice(-3, 3, type);
        return true;
      }
      default:
        this.#want([this.#type()]);
        this.code.op('drop');
        this.#stack.pop();
        return true;
    }
  }

  /** Loops around this place: turns multiply. */
  get #loops(): number {
    return this.#labels.filter(({ loop }) => loop).length;
  }

  get #floor(): number {
    return this.#labels.at(-1)?.height ?? 0;
  }

  #push(type: ValueType): void {
    const locals = this.#locals.flatMap((each, i) => (each === type ? [i] : []));
    const constant = this.#pick([0, 1, -1, 5, 31, 0x7fff_ffff, -0x8000_0000]);
    if (locals.length > 0 && this.#draw(3) > 0) this.code.op('local.get', this.#pick(locals));
    else if (type === 'i32') this.code.i32(constant);
    else this.code.op('i64.const').s32(constant); // the same bytes as of 64 bits
    this.#stack.push(type);
  }

  /** Makes the top of the stack have these types: mostly with what is there. */
  #want(types: readonly ValueType[]): void {
    const depth = this.#stack.length - this.#floor;
    for (let have = Math.min(depth, types.length); have >= 0; have--) {
      const top = this.#stack.slice(this.#stack.length - have);
      if (!top.every((type, i) => type === types[i])) continue;
      for (const type of types.slice(have)) this.#push(type);
      return;
    }
  }

  #operate(): boolean {
    const type = this.#type();
    this.#want([type, type]);
    const compare = this.#draw(3) === 0;
    const name = this.#pick(compare ? COMPARISONS : OPERATORS);
    if (/div|rem/.test(name) && this.#draw(8) > 0) {
      if (type === 'i32') this.code.i32(1).op('i32.or');
      else this.code.op('i64.const').s32(1).op('i64.or');
    }
    this.code.op(`${type}.${name}`);
    this.#stack.splice(-2, 2, compare ? 'i32' : type);
    return true;
  }

  #assign(): boolean {
    const local = this.#draw(this.#locals.length);
    const type = this.#locals[local] as ValueType;
    this.#want([type]);
    const tee = this.#draw(2) === 0;
    this.code.op(tee ? 'local.tee' : 'local.set', local);
    if (!tee) this.#stack.pop();
    return true;
  }

  #convert(): boolean {
    const name = this.#pick([
      'i32.wrap_i64',
      'i64.extend_i32_u',
      'i64.extend_i32_s',
      'i32.eqz',
      'i64.eqz',
    ]);
    const [from, to] = {
      'i32.wrap_i64': ['i64', 'i32'],
      'i64.extend_i32_u': ['i32', 'i64'],
      'i64.extend_i32_s': ['i32', 'i64'],
      'i32.eqz': ['i32', 'i32'],
      'i64.eqz': ['i64', 'i32'],
    }[name] as [ValueType, ValueType];
    this.#want([from]);
    this.code.op(name);
    this.#stack.splice(-1, 1, to);
    return true;
  }

  #memory(): boolean {
    const type = this.#type();
    if (this.#draw(2) === 0) {
      this.#want(['i32']);
      this.code.i32(0x3fff).op('i32.and').memory(`${type}.load`, this.#draw(100));
      this.#stack.splice(-1, 1, type);
    } else {
      this.#want(['i32', type]);
      // The address lies below the value: a store in bounds needs it masked before.
      const local = this.#locals.lastIndexOf(type);
      this.code.op('local.set', local).i32(0x3fff).op('i32.and').op('local.get', local);
      this.code.memory(`${type}.store`, this.#draw(100));
      this.#stack.splice(-2, 2);
    }
    return true;
  }

  #signature(): { params: ValueType[]; results: ValueType[] } {
    const params = Array.from({ length: this.#draw(3) }, () => this.#type());
    return { params, results: Array.from({ length: this.#draw(3) }, () => this.#type()) };
  }

  /** Opens a block whose parameters are on the stack already. */
  #open(
    name: 'block' | 'loop' | 'if',
    params: readonly ValueType[],
    results: readonly ValueType[],
  ) {
    this.code.op(name);
    if (params.length === 0 && results.length === 0) this.code.byte(0x40);
    else this.code.s32(this.#types.index(params, results));
    const height = this.#stack.length - params.length;
    const loop = name === 'loop';
    this.#labels.push({ types: loop ? params : results, height, loop });
    return height;
  }

  /** Ends an arm: the stack above `height` becomes `results`, or the code there is left to be dead. */
  #leaveWith(height: number, results: readonly ValueType[]): void {
    while (this.#stack.length > height + results.length) {
      this.code.op('drop');
      this.#stack.pop();
    }
    const have = this.#stack.slice(height);
    if (have.length === results.length && have.every((type, i) => type === results[i])) return;
    for (const _ of have) this.code.op('drop');
    this.#stack.length = height;
    for (const type of results) this.#push(type);
  }

  #arm(height: number, results: readonly ValueType[]): void {
    this.#sequence();
    this.#leaveWith(height, results);
  }

  #close(height: number, results: readonly ValueType[]): true {
    this.code.op('end');
    this.#labels.pop();
    this.#stack.length = height;
    this.#stack.push(...results);
    return true;
  }

  #block(): boolean {
    const { params, results } = this.#signature();
    this.#want(params);
    const height = this.#open('block', params, results);
    this.#arm(height, results);
    return this.#close(height, results);
  }

  #if(): boolean {
    const { params, results } = this.#signature();
    this.#want([...params, 'i32']);
    this.#stack.pop();
    const height = this.#open('if', params, results);
    this.#arm(height, results);
    const same = params.length === results.length && params.every((type, i) => type === results[i]);
    if (!same || this.#draw(2) === 0) {
      this.code.op('else');
      this.#stack.length = height;
      this.#stack.push(...params);
      this.#arm(height, results);
    }
    return this.#close(height, results);
  }

  /** Goes around a few times, with whatever values stand where its parameters are. */
  #loop(): boolean {
    if (this.#loops >= 2) return this.#block();
    const { params, results } = this.#signature();
    const counter = this.#firstCounter + this.#counters++;
    this.code.i32(0).op('local.set', counter);
    this.#want(params);
    const height = this.#open('loop', params, results);
    this.#sequence();
    this.#leaveWith(height, params);
    this.code.op('local.get', counter).i32(1).op('i32.add').op('local.tee', counter);
    this.code.i32(4).op('i32.lt_u').op('br_if', 0);
    this.#leaveWith(height, results);
    return this.#close(height, results);
  }

  #branch(): boolean {
    const forward = this.#labels.flatMap((label, i) => (label.loop ? [] : [i]));
    // Out of the function only from inside of something, or little of it would ever run.
    const near = forward.slice(this.#labels.length > 2 ? 0 : -1);
    const to = this.#pick(near);
    const { types } = this.#labels[to] as Label;
    const depthOf = (index: number) => this.#labels.length - 1 - index;
    const kind = this.#draw(16);
    if (kind >= 4) {
      this.#want([...types, 'i32']);
      this.code.op('br_if', depthOf(to));
      this.#stack.pop();
      return true;
    }
    if (kind >= 2) {
      const alike = forward.filter((index) => `${this.#labels[index]?.types}` === `${types}`);
      this.#want([...types, 'i32']);
      const depths = Array.from({ length: 1 + this.#draw(4) }, () => depthOf(this.#pick(alike)));
      this.code.op('br_table').u32(depths.length);
      for (const depth of depths) this.code.u32(depth);
      this.code.u32(depthOf(to));
    } else {
      this.#want(types);
      if (to === 0) this.code.op('return');
      else this.code.op('br', depthOf(to));
    }
    // What follows is dead, and begins with an empty stack of its own.
    this.#stack.length = this.#floor;
    return this.#draw(2) === 0;
  }

  #call(): boolean {
    const callees = this.#functions.flatMap((type, i) => (i > this.#index ? [{ type, i }] : []));
    if (callees.length === 0 || this.#loops > 1) return true;
    const { type, i } = this.#pick(callees);
    this.#want(type.params as readonly ValueType[]);
    this.code.op('call', i);
    this.#stack.length -= type.params.length;
    this.#stack.push(...(type.results as readonly ValueType[]));
    return true;
  }
}

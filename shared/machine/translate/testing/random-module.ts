import type fc from 'fast-check';
import { arbitraryDraws, type Draw } from './draws.ts';

/**
 * Random modules in the text format, valid by construction and sure to end: blocks within blocks, loops with a counter of their own, branches with and
 * without values out of and back into them, br_table, calls forward, calls through a table, memory, globals.
 */
type Type = 'i32' | 'i64';

interface Function {
  readonly parameters: readonly Type[];
  readonly result: Type | undefined;
}

interface Label {
  readonly name: string;
  /** What a branch to it takes along. Undefined: nothing. */
  readonly result: Type | undefined;
  /** A branch to it goes on rather than back. */
  readonly forward: boolean;
}

const BINARY = 'add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr'.split(
  ' ',
);
const COMPARE = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u'.split(' ');
const UNARY: Readonly<Record<Type, readonly string[]>> = {
  i32: 'i32.clz i32.ctz i32.popcnt i32.extend8_s i32.extend16_s i32.eqz'.split(' '),
  i64: 'i64.clz i64.ctz i64.popcnt i64.extend8_s i64.extend16_s i64.extend32_s'.split(' '),
};
const LOADS: Readonly<Record<Type, readonly string[]>> = {
  i32: 'i32.load i32.load8_s i32.load8_u i32.load16_s i32.load16_u'.split(' '),
  i64: 'i64.load i64.load8_s i64.load8_u i64.load16_s i64.load16_u i64.load32_s i64.load32_u'.split(
    ' ',
  ),
};
const STORES: Readonly<Record<Type, readonly string[]>> = {
  i32: 'i32.store i32.store8 i32.store16'.split(' '),
  i64: 'i64.store i64.store8 i64.store16 i64.store32'.split(' '),
};
const CONSTANTS = [
  0n,
  1n,
  -1n,
  2n,
  3n,
  7n,
  31n,
  32n,
  63n,
  255n,
  256n,
  0x7fff_ffffn,
  -0x8000_0000n,
  0xffff_ffffn,
];
const LOCALS = 5;
const LOOP_TURNS = 3;
/** Where in memory the locals of a function are found after it. */
const SEEN = 60_000;

class Writer {
  readonly #draw: Draw;
  readonly #functions: readonly Function[];
  readonly #index: number;
  readonly #locals: readonly Type[];
  #labels: Label[] = [];
  #fuel: number;
  #names = 0;
  #counters = 0;

  constructor(draw: Draw, functions: readonly Function[], index: number, fuel: number) {
    this.#draw = draw;
    this.#functions = functions;
    this.#index = index;
    this.#fuel = fuel;
    const own = Array.from({ length: LOCALS }, () => this.#type());
    this.#locals = [...(functions[index] as Function).parameters, ...own];
  }

  write(): string {
    const { parameters, result } = this.#functions[this.#index] as Function;
    // What a function did to its locals is seen in memory.
    const seen = this.#locals.map(
      (type, i) => `(${type}.store offset=${SEEN + 8 * i} (i32.const 0) (local.get ${i}))`,
    );
    const last = result === undefined ? '' : this.#value(result, 2);
    const body = [this.#statements(10), ...seen, last];
    const locals = this.#locals.slice(parameters.length);
    const counters = 'i32 '.repeat(this.#counters);
    return `(func $f${this.#index} (export "f${this.#index}")
      ${parameters.length > 0 ? `(param ${parameters.join(' ')})` : ''} ${result ? `(result ${result})` : ''}
      (local ${locals.join(' ')} ${counters})
      ${body.join('\n')})`;
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#draw(items.length)] as T;
  }

  #type(): Type {
    return this.#draw(2) === 0 ? 'i32' : 'i64';
  }

  #statements(most: number): string {
    const lines: string[] = [];
    for (let count = 1 + this.#draw(most); count > 0; count--) {
      if (this.#fuel <= 0) break;
      lines.push(this.#statement());
    }
    return lines.join('\n');
  }

  #inside(label: Label, body: () => string): string {
    this.#labels.push(label);
    const text = body();
    this.#labels.pop();
    return text;
  }

  #fresh(result: Type | undefined, forward: boolean): Label {
    return { name: `$l${this.#names++}`, result, forward };
  }

  #statement(): string {
    this.#fuel--;
    switch (this.#draw(14)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return this.#set();
      case 4:
      case 5: {
        const type = this.#type();
        return `(${this.#pick(STORES[type])} offset=${this.#draw(40)} ${this.#address()} ${this.#value(type, 3)})`;
      }
      case 6: {
        const label = this.#fresh(undefined, true);
        return `(block ${label.name} ${this.#inside(label, () => this.#statements(4))})`;
      }
      case 7:
        return this.#loop();
      case 8: {
        const label = this.#fresh(undefined, true);
        const then = this.#inside(label, () => this.#statements(3));
        const otherwise =
          this.#draw(2) === 0 ? '' : `(else ${this.#inside(label, () => this.#statements(3))})`;
        return `(if ${label.name} ${this.#value('i32', 3)} (then ${then}) ${otherwise})`;
      }
      case 9:
        return this.#branch();
      case 10:
        return this.#table();
      case 11: {
        const type = this.#type();
        return `(global.set $${type} ${this.#value(type, 2)})`;
      }
      case 12:
        return `(drop ${this.#value(this.#type(), 3)})`;
      default: {
        const { result } = this.#functions[this.#index] as Function;
        // Inside of something only: what follows would never run.
        if (this.#labels.length === 0) return this.#set();
        return `(return ${result === undefined ? '' : this.#value(result, 2)})`;
      }
    }
  }

  #set(): string {
    const local = this.#draw(this.#locals.length);
    return `(local.set ${local} ${this.#value(this.#locals[local] as Type, 3)})`;
  }

  /** A loop counts its turns in a local that nothing else assigns. */
  #loop(): string {
    const label = this.#fresh(undefined, false);
    const counter = this.#locals.length + this.#counters++;
    const body = this.#inside(label, () => this.#statements(4));
    const more = `(i32.lt_u (local.tee ${counter} (i32.add (local.get ${counter}) (i32.const 1))) (i32.const ${LOOP_TURNS}))`;
    if (this.#draw(2) === 0) {
      return `(loop ${label.name} ${body} (br_if ${label.name} ${more}))`;
    }
    const out = `$l${this.#names++}`;
    return `(block ${out} (loop ${label.name} (br_if ${out} (i32.eqz ${more})) ${body} (br ${label.name})))`;
  }

  /** Only forward: a loop is gone around by its own counter. */
  #branch(): string {
    const targets = this.#labels.filter(({ forward }) => forward);
    if (targets.length === 0) return this.#set();
    const { name, result } = this.#pick(targets);
    const value = result === undefined ? '' : this.#value(result, 2);
    if (this.#draw(3) === 0) return `(br ${name} ${value})`;
    const taken = `(br_if ${name} ${value} ${this.#value('i32', 3)})`;
    return result === undefined ? taken : `(drop ${taken})`;
  }

  #table(): string {
    const all = this.#labels.filter(({ forward }) => forward);
    if (all.length === 0) return this.#set();
    const { result } = this.#pick(all);
    const targets = all.filter((label) => label.result === result);
    const names = Array.from({ length: 1 + this.#draw(4) }, () => this.#pick(targets).name);
    const value = result === undefined ? '' : this.#value(result, 2);
    return `(br_table ${names.join(' ')} ${value} ${this.#value('i32', 2)})`;
  }

  /** Mostly in bounds. */
  #address(): string {
    if (this.#draw(3) === 0) return `(i32.const ${this.#draw(65_536)})`;
    if (this.#draw(30) === 0) return this.#value('i32', 1);
    return `(i32.and ${this.#value('i32', 2)} (i32.const 0x7fff))`;
  }

  #value(type: Type, depth: number): string {
    this.#fuel--;
    if (depth <= 0 || this.#fuel <= 0) return this.#leaf(type);
    const inner = () => this.#value(type, depth - 1);
    switch (this.#draw(18)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return this.#binary(type, inner);
      case 4: {
        const from = this.#type();
        const compare = `(${from}.${this.#pick(COMPARE)} ${this.#value(from, depth - 1)} ${this.#value(from, depth - 1)})`;
        return type === 'i32' ? compare : `(i64.extend_i32_u ${compare})`;
      }
      case 5:
        return `(${this.#pick(UNARY[type])} ${inner()})`;
      case 6:
      case 7:
        if (type === 'i32') return `(i32.wrap_i64 ${this.#value('i64', depth - 1)})`;
        return `(${this.#pick(['i64.extend_i32_s', 'i64.extend_i32_u'])} ${this.#value('i32', depth - 1)})`;
      case 8:
        return `(${this.#pick(LOADS[type])} offset=${this.#draw(40)} ${this.#address()})`;
      case 9: {
        const local = this.#locals.indexOf(type);
        return local < 0 ? inner() : `(local.tee ${local} ${inner()})`;
      }
      case 10: {
        const label = this.#fresh(type, true);
        const body = this.#inside(
          label,
          () => `${this.#statements(2)} ${this.#value(type, depth - 1)}`,
        );
        return `(block ${label.name} (result ${type}) ${body})`;
      }
      case 11: {
        const label = this.#fresh(type, true);
        const arm = () => this.#inside(label, () => `${this.#statements(2)} ${inner()}`);
        const condition = this.#value('i32', depth - 1);
        return `(if ${label.name} (result ${type}) ${condition} (then ${arm()}) (else ${arm()}))`;
      }
      case 12:
        return `(select ${inner()} ${inner()} ${this.#value('i32', depth - 1)})`;
      case 13:
        return this.#call(type, depth);
      case 14:
        return `(global.get $${type})`;
      default:
        return this.#leaf(type);
    }
  }

  #binary(type: Type, inner: () => string): string {
    const name = this.#pick(BINARY);
    const mayTrap = /div|rem/.test(name) && this.#draw(12) === 0;
    const right =
      mayTrap || !/div|rem/.test(name) ? inner() : `(${type}.or ${inner()} (${type}.const 1))`;
    return `(${type}.${name} ${inner()} ${right})`;
  }

  /** Calls go to functions of a higher index only, so that they end. */
  #call(type: Type, depth: number): string {
    const callees = this.#functions
      .map((callee, index) => ({ ...callee, index }))
      .filter(({ index, result }) => index > this.#index && result === type);
    if (callees.length === 0) return this.#leaf(type);
    const { index, parameters } = this.#pick(callees);
    const values = parameters.map((parameter) => this.#value(parameter, depth - 1)).join(' ');
    if (this.#draw(3) > 0) return `(call $f${index} ${values})`;
    const entry =
      this.#draw(8) === 0
        ? `(i32.and ${this.#value('i32', 1)} (i32.const 15))`
        : `(i32.const ${index})`;
    // An entry of any type and any index may be asked for: those calls trap, or go to functions that end as well.
    const list = parameters.length > 0 ? `(param ${parameters.join(' ')})` : '';
    return `(call_indirect ${list} (result ${type}) ${values} ${entry})`;
  }

  #leaf(type: Type): string {
    const locals = this.#locals.flatMap((each, i) => (each === type ? [i] : []));
    if (locals.length > 0 && this.#draw(3) > 0) return `(local.get ${this.#pick(locals)})`;
    const constant = this.#pick(CONSTANTS);
    const fits = type === 'i32' ? BigInt.asIntN(32, constant) : constant;
    return `(${type}.const ${fits})`;
  }
}

export interface RandomModule {
  readonly text: string;
  /** Parameters of f0, f1, … */
  readonly functions: readonly (readonly Type[])[];
}

/** A module from a sequence of draws. */
export function randomModule(draw: Draw, fuel: number): RandomModule {
  const type = (): Type => (draw(2) === 0 ? 'i32' : 'i64');
  const functions = Array.from({ length: 2 + draw(4) }, (): Function => {
    const result = draw(4) === 0 ? undefined : type();
    return { parameters: Array.from({ length: draw(4) }, type), result };
  });
  const bodies = functions.map((_, i) => new Writer(draw, functions, i, fuel).write());
  // The table has nothing but the last function, which calls nobody: a call through it ends. The rest of it is empty.
  const entries = functions.map(() => `$f${functions.length - 1}`).join(' ');
  const text = `(module
    (memory (export "memory") 1 1)
    (data (i32.const 16) "\\01\\80\\ff\\7f random bytes \\fe\\ff\\ff\\ff\\00\\00\\00\\80")
    (global $i32 (export "i32") (mut i32) (i32.const 11))
    (global $i64 (export "i64") (mut i64) (i64.const -5))
    (table 12 funcref)
    (elem (i32.const 0) ${entries})
    ${bodies.join('\n')})`;
  return { text, functions: functions.map(({ parameters }) => parameters) };
}

/** Random modules for fast-check. */
export const arbitraryModule = (fuel: number): fc.Arbitrary<RandomModule> =>
  arbitraryDraws(fuel).map(({ draw, fuel: own }) => randomModule(draw(), own));

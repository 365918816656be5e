import { TRAPS } from '../isa.ts';
import type { Label } from './assembler.ts';
import { type Environment, hasType } from './environment.ts';
import type { Frame } from './frame.ts';
import { typeAt, typeOf } from './scan.ts';
import { temporary, type Value } from './values.ts';

/** Where a call's frame stands in the caller's, and what comes back from it. */
interface Site {
  readonly dst: number;
  readonly results: number;
}

/** Calls: direct, of the host, and through the table, which is known and becomes a choice among direct calls. */
export class Calls {
  readonly #frame: Frame;
  readonly #environment: Environment;

  constructor(frame: Frame, environment: Environment) {
    this.#frame = frame;
    this.#environment = environment;
  }

  call(index: number): void {
    const { params, results } = typeOf(this.#environment.module, index);
    const host =
      index < this.#environment.importedFunctions
        ? this.#environment.hostFunction(index)
        : undefined;
    const site = this.#prepare(params.length, results.length);
    if (host !== undefined) this.#frame.code.emit(host, { dst: site.dst });
    else this.#frame.code.emit('call', { dst: site.dst, callee: index });
    this.#receive(site);
  }

  indirect(type: number): void {
    const { code } = this.#frame;
    const expected = typeAt(this.#environment.module, type);
    const register = this.#frame.register(this.#frame.pop());
    const site = this.#prepare(expected.params.length, expected.results.length);
    const table = this.#environment.table();
    const done = code.label();
    const stubs = new Map<number | 'undefined' | 'type', Label>();
    const stubOf = (index: number): Label => {
      const { module } = this.#environment;
      const key = index < 0 ? 'undefined' : hasType(module, index, expected) ? index : 'type';
      const label = stubs.get(key) ?? code.label();
      stubs.set(key, label);
      return label;
    };
    if (table.length > 0) code.emit('br_table', { a: register, imm: BigInt(table.length) });
    for (const index of [...table, -1]) code.emit('br', { target: stubOf(index) });
    for (const [key, label] of stubs) {
      code.bind(label);
      if (key === 'undefined') code.emit('trap', { imm: BigInt(TRAPS.UNDEFINED_ELEMENT) });
      else if (key === 'type') code.emit('trap', { imm: BigInt(TRAPS.INDIRECT_TYPE) });
      else {
        this.#dispatch(key, site.dst);
        code.emit('br', { target: done });
      }
    }
    code.bind(done);
    this.#receive(site);
  }

  #dispatch(index: number, dst: number): void {
    const { importedFunctions } = this.#environment;
    if (index < importedFunctions) {
      this.#frame.code.emit(this.#environment.hostFunction(index), { dst });
    } else this.#frame.code.emit('call', { dst, callee: index });
  }

  /** Brings the arguments to where the callee's frame has them: its link stands in the register before. */
  #prepare(params: number, results: number): Site {
    const first: Value | undefined = this.#frame.stack[this.#frame.stack.length - params];
    const values = this.#frame.take(params);
    const dst =
      params > 0 && first !== undefined
        ? first.home - 1
        : results > 0
          ? this.#frame.nextHome()
          : this.#frame.free;
    const targets = values.map((_, i) => dst + 1 + i);
    this.#frame.placeAll(targets, values);
    this.#frame.use(dst + Math.max(params, results - 1, 0));
    return { dst, results };
  }

  /**
   * Results stand from the link's register on. Several go home at once: where an earlier one's home is a later one's register, the later would be
   * lost whenever the earlier goes home alone.
   */
  #receive({ dst, results }: Site): void {
    let away = false;
    for (let i = 0; i < results; i++) {
      this.#frame.push((home) => {
        away ||= home !== dst + i;
        return temporary(dst + i, false, home);
      });
    }
    if (results > 1 && away) this.#frame.settle(results);
  }
}

import { inspect } from 'node:util';
import { expect } from 'vitest';
import { recoverPortable } from '#shared/host/recover.ts';
import { keccak256 } from '#shared/protocol/keccak.ts';
import { TRAPS } from '../../isa.ts';
import type { Program } from '../../program/program.ts';
import { Machine } from '../../run/machine.ts';
import { translate } from '../translate.ts';
import { Twin } from './twin.ts';

/** V8's words for each trap of the machine, as far as a module can tell them apart. */
const V8_TRAPS: readonly (readonly [RegExp, number])[] = [
  [/unreachable/, TRAPS.UNREACHABLE],
  [/divide by zero|remainder by zero/, TRAPS.DIVISION_BY_ZERO],
  [/unrepresentable/, TRAPS.INTEGER_OVERFLOW],
  [/memory access out of bounds/, TRAPS.OUT_OF_BOUNDS],
  [/call stack/, TRAPS.CALL_STACK_EXHAUSTED],
  [/table index is out of bounds/, TRAPS.UNDEFINED_ELEMENT],
  [/null function or function signature mismatch/, TRAPS.INDIRECT_TYPE],
];

export interface Outcome {
  /** The first, or the only one. */
  readonly result: bigint | undefined;
  /** Those after the first. */
  readonly others?: readonly bigint[];
  readonly trap: number;
}

/** An instance in V8, and the twin and the machine with the module's program: called alike, and compared after each call. */
export class Trio {
  readonly program: Program;
  readonly twin: Twin;
  readonly #machine: Machine;
  readonly #instance: WebAssembly.Instance;
  #input: Uint8Array = new Uint8Array(0);

  constructor(wasm: Uint8Array) {
    this.program = translate(wasm);
    this.twin = new Twin(this.program);
    this.#machine = new Machine(this.program);
    this.#machine.start();
    const module = new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>);
    this.#instance = new WebAssembly.Instance(module, { host: this.#host() });
  }

  get memory(): Uint8Array {
    const memory = Object.values(this.#instance.exports).find(
      (each) => each instanceof WebAssembly.Memory,
    );
    return new Uint8Array(memory?.buffer ?? new ArrayBuffer(0));
  }

  set input(bytes: Uint8Array) {
    this.#input = bytes;
    this.twin.input = bytes;
    this.#machine.setInput(bytes);
  }

  /** Writes to all three memories. */
  write(address: number, bytes: Uint8Array): void {
    this.memory.set(bytes, address);
    this.twin.memory.set(bytes, address);
    this.#machine.memory().writeBytes(address, bytes);
  }

  /** Calls all and expects the same result or trap, the same memory and the same exported globals; of the machine the same steps, too. */
  call(name: string, ...args: readonly bigint[]): Outcome {
    const native = this.#native(name, args);
    const about = `${name}(${args.join(', ')})`;
    const result = this.#callPrograms(name, args, about);
    const same =
      native.trap === this.twin.trap ||
      // An entry of the table that is null is a wrong type to V8.
      (native.trap === TRAPS.INDIRECT_TYPE && this.twin.trap === TRAPS.UNDEFINED_ELEMENT);
    if (!same) expect.fail(`${about}: V8 traps ${native.trap}, the twin ${this.twin.trap}`);
    if (result !== native.result) {
      expect.fail(`${about}: V8 has ${native.result}, the twin ${result}`);
    }
    const { otherResults = 0 } = this.program.entries.get(name) ?? {};
    for (const [i, value] of (native.others ?? []).entries()) {
      const own = this.twin.registers[otherResults + i];
      if (own !== value) expect.fail(`${about}: V8 has ${value}, the twin ${own} (${i + 2})`);
    }
    this.#compareState(about);
    return { result, trap: this.twin.trap };
  }

  #callPrograms(name: string, args: readonly bigint[], about: string): bigint | undefined {
    const before = this.twin.steps;
    const result = this.twin.call(name, ...args);
    const types = this.program.entries.get(name)?.parameters ?? [];
    const registers = args.map((arg, i) => BigInt.asUintN(types[i] === 'i32' ? 32 : 64, arg));
    const machine = this.#machine.call(name, registers);
    const steps = BigInt(this.twin.steps - before);
    // Compared by hand: `toEqual` on every call would be most of the time that the tests take.
    const same = machine.trap === this.twin.trap && machine.result === (result ?? 0n);
    if (!same || machine.steps !== steps) {
      const words = `result ${result}, trap ${this.twin.trap}, ${steps} steps`;
      expect.fail(`${about}: the twin ${words}; the machine ${inspect(machine)}`);
    }
    const first = this.program.entries.get(name)?.otherResults ?? 0;
    for (const [i, value] of machine.results.slice(1).entries()) {
      if (value !== this.twin.registers[first + i]) {
        expect.fail(`${about}: the machine's results are ${machine.results}`);
      }
    }
    const memory = this.#machine.memory();
    for (const block of this.twin.touched) {
      const [at, size] = [block * 4_096, 4_096];
      if (
        Buffer.compare(memory.readBytes(at, size), this.twin.memory.subarray(at, at + size)) !== 0
      )
        expect.fail(`${about}: memory of the machine differs in the 4 KiB at ${at}`);
    }
    this.twin.touched.clear();
    return result;
  }

  #compareState(about: string): void {
    const { memory } = this;
    if (memory.length > 0 && Buffer.compare(memory, this.twin.memory) !== 0) {
      const at = memory.findIndex((byte, i) => byte !== this.twin.memory[i]);
      expect.fail(`${about}: memory differs at ${at}, ${memory.length} bytes in V8`);
    }
    for (const [name, { type, register, value }] of this.program.exportedGlobals) {
      const native = (this.#instance.exports[name] as WebAssembly.Global).value;
      const own = register === undefined ? value : this.twin.registers[register];
      expect(own, `${about}: global ${name}`).toBe(unsigned(native, type));
    }
  }

  #native(name: string, args: readonly bigint[]): Outcome {
    const entry = this.program.entries.get(name);
    if (entry === undefined) {
      throw new Error(`"${name}" is refused: ${this.program.refused.get(name) ?? 'no export'}`);
    }
    const values = args.map((arg, i) =>
      entry.parameters[i] === 'i32' ? Number(BigInt.asIntN(32, arg)) : BigInt.asIntN(64, arg),
    );
    try {
      const value = (this.#instance.exports[name] as (...args: unknown[]) => unknown)(...values);
      const { results } = entry;
      const natives = (results.length > 1 ? [...(value as never[])] : [value]) as bigint[];
      const [result = 0n, ...others] = results.map((type, i) => unsigned(natives[i] ?? 0n, type));
      return { result, others, trap: TRAPS.NONE };
    } catch (error) {
      const { message } = error as Error;
      const trap = V8_TRAPS.find(([words]) => words.test(message));
      if (trap === undefined) throw error;
      return { result: undefined, trap: trap[1] };
    }
  }

  #host() {
    const at = (from: number, length: number) => this.memory.subarray(from, from + length);
    return {
      readCommand: (to: number) => {
        at(to >>> 0, this.#input.length).set(this.#input);
        return this.#input.length;
      },
      keccak256: (from: number, length: number, to: number) => {
        at(to >>> 0, 32).set(keccak256(at(from >>> 0, length >>> 0)));
      },
      ecrecover: (digest: number, signature: number, to: number) => {
        const address = recoverPortable(
          at(digest >>> 0, 32).slice(),
          at(signature >>> 0, 64).slice(),
        );
        if (address) at(to >>> 0, 20).set(address);
        return address ? 1 : 0;
      },
      emit: () => {},
    };
  }
}

function unsigned(value: number | bigint, type: 'i32' | 'i64'): bigint {
  return BigInt.asUintN(type === 'i32' ? 32 : 64, BigInt(value));
}

import { readFileSync } from 'node:fs';
import type { Hex } from 'viem';
import { STATUS, TRAPS } from '#shared/machine/isa.ts';
import type { Entry, MachineType, Program } from '#shared/machine/program/program.ts';
import { MachineError } from '#shared/machine/run/errors.ts';
import { type CallResult, Machine } from '#shared/machine/run/machine.ts';
import { GAS_MODEL } from '#shared/machine/segment/gas.ts';
import { translate } from '#shared/machine/translate/translate.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';

export interface ModuleOptions {
  /** What the host function readCommand gives. */
  readonly input?: Uint8Array | undefined;
  /** A call that takes more steps is an error. */
  readonly maxSteps?: bigint | undefined;
}

/** An argument: any spelling that BigInt reads; negative, or up to 2^32 - 1 and 2^64 - 1. */
export type Argument = number | bigint | string;

export interface ModuleResult {
  /** Null: it finished; else the name of the trap (TRAPS of shared/machine/isa.ts). */
  readonly trap: string | null;
  /** As it stands in a register: an i32 from 0 to 2^32 - 1; null without one or after a trap. */
  readonly result: bigint | null;
  /** What `result` is. */
  readonly type: MachineType | null;
  /** All results: of a function with several, `result` is the first of these. Empty without one or after a trap. */
  readonly results: readonly { readonly type: MachineType; readonly value: bigint }[];
  readonly steps: bigint;
  /** Of memory after the call. */
  readonly memoryRoot: Hex;
}

/** One instance of a WebAssembly module on the machine: memory and globals stay from call to call. */
export class MachineModule {
  readonly program: Program;
  readonly machine: Machine;

  /**
   * Translates and instantiates; runs the module's start function.
   *
   * @throws WasmError, TranslateError (what is outside the subset, by name), MachineError MACHINE_START_TRAPPED
   */
  constructor(wasm: Uint8Array, options: ModuleOptions = {}) {
    this.program = translate(wasm);
    this.machine = new Machine(this.program, { ...options, meter: GAS_MODEL });
    const started = this.machine.start();
    if (started?.status === STATUS.TRAPPED) {
      throw new MachineError(
        'MACHINE_START_TRAPPED',
        `The module's start function traps (${trapName(started.trap)}), so there is no instance.`,
      );
    }
  }

  /** @throws MachineError MACHINE_FILE_UNREADABLE, and what the constructor throws */
  static async fromFile(path: string, options: ModuleOptions = {}): Promise<MachineModule> {
    return new MachineModule(await readModule(path), options);
  }

  /**
   * Calls an exported function.
   *
   * @throws MachineError MACHINE_NO_EXPORT, MACHINE_ARGUMENTS, MACHINE_STEPS_EXCEEDED
   */
  call(name: string, args: readonly Argument[] = []): ModuleResult {
    const entry = this.machine.entry(name);
    const result = this.machine.call(name, registersOf(entry, name, args));
    return this.resultOf(entry, result);
  }

  /** A call's result in words of the module. */
  resultOf(entry: Entry, { status, trap, result, results, steps }: CallResult): ModuleResult {
    const type = entry.results[0] ?? null;
    const has = status === STATUS.FINISHED && type !== null;
    return {
      trap: status === STATUS.TRAPPED ? trapName(trap) : null,
      result: has ? result : null,
      type,
      results: results.map((value, i) => ({ type: entry.results[i] as MachineType, value })),
      steps,
      memoryRoot: bytesToHex(this.machine.memory().root()),
    };
  }

  /** Value of an exported global as it stands in a register; undefined if there is none of this name. */
  global(name: string): bigint | undefined {
    const global = this.program.exportedGlobals.get(name);
    if (global?.register === undefined) return global?.value;
    return this.machine.core.register(global.register);
  }
}

/** TRAPS' name of a code. */
export function trapName(code: number): string {
  const found = Object.entries(TRAPS).find(([, value]) => value === code);
  return found?.[0] ?? `TRAP_${code}`;
}

/**
 * Arguments as they stand in registers.
 *
 * @throws MachineError MACHINE_ARGUMENTS
 */
export function registersOf(entry: Entry, name: string, args: readonly Argument[]): bigint[] {
  const { parameters } = entry;
  if (args.length !== parameters.length) {
    const types = parameters.join(', ') || 'none';
    throw new MachineError(
      'MACHINE_ARGUMENTS',
      `"${name}" takes ${parameters.length} argument(s) (${types}); ${args.length} were given.`,
    );
  }
  return parameters.map((type, i) => registerOf(type, args[i] as Argument, i));
}

function registerOf(type: MachineType, argument: Argument, index: number): bigint {
  const bits = type === 'i32' ? 32 : 64;
  const value = parseInteger(argument);
  if (value === undefined || value < -(2n ** BigInt(bits - 1)) || value >= 2n ** BigInt(bits)) {
    throw new MachineError(
      'MACHINE_ARGUMENTS',
      `Argument ${index + 1} is "${argument}", which is no ${type}. Write an integer, decimal or 0x hexadecimal.`,
    );
  }
  return BigInt.asUintN(bits, value);
}

function parseInteger(argument: Argument): bigint | undefined {
  if (typeof argument === 'bigint') return argument;
  const text = String(argument).replaceAll('_', '');
  if (!/^[+-]?(\d+|0x[0-9a-f]+)$/i.test(text)) return undefined;
  const magnitude = BigInt(text.replace(/^[+-]/, ''));
  return text.startsWith('-') ? -magnitude : magnitude;
}

/** A module from a .wasm file, or from a .wat file where a parser of the text format is installed. */
export async function readModule(path: string): Promise<Uint8Array> {
  const bytes = readFile(path);
  if (!path.endsWith('.wat')) return bytes;
  const { default: binaryen } = await import('binaryen').catch((cause) => {
    throw unreadable(path, 'the text format needs the development dependency binaryen', cause);
  });
  try {
    const module = binaryen.parseText(new TextDecoder().decode(bytes));
    module.setFeatures(binaryen.Features.All);
    return module.emitBinary();
  } catch (cause) {
    throw unreadable(path, 'it is not WebAssembly text that binaryen reads', cause);
  }
}

function readFile(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (cause) {
    throw unreadable(path, (cause as Error).message, cause);
  }
}

function unreadable(path: string, why: string, cause: unknown): MachineError {
  return new MachineError('MACHINE_FILE_UNREADABLE', `${path} cannot be read: ${why}.`, { cause });
}

import { readFileSync } from 'node:fs';
import type { RecoverAddress } from '#shared/host/recover.ts';
import { recoverAddress } from '#shared/host/recover.ts';
import { LIMITS } from '#shared/machine/isa.ts';
import { keccak256 } from '#shared/protocol/keccak.ts';
import { MACHINE_FILE } from './build-paths.ts';
import { MachineError } from './errors.ts';

/** Areas of the module's memory: shared/machine/vm/areas.ts. */
const REGISTERS = 0x10000;
const INPUT = 0x30000;
const GAS = 0x34000;
const CODE = 0x80000;
const ENTRY_BYTES = 48;
const ENTRY_DIRTY = 4;
const ENTRY_VALUE = 16;
const LEAF_BYTES = 32;
const INPUT_BYTES = 4096;
const NO_GAS_LIMIT = 2n ** 64n - 1n;
/** No code address. */
const NOWHERE = 0xffffffff;

/** Why a run came back; the numbers of shared/machine/vm/machine.ts. */
export const STOP = { ENDED: 0, STEPS: 1, BREAKPOINT: 2, GAS: 3 } as const;

export interface RunLimits {
  readonly steps?: bigint | undefined;
  /** Stop before this instruction (byte offset) would run ... */
  readonly untilPc?: number | undefined;
  /** ... for the so-manieth time in this run. */
  readonly visits?: number | undefined;
  /** Stop once the gas counter is there. */
  readonly gas?: bigint | undefined;
}

/** A leaf that was touched: `bytes` is a copy of what it holds now. */
export interface TouchedLeaf {
  readonly index: number;
  readonly dirty: boolean;
  readonly bytes: Uint8Array;
}

export interface CoreHost {
  /** The 32 bytes of a leaf that is touched for the first time. */
  readonly fetchLeaf: (index: number) => Uint8Array;
  /** What a first touch adds to the gas counter. */
  readonly leafGas?: ((index: number) => number) | undefined;
  readonly recover?: RecoverAddress | undefined;
}

interface CoreExports {
  readonly memory: WebAssembly.Memory;
  loadCode(length: number): void;
  run(steps: bigint, untilPc: number, visits: number, gas: bigint): number;
  setState(pc: number, fp: number, status: number, trap: number): void;
  getPc(): number;
  getFp(): number;
  getTop(): number;
  getStatus(): number;
  getTrap(): number;
  clearLeaves(): void;
  getEntries(): number;
  getEntryCount(): number;
  getPages(): number;
  setPages(pages: number, maxPages: number): void;
  peek64(address: bigint): bigint;
  clearMeter(): void;
  clearVisits(length: number): void;
  visitsOf(pc: number): number;
  getSteps(): bigint;
  getGas(): bigint;
  setInputLength(length: number): void;
}

let compiled: WebAssembly.Module | undefined;

function compiledMachine(): WebAssembly.Module {
  try {
    compiled ??= new WebAssembly.Module(readFileSync(MACHINE_FILE));
    return compiled;
  } catch (cause) {
    throw new MachineError(
      'MACHINE_NOT_BUILT',
      'The machine’s module is not there. Run `npm run build`, then try again.',
      { cause },
    );
  }
}

/** One instance of shared/machine/vm with a program in it: bytes in, bytes out, no notion of calls or proofs. */
export class MachineCore {
  readonly codeBytes: number;
  readonly #exports: CoreExports;
  #bytes = new Uint8Array(0);
  #view = new DataView(new ArrayBuffer(0));

  /** @throws MachineError MACHINE_CODE_TOO_LONG, MACHINE_NOT_BUILT */
  constructor(code: Uint8Array, host: CoreHost) {
    if (code.length > LIMITS.CODE_BYTES) {
      throw new MachineError(
        'MACHINE_CODE_TOO_LONG',
        `A program of ${code.length} bytes; the machine holds ${LIMITS.CODE_BYTES}.`,
      );
    }
    const recover = host.recover ?? recoverAddress;
    const instance = new WebAssembly.Instance(compiledMachine(), {
      host: {
        fetchLeaf: (index: number, to: number) => {
          const leaf = host.fetchLeaf(index);
          this.#memory().set(leaf, to);
          return host.leafGas?.(index) ?? 0;
        },
        keccak256: (from: number, length: number, to: number) =>
          this.#memory().set(keccak256(this.#memory().subarray(from, from + length)), to),
        recover: (digest: number, signature: number, to: number) => {
          const memory = this.#memory();
          const address = recover(
            memory.subarray(digest, digest + 32),
            memory.subarray(signature, signature + 64),
          );
          if (address === null) return 0;
          memory.set(address, to);
          return 1;
        },
      },
    });
    this.#exports = instance.exports as unknown as CoreExports;
    this.codeBytes = code.length;
    this.#memory().set(code, CODE);
    this.#exports.loadCode(code.length);
    this.#exports.clearLeaves();
  }

  get pc(): number {
    return this.#exports.getPc() >>> 0;
  }

  get fp(): number {
    return this.#exports.getFp();
  }

  get status(): number {
    return this.#exports.getStatus();
  }

  get trap(): number {
    return this.#exports.getTrap();
  }

  /** Registers that are part of the state: 0 .. top - 1. */
  get top(): number {
    return this.#exports.getTop();
  }

  get pages(): number {
    return this.#exports.getPages();
  }

  get steps(): bigint {
    return this.#exports.getSteps();
  }

  get gas(): bigint {
    return this.#exports.getGas();
  }

  setPages(pages: number, maxPages: number): void {
    this.#exports.setPages(pages, maxPages);
  }

  setState(state: { pc: number; fp: number; status: number; trap: number }): void {
    this.#exports.setState(state.pc, state.fp, state.status, state.trap);
  }

  /** What readCommand gives; beyond 4,096 bytes it gives nothing. */
  setInput(input: Uint8Array): void {
    if (input.length <= INPUT_BYTES) this.#memory().set(input, INPUT);
    this.#exports.setInputLength(input.length);
  }

  /** Gas of a step by opcode. */
  setGas(table: readonly number[]): void {
    const memory = this.#dataView();
    table.forEach((gas, op) => {
      memory.setUint32(GAS + 4 * op, gas, true);
    });
  }

  register(index: number): bigint {
    return this.#dataView().getBigUint64(REGISTERS + 8 * index, true);
  }

  setRegister(index: number, value: bigint): void {
    this.#dataView().setBigUint64(REGISTERS + 8 * index, value, true);
  }

  /** Registers 0 .. top - 1 as they are hashed: 8 bytes big-endian each. */
  packRegisters(top = this.top): Uint8Array {
    const packed = new Uint8Array(8 * top);
    const view = new DataView(packed.buffer);
    for (let i = 0; i < top; i++) view.setBigUint64(8 * i, this.register(i));
    return packed;
  }

  unpackRegisters(packed: Uint8Array): void {
    const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
    for (let i = 0; 8 * i < packed.length; i++) this.setRegister(i, view.getBigUint64(8 * i));
  }

  /** See STOP. */
  run({ steps, untilPc, visits, gas }: RunLimits = {}): number {
    return this.#exports.run(
      steps ?? 2n ** 62n,
      untilPc ?? NOWHERE,
      visits ?? 0,
      gas ?? NO_GAS_LIMIT,
    );
  }

  /** Forgets which leaves were touched, and their values. */
  clearLeaves(): void {
    this.#exports.clearLeaves();
  }

  clearMeter(): void {
    this.#exports.clearMeter();
  }

  clearVisits(): void {
    this.#exports.clearVisits(this.codeBytes);
  }

  /** How often the instruction at `pc` ran since `clearVisits`. */
  visitsOf(pc: number): number {
    return this.#exports.visitsOf(pc);
  }

  /** The u64 at an address that is a multiple of 8; touches its leaf. */
  peek64(address: number): bigint {
    return BigInt.asUintN(64, this.#exports.peek64(BigInt(address)));
  }

  get touchedCount(): number {
    return this.#exports.getEntryCount();
  }

  /** Leaves touched since `clearLeaves`, in the order of first touch. */
  touched(): TouchedLeaf[] {
    const memory = this.#memory();
    const view = this.#dataView();
    const first = this.#exports.getEntries();
    return Array.from({ length: this.touchedCount }, (_, i) => {
      const at = first + i * ENTRY_BYTES;
      return {
        index: view.getUint32(at, true),
        dirty: view.getUint32(at + ENTRY_DIRTY, true) !== 0,
        bytes: memory.slice(at + ENTRY_VALUE, at + ENTRY_VALUE + LEAF_BYTES),
      };
    });
  }

  /** The memory grows with the table of leaves, which detaches earlier views. */
  #memory(): Uint8Array {
    const { buffer } = this.#exports.memory;
    if (this.#bytes.buffer !== buffer) {
      this.#bytes = new Uint8Array(buffer);
      this.#view = new DataView(buffer);
    }
    return this.#bytes;
  }

  #dataView(): DataView {
    this.#memory();
    return this.#view;
  }
}

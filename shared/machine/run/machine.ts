import type { Hex } from 'viem';
import type { RecoverAddress } from '#shared/host/recover.ts';
import { STATUS } from '#shared/machine/isa.ts';
import type { Entry } from '#shared/machine/program/program.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { MachineCore, type RunLimits } from './core.ts';
import { MachineError } from './errors.ts';
import { PathCounter } from './paths.ts';
import type { RunnableProgram } from './program.ts';
import { type NodeSource, SparseTree } from './sparse-tree.ts';
import { encodeLink, hashHex, hashState, type MachineState } from './state.ts';
import { makeWitness, type Witness } from './witness.ts';

export interface MachineOptions {
  /** Memory to begin with, which stays as it is; without it, zeroes and the program's data segments. */
  readonly memory?: NodeSource | undefined;
  /** What readCommand gives. */
  readonly input?: Uint8Array | undefined;
  readonly recover?: RecoverAddress | undefined;
  /** What the Solidity machine costs, so that `run` can stop at a gas limit. */
  readonly meter?: StepGas | undefined;
  /** A call that takes more steps is an error (default 10^10). */
  readonly maxSteps?: bigint | undefined;
}

/** Gas of a step by opcode, of a leaf and of a node of the witness. */
export interface StepGas {
  readonly steps: readonly number[];
  readonly leaf: number;
  readonly node: number;
}

export interface CallResult {
  /** STATUS.FINISHED or STATUS.TRAPPED. */
  readonly status: number;
  /** TRAPS of isa.ts. */
  readonly trap: number;
  /** The first result as it stands in a register (an i32 zero-extended); 0 without a result or after a trap. */
  readonly result: bigint;
  /** All results; none after a trap. */
  readonly results: readonly bigint[];
  readonly steps: bigint;
}

/** A run of steps as one L1 transaction makes it: the contract goes from `before` to `after` by the witness. */
export interface Stretch {
  readonly before: MachineState;
  readonly input: Hex;
  readonly witness: Witness;
  /** Where it stops: before the `visits`-th execution of `untilPc` in it; visits 0: at the end of the call. */
  readonly untilPc: number;
  readonly visits: number;
  readonly after: MachineState;
  readonly steps: bigint;
}

const MAX_STEPS = 10_000_000_000n;
const NOTHING = new Uint8Array(0);

/**
 * A program over a memory, run step by step or call by call. Calls follow each other on one instance: globals and memory stay, what a
 * trapped call had stored too, as WebAssembly has it. A stretch is what was run since the last one ended.
 */
export class Machine {
  readonly program: RunnableProgram;
  readonly core: MachineCore;
  #tree: SparseTree;
  #input: Uint8Array;
  #paths = new PathCounter();
  readonly #maxSteps: bigint;
  /** Of the current call; undefined if it was not begun by name. */
  #called: Entry | undefined;
  /** Registers and state when the stretch began; undefined until a call did. */
  #begun: { readonly registers: Uint8Array; readonly before: MachineState } | undefined;

  /** @throws MachineError MACHINE_CODE_TOO_LONG, MACHINE_NOT_BUILT */
  constructor(program: RunnableProgram, options: MachineOptions = {}) {
    this.program = program;
    this.#tree = new SparseTree(options.memory);
    if (options.memory === undefined) {
      for (const { offset, bytes } of program.data) this.#tree.writeBytes(offset, bytes);
    }
    const { meter } = options;
    this.core = new MachineCore(program.code, {
      fetchLeaf: (index) => this.#tree.leaf(index),
      leafGas: meter && ((index) => meter.leaf + meter.node * this.#paths.add(index)),
      recover: options.recover,
    });
    if (meter) this.core.setGas(meter.steps);
    this.core.setPages(program.pages, program.maxPages);
    program.globals.forEach((value, i) => {
      this.core.setRegister(i, value);
    });
    this.#input = NOTHING;
    this.setInput(options.input ?? NOTHING);
    this.#maxSteps = options.maxSteps ?? MAX_STEPS;
  }

  /** What readCommand gives from now on. */
  setInput(input: Uint8Array): void {
    this.#input = input;
    this.core.setInput(input);
  }

  /**
   * Stands before the first step of an exported function, with a new stretch. Arguments as they stand in registers: i32 from 0 to
   * 2^32 - 1, i64 from 0 to 2^64 - 1.
   *
   * @throws MachineError MACHINE_NO_EXPORT, MACHINE_ARGUMENTS
   */
  begin(name: string, args: readonly bigint[] = []): void {
    this.#beginAt(this.entry(name), name, args);
  }

  /** @throws MachineError MACHINE_NO_EXPORT */
  entry(name: string): Entry {
    const entry = this.program.entries.get(name);
    if (entry !== undefined) return entry;
    const names = [...this.program.entries.keys()].join(', ');
    throw new MachineError(
      'MACHINE_NO_EXPORT',
      this.program.refused?.get(name) ??
        `The module exports no function "${name}". It has: ${names || 'none'}.`,
    );
  }

  #beginAt(entry: Entry, name: string, args: readonly bigint[]): void {
    const wanted = entry.parameters.length;
    if (args.length !== wanted) {
      throw new MachineError(
        'MACHINE_ARGUMENTS',
        `"${name}" takes ${wanted} argument(s) (${entry.parameters.join(', ') || 'none'}), not ${args.length}.`,
      );
    }
    this.commit();
    beginCall(this.core, entry, this.program.globals.length, args);
    this.#called = entry;
    this.#mark();
  }

  /**
   * Stands anywhere, with a new stretch: for vectors and for who continues from a stored state. Memory stays.
   *
   * @param registers 8 bytes big-endian each, as many as the state has
   */
  restore(state: Omit<MachineState, 'memoryRoot' | 'registersHash'>, registers: Uint8Array): void {
    this.commit();
    this.#called = undefined;
    this.core.unpackRegisters(registers);
    this.core.setPages(state.memoryPages, this.program.maxPages);
    this.core.setState(state);
    this.#mark();
  }

  /** Makes at most so many steps, and returns how many it made. */
  step(count: bigint | number = 1): bigint {
    return this.run({ steps: BigInt(count) });
  }

  /** Runs to the end, or to the limits given; returns the number of steps. */
  run(limits: RunLimits = {}): bigint {
    const before = this.core.steps;
    this.core.run(limits);
    return this.core.steps - before;
  }

  /**
   * Runs an exported function to its end.
   *
   * @throws MachineError MACHINE_NO_EXPORT, MACHINE_ARGUMENTS, MACHINE_STEPS_EXCEEDED
   */
  call(name: string, args: readonly bigint[] = []): CallResult {
    this.begin(name, args);
    return this.#finish(name);
  }

  /** Runs the module's start function, if it has one: once, before any call. A trap there means that there is no instance. */
  start(): CallResult | undefined {
    if (this.program.start === undefined) return undefined;
    this.#beginAt(this.program.start, 'start', []);
    return this.#finish('start');
  }

  #finish(name: string): CallResult {
    const steps = this.run({ steps: this.#maxSteps });
    if (this.core.status === STATUS.RUNNING) {
      throw new MachineError(
        'MACHINE_STEPS_EXCEEDED',
        `"${name}" has not ended after ${this.#maxSteps} steps. Allow more, or it never ends.`,
      );
    }
    const result = this.result();
    this.commit();
    return { ...result, steps };
  }

  /** How the current call stands. */
  result(): Omit<CallResult, 'steps'> {
    const { status, trap, fp } = this.core;
    const finished = status === STATUS.FINISHED;
    const result = finished ? this.core.register(fp) : 0n;
    return { status, trap, result, results: finished ? this.#results(result) : [] };
  }

  #results(first: bigint): bigint[] {
    const { results = [], otherResults = 0 } = this.#called ?? {};
    return results.map((_, i) => (i === 0 ? first : this.core.register(otherResults + i - 1)));
  }

  /** Where the machine stands, memory root included. */
  state(): MachineState {
    const { status, trap, pc, fp, pages } = this.core;
    return {
      memoryRoot: bytesToHex(this.memory().root()),
      registersHash: hashHex(this.core.packRegisters()),
      memoryPages: pages,
      pc,
      fp,
      status,
      trap,
    };
  }

  /** keccak256(abi.encode(state)): what L1 stores. */
  stateHash(): Hex {
    return hashState(this.state());
  }

  /** Memory as it is now; not to be written. */
  memory(): SparseTree {
    const dirty = this.core.touched().filter((leaf) => leaf.dirty);
    if (dirty.length === 0) return this.#tree;
    const now = this.#tree.fork();
    now.write(dirty);
    return now;
  }

  /** Ends the stretch and begins the next one here. */
  endStretch(): Stretch {
    if (this.#begun === undefined) throw new Error('A stretch needs a call: begin one first.');
    const { before, registers } = this.#begun;
    const { core } = this;
    const witness = makeWitness(this.#tree, core.touched(), registers);
    const visits = core.status === STATUS.RUNNING ? core.visitsOf(core.pc) + 1 : 0;
    const untilPc = visits === 0 ? 0 : core.pc;
    const { steps } = core;
    this.commit();
    const after = this.state();
    this.#mark();
    const input = bytesToHex(this.#input);
    return { before, input, witness, untilPc, visits, after, steps };
  }

  /** Takes what was stored into the tree and forgets which leaves were touched. */
  commit(): void {
    this.#tree.write(this.core.touched().filter((leaf) => leaf.dirty));
    this.core.clearLeaves();
  }

  /** Takes back what was stored since the last commit: a judged call that trapped is a no-op. */
  discard(): void {
    this.core.clearLeaves();
  }

  #mark(): void {
    this.core.clearMeter();
    this.core.clearVisits();
    this.#paths = new PathCounter();
    this.#begun = { registers: this.core.packRegisters(), before: this.state() };
  }
}

/** Lays the first frame of a call above the globals. */
export function beginCall(
  core: MachineCore,
  entry: Entry,
  globals: number,
  args: readonly bigint[] = [],
): void {
  const link = encodeLink({ returnTo: 0, offset: 0, size: entry.frameSize, depth: 1 });
  core.setRegister(globals, link);
  for (let i = 1; i < entry.frameSize; i++) core.setRegister(globals + i, args[i - 1] ?? 0n);
  core.setState({ pc: entry.address, fp: globals, status: STATUS.RUNNING, trap: 0 });
}

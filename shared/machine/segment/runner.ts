import type { Hex } from 'viem';
import { FACT_INBOX_COUNT } from '#shared/engine/layout.ts';
import type { RecoverAddress } from '#shared/host/recover.ts';
import { STATUS } from '#shared/machine/isa.ts';
import { MachineCore, STOP, type TouchedLeaf } from '#shared/machine/run/core.ts';
import { MachineError } from '#shared/machine/run/errors.ts';
import { beginCall } from '#shared/machine/run/machine.ts';
import { PathCounter } from '#shared/machine/run/paths.ts';
import type { RunnableProgram } from '#shared/machine/run/program.ts';
import { commandInput, type DecodedCommand } from '#shared/protocol/batch.ts';
import { isConsume } from '#shared/replay/segment.ts';
import type { GasModel } from './gas.ts';
import { PHASE, type SegmentState, type Until } from './state.ts';

/** What a segment consists of, decoded. */
export interface SegmentFeed {
  readonly commands: readonly DecodedCommand[];
  /** The header's. */
  readonly inboxCount: bigint;
  /** Asked only for numbers below `inboxCount`; undefined: it is not there. */
  readonly message: (number: bigint) => Uint8Array | undefined;
}

export interface LeafSource {
  /** @throws where the leaf is not known */
  leaf(index: number): Uint8Array;
}

/** Where a run of a segment stands, registers included. */
export interface Standing {
  readonly state: SegmentState;
  readonly registers: Uint8Array;
}

export interface CallName {
  readonly command: number;
  readonly phase: number;
}

/** What ends a transaction besides the segment's end and a trap. */
export interface StopAt {
  readonly until?: Until;
  /** Gas at which it stops: it may be passed by the last step. */
  readonly gas?: bigint;
  /** Gas that a step must not pass: one that does leaves a state of no use but for `stepsInCall`. */
  readonly most?: bigint;
  /** Calls at whose start it stops, unless one could be undone: the call is the transaction's first. */
  readonly before?: (call: CallName) => boolean;
  /** So many steps of this transaction inside this call. */
  readonly inside?: CallName & { readonly steps: bigint };
}

/** What one transaction did. */
export interface Outcome extends CallName {
  readonly ended: 'done' | 'trap' | 'stop' | 'gas';
  readonly running: boolean;
  /** Whether what the call in progress has done could still be undone. */
  readonly undoable: boolean;
  readonly pc: number;
  readonly fp: number;
  readonly registers: Uint8Array;
  /** How often the instruction at `pc` has run inside this call in this transaction. */
  readonly visits: number;
  /** Steps of this transaction inside the call in progress. */
  readonly stepsInCall: bigint;
  /** Leaves in the order of first touch; what a trapped call stored is dropped by whoever takes them over. */
  readonly touched: readonly TouchedLeaf[];
  readonly messages: ReadonlyMap<bigint, Uint8Array>;
  readonly steps: bigint;
  readonly gas: bigint;
  /** Results of the calls that ended here. */
  readonly results: readonly (CallName & { readonly trapped: boolean; readonly result: bigint })[];
}

/**
 * Feeds a segment to the engine's program: the twin of contracts/src/machine/SegmentMachine.sol. One `run` is what one transaction does.
 */
export class SegmentRunner {
  readonly #program: RunnableProgram;
  readonly #core: MachineCore;
  #source: LeafSource = { leaf: () => new Uint8Array(32) };
  #paths = new PathCounter();

  constructor(program: RunnableProgram, model?: GasModel, recover?: RecoverAddress) {
    this.#program = program;
    this.#core = new MachineCore(program.code, {
      fetchLeaf: (index) => this.#source.leaf(index),
      leafGas: model && ((index) => model.leaf + model.node * this.#paths.add(index)),
      recover,
    });
    this.#core.setPages(program.pages, program.maxPages);
    program.globals.forEach((value, i) => {
      this.#core.setRegister(i, value);
    });
    if (model) this.#core.setGas(model.steps);
  }

  /** @throws MachineError SEGMENT_NO_CHECKPOINT, SEGMENT_MESSAGE_MISSING, and what the source throws */
  run(standing: Standing, feed: SegmentFeed, source: LeafSource, stop: StopAt): Outcome {
    this.#source = source;
    this.#paths = new PathCounter();
    this.#core.clearLeaves();
    this.#core.clearMeter();
    this.#core.clearVisits();
    return new Transaction(this.#core, this.#program, feed, stop).run(standing);
  }
}

class Transaction {
  readonly #core: MachineCore;
  readonly #program: RunnableProgram;
  readonly #feed: SegmentFeed;
  readonly #stop: StopAt;
  readonly #messages = new Map<bigint, Uint8Array>();
  readonly #results: (CallName & { trapped: boolean; result: bigint })[] = [];
  #command = 0;
  #phase: number = PHASE.START;
  #running = false;
  #undoable = false;
  #callBegan = 0n;

  constructor(core: MachineCore, program: RunnableProgram, feed: SegmentFeed, stop: StopAt) {
    this.#core = core;
    this.#program = program;
    this.#feed = feed;
    this.#stop = stop;
  }

  run({ state, registers }: Standing): Outcome {
    this.#command = state.command;
    this.#phase = state.phase;
    this.#running = state.running;
    this.#undoable = !state.running || !isZero(state.checkpoint);
    if (state.running) this.#resume(state, registers);
    for (;;) {
      if (!this.#running) {
        if (this.#phase === PHASE.DONE) return this.#outcome('done');
        if (this.#isStop()) return this.#outcome('stop');
        if (this.#core.gas >= (this.#stop.gas ?? INFINITE)) return this.#outcome('gas');
        if (!this.#begin()) continue;
      }
      const reason = this.#core.run(this.#limits());
      // First, since the step that passed it may have ended the call.
      if (this.#core.gas > (this.#stop.most ?? INFINITE)) return this.#outcome('gas');
      if (reason === STOP.GAS) return this.#outcome('gas');
      if (reason !== STOP.ENDED) return this.#outcome('stop');
      if (this.#core.status === STATUS.TRAPPED) return this.#trapped();
      this.#finish(this.#core.register(this.#core.fp) === 1n);
    }
  }

  #resume(state: SegmentState, registers: Uint8Array): void {
    this.#core.unpackRegisters(registers);
    this.#core.setState({ pc: state.pc, fp: state.fp, status: STATUS.RUNNING, trap: 0 });
    this.#core.setInput(this.#input());
  }

  #isStop(): boolean {
    const { until, before, inside } = this.#stop;
    if (until?.visits === 0 && this.#isCall(until)) return true;
    if (inside?.steps === 0n && this.#isCall(inside)) return true;
    const call = { command: this.#command, phase: this.#phase };
    return !this.#undoable && before?.(call) === true;
  }

  #isCall(call: CallName): boolean {
    return this.#command === call.command && this.#phase === call.phase;
  }

  #limits() {
    const { until, inside, gas } = this.#stop;
    const here = until !== undefined && this.#isCall(until);
    return {
      gas,
      ...(here ? { untilPc: until.pc, visits: until.visits } : {}),
      ...(inside && this.#isCall(inside) ? { steps: inside.steps } : {}),
    };
  }

  /** Begins the call that is due; false for a CONSUME with nothing left to consume, which is none. */
  #begin(): boolean {
    if (this.#isConsume() && this.#messageCount() >= this.#feed.inboxCount) {
      this.#nextCommand();
      return false;
    }
    const entry = this.#program.entries.get(this.#export());
    if (entry === undefined) throw new Error(`The program has no export ${this.#export()}.`);
    beginCall(this.#core, entry, this.#program.globals.length);
    this.#core.setInput(this.#input());
    this.#core.clearVisits();
    this.#callBegan = this.#core.steps;
    this.#running = true;
    return true;
  }

  #isConsume(): boolean {
    if (this.#phase !== PHASE.COMMAND) return false;
    const command = this.#commandAt();
    return !command.malformed && isConsume(command.bytes);
  }

  #export(): string {
    if (this.#phase === PHASE.START) return 'segmentStart';
    if (this.#phase === PHASE.INBOX) return 'executeInbox';
    return this.#isConsume() ? 'advance' : 'execute';
  }

  /** What readCommand gives. Between advance and executeInbox the counter is already past the message. */
  #input(): Uint8Array {
    if (this.#phase === PHASE.START || this.#isConsume()) return NOTHING;
    if (this.#phase === PHASE.COMMAND) return commandInput(this.#commandAt());
    const number = this.#messageCount() - 1n;
    const message = this.#feed.message(number);
    if (message === undefined) {
      throw new MachineError(
        'SEGMENT_MESSAGE_MISSING',
        `Inbox message ${number} is needed and not there. Supply it.`,
      );
    }
    this.#messages.set(number, message);
    return message;
  }

  #messageCount(): bigint {
    return this.#core.peek64(FACT_INBOX_COUNT);
  }

  #commandAt(): DecodedCommand {
    const command = this.#feed.commands[this.#command];
    if (command === undefined) throw new Error(`The segment has no command ${this.#command}.`);
    return command;
  }

  #finish(returnedOne: boolean): void {
    const result = this.#core.register(this.#core.fp);
    this.#note(false, result);
    this.#undoable = false;
    this.#leave(returnedOne);
  }

  /** The call is behind: what comes next. */
  #leave(returnedOne: boolean): void {
    this.#running = false;
    if (this.#phase === PHASE.START) this.#phase = PHASE.COMMAND;
    else if (returnedOne && this.#isConsume()) this.#phase = PHASE.INBOX;
    else this.#nextCommand();
  }

  #nextCommand(): void {
    this.#command++;
    this.#phase = this.#command < this.#feed.commands.length ? PHASE.COMMAND : PHASE.DONE;
  }

  /** The call is a no-op, for which the root before it must be known. */
  #trapped(): Outcome {
    if (!this.#undoable) {
      throw new MachineError(
        'SEGMENT_NO_CHECKPOINT',
        `Command ${this.#command} traps. Its call must begin a transaction, or the state before it is not known.`,
      );
    }
    this.#note(true, 0n);
    this.#leave(false);
    return this.#outcome('trap');
  }

  #note(trapped: boolean, result: bigint): void {
    this.#results.push({ command: this.#command, phase: this.#phase, trapped, result });
  }

  #outcome(ended: Outcome['ended']): Outcome {
    const core = this.#core;
    const running = this.#running;
    return {
      ended,
      command: this.#command,
      phase: this.#phase,
      running,
      undoable: this.#undoable,
      pc: running ? core.pc : 0,
      fp: running ? core.fp : 0,
      registers: running ? core.packRegisters() : NOTHING,
      visits: running ? core.visitsOf(core.pc) : 0,
      stepsInCall: running ? core.steps - this.#callBegan : 0n,
      touched: core.touched(),
      messages: this.#messages,
      steps: core.steps,
      gas: core.gas,
      results: this.#results,
    };
  }
}

const NOTHING = new Uint8Array(0);
const INFINITE = 2n ** 63n;

function isZero(hash: Hex): boolean {
  return /^0x0*$/.test(hash);
}

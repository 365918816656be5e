import type { Hex } from 'viem';
import type { RecoverAddress } from '#shared/host/recover.ts';
import { MachineError } from '#shared/machine/run/errors.ts';
import type { RunnableProgram } from '#shared/machine/run/program.ts';
import { type NodeSource, SparseTree } from '#shared/machine/run/sparse-tree.ts';
import { hashHex, ZERO_HASH } from '#shared/machine/run/state.ts';
import { makeWitness, type Witness } from '#shared/machine/run/witness.ts';
import { decodeSegment } from '#shared/protocol/batch.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { GAS_MODEL, type GasModel } from './gas.ts';
import {
  type CallName,
  type Outcome,
  type SegmentFeed,
  SegmentRunner,
  type Standing,
} from './runner.ts';
import {
  initialState,
  PHASE,
  type SegmentInputs,
  type SegmentState,
  UNTIL_END,
  type Until,
} from './state.ts';

export interface PlanOptions {
  /** The engine's. */
  readonly program: RunnableProgram;
  /** Memory before the segment, which stays as it is: a StateTree that is up to date will do. */
  readonly tree: NodeSource;
  /** As posted, without its length prefix. */
  readonly segment: Uint8Array;
  /** The batch header's. */
  readonly inboxCount: bigint;
  /** Inbox message by number; asked only for numbers below `inboxCount`. */
  readonly message: (number: bigint) => Uint8Array | undefined;
  readonly gas?: GasModel | undefined;
  readonly recover?: RecoverAddress | undefined;
}

/** One L1 transaction: SegmentMachine.step(before, inputs, witness, until) returns `after`. */
export interface PlannedTransaction {
  readonly before: SegmentState;
  readonly inputs: SegmentInputs;
  readonly witness: Witness;
  readonly until: Until;
  readonly after: SegmentState;
  /** By the gas model: an estimate. */
  readonly gas: number;
  readonly steps: number;
  readonly leaves: number;
}

export interface CallReport extends CallName {
  readonly trapped: boolean;
  /** As it stands in a register. */
  readonly result: bigint;
  readonly steps: number;
  /** Leaves touched by this call alone. */
  readonly leaves: number;
}

export interface SegmentPlan {
  readonly transactions: readonly PlannedTransaction[];
  /** The true root after the segment. */
  readonly root: Hex;
  readonly calls: readonly CallReport[];
  readonly steps: number;
}

/** Left of the limit where a transaction is cut without running it again to be exact. */
const SLACK_GAS = 100_000;

/**
 * Cuts a segment into transactions under the model's gas limit, with their witnesses. Runs the segment three times at most, and holds only
 * the leaves that it touches.
 *
 * @throws MachineError SEGMENT_EMPTY (no commands: nothing runs), SEGMENT_STEP_TOO_LARGE, SEGMENT_MESSAGE_MISSING
 */
export function planTransactions(options: PlanOptions): SegmentPlan {
  const { commands } = decodeSegment(options.segment);
  if (commands.length === 0) {
    throw new MachineError(
      'SEGMENT_EMPTY',
      'A segment without commands is never run: its root must be the one before it.',
    );
  }
  const feed = { commands, inboxCount: options.inboxCount, message: options.message };
  const calls = surveyCalls(options, feed);
  const traps = new Set(calls.filter((call) => call.trapped).map(nameOf));
  const planner = new Planner(options, feed, (call) => traps.has(nameOf(call)));
  const transactions: PlannedTransaction[] = [];
  while (planner.state.phase !== PHASE.DONE) transactions.push(planner.next());
  const steps = transactions.reduce((sum, transaction) => sum + transaction.steps, 0);
  return { transactions, root: planner.state.root, calls, steps };
}

const nameOf = ({ command, phase }: CallName) => `${command}:${phase}`;

/** Runs the segment call by call, each a transaction of its own without a limit. */
export function surveyCalls(options: PlanOptions, feed: SegmentFeed): CallReport[] {
  const runner = new SegmentRunner(options.program, undefined, options.recover);
  const memory = new Memory(options.tree);
  let standing: Standing = { state: initialState(memory.root()), registers: NOTHING };
  const calls: CallReport[] = [];
  while (standing.state.phase !== PHASE.DONE) {
    memory.begin(standing.state);
    const outcome = runner.run(standing, feed, memory.tree, { before: () => true });
    memory.take(outcome);
    for (const result of outcome.results) {
      const leaves = outcome.touched.length;
      calls.push({ ...result, steps: Number(outcome.steps), leaves });
    }
    standing = { state: stateAfter(outcome, memory.root(), standing.state), registers: NOTHING };
  }
  return calls;
}

/** Memory from transaction to transaction, and what it was where a trap goes back to. */
class Memory {
  tree: SparseTree;
  #checkpoint: SparseTree;

  constructor(base: NodeSource) {
    this.tree = new SparseTree(base);
    this.#checkpoint = this.tree;
  }

  begin(state: SegmentState): void {
    if (state.running) return;
    this.#checkpoint = this.tree;
    this.tree = this.tree.fork();
  }

  take(outcome: Outcome): void {
    if (outcome.ended === 'trap') this.tree = this.#checkpoint;
    else this.tree.write(outcome.touched.filter((leaf) => leaf.dirty));
  }

  root(): Hex {
    return bytesToHex(this.tree.root());
  }
}

function stateAfter(outcome: Outcome, root: Hex, before: SegmentState): SegmentState {
  const { command, phase, running, pc, fp } = outcome;
  // A call in progress that began with this transaction, or was carried over undoably, goes back to where the transaction began.
  const checkpoint = running ? (outcome.undoable ? before.checkpoint : ZERO_HASH) : root;
  const registersHash = running ? hashHex(outcome.registers) : ZERO_HASH;
  return { root, checkpoint, registersHash, pc, fp, command, phase, running };
}

class Planner {
  readonly #options: PlanOptions;
  readonly #model: GasModel;
  readonly #feed: SegmentFeed;
  readonly #runner: SegmentRunner;
  readonly #memory: Memory;
  readonly #traps: (call: CallName) => boolean;
  #standing: Standing;

  constructor(options: PlanOptions, feed: SegmentFeed, traps: (call: CallName) => boolean) {
    this.#options = options;
    this.#model = options.gas ?? GAS_MODEL;
    this.#feed = feed;
    this.#traps = traps;
    this.#runner = new SegmentRunner(options.program, this.#model, options.recover);
    this.#memory = new Memory(options.tree);
    this.#standing = { state: initialState(this.#memory.root()), registers: NOTHING };
  }

  get state(): SegmentState {
    return this.#standing.state;
  }

  next(): PlannedTransaction {
    const { state, registers } = this.#standing;
    this.#memory.begin(state);
    const fixed = this.#fixedGas();
    const outcome = this.#run(BigInt(this.#model.limit - fixed));
    const { steps, touched } = outcome;
    const witness = makeWitness(this.#memory.tree, touched, registers);
    this.#memory.take(outcome);
    const after = stateAfter(outcome, this.#memory.root(), state);
    this.#standing = { state: after, registers: outcome.registers };
    const gas = fixed + Number(outcome.gas) + this.#messageGas(outcome);
    const inputs = this.#inputs(outcome);
    const counts = { gas, steps: Number(steps), leaves: touched.length };
    return { before: state, inputs, witness, until: untilOf(outcome), after, ...counts };
  }

  /** As far as the gas goes; where the last step passed the limit, once more and without it. */
  #run(limit: bigint): Outcome {
    const { tree } = this.#memory;
    const before = this.#traps;
    const soft = limit - BigInt(SLACK_GAS);
    const stop = { gas: soft, most: limit, before };
    const outcome = this.#runner.run(this.#standing, this.#feed, tree, stop);
    if (outcome.ended !== 'gas' || outcome.gas <= limit) return this.#progressed(outcome);
    const inside = {
      command: outcome.command,
      phase: outcome.phase,
      steps: outcome.stepsInCall - 1n,
    };
    return this.#progressed(this.#runner.run(this.#standing, this.#feed, tree, { inside, before }));
  }

  #progressed(outcome: Outcome): Outcome {
    if (outcome.steps > 0n || outcome.ended === 'done' || outcome.ended === 'trap') return outcome;
    const { command, phase } = this.#standing.state;
    if (outcome.command !== command || outcome.phase !== phase) return outcome;
    throw new MachineError(
      'SEGMENT_STEP_TOO_LARGE',
      `A single step of command ${command} does not fit into a transaction of ${this.#model.limit} gas. Raise the limit.`,
    );
  }

  #fixedGas(): number {
    const { transaction, register, byte } = this.#model;
    const registers = this.#standing.registers.length / 8;
    return transaction + register * registers + byte * this.#options.segment.length;
  }

  #messageGas(outcome: Outcome): number {
    const bytes = [...outcome.messages.values()].reduce((sum, message) => sum + message.length, 0);
    return this.#model.byte * bytes;
  }

  #inputs(outcome: Outcome): SegmentInputs {
    const numbers = [...outcome.messages.keys()];
    return {
      segment: bytesToHex(this.#options.segment),
      inboxCount: this.#options.inboxCount,
      firstMessage: numbers[0] ?? 0n,
      messages: [...outcome.messages.values()].map(bytesToHex),
    };
  }
}

function untilOf(outcome: Outcome): Until {
  if (outcome.ended === 'done' || outcome.ended === 'trap') return UNTIL_END;
  const { command, phase, running, pc, visits } = outcome;
  return running
    ? { command, phase, pc, visits: visits + 1 }
    : { command, phase, pc: 0, visits: 0 };
}

const NOTHING = new Uint8Array(0);

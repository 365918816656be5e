import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { engineProgram } from '#contracts/program.ts';
import { InvariantError } from '#shared/replay/audit.ts';
import type { SegmentReport } from '#shared/replay/types.ts';
import { ProverError, textOf } from '../errors.ts';
import type { BatchEvent } from '../follower/events.ts';
import { connectL1, type L1 } from '../follower/l1.ts';
import { A_LITTLE_PATIENCE, type Patience } from '../follower/patience.ts';
import { genesisHeader, stateAtSegment } from '../fraud/case.ts';
import { insistOnProgram } from '../fraud/program.ts';
import {
  type AppliedBatch,
  ChainState,
  type ChainStateDependencies,
} from '../replay/chain-state.ts';
import { compareClaimed, explainSegment, type Inquest } from '../replay/explain.ts';
import { type EngineCode, loadEngineCode } from '../replay/replica.ts';
import { RunningAudit } from '../replay/running-audit.ts';
import { SnapshotStore } from '../replay/snapshots.ts';
import { describeAgreement, describeFinding } from './lines.ts';
import type { WatchMetrics } from './metrics.ts';
import type { WatchOptions } from './options.ts';

/** Everything that was looked at agrees. */
export const EXIT_AGREES = 0;
/** A batch on L1 is wrong. */
export const EXIT_MISMATCH = 2;
/** All agree on a state that the rules exclude: the engine has a bug. */
export const EXIT_INVARIANT = 3;

export interface WatcherDependencies {
  readonly metrics: WatchMetrics;
  readonly log: Logger;
  /** One line for people. */
  readonly say: (line: string) => void;
  /** Ends the watching, cleanly. */
  readonly signal: AbortSignal;
  /** Proves on L1 what is found wrong; left out: it is only told. */
  readonly openProver?: (found: Found) => Promise<WatchersProver>;
}

/** What a prover for this watcher needs. */
export interface Found {
  readonly l1: L1;
  readonly code: EngineCode;
  readonly patience: Patience;
}

export interface WatchersProver {
  /** Goes on with what an earlier run began. */
  resume(): Promise<unknown>;
  /** False: L1 has left the branch with this batch, so there is nothing to prove any more. */
  prove(inquest: Inquest): Promise<boolean>;
}

/** Follows L1 and nothing else, replays every batch and says of each what it checked. */
export class Watcher {
  readonly #options: WatchOptions;
  readonly #deps: WatcherDependencies;
  readonly #code: EngineCode;
  readonly #patience: Patience;
  #segment: SegmentReport | undefined;
  #audit: RunningAudit | undefined;
  #batches = 0;
  #away = false;

  constructor(options: WatchOptions, deps: WatcherDependencies) {
    this.#options = options;
    this.#deps = deps;
    this.#code = loadEngineCode(options.engineHash);
    this.#patience = {
      ...A_LITTLE_PATIENCE,
      // Somebody who waits for the end wants to know; somebody who watches wants it to go on.
      attempts: options.once ? A_LITTLE_PATIENCE.attempts : Number.POSITIVE_INFINITY,
      longestWaitMs: 15_000,
      signal: deps.signal,
      onTrouble: (trouble, waitMs) => this.#l1Away(trouble, waitMs),
    };
  }

  /** Watches until told to end, or a batch is wrong, or with `once` until everything is checked. Returns the exit code. */
  async run(): Promise<number> {
    const { signal, say } = this.#deps;
    let state: ChainState | undefined;
    try {
      const l1 = await connectL1(this.#options, this.#patience);
      const { openProver } = this.#deps;
      if (openProver === undefined) await this.#judgeOf(l1);
      const prover = await openProver?.({ l1, code: this.#code, patience: this.#patience });
      const resumed = prover?.resume() ?? Promise.resolve();
      // What fails there fails the watcher, but only once there is nothing else to do.
      resumed.catch(() => {});
      for (;;) {
        state = await this.#open(l1);
        say(
          `watching ${l1.settlement} on chain ${l1.chain.id}, engine ${this.#code.hash.slice(0, 16)}, from batch ${state.position.number + 1n}`,
        );
        const code = await this.#watch(state, l1, prover);
        if (code === null) continue;
        await resumed;
        return code;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
      return EXIT_AGREES;
    } finally {
      if (signal.aborted) state?.save();
    }
  }

  async #open(l1: L1): Promise<ChainState> {
    const { audit, fromBlock, confirmations, chunkBlocks, fromGenesis, snapshotBatches } =
      this.#options;
    const state = await ChainState.open(
      { fromBlock, confirmations, chunkBlocks, fromGenesis, snapshotBatches },
      {
        ...this.#stateDependencies(l1),
        hooks: {
          onSegment: (report) => {
            this.#segment = report;
          },
          onBlocks: (blocks) => this.#audit?.written(blocks),
          auditsTrades: audit !== 'off',
        },
      },
    );
    this.#audit = new RunningAudit(audit, state.replica.engine.view);
    this.#audit.reset(state.replica.engine.view);
    return state;
  }

  #stateDependencies(l1: L1): ChainStateDependencies {
    const { dataDirectory } = this.#options;
    const identity = {
      chainId: l1.chain.id,
      settlement: l1.settlement,
      engineHash: this.#code.hash,
    };
    const store = dataDirectory === null ? null : new SnapshotStore(dataDirectory, identity);
    return { l1, patience: this.#patience, code: this.#code, store, log: this.#deps.log };
  }

  /** Whoever only watches goes on all the same, and should know when what it finds can be proved by nobody. */
  async #judgeOf(l1: L1): Promise<void> {
    try {
      await insistOnProgram(l1, this.#patience, engineProgram().hash);
    } catch (error) {
      if (!(error instanceof ProverError) || error.code === 'L1_UNREACHABLE') throw error;
      this.#deps.log.warn({ code: error.code }, error.message);
    }
  }

  /** Returns the exit code, or null: L1 has left a branch with a wrong batch, and the state is to be built anew. */
  async #watch(
    state: ChainState,
    l1: L1,
    prover: WatchersProver | undefined,
  ): Promise<number | null> {
    const { say, signal, metrics } = this.#deps;
    for (;;) {
      signal.throwIfAborted();
      // Messages are dropped once consumed, so they are taken note of before.
      const inbox = new Map(state.waiting.map(({ index, message }) => [index, message]));
      const step = await state.step(async (event) => {
        for (const { index, message } of state.waiting) inbox.set(index, message);
        return event !== undefined;
      });
      this.#l1Back();
      if (step.kind === 'batch') {
        const code = this.#judge(state, step);
        if (code !== EXIT_MISMATCH) {
          if (code !== EXIT_AGREES) return code;
          continue;
        }
        const inquest = await this.#inquest(state, step, l1, inbox);
        if (prover === undefined) await this.#explain(inquest, l1);
        else if (!(await prover.prove(inquest))) {
          metrics.verdict.set(1);
          return null;
        }
        this.#compare(inquest);
        return EXIT_MISMATCH;
      } else if (step.kind === 'rewound') {
        metrics.rewinds.inc();
        this.#audit?.reset(state.replica.engine.view);
        say(`went back to batch ${step.to}: ${step.reason}`);
      } else if (step.kind === 'current') {
        metrics.lagBlocks.set(0);
        if (this.#options.once) return this.#finish(state);
        await sleep(this.#options.pollMs, undefined, { signal });
      }
    }
  }

  #finish(state: ChainState): number {
    state.save();
    const { number, root } = state.position;
    this.#deps.say(
      `agrees: ${this.#batches} batches checked now, up to batch ${number} with root ${root}`,
    );
    return EXIT_AGREES;
  }

  #judge(state: ChainState, batch: AppliedBatch): number {
    const { metrics, say } = this.#deps;
    if (batch.report.finding !== null) {
      metrics.verdict.set(0);
      say(describeFinding(batch));
      return EXIT_MISMATCH;
    }
    let audited = this.#options.audit === 'off' ? '' : ', invariants hold';
    try {
      state.replica.trades?.check();
      this.#audit?.check();
    } catch (error) {
      if (!(error instanceof InvariantError)) throw error;
      metrics.verdict.set(-1);
      audited = `, but ${error.message}`;
    }
    this.#count(state, batch.event);
    metrics.segments.inc(batch.report.segments);
    metrics.commands.inc(batch.report.commands);
    say(describeAgreement(batch, audited));
    return audited.includes('but') ? EXIT_INVARIANT : EXIT_AGREES;
  }

  #count(state: ChainState, { header, block }: BatchEvent) {
    const { metrics } = this.#deps;
    this.#batches += 1;
    metrics.batches.inc();
    metrics.lastBatch.set(Number(header.number));
    const head = state.head;
    if (head === undefined) return;
    metrics.lagBlocks.set(Number(head.number - block.number));
    metrics.lagSeconds.set((head.timeMs - Number(header.clockMs)) / 1000);
  }

  async #inquest(
    state: ChainState,
    { event, report }: AppliedBatch,
    l1: L1,
    messages: ReadonlyMap<bigint, Uint8Array>,
  ): Promise<Inquest> {
    const inbox = {
      count: event.header.inboxCount,
      message: (number: bigint) => messages.get(number) ?? new Uint8Array(0),
    };
    const parent = state.last?.header ?? (await genesisHeader({ l1, patience: this.#patience }));
    const { finding } = report;
    return { event, parent, finding, report: this.#segment, inbox, after: state.replica };
  }

  async #explain(inquest: Inquest, l1: L1) {
    const { say } = this.#deps;
    const { fromBlock, confirmations, chunkBlocks } = this.#options;
    const options = { fromBlock, confirmations, chunkBlocks, fromGenesis: false };
    const deps = { ...this.#stateDependencies(l1), options };
    const segment = inquest.finding?.segment ?? 0;
    try {
      for (const line of await explainSegment(inquest, () =>
        stateAtSegment(deps, inquest.event, segment),
      )) {
        say(line);
      }
    } catch (error) {
      // The verdict stands whether it can be explained or not.
      say(`It could not be explained further: ${textOf(error)}`);
    }
  }

  /** With the operator's own memory, if there is a file of it. */
  #compare(inquest: Inquest) {
    const { say } = this.#deps;
    const { against } = this.#options;
    if (against === null) return;
    try {
      for (const line of compareClaimed(inquest, against, this.#code.hash)) say(line);
    } catch (error) {
      say(`${against} could not be compared: ${textOf(error)}`);
    }
  }

  #l1Away(trouble: string, waitMs: number) {
    this.#deps.log.info({ trouble, waitMs }, 'L1 does not answer; asking again');
    if (this.#away) return;
    this.#away = true;
    this.#deps.metrics.l1Up.set(0);
    this.#deps.say(`waiting: L1 does not answer (${trouble})`);
  }

  #l1Back() {
    if (!this.#away) return;
    this.#away = false;
    this.#deps.metrics.l1Up.set(1);
    this.#deps.say('L1 answers again');
  }
}

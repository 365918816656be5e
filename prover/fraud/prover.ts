import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { TransactionReceipt } from 'viem';
import { PlimsollError } from '#shared/protocol/errors.ts';
import { ProverError, textOf } from '../errors.ts';
import type { Sender } from '../sender/sender.ts';
import type { Intent } from '../sender/types.ts';
import type { Case } from './case.ts';
import { Course } from './course.ts';
import type { Judge, Prices } from './judge.ts';
import type { ProverMetrics } from './metrics.ts';
import type { SegmentPlanner } from './plan.ts';
import { commitmentOf, newRecord, type RecordOptions } from './record.ts';
import {
  type Action,
  type ChainFacts,
  isImmediate,
  nextAction,
  type Outcome,
  type PlannedStep,
  type SessionRecord,
} from './session.ts';
import type { SessionStore } from './store.ts';
import { describePlan, ether } from './words.ts';

export interface ProverOptions {
  /** Blocks after which a batch is committed against, and an ending believed: until then a reorg may take them back. */
  readonly certainBlocks: bigint;
  /** Between looks at L1 while there is nothing to send. */
  readonly pollMs: number;
  /** Transactions of one session on their way at once. */
  readonly window: number;
  /** Whether to stay until the reward is collected; else the pursuit ends once the batch has fallen. */
  readonly waitForReward: boolean;
  /** Fruitless attempts in a row after which a person is asked. */
  readonly attempts: number;
}

export const DEFAULT_PROVER: ProverOptions = {
  certainBlocks: 2n,
  pollMs: 500,
  window: 8,
  waitForReward: true,
  attempts: 5,
};

export interface ProverDependencies {
  readonly judge: Judge;
  readonly planner: SegmentPlanner;
  readonly sender: Sender;
  readonly store: SessionStore;
  /** Gathers again what a session is made of, when it has to be planned anew. */
  readonly reopen: (record: SessionRecord) => Promise<Case>;
  readonly metrics: ProverMetrics;
  readonly log: Logger;
  /** One line for people. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  /** What hides a commitment until it is opened; the same one after a restart. */
  readonly saltOf: RecordOptions['saltOf'];
}

/** Makes proofs and follows them through: one pursuit for each session, side by side. */
export class FraudProver {
  readonly #options: ProverOptions;
  readonly #deps: ProverDependencies;

  constructor(options: ProverOptions, deps: ProverDependencies) {
    this.#options = options;
    this.#deps = deps;
  }

  /**
   * Makes a session of a case, or finds the one that an earlier run made of it, and pursues it to its end.
   *
   * @throws ProverError NOTHING_TO_PROVE, BATCH_FINAL, NO_FUNDS, CANNOT_BE_PLANNED before anything is sent; PROOF_STUCK, L1_UNREACHABLE after
   */
  async prove(kase: Case): Promise<Outcome> {
    const record = await this.begin(kase);
    return this.pursue(record);
  }

  /** Plans, checks and keeps a session; sends nothing. */
  async begin(kase: Case): Promise<SessionRecord> {
    const { judge, store, say } = this.#deps;
    const fresh = await this.#record(kase, 0);
    const kept = store.load(fresh.id);
    if (kept !== undefined && kept.outcome?.kind !== 'lost') return this.#resumed(kept);
    const facts = await judge.facts(fresh);
    if (facts.now >= facts.openBefore) {
      throw new ProverError(
        'BATCH_FINAL',
        `The challenge period of batch ${fresh.header.number} is over: it can no longer be disputed.`,
      );
    }
    for (const line of fresh.words) say(line);
    const steps = isImmediate(fresh.accusation) ? [] : await this.#plan(kase);
    const prices = await judge.prices(steps);
    for (const line of describePlan(fresh, steps, prices)) say(line);
    this.#affordable(prices);
    store.saveSteps(fresh.id, steps);
    // INVARIANT: kept before the commitment is sent; a commitment whose salt is forgotten is a lost bond.
    store.save(fresh);
    return fresh;
  }

  /** Goes on with what an earlier run began: everything that has not ended. */
  async resume(
    open = this.#deps.store.all().filter(({ outcome }) => outcome === null),
  ): Promise<Outcome[]> {
    for (const { header } of open)
      this.#deps.say(`going on with the proof of batch ${header.number}`);
    return Promise.all(open.map((record) => this.pursue(record)));
  }

  /** Does whatever comes next until the session has ended. */
  async pursue(record: SessionRecord): Promise<Outcome> {
    if (record.outcome !== null) return record.outcome;
    const { metrics } = this.#deps;
    metrics.open.inc();
    try {
      const course = new Course(record, this.#options);
      return await this.#follow(record, course);
    } finally {
      metrics.open.dec();
    }
  }

  #resumed(kept: SessionRecord): SessionRecord {
    const { store, say } = this.#deps;
    say(`the proof of batch ${kept.header.number} was begun earlier`);
    // L1 has come back to a branch that it had left.
    if (kept.outcome?.kind !== 'gone') return kept;
    const again = { ...kept, outcome: null };
    store.save(again);
    return again;
  }

  async #follow(record: SessionRecord, course: Course): Promise<Outcome> {
    const { judge, store, say, signal } = this.#deps;
    let current = record;
    let steps = store.steps(record.id);
    for (;;) {
      signal.throwIfAborted();
      const facts = await judge.facts(current);
      const action = nextAction(steps, facts);
      this.#measure(current, facts, course);
      for (const line of course.heard(action, facts)) say(line);
      if (action.kind === 'end' || this.#mayLeave(action)) {
        const outcome = course.ending(action, facts);
        if (outcome !== null) return this.#end(current, course, outcome);
        await this.#rest();
      } else if (action.kind === 'wait' || this.#isRash(action, current, facts)) await this.#rest();
      else if (action.kind === 'commit anew') current = await this.#saltAnew(current);
      else if (action.kind === 'cut anew') {
        ({ record: current, steps } = await this.#cutAnew(current, facts));
      } else await this.#perform(current, steps, action, course, facts);
    }
  }

  #measure({ header }: SessionRecord, { session, now }: ChainFacts, course: Course): void {
    if (session.kind !== 'proved' || !course.isFirstProof()) return;
    this.#deps.metrics.secondsToFall.set(Number(now - header.landedAt));
  }

  async #record(kase: Case, attempt: number): Promise<SessionRecord> {
    const { judge, saltOf } = this.#deps;
    const { challenger } = judge;
    return newRecord(kase, { challenger, saltOf, attempt, ...(await judge.head()) });
  }

  /** The commitment has expired: another needs another salt. */
  async #saltAnew(record: SessionRecord): Promise<SessionRecord> {
    const { judge, saltOf, store, say } = this.#deps;
    const { batchHash, index, finding } = record;
    const attempt = record.attempt + 1;
    const salt = await saltOf(batchHash, index, attempt);
    const commitment = commitmentOf({
      challenger: judge.challenger,
      batchHash,
      index,
      finding,
      salt,
    });
    const again = { ...record, attempt, salt, commitment };
    say('our commitment has expired and its bond is lost; committing again');
    store.save(again);
    return again;
  }

  /** A reorg gives the batch another hash, and then the bond of a commitment to this one is lost. */
  #isRash({ kind }: Action, { landedInBlock }: SessionRecord, { block }: ChainFacts): boolean {
    return kind === 'commit' && block - landedInBlock < this.#options.certainBlocks;
  }

  /** The batch is down, and only the reward is left to wait for. */
  #mayLeave(action: Action): boolean {
    return !this.#options.waitForReward && action.kind === 'wait' && action.time !== null;
  }

  async #perform(
    record: SessionRecord,
    steps: readonly PlannedStep[],
    action: Action,
    course: Course,
    facts: ChainFacts,
  ): Promise<void> {
    const { sender, log, metrics, say } = this.#deps;
    const intents = this.#intents(record, steps, action, facts);
    const before = course.progress;
    try {
      await sender.sendAll(intents, (index, receipt) =>
        this.#mined(record, intents[index] as Intent, receipt, course),
      );
    } catch (error) {
      if (!(error instanceof PlimsollError) || error.code === 'L1_UNREACHABLE') throw error;
      metrics.failures.inc();
      log.warn({ code: error.code, what: textOf(error) }, 'a transaction of a proof failed');
      say(`${error.code}: ${error.message}`);
      if (error.code === 'NO_FUNDS') throw error;
    }
    // What is done already is only looked up: L1 has to be given time to say so.
    if (course.progress === before) {
      course.fruitless();
      await this.#rest();
    }
  }

  #mined(
    record: SessionRecord,
    { key, what }: Intent,
    receipt: TransactionReceipt,
    course: Course,
  ) {
    if (!course.mined(key, receipt)) return;
    const { metrics, say, log } = this.#deps;
    metrics.steps.inc();
    metrics.gas.inc(Number(receipt.gasUsed));
    log.info({ session: record.id, what, hash: receipt.transactionHash }, 'mined');
    say(`${what}: mined in block ${receipt.blockNumber}, ${receipt.gasUsed} gas`);
  }

  /** The transactions of an action, in the order in which L1 has to run them. */
  #intents(
    record: SessionRecord,
    steps: readonly PlannedStep[],
    action: Action,
    facts: ChainFacts,
  ): Intent[] {
    const { judge } = this.#deps;
    const { window } = this.#options;
    const opening = { from: record.begunAt, by: soon(record.begunAt, facts.openBefore) };
    switch (action.kind) {
      case 'commit':
        return [judge.commit(record, opening)];
      case 'open': {
        if (isImmediate(record.accusation)) return [judge.prove(record, opening)];
        const { sessionPeriod } = judge.constants;
        const running = { from: facts.now, by: soon(facts.now, facts.now + sessionPeriod) };
        return [
          judge.open(record, opening),
          ...this.#running(record, steps, 0, running, window - 1),
        ];
      }
      case 'go on': {
        const { session } = facts;
        const deadline = session.kind === 'open' ? session.deadline : facts.now;
        const running = { from: facts.now, by: soon(facts.now, deadline) };
        return this.#running(record, steps, action.from, running, window);
      }
      case 'close':
        return [judge.close(record)];
      case 'settle':
        return [judge.settle(record)];
      case 'collect':
        return [judge.collect(record, facts.credit)];
      case 'reclaim':
        return [judge.reclaim(record)];
      default:
        return [];
    }
  }

  #running(
    record: SessionRecord,
    steps: readonly PlannedStep[],
    from: number,
    urgency: { from: bigint; by: bigint },
    window: number,
  ): Intent[] {
    const { judge } = this.#deps;
    const to = Math.min(from + window, steps.length);
    const intents = steps
      .slice(from, to)
      .map((step, index) =>
        judge.step(record, step, { index: from + index, count: steps.length, urgency }),
      );
    const last = steps.at(-1);
    if (to === steps.length && last !== undefined && intents.length < window) {
      intents.push(judge.conclude(record, last.after, urgency));
    }
    return intents;
  }

  /** L1 has a state that is not kept here: files are lost, or older than L1. The same case gives the same plan. */
  async #cutAnew(record: SessionRecord, facts: ChainFacts) {
    const { session } = facts;
    const hash = session.kind === 'open' ? session.stateHash : null;
    const again = await this.#plan(await this.#deps.reopen(record));
    if (!again.some(({ beforeHash }) => beforeHash === hash)) {
      throw new ProverError(
        'PROOF_STUCK',
        `L1 has our session on batch ${record.header.number} in a state that no plan of ours leads through. Another program uses the same key: end one of them.`,
      );
    }
    const next = { ...record, plan: record.plan + 1 };
    this.#deps.store.saveSteps(record.id, again);
    this.#deps.store.save(next);
    return { record: next, steps: again };
  }

  async #plan(kase: Case): Promise<PlannedStep[]> {
    const { planner, log } = this.#deps;
    const began = performance.now();
    const steps = await planner.plan(kase);
    const ms = Math.round(performance.now() - began);
    log.info({ transactions: steps.length, ms }, 'proof planned');
    return steps;
  }

  #affordable({ sessionBond, gas, gasPrice, balance }: Prices): void {
    const needed = sessionBond + gas * gasPrice;
    if (balance >= needed) return;
    throw new ProverError(
      'NO_FUNDS',
      `The proof needs up to ${ether(needed)} ETH for bond and gas, and ${this.#deps.judge.challenger} has ${ether(balance)}. Send it some and try again. Nothing was sent.`,
    );
  }

  #end(record: SessionRecord, course: Course, outcome: Outcome): Outcome {
    const { store, sender, say, metrics } = this.#deps;
    say(`batch ${record.header.number}: ${outcome.words}`);
    if (outcome.kind === 'waiting') return outcome;
    metrics.end(outcome.kind);
    store.save({ ...record, outcome });
    for (const key of course.keys) sender.finish(key);
    return outcome;
  }

  async #rest(): Promise<void> {
    const { signal } = this.#deps;
    await sleep(this.#options.pollMs, undefined, { signal });
  }
}

/** Fees may be at their highest when three quarters of the time are gone, not only when all of it is. */
function soon(from: bigint, by: bigint): bigint {
  return by <= from ? by : from + ((by - from) * 3n) / 4n;
}

import { OK, SEGMENT_FULL, TRAPPED } from '#shared/engine/codes.ts';
import { FACT_INBOX_COUNT } from '#shared/engine/layout.ts';
import { toPlainError } from '../errors.ts';
import { ENTRY_CLOSE, ENTRY_COMMAND, ENTRY_INBOX } from '../journal/entry.ts';
import type { RecoveryPool } from '../recovery/pool.ts';
import type { HostEngine } from '../replica/engine.ts';
import { Commits } from './commits.ts';
import type { RunEntry } from './group.ts';
import { clockCommand, invariant, OURSELVES, toError } from './helpers.ts';
import { Listeners } from './listeners.ts';
import type { ExchangeDependencies, ExchangeOptions } from './options.ts';
import { readClockMs, readOutcome, rejectedOutcome } from './outcome.ts';
import { type Admitted, CommandQueue } from './queue.ts';
import { failedBeforeDurable, refusalOf, tooManyOfOne } from './refusal.ts';
import { Segmenter } from './segmenter.ts';
import { Signing } from './signing.ts';
import type {
  ClientId,
  CommandStatus,
  DurableGroup,
  DurableListener,
  ExchangeApi,
  ExchangeState,
  ExchangeStatus,
  Outcome,
} from './types.ts';

export { ExchangeError } from '../errors.ts';
export { clockCommand } from './helpers.ts';
export type { ExchangeDependencies, ExchangeOptions } from './options.ts';
export type * from './types.ts';

/** Commands that run before timers and sockets get a turn. */
const COMMANDS_A_TURN = 128;
/** On L1 an inbox message is one CONSUME byte. */
const CONSUME_BYTES = 1;
const NO_SIGNERS = new Uint8Array(0);

/**
 * The thread that trades. Takes commands from clients in turns, has their signers recovered in threads meanwhile, runs them on the
 * engine, and answers when the journal has them. Neither hashes nor waits for L1.
 */
export class Exchange implements ExchangeApi {
  readonly #options: ExchangeOptions;
  readonly #deps: ExchangeDependencies;
  readonly #engine: HostEngine;
  readonly #pool: RecoveryPool;
  readonly #segmenter: Segmenter;
  readonly #signing: Signing;
  readonly #durableListeners: Listeners<DurableGroup>;
  readonly #stateListeners: Listeners<ExchangeState>;
  #state: ExchangeState = 'starting';
  #failure: { code: string; message: string } | null = null;
  readonly #queue: CommandQueue;
  #inbox: Uint8Array[] = [];
  readonly #commits: Commits;
  #sequence: number;
  #durableSequence: number;
  #pumpScheduled = false;
  #flushTimer: NodeJS.Timeout | null = null;
  #accepted = 0;
  #rejected = 0;
  #trapped = 0;

  constructor(options: ExchangeOptions, deps: ExchangeDependencies) {
    this.#options = options;
    this.#deps = deps;
    this.#engine = deps.engine;
    this.#sequence = deps.position.sequence;
    this.#durableSequence = deps.position.sequence;
    this.#segmenter = new Segmenter(deps.position.segment);
    this.#commits = new Commits(deps.journal.head.lastId + 1, this.#nextNumbers);
    this.#durableListeners = new Listeners(deps.log);
    this.#stateListeners = new Listeners(deps.log);
    this.#pool = deps.pool(() => this.#onRecovered());
    this.#signing = new Signing(deps.engine, this.#pool);
    const { maxQueuedPerClient: perClient, maxQueuedPerAddress: perAddress } = options;
    const recoveryOf = (command: Uint8Array) => this.#signing.ahead(command);
    this.#queue = new CommandQueue({ perClient, perAddress }, { pool: this.#pool, recoveryOf });
    deps.hooks.event = (kind, address, view) =>
      this.#commits.pending.events.add(kind, address, view);
    deps.hooks.recover = this.#signing.recover;
    deps.journal.feed(
      () => (this.#failure ? null : this.#commits.gather(this.#nextNumbers)),
      () => this.#onDurable(),
    );
    if (deps.segmentStarted) this.#writeClose();
  }

  get bytes(): Uint8Array {
    return this.#engine.bytes;
  }

  get view(): DataView {
    return this.#engine.view;
  }

  assess(request: Uint8Array): { readonly code: number; readonly answer: Uint8Array } {
    return this.#engine.assess(request);
  }

  /** Begins to run what is submitted. */
  start(): void {
    this.#setState('running');
    this.#deps.journal.wake();
    this.#schedulePump();
  }

  submit(command: Uint8Array, client: ClientId = OURSELVES): Promise<Outcome> {
    const refusal = refusalOf(command, {
      state: this.#state,
      queued: this.#queue.length,
      maxQueued: this.#options.maxQueued,
    });
    if (refusal) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      if (this.#queue.push(client, { bytes: command, resolve, reject })) this.#admit();
      else reject(tooManyOfOne());
    });
  }

  /** Queues the next inbox message. Messages come in the order of their numbers, each once. */
  consume(message: Uint8Array): void {
    this.#inbox.push(message);
    this.#schedulePump();
  }

  /** Inbox messages consumed or waiting to be: the number of the message that `consume` expects next. */
  get nextInboxMessage(): number {
    return Number(this.view.getBigUint64(FACT_INBOX_COUNT, true)) + this.#inbox.length;
  }

  /**
   * Runs a command of the sequencer's own at once (clock, repricing, settling, listing, sweeping).
   * @returns the result code; rejected ones leave no trace
   */
  runOwn(command: Uint8Array): number {
    if (this.#state !== 'running' || this.#full) return SEGMENT_FULL;
    try {
      const code = this.#run(command, null);
      this.#deps.journal.wake();
      return code;
    } catch (error) {
      this.fail(toError(error));
      return TRAPPED;
    }
  }

  onDurable(listener: DurableListener): () => void {
    return this.#durableListeners.add(listener);
  }

  onState(listener: (state: ExchangeState) => void): () => void {
    return this.#stateListeners.add(listener);
  }

  commandStatus(sequence: number): CommandStatus {
    return this.#deps.progress.commandStatus(sequence, this.#durableSequence);
  }

  status(): ExchangeStatus {
    const { progress } = this.#deps;
    return {
      state: this.#state,
      failure: this.#failure,
      ...this.#options.identity,
      clockMs: readClockMs(this.view),
      sequence: this.#sequence,
      durableSequence: this.#durableSequence,
      segment: this.#segmenter.number,
      queued: this.#queue.length,
      unacknowledged: this.#sequence - this.#durableSequence,
      accepted: this.#accepted,
      rejected: this.#rejected,
      trapped: this.#trapped,
      inboxConsumed: Number(this.view.getBigUint64(FACT_INBOX_COUNT, true)),
      ...progress.status,
    };
  }

  /** Takes nothing new, runs and answers what waits, closes the segment, and makes all of it durable. */
  async drain(): Promise<void> {
    if (this.#state !== 'running') return;
    this.#setState('draining');
    while (this.#queue.length > 0 && this.#failure === null) {
      this.#pump();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    if (this.#failure === null) {
      if (this.#segmenter.commands > 0) this.#writeClose();
      await this.#deps.journal.drained();
      this.#setState('stopped');
    }
    await this.#pool.close();
  }

  /** Stops for good: nothing more is run or acknowledged, and everybody who waits is told so. */
  fail(error: Error): void {
    if (this.#failure) return;
    this.#failure = toPlainError(error);
    this.#setState('failed');
    this.#clearFlushTimer();
    const told = failedBeforeDurable(this.#failure.code, error);
    this.#commits.rejectAll(told);
    this.#queue.rejectAll(told);
    this.#deps.onFatal(error);
  }

  get #full(): boolean {
    return this.#sequence - this.#durableSequence >= this.#options.maxUnacknowledged;
  }

  #onRecovered() {
    this.#admit();
    this.#schedulePump();
  }

  /** Whoever's turn it is gets its place in the order of execution. */
  #admit() {
    try {
      this.#queue.admit();
    } catch (error) {
      this.fail(toError(error));
    }
    if (this.#queue.ready() !== null) this.#schedulePump();
  }

  #schedulePump() {
    if (this.#pumpScheduled) return;
    this.#pumpScheduled = true;
    setImmediate(() => {
      this.#pumpScheduled = false;
      this.#pump();
    });
  }

  #pump() {
    if (this.#state !== 'running' && this.#state !== 'draining') return;
    try {
      this.#consumeInbox();
      if (this.#queue.length > 0) this.#tickClock();
      for (let ran = 0; !this.#full; ran++) {
        const next = this.#queue.ready();
        if (next === null) break;
        if (ran === COMMANDS_A_TURN) {
          this.#schedulePump();
          break;
        }
        // Stays in the queue while it runs: if that fails, its caller is told with all the others.
        this.#run(next.bytes, next);
        this.#queue.shift();
        this.#admit();
      }
      this.#deps.journal.wake();
    } catch (error) {
      this.fail(toError(error));
    }
  }

  /** Sets the engine's clock if it is due. Time that stands still or goes back is not told to the engine. */
  #tickClock() {
    const nowMs = this.#deps.clock.nowMs();
    if (nowMs - readClockMs(this.view) < this.#options.clockIntervalMs) return;
    this.#run(clockCommand(nowMs), null);
  }

  #run(bytes: Uint8Array, waiting: Admitted | null): number {
    if (!this.#segmenter.fits(bytes.length)) this.#writeClose();
    this.#signing.current = waiting?.recovery ?? null;
    const group = this.#commits.pending;
    const firstEvent = group.events.count;
    let code = this.#execute(bytes);
    if (code === SEGMENT_FULL && this.#segmenter.commands > 0) {
      this.#reject(firstEvent);
      this.#writeClose();
      code = this.#execute(bytes);
    }
    if (code === OK) {
      this.#accept(bytes, waiting, firstEvent);
      return code;
    }
    this.#reject(firstEvent);
    if (code === TRAPPED) {
      this.#trapped += 1;
      const command = Buffer.from(bytes).toString('hex');
      this.#deps.log.error({ command }, 'the engine trapped on a command; it was undone');
    }
    if (waiting) {
      this.#rejected += 1;
      // It may be because of a command that is not durable yet ("nonce used"), so it is told after that one.
      const { resolve, reject } = waiting;
      this.#commits.answerAfterAll({ outcome: rejectedOutcome(code, this.view), resolve, reject });
    }
    return code;
  }

  #execute(bytes: Uint8Array): number {
    this.#startSegment();
    this.#signing.log.clear();
    return this.#engine.execute(bytes);
  }

  #startSegment() {
    if (this.#segmenter.started) return;
    this.#engine.segmentStart();
    this.#segmenter.started = true;
  }

  #reject(firstEvent: number) {
    this.#engine.undo();
    this.#commits.pending.events.truncate(firstEvent);
  }

  #accept(bytes: Uint8Array, waiting: Admitted | null, firstEvent: number) {
    this.#accepted += 1;
    const outcome = readOutcome(this.view, this.#sequence + 1);
    const wireLength = bytes.length;
    this.#record({ kind: ENTRY_COMMAND, code: OK, bytes, outcome, firstEvent, wireLength });
    if (waiting) {
      const { resolve, reject } = waiting;
      this.#commits.pending.answers.push({ outcome, resolve, reject });
    }
  }

  #record(ran: RunEntry) {
    this.#sequence += 1;
    const signers = this.#signing.log.bytes;
    this.#commits.pending.row.add(ran.kind, ran.code, ran.bytes, signers, signers.length);
    this.#commits.pending.add({
      sequence: this.#sequence,
      inbox: ran.kind === ENTRY_INBOX,
      bytes: ran.bytes,
      code: ran.code,
      clockMs: readClockMs(this.view),
      outcome: ran.outcome,
      firstEvent: ran.firstEvent,
    });
    this.#segmenter.add(ran.wireLength);
    if (!this.#segmenter.fits(0)) this.#writeClose();
    else this.#flushTimer ??= setTimeout(() => this.#flush(), this.#options.flushIntervalMs);
  }

  #consumeInbox() {
    while (this.#inbox.length > 0 && !this.#full) {
      if (!this.#segmenter.fits(CONSUME_BYTES)) this.#writeClose();
      this.#startSegment();
      if (!this.#engine.advance()) {
        // No room for the worst message in this segment: a consume would be a no-op.
        this.#writeClose();
        this.#startSegment();
        invariant(this.#engine.advance(), 'a fresh segment has room for any inbox message');
      }
      this.#executeInbox(this.#inbox.shift() as Uint8Array);
    }
  }

  #executeInbox(message: Uint8Array) {
    const firstEvent = this.#commits.pending.events.count;
    this.#signing.log.clear();
    this.#signing.current = null;
    const code = this.#engine.executeInbox(message);
    if (code === TRAPPED) {
      this.#trapped += 1;
      this.#deps.log.error({ kind: message[0] }, 'the engine trapped on an inbox message');
    }
    this.#deps.log.debug({ code, kind: message[0] }, 'consumed an inbox message');
    const wireLength = CONSUME_BYTES;
    const outcome = code === OK ? readOutcome(this.view, this.#sequence + 1) : null;
    this.#record({ kind: ENTRY_INBOX, code, bytes: message, outcome, firstEvent, wireLength });
  }

  #flush() {
    this.#flushTimer = null;
    if (this.#segmenter.commands === 0 || this.#state !== 'running') return;
    this.#writeClose();
    this.#deps.journal.wake();
  }

  #writeClose() {
    this.#clearFlushTimer();
    this.#commits.pending.row.add(ENTRY_CLOSE, 0, NO_SIGNERS, NO_SIGNERS, 0);
    this.#segmenter.close();
  }

  #clearFlushTimer() {
    if (this.#flushTimer !== null) clearTimeout(this.#flushTimer);
    this.#flushTimer = null;
  }

  get #nextNumbers() {
    return { sequence: this.#sequence + 1, segment: this.#segmenter.number };
  }

  #onDurable() {
    const group = this.#commits.shift();
    if (group === undefined || this.#failure) return;
    this.#durableSequence = group.lastSequence;
    if (group.commands > 0 && this.#durableListeners.size > 0) {
      this.#durableListeners.tell(group.durableGroup());
    }
    for (const answer of group.answers) answer.resolve(answer.outcome);
    if (this.#queue.length > 0 || this.#inbox.length > 0) this.#schedulePump();
  }

  #setState(state: ExchangeState) {
    this.#state = state;
    this.#stateListeners.tell(state);
  }
}

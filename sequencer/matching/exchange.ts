import { OK, SEGMENT_FULL, TRAPPED } from '#shared/engine/codes.ts';
import { CMD_ORDER } from '#shared/engine/kinds.ts';
import { FACT_INBOX_COUNT } from '#shared/engine/layout.ts';
import { recoverAddress } from '#shared/host/recover.ts';
import { ExchangeError, toPlainError } from '../errors.ts';
import { ENTRY_CLOSE, ENTRY_COMMAND, ENTRY_INBOX, RowBuilder } from '../journal/entry.ts';
import type { Recovery, RecoveryPool } from '../recovery/pool.ts';
import type { HostEngine } from '../replica/engine.ts';
import { SignerLog } from '../replica/signers.ts';
import { PendingGroup } from './group.ts';
import { clockCommand, invariant, same } from './helpers.ts';
import type { ExchangeDependencies, ExchangeOptions } from './options.ts';
import { readClockMs, readOutcome, rejectedOutcome } from './outcome.ts';
import { refusalOf } from './refusal.ts';
import { Segmenter } from './segmenter.ts';
import type {
  CommandStatus,
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

interface Waiting {
  readonly bytes: Uint8Array;
  readonly recovery: Recovery | null;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: Error) => void;
}

const SIGNATURE_BYTES = 64;
/** Commands that run before timers and sockets get a turn. */
const COMMANDS_A_TURN = 128;
/** On L1 an inbox message is one CONSUME byte. */
const CONSUME_BYTES = 1;
const NO_SIGNERS = new Uint8Array(0);

/**
 * The thread that trades. Takes commands in the order of `submit`, has their signers recovered in threads meanwhile, runs them on the
 * engine, and answers when the journal has them. Neither hashes nor waits for L1.
 */
export class Exchange implements ExchangeApi {
  readonly #options: ExchangeOptions;
  readonly #deps: ExchangeDependencies;
  readonly #engine: HostEngine;
  readonly #pool: RecoveryPool;
  readonly #segmenter: Segmenter;
  readonly #signers = new SignerLog();
  readonly #row = new RowBuilder();
  readonly #durableListeners = new Set<DurableListener>();
  readonly #stateListeners = new Set<(state: ExchangeState) => void>();
  #state: ExchangeState = 'starting';
  #failure: { code: string; message: string } | null = null;
  #queue: Waiting[] = [];
  #head = 0;
  #inbox: Uint8Array[] = [];
  #pending: PendingGroup;
  /** Handed to the journal, oldest first: the next commit starts before the answers of the last are given. */
  #committing: PendingGroup[] = [];
  #current: Recovery | null = null;
  #sequence: number;
  #durableSequence: number;
  #nextRow: number;
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
    this.#nextRow = deps.journal.head.lastId + 1;
    this.#segmenter = new Segmenter(deps.position.segment);
    this.#pending = this.#newGroup();
    this.#pool = deps.pool(() => this.#schedulePump());
    deps.hooks.event = (kind, address, view) => this.#pending.events.add(kind, address, view);
    deps.hooks.recover = (digest, signature) => this.#recover(digest, signature);
    deps.journal.feed(
      () => this.#gather(),
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

  /** Begins to run what is submitted. */
  start(): void {
    this.#setState('running');
    this.#deps.journal.wake();
    this.#schedulePump();
  }

  submit(command: Uint8Array): Promise<Outcome> {
    const refusal = refusalOf(command, {
      state: this.#state,
      queued: this.#queue.length - this.#head,
      maxQueued: this.#options.maxQueued,
    });
    if (refusal) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      const recovery = this.#startRecovery(command);
      this.#queue.push({ bytes: command, recovery, resolve, reject });
      if (recovery === null) this.#schedulePump();
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
      this.fail(error instanceof Error ? error : new Error(String(error)));
      return TRAPPED;
    }
  }

  onDurable(listener: DurableListener): () => void {
    this.#durableListeners.add(listener);
    return () => this.#durableListeners.delete(listener);
  }

  onState(listener: (state: ExchangeState) => void): () => void {
    this.#stateListeners.add(listener);
    return () => this.#stateListeners.delete(listener);
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
      queued: this.#queue.length - this.#head,
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
    while (this.#head < this.#queue.length && this.#failure === null) {
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
    const told = new ExchangeError(
      'EXCHANGE_FAILED',
      `The exchange stopped before this was durable (${this.#failure.code}): whether it was done is known after the restart.`,
      error,
    );
    for (const group of [...this.#committing, this.#pending]) {
      for (const answer of group.answers) answer.reject(told);
    }
    for (const waiting of this.#queue.slice(this.#head)) waiting.reject(told);
    this.#queue = [];
    this.#head = 0;
    this.#deps.onFatal(error);
  }

  get #full(): boolean {
    return this.#sequence - this.#durableSequence >= this.#options.maxUnacknowledged;
  }

  /** The digest is of the state now; if the engine asks for another one later, it is recovered then. */
  #startRecovery(command: Uint8Array): Recovery | null {
    const signed = ((command[0] as number) & 31) >= CMD_ORDER && command.length > SIGNATURE_BYTES;
    const digest = signed ? this.#engine.digest(command) : null;
    if (digest === null) return null;
    const signature = command.subarray(command.length - SIGNATURE_BYTES);
    return this.#pool.recover(Uint8Array.from(digest), signature);
  }

  #recover(digest: Uint8Array, signature: Uint8Array): Uint8Array | null {
    const ahead = this.#current;
    const known = ahead?.done && same(ahead.digest, digest) && same(ahead.signature, signature);
    const address = known ? ahead.address : recoverAddress(digest, signature);
    this.#signers.add(digest, address);
    return address;
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
      if (this.#head < this.#queue.length) this.#tickClock();
      for (let ran = 0; this.#head < this.#queue.length && !this.#full; ran++) {
        const next = this.#queue[this.#head] as Waiting;
        if (next.recovery !== null && !next.recovery.done) break;
        if (ran === COMMANDS_A_TURN) {
          this.#schedulePump();
          break;
        }
        this.#head += 1;
        this.#run(next.bytes, next);
      }
      this.#compactQueue();
      this.#deps.journal.wake();
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #compactQueue() {
    if (this.#head === this.#queue.length) this.#queue = [];
    else if (this.#head > 4096) this.#queue = this.#queue.slice(this.#head);
    else return;
    this.#head = 0;
  }

  /** Sets the engine's clock if it is due. Time that stands still or goes back is not told to the engine. */
  #tickClock() {
    const nowMs = this.#deps.clock.nowMs();
    if (nowMs - readClockMs(this.view) < this.#options.clockIntervalMs) return;
    this.#run(clockCommand(nowMs), null);
  }

  #run(bytes: Uint8Array, waiting: Waiting | null): number {
    if (!this.#segmenter.fits(bytes.length)) this.#writeClose();
    this.#current = waiting?.recovery ?? null;
    const group = this.#pending;
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
      waiting.resolve(rejectedOutcome(code, this.view));
    }
    return code;
  }

  #execute(bytes: Uint8Array): number {
    this.#startSegment();
    this.#signers.clear();
    return this.#engine.execute(bytes);
  }

  #startSegment() {
    if (this.#segmenter.started) return;
    this.#engine.segmentStart();
    this.#segmenter.started = true;
  }

  #reject(firstEvent: number) {
    this.#engine.undo();
    this.#pending.events.truncate(firstEvent);
  }

  #accept(bytes: Uint8Array, waiting: Waiting | null, firstEvent: number) {
    this.#accepted += 1;
    const outcome = readOutcome(this.view, this.#sequence + 1);
    this.#record({ kind: ENTRY_COMMAND, code: OK, bytes, firstEvent, wireLength: bytes.length });
    if (waiting) {
      const { resolve, reject } = waiting;
      this.#pending.answers.push({ outcome, resolve, reject });
    }
  }

  #record(ran: {
    kind: number;
    code: number;
    bytes: Uint8Array;
    firstEvent: number;
    wireLength: number;
  }) {
    this.#sequence += 1;
    const signers = this.#signers.bytes;
    this.#pending.row.add(ran.kind, ran.code, ran.bytes, signers, signers.length);
    this.#pending.add({
      sequence: this.#sequence,
      inbox: ran.kind === ENTRY_INBOX,
      bytes: ran.bytes,
      code: ran.code,
      clockMs: readClockMs(this.view),
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
    const firstEvent = this.#pending.events.count;
    this.#signers.clear();
    this.#current = null;
    const code = this.#engine.executeInbox(message);
    if (code === TRAPPED) {
      this.#trapped += 1;
      this.#deps.log.error({ kind: message[0] }, 'the engine trapped on an inbox message');
    }
    this.#deps.log.debug({ code, kind: message[0] }, 'consumed an inbox message');
    const wireLength = CONSUME_BYTES;
    this.#record({ kind: ENTRY_INBOX, code, bytes: message, firstEvent, wireLength });
  }

  #flush() {
    this.#flushTimer = null;
    if (this.#segmenter.commands === 0 || this.#state !== 'running') return;
    this.#writeClose();
    this.#deps.journal.wake();
  }

  #writeClose() {
    this.#clearFlushTimer();
    this.#pending.row.add(ENTRY_CLOSE, 0, NO_SIGNERS, NO_SIGNERS, 0);
    this.#segmenter.close();
  }

  #clearFlushTimer() {
    if (this.#flushTimer !== null) clearTimeout(this.#flushTimer);
    this.#flushTimer = null;
  }

  #newGroup(): PendingGroup {
    return new PendingGroup(this.#row, this.#sequence + 1, this.#segmenter.number);
  }

  #gather() {
    if (this.#pending.empty || this.#failure) return null;
    const group = this.#pending;
    const commit = group.commitGroup(this.#nextRow++);
    this.#committing.push(group);
    this.#pending = this.#newGroup();
    return commit;
  }

  #onDurable() {
    const group = this.#committing.shift();
    if (group === undefined || this.#failure) return;
    this.#durableSequence = group.lastSequence;
    if (group.commands > 0 && this.#durableListeners.size > 0) {
      const durable = group.durableGroup();
      for (const listener of this.#durableListeners) this.#tell(() => listener(durable));
    }
    for (const answer of group.answers) answer.resolve(answer.outcome);
    if (this.#head < this.#queue.length || this.#inbox.length > 0) this.#schedulePump();
  }

  /** A listener that throws is a bug of its own, and no reason to stop trading. */
  #tell(call: () => void) {
    try {
      call();
    } catch (error) {
      this.#deps.log.error({ err: error }, 'a listener of durable commands failed');
    }
  }

  #setState(state: ExchangeState) {
    this.#state = state;
    for (const listener of this.#stateListeners) this.#tell(() => listener(state));
  }
}

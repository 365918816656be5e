import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { Chores } from '#sequencer/chores/chores.ts';
import { StateReader } from '#sequencer/gateway/state/reader.ts';
import { Journal } from '#sequencer/journal/journal.ts';
import { type BatchRow, type JournalReader, JournalStore } from '#sequencer/journal/store.ts';
import { Exchange } from '#sequencer/matching/exchange.ts';
import { EngineHooks } from '#sequencer/matching/hooks.ts';
import type { DurableListener, Outcome } from '#sequencer/matching/types.ts';
import { Progress } from '#sequencer/progress.ts';
import { RecoveryPool } from '#sequencer/recovery/pool.ts';
import { openReplica } from '#sequencer/replica/open.ts';
import { SignerReplay } from '#sequencer/replica/signers.ts';
import { Sealer } from '#sequencer/sealer/sealer.ts';
import { deriveModule, Engine } from '#shared/host/engine.ts';
import { ENGINE_FILE, readEngine } from '#shared/host/wasm-file.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { encodeInboxMessage, type InboxMessage } from '#shared/protocol/inbox.ts';
import { StressError } from '../errors.ts';
import type { StageL1 } from './l1.ts';
import { StageWatcher } from './watcher.ts';

/** Far more than any step sends: nobody here is to be told to come back later. */
const ROOM = 1_000_000;
const FLUSH_MS = 5;
const CHORE_COMMANDS = 4096;
const LONGEST_WAIT_MS = 60_000;

export interface StageOptions {
  readonly directory: string;
  /** Where the signatures are for, and the journal. */
  readonly chainId: number;
  readonly contract: Uint8Array;
  /** Real contracts on a real L1, whose inbox is the only one; null: the caller says what the inbox says. */
  readonly l1: StageL1 | null;
  /** Engine time at the start, ms since 1970. */
  readonly startMs: number;
  readonly strikesEachSide: number;
  readonly expiries: number;
  readonly repriceIntervalMs: number;
  readonly recoveryThreads: number;
  readonly log: Logger;
}

function identityOf({ chainId, contract }: StageOptions) {
  return { chainId, settlement: bytesToHex(contract), engineHash: readEngine().hash };
}

/**
 * The whole exchange in one process: the thread that trades with its recovery threads, the journal in its thread, the sealer with roots and
 * batches, and a watcher that replays them. Only the network and L1 are left out: `message` is what L1's inbox says.
 */
export class Stage {
  readonly exchange: Exchange;
  readonly l1: StageL1 | null;
  readonly reader: StateReader;
  readonly watcher = new StageWatcher();
  /** How often each result code refused something that was submitted. */
  readonly refusals: Record<string, number> = {};
  readonly #journal: Journal;
  readonly #rows: JournalReader;
  readonly #sealer: Sealer;
  readonly #chores: Chores;
  readonly #clock: { ms: number };
  #row = 0;
  #batches: BatchRow[] = [];
  #failure: Error | null = null;

  private constructor(options: StageOptions, journal: Journal, file: string) {
    const { log, startMs } = options;
    const identity = identityOf(options);
    const clock = { ms: startMs };
    this.#clock = clock;
    this.#journal = journal;
    const hooks = new EngineHooks();
    const module = deriveModule(readEngine().wasm, { marks: false, undo: true });
    this.exchange = new Exchange(
      {
        identity,
        maxQueued: ROOM,
        maxUnacknowledged: ROOM,
        maxQueuedPerClient: ROOM,
        maxQueuedPerAddress: ROOM,
        clockIntervalMs: 1,
        flushIntervalMs: FLUSH_MS,
      },
      {
        engine: Engine.create({ module, onEvent: hooks.onEvent, recover: hooks.onRecover }),
        hooks,
        journal,
        clock: { nowMs: () => clock.ms },
        progress: new Progress(),
        log,
        position: { sequence: 0, segment: 1 },
        segmentStarted: false,
        pool: (onDone) => new RecoveryPool({ threads: options.recoveryThreads }, { onDone }),
        onFatal: (error) => {
          this.#failure ??= error;
        },
      },
    );
    this.reader = new StateReader(this.exchange);
    this.#chores = this.#makeChores(options);
    this.#rows = JournalStore.openForReading(file, identity);
    this.#sealer = this.#makeSealer(identity);
    this.l1 = options.l1;
    this.l1?.connect(
      {
        reader: this.#rows,
        nowMs: () => this.#clock.ms,
        store: (send) => this.#journal.commit({ sends: [send] }),
      },
      {
        consume: (message) => this.exchange.consume(message),
        next: () => this.exchange.nextInboxMessage,
      },
    );
    journal.onRow((row) => {
      this.#row = row;
    });
    this.exchange.start();
  }

  /** An exchange that waits for its genesis message, with its clock at `startMs`. */
  static async open(options: StageOptions): Promise<Stage> {
    const file = join(options.directory, 'journal.db');
    const identity = identityOf(options);
    const fails: { stage?: Stage } = {};
    const onFailure = (error: Error) => fails.stage?.exchange.fail(error);
    const journal = await Journal.open({ file, identity }, { onFailure });
    const stage = new Stage(options, journal, file);
    fails.stage = stage;
    return stage;
  }

  get nowMs(): number {
    return this.#clock.ms;
  }

  /** Moves the time on; the engine hears of it with what comes next. */
  advanceTo(timeMs: number): void {
    this.#clock.ms = Math.max(this.#clock.ms, timeMs);
  }

  /** What L1's inbox says next. */
  message(message: InboxMessage): void {
    this.exchange.consume(encodeInboxMessage(message));
  }

  /** Runs one command; resolves when it, or for a rejected one all before it, is durable. */
  async submit(command: Uint8Array): Promise<Outcome> {
    const outcome = await this.exchange.submit(command);
    const { code } = outcome;
    if (code !== 0) this.refusals[code] = (this.refusals[code] ?? 0) + 1;
    return outcome;
  }

  onDurable(listener: DurableListener): void {
    this.exchange.onDurable(listener);
  }

  /** Clock, repricing, listing, settling, sweeping: until nothing is left to do. */
  async chores(): Promise<void> {
    for (let turn = 0; turn < 100; turn++) {
      const { sequence } = this.exchange.status();
      // Every fifth turn also looks through instruments, accounts and orders.
      for (let small = 0; small < 5; small++) this.#chores.turn();
      await this.#journal.drained();
      this.#checkHealth();
      if (this.exchange.status().sequence === sequence) return;
    }
    throw new StressError('CHORES_ENDLESS', 'The chores do not come to an end at this time.');
  }

  /** Everything that was sent has run and is durable. */
  async settled(): Promise<void> {
    await this.#until(
      () => this.exchange.status().inboxConsumed === this.exchange.nextInboxMessage,
      'inbox messages',
    );
    await this.#until(() => this.exchange.status().queued === 0, 'commands');
    await this.#journal.drained();
  }

  /** Seals what has run since the last time, and has the watcher check it. */
  async seal(): Promise<void> {
    await this.settled();
    // The open segment ends by itself when it is old enough.
    await sleep(FLUSH_MS + 3);
    await this.#journal.drained();
    while (this.#sealer.advance(this.#row));
    this.#sealer.cut();
    for (const batch of this.#batches.splice(0)) {
      this.watcher.check(batch);
      await this.#journal.commit({ batches: [batch], checkedBatch: batch.number });
    }
    this.#checkHealth();
  }

  /** Lets L1 make a block (unless it is away), posts what is checked, and consumes what its inbox says. */
  async slot(away: boolean): Promise<void> {
    if (this.l1 === null) return;
    await this.l1.slot(this.nowMs, { away, checkedBatch: this.watcher.batches });
    await this.settled();
  }

  async close(): Promise<void> {
    await this.exchange.drain();
    await this.#journal.close();
    this.#rows.close();
  }

  #checkHealth() {
    const { trapped, failure } = this.exchange.status();
    if (this.#failure !== null || failure !== null) {
      const words = failure?.message ?? String(this.#failure);
      throw new StressError('EXCHANGE_FAILED', `The exchange stopped: ${words}`, this.#failure);
    }
    if (trapped > 0) {
      throw new StressError('ENGINE_TRAPPED', `The engine trapped ${trapped} times: it has a bug.`);
    }
  }

  async #until(done: () => boolean, what: string) {
    const endMs = performance.now() + LONGEST_WAIT_MS;
    while (!done()) {
      this.#checkHealth();
      if (performance.now() > endMs) {
        throw new StressError('STAGE_STUCK', `The exchange did not run all ${what} in a minute.`);
      }
      await sleep(1);
    }
  }

  #makeChores(options: StageOptions): Chores {
    const { strikesEachSide, expiries, repriceIntervalMs, log } = options;
    return new Chores(
      {
        idleClockMs: 1,
        repriceIntervalMs,
        settleGraceMs: 10_000,
        liquidates: true,
        commandsATurn: CHORE_COMMANDS,
        listing: { strikesEachSide, expiries, maxInstruments: 900 },
      },
      {
        view: () => this.exchange.view,
        assess: (request) => this.exchange.assess(request),
        run: (command) => this.exchange.runOwn(command),
        clock: { nowMs: () => this.#clock.ms },
        log,
      },
    );
  }

  #makeSealer(identity: { chainId: number; settlement: `0x${string}`; engineHash: string }) {
    const signers = new SignerReplay();
    const replica = openReplica(
      {
        engineFile: fileURLToPath(ENGINE_FILE),
        identity,
        snapshotFile: null,
        derivation: { marks: true, undo: true },
      },
      { recover: signers.recover },
    );
    return new Sealer(replica, {
      engine: replica.engine,
      tree: replica.tree,
      signers,
      reader: this.#rows,
      onSegment: (row) => {
        this.#journal.commit({ segments: [row] }).catch(() => {});
      },
      onBatch: (row) => this.#batches.push(row),
    });
  }
}

import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { ENGINE_FILE } from '#shared/host/wasm-file.ts';
import {
  type AssembleDependencies,
  assemble,
  historyOptions,
  journalFile,
  type Parts,
  rateOf,
  snapshotDirectory,
} from './assemble.ts';
import { Chores } from './chores/chores.ts';
import type { SequencerConfig } from './config.ts';
import { type PlainError, SequencerError } from './errors.ts';
import { MarketFeed } from './gateway/market/feed.ts';
import { History } from './history/history.ts';
import { InboxFollower } from './inbox/follower.ts';
import { L1Watch } from './inbox/l1-watch.ts';
import type { Journal } from './journal/journal.ts';
import type { Identity } from './journal/schema.ts';
import type { JournalReader } from './journal/store.ts';
import type { L1 } from './l1.ts';
import type { Exchange } from './matching/exchange.ts';
import { toError } from './matching/helpers.ts';
import type { Progress } from './progress.ts';
import type { SteadyClock } from './steady-clock.ts';
import type {
  FromPoster,
  FromSealer,
  PosterData,
  ReplicaData,
  SealerData,
  ToPoster,
  ToSealer,
} from './threads/protocol.ts';
import { BACKGROUND, spawnThread } from './threads/spawn.ts';

export interface SequencerDependencies extends AssembleDependencies {
  /** Nothing may be acknowledged any more; the process should end with an error. */
  readonly onFatal: (error: Error) => void;
}

const CHORE_TURN_MS = 50;
const CHUNK_BLOCKS = 5000n;
const DEVNET_CHAIN = 31_337;
const USUAL_CONFIRMATIONS = 12;
/** Ethereum is final after 13 to 20 minutes. */
const USUAL_UNFINALIZED_MS = 1_800_000;
const REORG_SETTLE_BLOCKS = 3;
/** One batch lands in a block. When this many wait, the next one is cut only when it is full, or the queue would grow for ever. */
const MAX_WAITING_BATCHES = 4;

/** All of a sequencer but its gateway: L1, journal, engine, chores, sealer and poster, put together. */
export class Sequencer {
  readonly exchange: Exchange;
  readonly identity: Identity;
  readonly clock: SteadyClock;
  readonly progress: Progress;
  /** Read models, at what is durable. */
  readonly feed: MarketFeed;
  /** The collateral's contract on L1. */
  readonly token: `0x${string}`;
  readonly #config: SequencerConfig;
  readonly #deps: SequencerDependencies;
  readonly #journal: Journal;
  readonly #reader: JournalReader;
  readonly #follower: InboxFollower;
  readonly #chores: Chores;
  readonly #sealer: Worker;
  readonly #poster: Worker;
  readonly #history: History;
  #choreTimer: NodeJS.Timeout | undefined;
  #durableRow = 0;
  #failed = false;
  #stopping = false;
  #onFinished: { sealer: () => void; poster: () => void } = { sealer: noop, poster: noop };

  private constructor(parts: Parts, config: SequencerConfig, deps: SequencerDependencies) {
    this.#config = config;
    this.#deps = deps;
    this.exchange = parts.exchange;
    this.identity = parts.identity;
    this.clock = parts.clock;
    this.progress = parts.progress;
    this.token = parts.l1.token;
    this.#journal = parts.journal;
    this.#reader = parts.reader;
    this.#durableRow = parts.journal.head.lastId;
    this.#follower = this.#makeFollower(parts.l1);
    this.#chores = this.#makeChores();
    const { market, recorder, exchange } = parts;
    const onBroken = (error: Error) => this.fail(error);
    this.feed = new MarketFeed(market, { exchange, onBroken });
    this.#history = new History(historyOptions(config, parts.identity), {
      market,
      recorder,
      onFailure: (error) => this.fail(error),
    });
    const replica = this.#replicaData(parts);
    this.#sealer = this.#startSealer(replica, parts.landedBatch);
    this.#poster = this.#startPoster(replica);
    parts.journal.onRow((row) => this.#onRow(row));
  }

  /**
   * Checks L1 and the journal, restores the state and starts everything. Throws before anything is acknowledged if something does
   * not fit together.
   */
  static async start(config: SequencerConfig, deps: SequencerDependencies): Promise<Sequencer> {
    let sequencer: Sequencer | null = null;
    let early: Error | null = null;
    const parts = await assemble(config, deps, (error) => {
      if (sequencer) sequencer.fail(error);
      else early ??= error;
    });
    sequencer = new Sequencer(parts, config, deps);
    if (early === null) sequencer.#begin();
    else {
      // The journal failed while the state was restored: there was nobody yet to stop.
      await sequencer.abandon();
      throw early;
    }
    return sequencer;
  }

  /** Stops for good after an error; the caller ends the process. */
  fail(error: Error): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#quiet();
    this.exchange.fail(error);
    this.#deps.onFatal(error);
  }

  /** Clean end: answers what waits, seals, checks and snapshots it. What is not on L1 yet is posted after the next start. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#quiet();
    await this.exchange.drain();
    if (!this.#failed) {
      await this.#finish();
      await this.#journal.close();
      await this.#history.close();
    }
    await this.#terminate();
  }

  /** Ends the threads after a failure. */
  async abandon(): Promise<void> {
    this.#quiet();
    await this.#journal.close();
    await this.#terminate();
  }

  #begin() {
    this.exchange.start();
    this.#tellSealer('durable');
    this.#follower.run(this.#config.l1PollMs).catch((error) => this.fail(toError(error)));
    this.#choreTimer = setInterval(() => {
      try {
        this.#chores.turn();
      } catch (error) {
        this.fail(toError(error));
      }
    }, CHORE_TURN_MS);
  }

  #quiet() {
    clearInterval(this.#choreTimer);
    this.#follower.stop();
  }

  async #finish() {
    await new Promise<void>((resolve) => {
      this.#onFinished.sealer = resolve;
      this.#tellSealer('finish');
    });
    await this.#journal.drained();
    await new Promise<void>((resolve) => {
      this.#onFinished.poster = resolve;
      this.#tellPoster({ kind: 'finish', last: this.progress.sealedBatch });
    });
    await this.#journal.drained();
  }

  async #terminate() {
    const threads = [this.#sealer, this.#poster, this.#history];
    await Promise.all(threads.map((thread) => thread.terminate()));
    this.#reader.close();
  }

  #onRow(row: number) {
    this.#durableRow = row;
    if (!this.#stopping) this.#tellSealer('durable');
  }

  #tellSealer(kind: 'durable' | 'finish') {
    const message: ToSealer = { kind, lastRow: this.#durableRow };
    this.#sealer.postMessage(message);
  }

  #tellPoster(message: ToPoster) {
    this.#poster.postMessage(message);
  }

  #startSealer(replica: ReplicaData, landedBatch: number): Worker {
    const { batchIntervalMs, posterKey } = this.#config;
    // Where nothing is posted nothing can wait to be.
    const maxWaitingBatches = posterKey === null ? Number.MAX_SAFE_INTEGER : MAX_WAITING_BATCHES;
    const data: SealerData = { ...replica, batchIntervalMs, landedBatch, maxWaitingBatches };
    const worker = spawnThread(
      new URL('./sealer/worker.ts', import.meta.url),
      data,
      'sealer',
      BACKGROUND,
    );
    worker.on('message', (message: FromSealer) => this.#hearSealer(message));
    worker.on('error', (error) => this.fail(error));
    return worker;
  }

  #hearSealer(message: FromSealer) {
    if (message.kind === 'failed') this.fail(fromPlain(message.error));
    else if (message.kind === 'finished') this.#onFinished.sealer();
    else if (message.kind === 'sealed') this.#onSealed(message);
  }

  #onSealed({ segments, batches }: Extract<FromSealer, { kind: 'sealed' }>) {
    const last = segments.at(-1);
    this.#commit({ segments, batches }, () => {
      if (last) {
        this.progress.sealedSegment = last.number;
        this.progress.sealedRoot = `0x${Buffer.from(last.root).toString('hex')}`;
      }
      for (const batch of batches) this.progress.addBatch(batch.number, batch.lastSequence);
      const lastBatch = batches.at(-1);
      if (lastBatch) this.#tellPoster({ kind: 'batches', last: lastBatch.number });
    });
  }

  #startPoster(replica: ReplicaData): Worker {
    const config = this.#config;
    const data: PosterData = {
      ...replica,
      rpcUrl: config.l1Url,
      privateKey: config.posterKey,
      snapshotDirectory: snapshotDirectory(config),
      snapshotSegments: config.snapshotSegments,
      verifyOneIn: config.verifyOneIn,
      pollMs: config.l1PollMs,
      virtualTime: config.virtualTime,
      bumpAfterMs: config.bumpAfterMs,
      maxFeePerGas: String(config.maxFeePerGas),
    };
    const worker = spawnThread(
      new URL('./poster/worker.ts', import.meta.url),
      data,
      'poster',
      BACKGROUND,
    );
    worker.on('message', (message: FromPoster) => this.#hearPoster(message));
    worker.on('error', (error) => this.fail(error));
    return worker;
  }

  #hearPoster(message: FromPoster) {
    if (message.kind === 'failed') this.fail(fromPlain(message.error));
    else if (message.kind === 'finished') this.#onFinished.poster();
    else if (message.kind === 'report') this.#onReport(message.report);
    else if (message.kind === 'snapshot') {
      const { sequence, ms } = message;
      this.#deps.log.info({ sequence, ms: Math.round(ms) }, 'snapshot taken');
    } else if (message.kind === 'store') {
      const stored: ToPoster = { kind: 'stored', id: message.id };
      this.#commit({ sends: [message.send] }, () => this.#tellPoster(stored));
    } else if (message.kind === 'checked') {
      const { number } = message;
      this.#commit({ checkedBatch: number }, () => {
        this.progress.checkedBatch = number;
      });
    }
  }

  #onReport(report: Extract<FromPoster, { kind: 'report' }>['report']) {
    this.progress.l1Connected = report.connected;
    this.progress.l1BlockNumber = report.blockNumber;
    this.progress.l1BlockTimeMs = report.blockTimeMs;
    if (report.connected) this.clock.observeBlock(report.blockTimeMs);
    this.progress.clock = this.clock.status;
    if (report.landedBatch !== this.progress.landedBatch) {
      const message: ToSealer = { kind: 'landed', batch: report.landedBatch };
      this.#sealer.postMessage(message);
    }
    this.progress.landedBatch = report.landedBatch;
    this.progress.posterTrouble = report.trouble;
  }

  /** A journal that cannot be written has failed the exchange already: nothing more is to be done here. */
  #commit(group: Parameters<Journal['commit']>[0], done: () => void) {
    this.#journal.commit(group).then(done, noop);
  }

  #makeFollower(l1: L1): InboxFollower {
    const { fromBlock } = this.#config;
    const { settlement, client, chainId } = l1;
    const usual = chainId === DEVNET_CHAIN ? 0 : USUAL_CONFIRMATIONS;
    const confirmations = this.#config.confirmations ?? usual;
    const log = this.#deps.log;
    const finality = chainId === DEVNET_CHAIN ? null : USUAL_UNFINALIZED_MS;
    const watch = new L1Watch(
      {
        settlement,
        maxUnfinalizedMs: this.#config.maxUnfinalizedMs ?? finality,
        settleBlocks: REORG_SETTLE_BLOCKS,
      },
      { client, log, nowMs: () => this.clock.nowMs() },
    );
    this.progress.l1Watch = watch;
    const follower = new InboxFollower(
      { settlement, confirmations, fromBlock, chunkBlocks: CHUNK_BLOCKS },
      {
        client,
        log,
        watch,
        nextMessage: () => this.exchange.nextInboxMessage,
        onMessage: (message) => this.exchange.consume(message),
        onProgress: (seen, trouble) => {
          this.progress.inboxSeen = seen;
          this.progress.followerTrouble = trouble;
          this.progress.depositsHeld = follower.holding;
        },
      },
    );
    return follower;
  }

  #makeChores(): Chores {
    const config = this.#config;
    return new Chores(
      {
        idleClockMs: 1000 * rateOf(config),
        repriceIntervalMs: config.repriceIntervalMs,
        settleGraceMs: 10_000,
        liquidates: config.liquidate,
        commandsATurn: 64,
        listing: {
          strikesEachSide: config.listStrikes,
          expiries: config.listExpiries,
          maxInstruments: 900,
        },
      },
      {
        view: () => this.exchange.view,
        assess: (request) => this.exchange.assess(request),
        run: (command) => this.exchange.runOwn(command),
        clock: this.clock,
        log: this.#deps.log,
      },
    );
  }

  #replicaData(parts: Parts) {
    return {
      identity: parts.identity,
      journalFile: journalFile(this.#config),
      engineFile: fileURLToPath(ENGINE_FILE),
      snapshotFile: parts.snapshotFile,
      logLevel: this.#config.logLevel,
    };
  }
}

function fromPlain(error: PlainError): SequencerError {
  return new SequencerError(error.code, error.message);
}

function noop() {}

import { parentPort, workerData } from 'node:worker_threads';
import pino from 'pino';
import { systemClock, virtualClock } from '../clock.ts';
import { toPlainError } from '../errors.ts';
import { type JournalReader, JournalStore, type SendRow } from '../journal/store.ts';
import { openReplica } from '../replica/open.ts';
import { SignerReplay } from '../replica/signers.ts';
import { saveSnapshot } from '../replica/snapshots.ts';
import type { FromPoster, PosterData, ToPoster } from '../threads/protocol.ts';
import type { ThreadData } from '../threads/spawn.ts';
import { Chain } from './chain.ts';
import { Checker } from './checker.ts';
import { Poster } from './poster.ts';

/** The poster's thread: checks batches, keeps snapshots of what was checked, and sends them to L1. */
const port = parentPort!;
const { data } = workerData as ThreadData<PosterData>;
const log = pino({ level: data.logLevel, name: 'poster' });
const say = (message: FromPoster) => port.postMessage(message);

/** A turn of checking and a step of posting follow each other; neither runs beside itself. */
class PosterThread {
  readonly #reader: JournalReader;
  readonly #checker: Checker;
  readonly #poster: Poster;
  readonly #tree: ReturnType<typeof openReplica>['tree'];
  readonly #stores = new Map<number, () => void>();
  #lastBatch: number;
  #snapshotSegment: number;
  #lastSegment: number;
  #lastSequence: number;
  #finishing = false;
  #checking = false;
  #ended = false;
  #nextStore = 1;

  constructor() {
    const signers = new SignerReplay();
    const derivation = { marks: true, undo: true };
    const replica = openReplica({ ...data, derivation }, { recover: signers.recover });
    this.#tree = replica.tree;
    this.#reader = JournalStore.openForReading(data.journalFile, data.identity);
    this.#checker = new Checker(data, replica, { reader: this.#reader, signers });
    this.#lastSequence = replica.position.sequence;
    this.#lastSegment = replica.position.segment - 1;
    this.#snapshotSegment = this.#lastSegment;
    this.#lastBatch = this.#reader.batchHead().last;
    this.#poster = this.#makePoster();
    this.#poster.checkedBatch = Number(this.#checker.position.number);
  }

  hear(message: ToPoster) {
    if (message.kind === 'stored') {
      this.#stores.get(message.id)?.();
      this.#stores.delete(message.id);
      return;
    }
    this.#lastBatch = message.last;
    this.#finishing ||= message.kind === 'finish';
    this.check();
  }

  /** Checks batch after batch, with a turn for messages between them. */
  check() {
    if (this.#checking || this.#ended) return;
    this.#checking = true;
    setImmediate(() => {
      this.#checking = false;
      try {
        if (this.#checkNext()) this.check();
        else if (this.#finishing) this.#finish();
      } catch (error) {
        this.fail(error);
      }
    });
  }

  async post() {
    while (!this.#ended) {
      try {
        await this.#poster.step();
        say({ kind: 'report', report: this.#poster.report });
      } catch (error) {
        this.fail(error);
      }
      await new Promise((resolve) => setTimeout(resolve, data.pollMs));
    }
  }

  fail(error: unknown) {
    if (this.#ended) return;
    this.#ended = true;
    say({ kind: 'failed', error: toPlainError(error) });
    port.close();
  }

  #checkNext(): boolean {
    const number = Number(this.#checker.position.number) + 1;
    if (number > this.#lastBatch) return false;
    const row = this.#reader.batch(number);
    if (row === undefined) return false;
    this.#checker.check(row);
    this.#poster.checkedBatch = number;
    this.#lastSegment = row.lastSegment;
    this.#lastSequence = row.lastSequence;
    say({ kind: 'checked', number });
    if (this.#lastSegment - this.#snapshotSegment >= data.snapshotSegments) this.#snapshot();
    return true;
  }

  #snapshot() {
    const startMs = performance.now();
    const { number, inboxAccumulator } = this.#checker.position;
    const lastSequence = this.#lastSequence;
    const lastSegment = this.#lastSegment;
    saveSnapshot(data.snapshotDirectory, this.#tree, data.identity, {
      batch: Number(number),
      lastSequence,
      lastSegment,
      inboxAccumulator,
    });
    this.#snapshotSegment = lastSegment;
    say({ kind: 'snapshot', sequence: lastSequence, ms: performance.now() - startMs });
  }

  #finish() {
    if (this.#lastSegment > this.#snapshotSegment) this.#snapshot();
    this.#ended = true;
    say({ kind: 'finished' });
    port.close();
  }

  #makePoster(): Poster {
    const { rpcUrl, privateKey, identity } = data;
    const settlement = identity.settlement as `0x${string}`;
    const chain = new Chain({ rpcUrl, privateKey, settlement, chainId: identity.chainId });
    const maxFeePerGas = BigInt(data.maxFeePerGas);
    const { bumpAfterMs } = data;
    return new Poster(
      { bumpAfterMs, maxFeePerGas, readOnly: privateKey === null },
      {
        chain,
        reader: this.#reader,
        clock: systemClock,
        exchangeClock: data.virtualTime ? virtualClock(data.virtualTime) : systemClock,
        log,
        store: (send) => this.#store(send),
      },
    );
  }

  #store(send: SendRow): Promise<void> {
    const id = this.#nextStore++;
    return new Promise((resolve) => {
      this.#stores.set(id, resolve);
      say({ kind: 'store', id, send });
    });
  }
}

try {
  const thread = new PosterThread();
  port.on('message', (message: ToPoster) => thread.hear(message));
  say({ kind: 'ready' });
  thread.check();
  void thread.post();
} catch (error) {
  say({ kind: 'failed', error: toPlainError(error) });
  port.close();
}

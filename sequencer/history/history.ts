import type { Worker } from 'node:worker_threads';
import { SequencerError } from '../errors.ts';
import type { MarketData } from '../gateway/market/market-data.ts';
import { BACKGROUND, spawnThread } from '../threads/spawn.ts';
import type { HistoryRecorder } from './recorder.ts';
import type { HistoryOptions } from './store.ts';
import type { FromHistory, ToHistory } from './worker.ts';

export interface HistoryDependencies {
  /** At the command that the database is complete to; its recorder is `recorder`. */
  readonly market: MarketData;
  readonly recorder: HistoryRecorder;
  /** The history cannot be written any more. Called once. */
  readonly onFailure: (error: Error) => void;
}

/** What is gathered goes to the thread this often; after a kill so much is made again from the journal. */
const FLUSH_MS = 50;

/** The live history, as the main thread sees it: what the read models record goes to a thread that writes it, one delta at a time. */
export class History {
  readonly #deps: HistoryDependencies;
  readonly #worker: Worker;
  readonly #timer: NodeJS.Timeout;
  #sentTo: number;
  #writtenTo: number;
  #writing = false;
  #failed = false;
  #onClosed: (() => void) | null = null;

  constructor(options: HistoryOptions, deps: HistoryDependencies) {
    this.#deps = deps;
    this.#sentTo = deps.market.lastSequence;
    this.#writtenTo = this.#sentTo;
    this.#worker = spawnThread(
      new URL('./worker.ts', import.meta.url),
      options,
      'history',
      BACKGROUND,
    );
    this.#worker.on('message', (message: FromHistory) => this.#hear(message));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#timer = setInterval(() => this.#flush(), FLUSH_MS);
  }

  /** Sequence number of the last command whose trades and orders are in the database. */
  get completeTo(): number {
    return this.#writtenTo;
  }

  /** Writes what is gathered and closes the database. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    if (!this.#failed) {
      await new Promise<void>((resolve) => {
        this.#onClosed = resolve;
        if (!this.#writing) this.#finish();
      });
    }
    await this.#worker.terminate();
  }

  /** Ends the thread; what is not written is made again from the journal. */
  async terminate(): Promise<void> {
    clearInterval(this.#timer);
    this.#failed = true;
    await this.#worker.terminate();
  }

  /** One delta at a time is on its way, so that a slow disk makes them larger and not more. */
  #flush(): boolean {
    const { market, recorder } = this.#deps;
    const { lastSequence, lastTimeMs } = market;
    if (this.#writing || this.#failed || lastSequence === this.#sentTo) return false;
    this.#writing = true;
    this.#sentTo = lastSequence;
    this.#post({ kind: 'write', delta: recorder.take(lastSequence, lastTimeMs) });
    return true;
  }

  #finish() {
    if (!this.#flush()) this.#post({ kind: 'close' });
  }

  #post(message: ToHistory) {
    this.#worker.postMessage(message);
  }

  #hear(message: FromHistory) {
    if (message.kind === 'written') {
      this.#writing = false;
      this.#writtenTo = message.completeTo;
      if (this.#onClosed) this.#finish();
    } else if (message.kind === 'failed') {
      this.#fail(new SequencerError(message.error.code, message.error.message));
    } else this.#onClosed?.();
  }

  #fail(error: Error) {
    if (this.#failed) return;
    this.#failed = true;
    clearInterval(this.#timer);
    this.#onClosed?.();
    this.#deps.onFailure(error);
  }
}

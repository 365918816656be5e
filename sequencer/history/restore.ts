import type { Logger } from 'pino';
import { applyEntry } from '../gateway/market/feed.ts';
import { MarketData } from '../gateway/market/market-data.ts';
import type { MarketOptions } from '../gateway/market/types.ts';
import { type EngineMemory, StateReader } from '../gateway/state/reader.ts';
import type { ReplayedEntry, ReplayFollower } from '../restore.ts';
import { recall } from './recall.ts';
import { HistoryRecorder } from './recorder.ts';
import { type HistoryOptions, HistoryStore } from './store.ts';

/** Rows gathered before they are written. */
const ROWS_A_WRITE = 5000;

/**
 * Brings read models and history to the end of the journal: while the state is replayed, they are built at the command that the history
 * is complete to, from memory and history, and follow the replay's events from there on. So nothing is missing and nothing comes twice.
 */
export class MarketRestore implements ReplayFollower {
  readonly #store: HistoryStore;
  readonly #options: MarketOptions;
  /** Gathers what is not written yet. */
  readonly recorder = new HistoryRecorder();
  #market: MarketData | null = null;

  constructor(
    options: { readonly history: HistoryOptions; readonly market: MarketOptions },
    deps: { readonly log: Logger },
    lastSequence: number,
  ) {
    const { store, discarded } = HistoryStore.open(options.history, lastSequence);
    this.#store = store;
    this.#options = options.market;
    if (discarded !== null) {
      const why = `the history is made again from the journal: ${discarded}`;
      deps.log.warn({ file: options.history.file }, why);
    }
  }

  get after(): number {
    return this.#store.completeTo;
  }

  begin(engine: EngineMemory): void {
    const market = new MarketData(this.#options, new StateReader(engine));
    market.rebuild(this.after);
    recall(market, this.#store.load());
    market.recorder = this.recorder;
    this.#market = market;
  }

  apply({ events, ...entry }: ReplayedEntry): void {
    const { market } = this;
    applyEntry(market, { ...entry, events });
    market.forgetChanges();
    if (this.recorder.size >= ROWS_A_WRITE) this.#write(market);
  }

  /** Runs the replay, writes the rest of what came, and closes the database. */
  closing<T>(replay: () => T): T {
    try {
      const result = replay();
      const { market } = this;
      if (market.lastSequence > this.after) this.#write(market);
      return result;
    } finally {
      this.#store.close();
    }
  }

  /** The read models, once the replay has come so far. */
  get market(): MarketData {
    if (this.#market === null) throw new Error('The replay did not reach the history.');
    return this.#market;
  }

  #write(market: MarketData) {
    this.#store.write(this.recorder.take(market.lastSequence, market.lastTimeMs));
  }
}

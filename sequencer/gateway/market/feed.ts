import { decodeEvent } from '#shared/protocol/events.ts';
import { SequencerError } from '../../errors.ts';
import type { DurableEntry, DurableGroup, ExchangeApi } from '../../matching/types.ts';
import type { MarketData } from './market-data.ts';

export interface FeedDependencies {
  readonly exchange: Pick<ExchangeApi, 'onDurable'>;
  /** The read models met what cannot be and follow no more. Called once. */
  readonly onBroken: (error: SequencerError) => void;
}

/** Read models that follow what becomes durable. */
export class MarketFeed {
  readonly market: MarketData;
  readonly #deps: FeedDependencies;
  readonly #end: () => void;
  #broken = false;
  #onApplied: () => void = () => {};

  /** @param market at the last durable command */
  constructor(market: MarketData, deps: FeedDependencies) {
    this.market = market;
    this.#deps = deps;
    this.#end = deps.exchange.onDurable((group) => this.#apply(group));
  }

  /** A bug, or an engine of another version: what is shown could be wrong, so nothing should be. */
  get broken(): boolean {
    return this.#broken;
  }

  /** Calls `listener` after each journal commit, from now on: who publishes begins with a snapshot. */
  begin(listener: () => void): void {
    this.market.forgetChanges();
    this.#onApplied = listener;
  }

  end(): void {
    this.#onApplied = () => {};
    this.#end();
  }

  #apply(group: DurableGroup) {
    if (this.#broken) return;
    try {
      for (const entry of group.entries) applyEntry(this.market, entry);
      this.#onApplied();
    } catch (cause) {
      this.#broken = true;
      const message =
        'Market data does not follow from the events any more: restart the sequencer, and report the cause.';
      this.#deps.onBroken(new SequencerError('MARKET_DATA_BROKEN', message, cause));
    }
  }
}

/** Feeds one entry of the journal, with its events as the engine wrote them. */
export function applyEntry(market: MarketData, { events, ...entry }: DurableEntry): void {
  const decoded = events.map((e) => decodeEvent(e.kind, e.view, e.offset));
  market.apply({ ...entry, events: decoded });
}

import { NOT_FOUND, UNKNOWN_CHANNEL } from '#shared/protocol/api-codes.ts';
import { ApiError } from './errors.ts';
import type { Hub } from './hub.ts';
import type { Book } from './market/book.ts';
import type { Fill } from './market/fills.ts';
import type { InstrumentInfo } from './market/instruments.ts';
import { accountsOf, type LiquidationNote } from './market/liquidations.ts';
import { fillViewsOf, findOrder } from './methods/reads.ts';
import type { Services } from './services.ts';
import { accountView } from './views/accounts.ts';
import { liquidationEventView } from './views/liquidations.ts';
import { bookUpdateView, indexView, tickerView, tradeView } from './views/market.ts';
import { modeView } from './views/modes.ts';
import { statusView } from './views/status.ts';

const SHOWN = 60;
const OF_ACCOUNTS = new Set(['user.orders', 'user.fills', 'user.account', 'user.liquidations']);

/**
 * Turns what changed in the market into channel frames. Trades, orders and fills go out with the journal
 * commit that made them durable; books, tickers, indexes and accounts are collected for an interval,
 * since only their last form matters.
 */
export class Publisher {
  private readonly services: Services;
  private readonly hub: Hub;
  private readonly books = new Set<Book>();
  private readonly tickers = new Set<number>();
  private readonly indexes = new Set<number>();
  private readonly accounts = new Set<number>();
  /** What was last sent, by channel. */
  private readonly modes = new Map<string, string>();

  constructor(services: Services, hub: Hub) {
    this.services = services;
    this.hub = hub;
  }

  /** Takes over what the last journal commit changed. */
  collect(): void {
    const { market } = this.services;
    const changes = market.takeChanges();
    for (const book of changes.books) this.books.add(book);
    if (this.hub.subscriptions === 0) return this.discard();
    for (const slot of changes.tickers) this.tickers.add(slot);
    for (const underlying of changes.indexes) this.indexes.add(underlying);
    for (const account of changes.accounts) this.accounts.add(account);
    if (changes.fills.length > 0) this.publishFills(changes.fills);
    if (changes.orders.size > 0) this.publishOrders(changes.orders);
    if (changes.liquidations.length > 0) this.publishLiquidations(changes.liquidations);
    if (changes.status) this.publishStatus();
  }

  /** Books that changed since the last call. */
  flushBooks(): void {
    for (const book of this.books) this.flushBook(book);
    this.books.clear();
  }

  /** Tickers, indexes and accounts that changed since the last call. */
  flushSummaries(): void {
    this.flushModes();
    const { market, reader } = this.services;
    for (const slot of this.tickers) {
      const info = market.instruments.bySlot(slot);
      if (info === undefined || !this.hub.has(`ticker.${info.name}`)) continue;
      this.hub.publish(`ticker.${info.name}`, tickerView(info, market, reader));
    }
    for (const index of this.indexes) {
      const record = reader.underlying(index);
      this.hub.publish(`index.${record.name}`, indexView(record));
    }
    for (const account of this.accounts) {
      if (!this.hub.has(`user.account.${account}`)) continue;
      const record = reader.account(account);
      if (record === null) continue;
      this.hub.publish(`user.account.${account}`, accountView(record, reader));
    }
    this.tickers.clear();
    this.indexes.clear();
    this.accounts.clear();
  }

  /** Modes that look different from what was last sent: time alone changes them. */
  private flushModes(): void {
    for (const { index, name } of this.services.reader.underlyings()) {
      const channel = `mode.${name}`;
      if (!this.hub.has(channel)) {
        this.modes.delete(channel);
        continue;
      }
      const view = modeView(index, this.services);
      const looks = JSON.stringify({ ...view, time_ms: 0 });
      if (this.modes.get(channel) === looks) continue;
      this.modes.set(channel, looks);
      this.hub.publish(channel, view);
    }
  }

  publishStatus(): void {
    if (this.hub.has('status')) this.hub.publish('status', statusView(this.services));
  }

  /** Throws UNKNOWN_CHANNEL or NOT_FOUND. */
  check(channel: string): void {
    const [kind, name] = split(channel);
    const { market, reader } = this.services;
    const missing = (what: string): ApiError =>
      new ApiError(
        NOT_FOUND,
        `Channel '${channel.slice(0, SHOWN)}': there is no ${what} of that name.`,
        {
          parameter: 'channels',
        },
      );
    if (kind === 'book' || kind === 'trades' || kind === 'ticker') {
      const info = market.instruments.byName(name);
      if (info === undefined || info.delisted) throw missing('instrument');
    } else if (kind === 'index' || kind === 'mode') {
      if (market.instruments.underlying(name) === undefined) throw missing('underlying');
    } else if (OF_ACCOUNTS.has(kind)) {
      if (!/^(?:0|[1-9]\d{0,9})$/.test(name) || reader.account(Number(name)) === null) {
        throw missing('account');
      }
    } else if (channel !== 'status' && channel !== 'liquidations') {
      const message = `There is no channel '${channel.slice(0, SHOWN)}': see the README of shared/client.`;
      throw new ApiError(UNKNOWN_CHANNEL, message, { parameter: 'channels' });
    }
  }

  /**
   * What a new subscriber of a checked channel gets first, or undefined where a channel starts empty. A
   * book's pending changes go to the others before, so that the snapshot and what follows fit together.
   */
  current(channel: string): unknown {
    const [kind, name] = split(channel);
    const { market, reader } = this.services;
    if (kind === 'book') {
      const info = this.instrument(name);
      const book = market.book(info.slot);
      this.flushBook(book);
      return bookUpdateView(info, book.snapshot(Number.POSITIVE_INFINITY), market.lastTimeMs);
    }
    if (kind === 'ticker') return tickerView(this.instrument(name), market, reader);
    if (kind === 'index') {
      const underlying = market.instruments.underlying(name);
      return underlying === undefined ? undefined : indexView(reader.underlying(underlying.index));
    }
    if (kind === 'mode') {
      const underlying = market.instruments.underlying(name);
      return underlying === undefined ? undefined : modeView(underlying.index, this.services);
    }
    if (kind === 'user.account') {
      const record = reader.account(Number(name));
      return record === null ? undefined : accountView(record, reader);
    }
    return channel === 'status' ? statusView(this.services) : undefined;
  }

  private instrument(name: string): InstrumentInfo {
    const info = this.services.market.instruments.byName(name);
    if (info === undefined) throw new ApiError(NOT_FOUND);
    return info;
  }

  private flushBook(book: Book): void {
    const change = book.takeChange();
    if (change === null) return;
    const { market } = this.services;
    const info = market.instruments.bySlot(book.instrument);
    if (info === undefined || market.book(info.slot) !== book) return;
    const channel = `book.${info.name}`;
    if (this.hub.has(channel)) {
      this.hub.publish(channel, bookUpdateView(info, change, market.lastTimeMs));
    }
  }

  private publishFills(fills: readonly Fill[]): void {
    const trades = new Map<string, unknown[]>();
    const add = (channel: string, ...views: unknown[]): void => {
      const list = trades.get(channel);
      if (list === undefined) trades.set(channel, views);
      else list.push(...views);
    };
    for (const fill of fills) {
      const channel = `trades.${fill.instrument.name}`;
      if (this.hub.has(channel)) add(channel, tradeView(fill));
      for (const account of new Set([fill.takerAccount, fill.makerAccount])) {
        const own = `user.fills.${account}`;
        if (this.hub.has(own)) add(own, ...fillViewsOf(fill, account));
      }
    }
    for (const [channel, views] of trades) this.hub.publish(channel, views);
  }

  private publishOrders(ids: ReadonlySet<number>): void {
    const { market } = this.services;
    const byAccount = new Map<string, unknown[]>();
    for (const id of ids) {
      const account = market.orders.get(id)?.account ?? market.closed.get(id)?.account;
      const channel = `user.orders.${account}`;
      if (account === undefined || !this.hub.has(channel)) continue;
      const view = findOrder(id, market);
      if (view === null) continue;
      const list = byAccount.get(channel);
      if (list === undefined) byAccount.set(channel, [view]);
      else list.push(view);
    }
    for (const [channel, views] of byAccount) this.hub.publish(channel, views);
  }

  private publishLiquidations(notes: readonly LiquidationNote[]): void {
    if (this.hub.has('liquidations')) {
      this.hub.publish('liquidations', notes.map(liquidationEventView));
    }
    const accounts = new Set(notes.flatMap(({ event }) => accountsOf(event)));
    for (const account of accounts) {
      const channel = `user.liquidations.${account}`;
      if (!this.hub.has(channel)) continue;
      const own = notes.filter(({ event }) => accountsOf(event).includes(account));
      this.hub.publish(channel, own.map(liquidationEventView));
    }
  }

  private discard(): void {
    for (const book of this.books) book.takeChange();
    this.books.clear();
    this.tickers.clear();
    this.indexes.clear();
    this.accounts.clear();
  }
}

/** `user.orders.17` to `user.orders` and `17`; a channel without a dot has no name. */
function split(channel: string): [kind: string, name: string] {
  const match = /^(user\.[a-z]+|[a-z]+)\.(.+)$/s.exec(channel);
  return match === null ? [channel, ''] : [match[1] ?? '', match[2] ?? ''];
}

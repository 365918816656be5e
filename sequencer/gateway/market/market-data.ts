import {
  CLOSE_CANCELLED,
  CLOSE_DEAD,
  CLOSE_EXPIRED,
  CLOSE_FILLED,
  CLOSE_REPLACED,
  CLOSE_SETTLED,
  MSG_GENESIS,
  STAGE_NONE,
} from '#shared/engine/kinds.ts';
import type {
  EngineEvent,
  FillEvent,
  ListingEvent,
  OrderAmendedEvent,
  OrderClosedEvent,
  OrderOpenedEvent,
} from '#shared/protocol/events.ts';
import type { LiquidationEvent } from '#shared/protocol/liquidation-events.ts';
import type { StateReader } from '../state/reader.ts';
import { Book } from './book.ts';
import { type MarketChanges, noChanges } from './changes.ts';
import { type ClosedOrder, ClosedOrders, endOrder } from './closed-orders.ts';
import { FILLS_PER_COMMAND, FillLog, fillOf } from './fills.ts';
import { InstrumentBook } from './instruments.ts';
import type { Side } from './ladder.ts';
import { accountsOf, LiquidationLog, NOTES_PER_COMMAND } from './liquidations.ts';
import { type OpenOrder, OrderStore, restingOrder } from './orders.ts';
import {
  addToTaker,
  describeTaker,
  describeUnrested,
  reasonOfRest,
  type TakerSoFar,
} from './taker.ts';
import { CommandTrail } from './trail.ts';
import type { DurableCommand, MarketOptions, MarketRecorder } from './types.ts';
import { RollingVolume } from './volume.ts';

const LIQUIDATIONS_KEPT = 10_000;

const sideOf = (side: number): Side => (side === 0 ? 'buy' : 'sell');

/**
 * Read models of the whole market, fed by durable events only: what is shown here cannot be lost any more.
 */
export class MarketData {
  readonly instruments: InstrumentBook;
  readonly orders: OrderStore;
  readonly closed: ClosedOrders;
  readonly fills: FillLog;
  readonly liquidations: LiquidationLog;
  readonly volume = new RollingVolume();
  /** Told of everything from the next command on. */
  recorder: MarketRecorder | null = null;
  private readonly books = new Map<number, Book>();
  private readonly reader: StateReader;
  private changes = noChanges();
  private sequence = 0;
  private timeMs = 0;
  private fillsOfCommand = 0;
  private notesOfCommand = 0;
  private taker: TakerSoFar | null = null;
  private replaced: OpenOrder | null = null;
  /** Of the command that is applied. */
  private readonly trail = new CommandTrail();
  /** By underlying; memory may be ahead of the events. */
  private readonly indexes = new Map<number, number>();

  constructor(options: MarketOptions, reader: StateReader) {
    this.reader = reader;
    this.instruments = new InstrumentBook();
    this.instruments.learnUnderlyings(reader.underlyings());
    this.orders = new OrderStore(options.orderCapacity);
    this.closed = new ClosedOrders(options.closedOrdersKept);
    this.fills = new FillLog(options.fillsKept);
    this.liquidations = new LiquidationLog(options.liquidationsKept ?? LIQUIDATIONS_KEPT);
  }

  /**
   * Takes instruments and resting orders over from the engine's memory. How much of an order was filled
   * before is not in the state, so such orders count from zero.
   * INVARIANT: nothing in memory is undurable when this runs, else its events would come a second time.
   */
  rebuild(sequence: number): void {
    this.sequence = sequence;
    this.timeMs = this.reader.clockMs;
    for (const record of this.reader.instruments()) this.instruments.adopt(record);
    this.instruments.expire(this.timeMs);
    for (const info of this.instruments.all()) {
      if (info.state !== 'settled') continue;
      info.settlementPrice = this.reader.settledPrice(info.underlying.index, info.expiryDay);
    }
    for (const record of this.reader.orders()) {
      const instrument = this.instruments.bySlot(record.instrument);
      if (instrument === undefined || instrument.state !== 'open') continue;
      if (record.generation !== this.reader.generation(record.account)) continue;
      if (record.expiryMs > 0 && record.expiryMs <= this.timeMs) continue;
      this.open(restingOrder(record));
    }
    this.orders.sortByAge();
    for (let account = 0; account < this.reader.accountCount; account++) {
      const { stage } = this.reader.liquidation(account);
      if (stage !== STAGE_NONE) this.liquidations.open.set(account, null);
    }
    for (const u of this.reader.underlyings()) this.indexes.set(u.index, Number(u.indexPrice));
    this.forgetChanges();
  }

  /** Begins to publish: what changed before is in the snapshots. */
  forgetChanges(): void {
    for (const book of this.books.values()) book.takeChange();
    this.changes = noChanges();
    this.trail.finish(this.orders, null);
  }

  /** True from genesis on. */
  get ready(): boolean {
    return this.instruments.underlyings.length > 0;
  }

  /** Journal sequence that these models are at. */
  get lastSequence(): number {
    return this.sequence;
  }

  /** Engine clock of that command, ms. */
  get lastTimeMs(): number {
    return this.timeMs;
  }

  book(slot: number): Book {
    let book = this.books.get(slot);
    if (book === undefined) {
      book = new Book(slot);
      this.books.set(slot, book);
    }
    return book;
  }

  apply(command: DurableCommand): void {
    this.sequence = command.sequence;
    this.fillsOfCommand = 0;
    this.notesOfCommand = 0;
    this.taker = null;
    this.replaced = null;
    if (command.inbox && command.bytes[0] === MSG_GENESIS) {
      this.instruments.learnUnderlyings(this.reader.underlyings());
    }
    if (command.clockMs > this.timeMs) this.advance(command.clockMs);
    for (const event of command.events) this.applyEvent(event);
    if (this.taker !== null) this.closeTaker(this.taker, command);
    this.noteUnrested(command);
    this.trail.finish(this.orders, this.recorder);
  }

  /** What is to be published; the next call starts from nothing again. */
  takeChanges(): MarketChanges {
    const changes = this.changes;
    this.changes = noChanges();
    return changes;
  }

  /**
   * Takes in what only the engine's answer says of an order that did not come to rest: that it existed, if
   * nothing was filled, and why its rest was cancelled.
   */
  private noteUnrested(command: DurableCommand): void {
    const { outcome } = command;
    if (outcome === null || outcome.orderId === 0n || outcome.restingLots > 0) return;
    const id = Number(outcome.orderId);
    if (this.orders.has(id)) return;
    const known = this.closed.get(id);
    if (known !== undefined) {
      known.closeReason = reasonOfRest(known, outcome);
      return;
    }
    const slots = (slot: number) => this.instruments.bySlot(slot);
    const order = describeUnrested(command, outcome, this.replaced, slots);
    if (order === null) return;
    this.linkReplaced(id);
    this.end(order);
  }

  private applyEvent(event: EngineEvent): void {
    switch (event.type) {
      case 'fill':
        return this.applyFill(event);
      case 'orderOpened':
        return this.applyOpened(event);
      case 'orderClosed':
        return this.applyClosed(event);
      case 'orderAmended':
        return this.applyAmended(event);
      case 'ordersAllCancelled':
        for (const order of this.orders.ofAccount(event.account))
          this.close(order, CLOSE_CANCELLED);
        return this.touch(event.account);
      case 'deposited':
      case 'withdrawn':
      case 'keySet':
      case 'keyRevoked':
      case 'accountSettled':
      case 'deficitCovered':
        return this.touch(event.account);
      case 'transferred':
        this.touch(event.from);
        return this.touch(event.to);
      case 'index':
        this.indexes.set(event.underlying, Number(event.price));
        this.changes.indexes.add(event.underlying);
        return;
      case 'mark':
        this.changes.tickers.add(event.instrument);
        return;
      case 'epoch':
        return this.reprice(event.underlying);
      case 'listed':
        return this.applyListed(event);
      case 'instrumentSettled':
        return this.applySettled(event.instrument, event.settlementPrice);
      case 'delisted':
        return this.applyDelisted(event.instrument);
      case 'liquidationStarted':
      case 'liquidationStage':
      case 'liquidationSlice':
      case 'auctionSold':
      case 'positionTaken':
      case 'deleveraged':
      case 'liquidationEnded':
        return this.noteLiquidation(event);
      case 'mode':
      case 'guard':
        this.changes.status = true;
        return;
      case 'volatility': // shows in the marks that follow
      case 'indexHeld': // in the guard's event
      case 'riskRequested':
      case 'settlementPrice': // in the instruments' settlements
        return;
    }
  }

  private applyFill(event: FillEvent): void {
    const instrument = this.instruments.bySlot(event.instrument);
    if (instrument === undefined) throw new RangeError(`fill in unknown slot ${event.instrument}`);
    const value = event.price * instrument.underlying.tickPerLot * event.lots;
    const makerId = Number(event.makerId);
    const maker = this.orders.get(makerId);
    const seq = this.sequence * FILLS_PER_COMMAND + this.fillsOfCommand++;
    const index = this.indexes.get(instrument.underlying.index) ?? 0;
    const context = { seq, timeMs: this.timeMs, instrument, index, makerLabel: maker?.label ?? 0n };
    const fill = fillOf(event, context);
    this.fills.add(fill);
    this.trail.addFill(fill);
    this.changes.fills.push(fill);
    this.volume.add(event.instrument, event.lots, value, this.timeMs);
    if (maker !== null) {
      this.changeBook(maker, -event.lots);
      this.orders.fill(makerId, event.lots, value, this.timeMs);
      this.change(makerId);
      if (event.makerRemaining === 0) {
        this.close(this.orders.get(makerId) ?? maker, CLOSE_FILLED);
      }
    }
    this.taker = addToTaker(this.taker, fill, value, event.takerRemaining);
    this.changes.tickers.add(event.instrument);
    this.touch(event.takerAccount);
    this.touch(event.makerAccount);
  }

  private applyOpened(event: OrderOpenedEvent): void {
    const id = Number(event.id);
    const older = this.orders.occupant(id);
    // An order that was dead for the engine alone (swept without a word) gives its slot away here.
    const occupant = older === 0 ? null : this.orders.get(older);
    if (occupant !== null) this.close(occupant, CLOSE_DEAD);
    const taker = this.taker?.id === id ? this.taker : null;
    if (taker !== null) this.taker = null;
    this.open({
      id,
      account: event.account,
      instrument: event.instrument,
      side: sideOf(event.side),
      priceTicks: event.price,
      lots: event.lots,
      filledLots: taker?.lots ?? 0,
      filledValue: taker?.value ?? 0,
      flags: event.flags,
      label: event.label,
      expiryMs: Number(event.expiryMs),
      createdMs: this.timeMs,
      updatedMs: this.timeMs,
      replaces: this.linkReplaced(id),
    });
    this.trail.labelFills(event.label);
    this.touch(event.account);
  }

  private applyClosed(event: OrderClosedEvent): void {
    const order = this.orders.get(Number(event.id));
    this.touch(event.account);
    if (order === null) return; // shown as closed already: filled, expired, settled or cancelled with all
    if (event.reason === CLOSE_REPLACED) this.replaced = order;
    this.close(order, event.reason);
  }

  private applyAmended(event: OrderAmendedEvent): void {
    const id = Number(event.id);
    const order = this.orders.get(id);
    if (order === null) throw new RangeError(`amendment of unknown order ${id}`);
    this.changeBook(order, event.lots - order.lots);
    this.orders.resize(id, event.lots, this.timeMs);
    this.change(id);
    this.touch(event.account);
  }

  private noteLiquidation(event: LiquidationEvent): void {
    const seq = this.sequence * NOTES_PER_COMMAND + this.notesOfCommand++;
    const slot = 'instrument' in event ? event.instrument : null;
    const info = slot === null ? null : (this.instruments.bySlot(slot) ?? null);
    const note = { seq, timeMs: this.timeMs, event, info };
    this.liquidations.add(note);
    this.changes.liquidations.push(note);
    for (const account of accountsOf(event)) this.touch(account);
  }

  private applyListed(event: ListingEvent): void {
    this.books.delete(event.instrument);
    this.volume.forget(event.instrument);
    const info = this.instruments.list({
      slot: event.instrument,
      serial: event.serial,
      underlying: event.underlying,
      kind: event.optionKind === 0 ? 'call' : 'put',
      strike: event.strike,
      expiryMs: Number(event.expiryMs),
    });
    this.recorder?.instrument(info);
    this.changes.tickers.add(event.instrument);
  }

  private applySettled(slot: number, settlementPrice: bigint): void {
    this.closeAllOf(slot, CLOSE_SETTLED);
    const info = this.instruments.settle(slot, settlementPrice);
    if (info !== undefined) this.recorder?.instrument(info);
    this.changes.tickers.add(slot);
  }

  private applyDelisted(slot: number): void {
    this.closeAllOf(slot, CLOSE_SETTLED);
    const info = this.instruments.delist(slot);
    if (info !== undefined) this.recorder?.instrument(info);
  }

  private closeAllOf(slot: number, reason: number): void {
    for (const id of this.orders.ofInstrument(slot)) {
      const order = this.orders.get(id);
      if (order !== null) this.close(order, reason);
    }
  }

  private reprice(underlying: number): void {
    for (const info of this.instruments.all()) {
      if (info.underlying.index === underlying) this.changes.tickers.add(info.slot);
    }
  }

  /** Orders whose time has passed are dead from now on, though the engine removes them only when it meets them. */
  private advance(clockMs: number): void {
    this.timeMs = clockMs;
    for (const id of this.orders.expired(clockMs)) {
      const order = this.orders.get(id);
      if (order !== null) this.close(order, CLOSE_EXPIRED);
    }
    for (const info of this.instruments.expire(clockMs)) {
      this.closeAllOf(info.slot, CLOSE_SETTLED);
      this.changes.tickers.add(info.slot);
    }
  }

  private open(order: OpenOrder): void {
    this.orders.add(order);
    this.changeBook(order, order.lots);
    this.change(order.id);
  }

  /** A resting order looks different now. */
  private change(id: number): void {
    this.trail.touch(id);
    this.changes.orders.add(id);
  }

  private end(order: ClosedOrder): void {
    this.closed.add(order);
    this.trail.end(order);
    this.changes.orders.add(order.id);
  }

  private close(order: OpenOrder, reason: number): void {
    this.changeBook(order, -order.lots);
    this.orders.remove(order.id);
    const info = this.instruments.bySlot(order.instrument);
    if (info === undefined) throw new RangeError(`order ${order.id} in unknown slot`);
    this.end(endOrder(order, info, reason, this.timeMs));
    this.changes.accounts.add(order.account);
  }

  private closeTaker(taker: TakerSoFar, command: DurableCommand): void {
    const ended = describeTaker(taker, command, this.replaced, this.timeMs);
    this.linkReplaced(taker.id);
    this.end(ended);
    this.trail.labelFills(ended.label);
  }

  /** Tells the order that this command replaced who follows it; returns its id, 0 if there is none. */
  private linkReplaced(by: number): number {
    if (this.replaced === null) return 0;
    const before = this.closed.get(this.replaced.id);
    if (before !== undefined) before.replacedBy = by;
    return this.replaced.id;
  }

  private changeBook(order: OpenOrder, delta: number): void {
    if (delta === 0) return;
    const book = this.book(order.instrument);
    book.change(order.side, order.priceTicks, delta, this.sequence);
    this.changes.books.add(book);
    this.changes.tickers.add(order.instrument);
  }

  private touch(account: number): void {
    this.changes.accounts.add(account);
  }
}

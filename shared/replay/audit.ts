/** The invariants of the design's exchange.md, recounted from memory without any of the engine's own sums. */
import * as L from '#shared/engine/layout.ts';
import { PlimsollError } from '#shared/protocol/errors.ts';
import { offsetOf, RECORDS } from '#shared/state/fields.ts';
import { staleParts } from './portfolio.ts';

const LISTED = 1;
const SETTLED = 2;
const INSTRUMENT_TOP = offsetOf(RECORDS.Globals, 'instrumentTop');
const ORDER_TOP = offsetOf(RECORDS.Globals, 'orderTop');

/** A state that the rules exclude: the engine has a bug, whoever agrees on the root. */
export class InvariantError extends PlimsollError {
  override readonly name = 'InvariantError';
  /** As numbered in the design's exchange.md. */
  readonly invariant: number;

  constructor(invariant: number, words: string) {
    super('INVARIANT_BROKEN', `Invariant ${invariant} is broken: ${words}.`);
    this.invariant = invariant;
  }
}

interface Level {
  readonly head: number;
  readonly tail: number;
}

/** Reads an engine's state; every check throws an `InvariantError` with the number of the invariant it is for. */
export class Auditor {
  readonly view: DataView;
  #clock = 0n;
  #inbox = 0n;

  constructor(view: DataView) {
    this.view = view;
  }

  u32(at: number): number {
    return this.view.getUint32(at, true);
  }

  i64(at: number): bigint {
    return this.view.getBigInt64(at, true);
  }

  /** Order slots ever used. */
  get orderTop(): number {
    return this.u32(ORDER_TOP);
  }

  get accounts(): number {
    return this.u32(L.FACT_ACCOUNTS);
  }

  account(id: number): number {
    return L.ACCOUNTS + id * L.ACCOUNT_SIZE;
  }

  /** Entries of an account's position table that are in use, by instrument. */
  positions(id: number): Map<number, { lots: number; openBuy: number; openSell: number }> {
    const at = this.account(id);
    const occupied = this.view.getBigUint64(at + L.ACCOUNT_OCCUPIED, true);
    const found = new Map<number, { lots: number; openBuy: number; openSell: number }>();
    for (let index = 0; index < L.MAX_POSITIONS; index++) {
      const entry = at + L.ACCOUNT_POSITIONS + index * L.POSITION_SIZE;
      const used = ((occupied >> BigInt(index)) & 1n) === 1n;
      const lots = this.view.getInt32(entry + L.POSITION_LOTS, true);
      const openBuy = this.u32(entry + L.POSITION_OPEN_BUY);
      const openSell = this.u32(entry + L.POSITION_OPEN_SELL);
      if (!used) {
        check(
          lots === 0 && openBuy === 0 && openSell === 0,
          2,
          `account ${id} entry ${index} is free but not empty`,
        );
        continue;
      }
      const instrument = this.view.getUint16(entry + L.POSITION_INSTRUMENT, true);
      check(
        lots !== 0 || openBuy + openSell !== 0,
        2,
        `account ${id} keeps an empty entry of instrument ${instrument}`,
      );
      check(!found.has(instrument), 2, `account ${id} has instrument ${instrument} twice`);
      found.set(instrument, { lots, openBuy, openSell });
    }
    return found;
  }

  /** All of it. */
  audit(): void {
    this.money();
    this.positionsSumToZero();
    this.books();
    this.portfolios();
    this.order();
  }

  /** 1 and 5: money is conserved, withdrawn counted, flat cash as an exit will need it. */
  money(): void {
    let cash = 0n;
    let flat = 0n;
    let withdrawn = 0n;
    for (let id = 0; id < this.accounts; id++) {
      const at = this.account(id);
      const own = this.i64(at + L.ACCOUNT_CASH);
      cash += own;
      withdrawn += this.i64(at + L.ACCOUNT_WITHDRAWN);
      let held = 0;
      for (const [instrument, { lots }] of this.positions(id)) {
        if (lots !== 0) held += 1;
        // Until every position of a settled instrument is paid, what is still to be paid counts like cash.
        if (this.isSettled(instrument)) cash += BigInt(lots) * this.exitMark(instrument);
      }
      check(
        held === this.view.getUint16(at + L.ACCOUNT_HELD, true),
        1,
        `account ${id} counts its positions wrongly`,
      );
      if (held === 0 && own > 0n && id !== L.INSURANCE_ACCOUNT) flat += own;
    }
    check(
      cash === this.i64(L.FACT_COLLATERAL),
      1,
      `cash ${cash} is not the collateral ${this.i64(L.FACT_COLLATERAL)}`,
    );
    check(
      flat === this.i64(L.FACT_FLAT_CASH),
      1,
      `flat cash ${flat} is counted as ${this.i64(L.FACT_FLAT_CASH)}`,
    );
    check(withdrawn === this.i64(L.FACT_WITHDRAWN), 5, 'withdrawals do not add up');
  }

  isSettled(instrument: number): boolean {
    return this.view.getUint8(L.INSTRUMENTS + instrument * L.INSTRUMENT_SIZE) === SETTLED;
  }

  /** Money a lot: the average mark, or once settled the payoff. */
  exitMark(instrument: number): bigint {
    return this.i64(L.EXIT_MARKS + 8 * instrument);
  }

  /** 2: positions of each instrument that trades sum to zero, and open interest is what is held long. */
  positionsSumToZero(): void {
    const sums = new Map<number, number>();
    const longs = new Map<number, bigint>();
    for (let id = 0; id < this.accounts; id++) {
      for (const [instrument, { lots }] of this.positions(id)) {
        sums.set(instrument, (sums.get(instrument) ?? 0) + lots);
        if (lots > 0) longs.set(instrument, (longs.get(instrument) ?? 0n) + BigInt(lots));
      }
    }
    for (const [instrument, sum] of sums) {
      check(
        sum === 0 || this.isSettled(instrument),
        2,
        `positions in instrument ${instrument} sum to ${sum}`,
      );
      const interest = this.i64(L.INSTRUMENTS + instrument * L.INSTRUMENT_SIZE + 24);
      check(
        interest === (longs.get(instrument) ?? 0n),
        2,
        `open interest of ${instrument} is ${interest}`,
      );
    }
  }

  /** 4: what is kept of the accounts with portfolio margin is what their positions and orders say. */
  portfolios(): void {
    for (let id = 0; id < this.accounts; id++) {
      const differs = staleParts(this, id);
      check(differs.length === 0, 4, `account ${id} keeps another ${differs.join(', ')}`);
    }
  }

  level(instrument: number, tick: number): Level {
    const at = L.LEVELS + instrument * L.LEVELS_STRIDE + tick * L.LEVEL_SIZE;
    return { head: this.u32(at), tail: this.u32(at + 4) };
  }

  /** Orders of a level in time order, as slots. */
  queue(instrument: number, tick: number): number[] {
    const { head, tail } = this.level(instrument, tick);
    const slots: number[] = [];
    let previous = 0;
    for (let slot = head; slot !== 0; ) {
      const at = L.ORDERS + (slot - 1) * L.ORDER_SIZE;
      check(
        this.u32(at + 44) === previous,
        3,
        `order slot ${slot - 1} does not know the one before it`,
      );
      check(this.u32(at + 24) === tick, 3, `order slot ${slot - 1} is in another price's queue`);
      slots.push(slot - 1);
      previous = slot;
      slot = this.u32(at + 40);
    }
    check(tail === previous, 3, `level ${tick} of ${instrument} ends elsewhere`);
    return slots;
  }

  /** Ticks of an instrument that hold orders, ascending, from the bitmap. */
  ticks(instrument: number): number[] {
    const found: number[] = [];
    for (let word = 0; word < 2048; word++) {
      const bits = this.view.getBigUint64(L.BITS0 + instrument * L.BITS0_STRIDE + word * 8, true);
      if (bits === 0n) continue;
      for (let bit = 0; bit < 64; bit++)
        if ((bits >> BigInt(bit)) & 1n) found.push(word * 64 + bit);
    }
    return found;
  }

  /** 3: no book is crossed, levels and queues are in order, and what accounts have open is what rests. */
  books(): void {
    const open = new Map<string, number>();
    const orders = new Map<number, number>();
    const top = this.u32(INSTRUMENT_TOP);
    for (let instrument = 0; instrument < top; instrument++) this.book(instrument, open, orders);
    this.#compareOpen(open, orders);
  }

  /**
   * 3, for one instrument: not crossed, levels and queues in order. Adds what rests to `open` (lots by account, instrument and side,
   * reduce-only orders aside) and `orders` (live orders by account).
   */
  book(
    instrument: number,
    open: Map<string, number> = new Map(),
    orders: Map<number, number> = new Map(),
  ): void {
    const at = L.INSTRUMENTS + instrument * L.INSTRUMENT_SIZE;
    let bestBid = 0;
    let bestAsk = 0;
    let count = 0;
    for (const tick of this.ticks(instrument)) {
      const queue = this.queue(instrument, tick);
      check(queue.length > 0, 3, `level ${tick} of ${instrument} is marked but empty`);
      const sides = new Set(
        queue.map((slot) => this.view.getUint16(L.ORDERS + slot * L.ORDER_SIZE + 58, true) & 1),
      );
      check(sides.size === 1, 3, `level ${tick} of ${instrument} holds both sides`);
      if (sides.has(0)) {
        check(bestAsk === 0, 3, `instrument ${instrument} is crossed at ${tick}`);
        bestBid = tick;
      } else if (bestAsk === 0) bestAsk = tick;
      for (const slot of queue) this.#countOpen(slot, instrument, open, orders);
      count += queue.length;
    }
    if (this.view.getUint8(at) === LISTED || count > 0) {
      check(
        this.u32(at + 64) === bestBid,
        3,
        `best bid of ${instrument} is ${this.u32(at + 64)}, not ${bestBid}`,
      );
      check(
        this.u32(at + 68) === bestAsk,
        3,
        `best ask of ${instrument} is ${this.u32(at + 68)}, not ${bestAsk}`,
      );
      check(this.u32(at + 20) === count, 3, `open orders of ${instrument}`);
    }
  }

  #countOpen(
    slot: number,
    instrument: number,
    open: Map<string, number>,
    orders: Map<number, number>,
  ): void {
    const at = L.ORDERS + slot * L.ORDER_SIZE;
    const account = this.u32(at + 16);
    const live = this.u32(at + 20) === this.u32(this.account(account) + L.ACCOUNT_GENERATION);
    const lots = this.u32(at + 28);
    check(lots > 0, 3, `order slot ${slot} rests with nothing left`);
    check(
      Number(this.view.getBigUint64(at, true) & 0xfffffn) === slot,
      3,
      `order slot ${slot} has another's id`,
    );
    if (!live) return;
    orders.set(account, (orders.get(account) ?? 0) + 1);
    const flags = this.view.getUint16(at + 58, true);
    if (flags & 32) return;
    const key = `${account}/${instrument}/${flags & 1}`;
    open.set(key, (open.get(key) ?? 0) + lots);
  }

  #compareOpen(open: Map<string, number>, orders: Map<number, number>): void {
    for (let id = 0; id < this.accounts; id++) {
      const at = this.account(id);
      check(
        this.u32(at + L.ACCOUNT_OPEN_ORDERS) === (orders.get(id) ?? 0),
        3,
        `open orders of account ${id}`,
      );
      for (const [instrument, { openBuy, openSell }] of this.positions(id)) {
        check(
          openBuy === (open.get(`${id}/${instrument}/0`) ?? 0),
          3,
          `open buys of ${id} in ${instrument}`,
        );
        check(
          openSell === (open.get(`${id}/${instrument}/1`) ?? 0),
          3,
          `open sells of ${id} in ${instrument}`,
        );
        open.delete(`${id}/${instrument}/0`);
        open.delete(`${id}/${instrument}/1`);
      }
    }
    check(
      open.size === 0,
      3,
      `orders rest that no account knows of: ${[...open.keys()].join(' ')}`,
    );
  }

  /** 5: the clock and the inbox counter never go back. */
  order(): void {
    const clock = this.view.getBigUint64(L.FACT_CLOCK, true);
    const inbox = this.view.getBigUint64(L.FACT_INBOX_COUNT, true);
    check(
      clock >= this.#clock && inbox >= this.#inbox,
      5,
      'the clock or the inbox count went back',
    );
    this.#clock = clock;
    this.#inbox = inbox;
  }
}

function check(holds: boolean, invariant: number, words: string): void {
  if (!holds) throw new InvariantError(invariant, words);
}

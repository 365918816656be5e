import type { FillEvent } from '#shared/protocol/events.ts';
import type { InstrumentInfo } from './instruments.ts';
import type { Side } from './ladder.ts';

/** One match, as both its accounts and the public see it. Money in 1e-6 USDC. */
export interface Fill {
  /** `sequence x 16 + place within the command`: unique, growing, and the same after a restart. */
  seq: number;
  timeMs: number;
  instrument: InstrumentInfo;
  priceTicks: number;
  lots: number;
  takerSide: Side;
  takerId: number;
  makerId: number;
  takerAccount: number;
  makerAccount: number;
  takerFee: number;
  makerFee: number;
  /** 0: none. */
  takerLabel: bigint;
  makerLabel: bigint;
  /** Index price of the underlying at that time, 1e-6 USDC. */
  index: number;
}

/** A command touches at most 16 resting orders, so it makes at most 16 fills. */
export const FILLS_PER_COMMAND = 16;

/** A fill from its event; the taker's label is not known yet. */
export function fillOf(
  event: FillEvent,
  context: Pick<Fill, 'seq' | 'timeMs' | 'instrument' | 'index' | 'makerLabel'>,
): Fill {
  return {
    ...context,
    priceTicks: event.price,
    lots: event.lots,
    takerSide: event.takerSide === 0 ? 'buy' : 'sell',
    takerId: Number(event.takerId),
    makerId: Number(event.makerId),
    takerAccount: event.takerAccount,
    makerAccount: event.makerAccount,
    takerFee: Number(event.takerFee),
    makerFee: Number(event.makerFee),
    takerLabel: 0n,
  };
}

/** Links of an entry: absolute number (from 1) of the one before it in the same list, 0 = none. */
interface Entry {
  fill: Fill;
  beforeOfInstrument: number;
  beforeOfTaker: number;
  beforeOfMaker: number;
}

/**
 * The last fills of the whole exchange in one ring, threaded as lists per instrument (trades) and per
 * account (fills). So memory is bounded by one number, however many accounts and instruments there are.
 */
export class FillLog {
  private readonly ring: (Entry | undefined)[];
  private count = 0;
  /** By serial: a slot is used again by later instruments. */
  private readonly instrumentHeads = new Map<number, number>();
  private readonly accountHeads = new Map<number, number>();

  constructor(capacity: number) {
    this.ring = new Array<Entry | undefined>(capacity);
  }

  get size(): number {
    return Math.min(this.count, this.ring.length);
  }

  add(fill: Fill): void {
    const place = this.count % this.ring.length;
    const leaving = this.ring[place];
    if (leaving !== undefined) this.forget(leaving.fill, this.count - this.ring.length + 1);
    const number = ++this.count;
    this.ring[place] = {
      fill,
      beforeOfInstrument: this.instrumentHeads.get(fill.instrument.serial) ?? 0,
      beforeOfTaker: this.accountHeads.get(fill.takerAccount) ?? 0,
      beforeOfMaker: this.accountHeads.get(fill.makerAccount) ?? 0,
    };
    this.instrumentHeads.set(fill.instrument.serial, number);
    this.accountHeads.set(fill.takerAccount, number);
    this.accountHeads.set(fill.makerAccount, number);
  }

  /**
   * Trades of an instrument: the newest `count`, newest first; or with `startSeq` the oldest `count`
   * that are not before it, oldest first, so that a reader can page forward.
   */
  ofInstrument(serial: number, count: number, startSeq?: number): Fill[] {
    return this.walk(this.instrumentHeads.get(serial) ?? 0, count, startSeq, (e) => {
      return e.beforeOfInstrument;
    });
  }

  /** Fills of an account as taker or maker; order and paging as in `ofInstrument`. */
  ofAccount(account: number, count: number, startSeq?: number): Fill[] {
    return this.walk(this.accountHeads.get(account) ?? 0, count, startSeq, (e) => {
      return e.fill.takerAccount === account ? e.beforeOfTaker : e.beforeOfMaker;
    });
  }

  private walk(
    head: number,
    count: number,
    startSeq: number | undefined,
    before: (entry: Entry) => number,
  ): Fill[] {
    const found: Fill[] = [];
    for (let number = head; number > 0; ) {
      const entry = this.at(number);
      if (entry === undefined) break;
      if (startSeq === undefined ? found.length === count : entry.fill.seq < startSeq) break;
      found.push(entry.fill);
      number = before(entry);
    }
    return startSeq === undefined ? found : found.reverse().slice(0, count);
  }

  private at(number: number): Entry | undefined {
    if (number <= this.count - this.ring.length) return undefined;
    return this.ring[(number - 1) % this.ring.length];
  }

  /** Drops list heads that point at an entry about to be overwritten, so that the maps stay bounded. */
  private forget(fill: Fill, number: number): void {
    if (this.instrumentHeads.get(fill.instrument.serial) === number) {
      this.instrumentHeads.delete(fill.instrument.serial);
    }
    for (const account of [fill.takerAccount, fill.makerAccount]) {
      if (this.accountHeads.get(account) === number) this.accountHeads.delete(account);
    }
  }
}

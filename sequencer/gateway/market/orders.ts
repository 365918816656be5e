import { FLAG_SELL } from '#shared/engine/kinds.ts';
import { MAX_ORDERS } from '#shared/engine/layout.ts';
import type { OrderRecord } from '../state/records.ts';
import type { Side } from './ladder.ts';

/** A resting order as the read model keeps it. Lots and ticks are the instrument's own units. */
export interface OpenOrder {
  id: number;
  account: number;
  instrument: number;
  side: Side;
  priceTicks: number;
  /** Lots still resting. */
  lots: number;
  /** Lots filled so far, those taken before it came to rest among them. */
  filledLots: number;
  /** Money of those fills, 1e-6 USDC. */
  filledValue: number;
  /** Flags as in the command (`FLAG_*`). */
  flags: number;
  label: bigint;
  /** Good till, ms; 0 = until cancelled. */
  expiryMs: number;
  createdMs: number;
  updatedMs: number;
  /** Id of the order that an amendment replaced by this one, or 0. */
  replaces: number;
}

/** What the engine's memory does not know of a resting order. */
export type Recalled = Pick<
  OpenOrder,
  'filledLots' | 'filledValue' | 'createdMs' | 'updatedMs' | 'replaces'
>;

/** An order as the state has it, which knows neither what was filled of it before nor when it was made. */
export function restingOrder(record: OrderRecord): OpenOrder {
  const { id, account, instrument, priceTicks, lots, flags, label, expiryMs } = record;
  return {
    id,
    account,
    instrument,
    side: (flags & FLAG_SELL) === 0 ? 'buy' : 'sell',
    priceTicks,
    lots,
    filledLots: 0,
    filledValue: 0,
    flags,
    label,
    expiryMs,
    createdMs: 0,
    updatedMs: 0,
    replaces: 0,
  };
}

const SLOT_MASK = (1 << 20) - 1;
const NOBODY = 0;

/**
 * All resting orders in columns, one row per slot of the engine's order region (an id is `sequence << 20 | slot`).
 *
 * Columns instead of objects, because a million objects cost the garbage collector more than the exchange
 * itself. Memory is fixed: about 104 bytes a slot, touched only where orders were.
 */
export class OrderStore {
  private readonly ids: Float64Array;
  private readonly labels: BigUint64Array;
  private readonly expiries: Float64Array;
  private readonly created: Float64Array;
  private readonly updated: Float64Array;
  private readonly filledValues: Float64Array;
  private readonly replaced: Float64Array;
  private readonly accounts: Uint32Array;
  private readonly prices: Uint32Array;
  private readonly lots: Uint32Array;
  private readonly filled: Uint32Array;
  private readonly next: Uint32Array;
  private readonly previous: Uint32Array;
  private readonly instruments: Uint16Array;
  private readonly flags: Uint16Array;
  private readonly sells: Uint8Array;
  /** First row + 1 of an account's orders, newest first. */
  private readonly heads = new Map<number, number>();
  private highWater = 0;
  private live = 0;
  private earliestExpiryMs = Number.POSITIVE_INFINITY;

  constructor(capacity: number = MAX_ORDERS) {
    this.ids = new Float64Array(capacity);
    this.labels = new BigUint64Array(capacity);
    this.expiries = new Float64Array(capacity);
    this.created = new Float64Array(capacity);
    this.updated = new Float64Array(capacity);
    this.filledValues = new Float64Array(capacity);
    this.replaced = new Float64Array(capacity);
    this.accounts = new Uint32Array(capacity);
    this.prices = new Uint32Array(capacity);
    this.lots = new Uint32Array(capacity);
    this.filled = new Uint32Array(capacity);
    this.next = new Uint32Array(capacity);
    this.previous = new Uint32Array(capacity);
    this.instruments = new Uint16Array(capacity);
    this.flags = new Uint16Array(capacity);
    this.sells = new Uint8Array(capacity);
  }

  /** Orders resting now. */
  get size(): number {
    return this.live;
  }

  has(id: number): boolean {
    return id !== 0 && this.ids[id & SLOT_MASK] === id;
  }

  /** The order that occupies the slot of `id` (an older use of it), or 0. */
  occupant(id: number): number {
    return this.ids[id & SLOT_MASK] ?? 0;
  }

  /** INVARIANT: the slot is free; the caller closes an older occupant first. */
  add(order: OpenOrder): void {
    const row = order.id & SLOT_MASK;
    this.ids[row] = order.id;
    this.labels[row] = order.label;
    this.expiries[row] = order.expiryMs;
    this.created[row] = order.createdMs;
    this.updated[row] = order.updatedMs;
    this.filledValues[row] = order.filledValue;
    this.replaced[row] = order.replaces;
    this.accounts[row] = order.account;
    this.prices[row] = order.priceTicks;
    this.lots[row] = order.lots;
    this.filled[row] = order.filledLots;
    this.instruments[row] = order.instrument;
    this.flags[row] = order.flags;
    this.sells[row] = order.side === 'sell' ? 1 : 0;
    this.link(row, order.account);
    this.live++;
    if (row >= this.highWater) this.highWater = row + 1;
    if (order.expiryMs > 0 && order.expiryMs < this.earliestExpiryMs) {
      this.earliestExpiryMs = order.expiryMs;
    }
  }

  /** Puts each account's orders in the order of their ids, which is that of their making, however they were added. */
  sortByAge(): void {
    const ids = this.ids.subarray(0, this.highWater).slice().sort();
    this.heads.clear();
    for (const id of ids) {
      const row = id & SLOT_MASK;
      if (id !== NOBODY) this.link(row, this.accounts[row] ?? 0);
    }
  }

  get(id: number): OpenOrder | null {
    return this.has(id) ? this.read(id & SLOT_MASK) : null;
  }

  /** Takes `lots` off a resting order because of a fill worth `value`. */
  fill(id: number, lots: number, value: number, timeMs: number): void {
    const row = id & SLOT_MASK;
    this.lots[row] = (this.lots[row] ?? 0) - lots;
    this.filled[row] = (this.filled[row] ?? 0) + lots;
    this.filledValues[row] = (this.filledValues[row] ?? 0) + value;
    this.updated[row] = timeMs;
  }

  /** Sets what memory does not know of a resting order; of one that is not here it is not wanted any more. */
  recall(id: number, known: Recalled): void {
    if (!this.has(id)) return;
    const row = id & SLOT_MASK;
    this.filled[row] = known.filledLots;
    this.filledValues[row] = known.filledValue;
    this.created[row] = known.createdMs;
    this.updated[row] = known.updatedMs;
    this.replaced[row] = known.replaces;
  }

  /** Sets what is left of an order that kept its place. */
  resize(id: number, lots: number, timeMs: number): void {
    const row = id & SLOT_MASK;
    this.lots[row] = lots;
    this.updated[row] = timeMs;
  }

  remove(id: number): void {
    const row = id & SLOT_MASK;
    this.unlink(row, this.accounts[row] ?? 0);
    this.ids[row] = NOBODY;
    this.live--;
  }

  /** Orders of one account, newest first. */
  ofAccount(account: number): OpenOrder[] {
    const orders: OpenOrder[] = [];
    for (let at = this.heads.get(account) ?? 0; at !== 0; at = this.next[at - 1] ?? 0) {
      orders.push(this.read(at - 1));
    }
    return orders;
  }

  /** Ids of all orders of an instrument. Walks every row in use, so only for rare events (settlement). */
  ofInstrument(instrument: number): number[] {
    const found: number[] = [];
    for (let row = 0; row < this.highWater; row++) {
      if (this.ids[row] !== NOBODY && this.instruments[row] === instrument) {
        found.push(this.ids[row] ?? 0);
      }
    }
    return found;
  }

  /** Ids of orders whose good-till time has passed at `clockMs`; costs nothing while none can have. */
  expired(clockMs: number): number[] {
    if (clockMs < this.earliestExpiryMs) return [];
    const found: number[] = [];
    let earliest = Number.POSITIVE_INFINITY;
    for (let row = 0; row < this.highWater; row++) {
      const expiryMs = this.expiries[row] ?? 0;
      if (this.ids[row] === NOBODY || expiryMs === 0) continue;
      if (expiryMs <= clockMs) found.push(this.ids[row] ?? 0);
      else if (expiryMs < earliest) earliest = expiryMs;
    }
    this.earliestExpiryMs = earliest;
    return found;
  }

  private read(row: number): OpenOrder {
    return {
      id: this.ids[row] ?? 0,
      account: this.accounts[row] ?? 0,
      instrument: this.instruments[row] ?? 0,
      side: this.sells[row] === 1 ? 'sell' : 'buy',
      priceTicks: this.prices[row] ?? 0,
      lots: this.lots[row] ?? 0,
      filledLots: this.filled[row] ?? 0,
      filledValue: this.filledValues[row] ?? 0,
      flags: this.flags[row] ?? 0,
      label: this.labels[row] ?? 0n,
      expiryMs: this.expiries[row] ?? 0,
      createdMs: this.created[row] ?? 0,
      updatedMs: this.updated[row] ?? 0,
      replaces: this.replaced[row] ?? 0,
    };
  }

  private link(row: number, account: number): void {
    const head = this.heads.get(account) ?? 0;
    this.next[row] = head;
    this.previous[row] = 0;
    if (head !== 0) this.previous[head - 1] = row + 1;
    this.heads.set(account, row + 1);
  }

  private unlink(row: number, account: number): void {
    const next = this.next[row] ?? 0;
    const previous = this.previous[row] ?? 0;
    if (next !== 0) this.previous[next - 1] = previous;
    if (previous !== 0) this.next[previous - 1] = next;
    else if (next !== 0) this.heads.set(account, next);
    else this.heads.delete(account);
  }
}

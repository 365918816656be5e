import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CLOSE_CANCELLED,
  CLOSE_FILLED,
  CLOSE_REPLACED,
  CLOSE_SELF_TRADE,
} from '#shared/engine/kinds.ts';
import type { EngineEvent } from '#shared/protocol/events.ts';
import { genesisReader } from './fixture.ts';
import type { Level } from './ladder.ts';
import { MarketData } from './market-data.ts';

const EXPIRY_MS = Date.UTC(2026, 10, 27, 8);
const START_MS = Date.UTC(2026, 10, 22);

interface TwinOrder {
  id: number;
  account: number;
  instrument: number;
  side: number;
  price: number;
  lots: number;
  expiryMs: number;
}

/** A market of plain arrays, written to be obviously right, which also writes the events an engine would. */
class Twin {
  orders: TwinOrder[] = [];
  sequence = 0;
  clockMs = START_MS;
  private uses = 0;
  readonly market: MarketData;

  constructor() {
    const options = { fillsKept: 500, closedOrdersKept: 500, orderCapacity: 4096 };
    this.market = new MarketData(options, genesisReader());
    for (const slot of [0, 1, 2]) this.send([this.listing(slot)]);
  }

  private listing(slot: number): EngineEvent {
    return {
      type: 'listed',
      instrument: slot,
      underlying: 0,
      strike: 90_000 + slot * 1000,
      optionKind: 0,
      expiryMs: BigInt(EXPIRY_MS),
      serial: slot + 1,
    };
  }

  send(events: EngineEvent[]): void {
    this.sequence++;
    const bytes = Uint8Array.of(2);
    const { sequence, clockMs } = this;
    this.market.apply({ sequence, inbox: false, bytes, clockMs, outcome: null, events });
  }

  private opened(order: TwinOrder): EngineEvent {
    return {
      type: 'orderOpened',
      id: BigInt(order.id),
      label: 0n,
      expiryMs: BigInt(order.expiryMs),
      account: order.account,
      instrument: order.instrument,
      side: order.side,
      price: order.price,
      lots: order.lots,
      flags: order.side,
    };
  }

  private closed(order: TwinOrder, reason: number): EngineEvent {
    return {
      type: 'orderClosed',
      id: BigInt(order.id),
      account: order.account,
      instrument: order.instrument,
      side: order.side,
      price: order.price,
      lotsLeft: order.lots,
      reason,
    };
  }

  private drop(order: TwinOrder): void {
    this.orders.splice(this.orders.indexOf(order), 1);
  }

  freshId(): number {
    // Slots from a small range, so that they are used again and again, by ids beyond 32 bits.
    const used = new Set(this.orders.map((o) => o.id % 2 ** 20));
    const slot = Array.from({ length: 4096 }, (_, i) => i).find((i) => !used.has(i)) ?? 0;
    return (++this.uses + 5000) * 2 ** 20 + slot;
  }

  /** An order that takes crossing ones, best price first, then rests. */
  place(terms: Omit<TwinOrder, 'id'>): void {
    const order = { ...terms, id: this.freshId() };
    const events: EngineEvent[] = [];
    for (let touches = 0; touches < 16 && order.lots > 0; touches++) {
      const maker = this.bestAgainst(order);
      if (maker === undefined) break;
      if (maker.account === order.account) {
        events.push(this.closed(maker, CLOSE_SELF_TRADE));
        this.drop(maker);
        continue;
      }
      const lots = Math.min(maker.lots, order.lots);
      maker.lots -= lots;
      order.lots -= lots;
      events.push({
        type: 'fill',
        takerId: BigInt(order.id),
        makerId: BigInt(maker.id),
        takerAccount: order.account,
        makerAccount: maker.account,
        instrument: order.instrument,
        takerSide: order.side,
        price: maker.price,
        lots,
        takerFee: 3n,
        makerFee: 1n,
        makerRemaining: maker.lots,
        takerRemaining: order.lots,
      });
      if (maker.lots === 0) {
        events.push(this.closed(maker, CLOSE_FILLED));
        this.drop(maker);
      }
    }
    if (order.lots > 0 && this.bestAgainst(order) === undefined) {
      this.orders.push(order);
      events.push(this.opened(order));
    }
    this.send(events);
  }

  private bestAgainst(order: TwinOrder): TwinOrder | undefined {
    const sign = order.side === 0 ? 1 : -1;
    return this.orders
      .filter((o) => o.instrument === order.instrument && o.side !== order.side)
      .filter((o) => sign * o.price <= sign * order.price)
      .sort((a, b) => sign * (a.price - b.price))[0];
  }

  cancel(pick: number): void {
    const order = this.orders[pick % Math.max(1, this.orders.length)];
    if (order === undefined) return;
    this.drop(order);
    this.send([this.closed(order, CLOSE_CANCELLED)]);
  }

  shrink(pick: number): void {
    const order = this.orders[pick % Math.max(1, this.orders.length)];
    if (order === undefined || order.lots < 2) return;
    order.lots--;
    const { account, instrument, price, lots } = order;
    this.send([{ type: 'orderAmended', id: BigInt(order.id), account, instrument, price, lots }]);
  }

  replace(pick: number): void {
    const order = this.orders[pick % Math.max(1, this.orders.length)];
    if (order === undefined) return;
    const old = { ...order };
    order.id = this.freshId();
    order.lots += 5;
    this.send([this.closed(old, CLOSE_REPLACED), this.opened(order)]);
  }

  cancelAll(account: number): void {
    this.orders = this.orders.filter((o) => o.account !== account);
    this.send([{ type: 'ordersAllCancelled', account, generation: 1 }]);
  }

  tick(ms: number): void {
    this.clockMs += ms;
    this.orders = this.orders.filter((o) => o.expiryMs === 0 || o.expiryMs > this.clockMs);
    this.send([]);
  }

  relist(slot: number): void {
    this.orders = this.orders.filter((o) => o.instrument !== slot);
    this.send([
      { type: 'instrumentSettled', instrument: slot, payoff: 0n, settlementPrice: 90_000_000_000n },
    ]);
    this.send([{ ...this.listing(slot), type: 'delisted' } as EngineEvent]);
    this.send([this.listing(slot)]);
  }

  levels(instrument: number, side: number): Level[] {
    const sums = new Map<number, number>();
    for (const o of this.orders) {
      if (o.instrument !== instrument || o.side !== side) continue;
      sums.set(o.price, (sums.get(o.price) ?? 0) + o.lots);
    }
    return [...sums].sort((a, b) => (side === 0 ? b[0] - a[0] : a[0] - b[0]));
  }
}

const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('place' as const),
      account: fc.integer({ min: 2, max: 6 }),
      instrument: fc.integer({ min: 0, max: 2 }),
      side: fc.integer({ min: 0, max: 1 }),
      price: fc.integer({ min: 95, max: 105 }),
      lots: fc.integer({ min: 1, max: 20 }),
      lifeMs: fc.constantFrom(0, 0, 0, 500, 3000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('cancel' as const), pick: fc.nat(999) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('shrink' as const), pick: fc.nat(999) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('replace' as const), pick: fc.nat(999) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('tick' as const), pick: fc.nat(999) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('cancelAll' as const, 'relist' as const),
      pick: fc.nat(9),
    }),
  },
);

function run(twin: Twin, s: Parameters<Parameters<typeof step.map>[0]>[0]): void {
  if (s.do === 'place') {
    const expiryMs = s.lifeMs === 0 ? 0 : twin.clockMs + s.lifeMs;
    const { account, instrument, side, price, lots } = s;
    twin.place({ account, instrument, side, price, lots, expiryMs });
  } else if (s.do === 'cancel') twin.cancel(s.pick);
  else if (s.do === 'shrink') twin.shrink(s.pick);
  else if (s.do === 'replace') twin.replace(s.pick);
  else if (s.do === 'tick') twin.tick(s.pick);
  else if (s.do === 'cancelAll') twin.cancelAll(2 + (s.pick % 5));
  else twin.relist(s.pick % 3);
}

/** What a client holds that starts from nothing and applies every published change. */
class Follower {
  readonly sides = [new Map<number, number>(), new Map<number, number>()];
  changeId = 0;

  follow(market: MarketData, slot: number): void {
    const change = market.book(slot).takeChange();
    if (change === null) return;
    expect(change.prevChangeId).toBe(this.changeId);
    expect(change.changeId).toBeGreaterThan(change.prevChangeId);
    this.changeId = change.changeId;
    for (const [side, levels] of [change.bids, change.asks].entries()) {
      for (const [price, lots] of levels) {
        if (lots === 0) this.sides[side]?.delete(price);
        else this.sides[side]?.set(price, lots);
      }
    }
  }
}

describe('MarketData', () => {
  it('shows the books, orders and fills of a naive twin after any events', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 120 }), (steps) => {
        const twin = new Twin();
        for (const s of steps) run(twin, s);
        const { market } = twin;
        for (const slot of [0, 1, 2]) {
          const { bids, asks } = market.book(slot).snapshot(1000);
          expect(bids).toEqual(twin.levels(slot, 0));
          expect(asks).toEqual(twin.levels(slot, 1));
        }
        expect(market.orders.size).toBe(twin.orders.length);
        for (const account of [2, 3, 4, 5, 6]) {
          const ours = market.orders.ofAccount(account).map((o) => [o.id, o.priceTicks, o.lots]);
          const theirs = twin.orders.filter((o) => o.account === account);
          expect(ours.sort()).toEqual(theirs.map((o) => [o.id, o.price, o.lots]).sort());
        }
      }),
      { numRuns: 150 },
    );
  });

  it('publishes changes that lead a follower to the same book', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), fc.nat(4), (steps, every) => {
        const twin = new Twin();
        const follower = new Follower();
        const kept = steps.filter((s) => s.do !== 'relist');
        for (const [i, s] of kept.entries()) {
          run(twin, s);
          if (i % (every + 1) === 0) follower.follow(twin.market, 1);
        }
        follower.follow(twin.market, 1);
        const sorted = follower.sides.map((side) => [...side].sort((a, b) => a[0] - b[0]));
        expect(sorted[0]?.reverse()).toEqual(twin.levels(1, 0));
        expect(sorted[1]).toEqual(twin.levels(1, 1));
      }),
      { numRuns: 60 },
    );
  });

  it('keeps what an order was filled before and after it came to rest', () => {
    const twin = new Twin();
    const terms = { instrument: 0, expiryMs: 0, price: 100 };
    twin.place({ ...terms, account: 2, side: 1, lots: 4 });
    twin.place({ ...terms, account: 3, side: 0, lots: 10 });
    const resting = twin.market.orders.ofAccount(3)[0];
    expect(resting).toMatchObject({ lots: 6, filledLots: 4, filledValue: 4 * 100 * 100_000 });
    twin.place({ ...terms, account: 4, side: 1, lots: 6 });
    expect(twin.market.closed.get(resting?.id ?? 0)).toMatchObject({
      state: 'filled',
      filledLots: 10,
      lots: 0,
    });
    const taker = twin.market.fills.ofAccount(4, 10)[0];
    expect(twin.market.closed.get(taker?.takerId ?? 0)).toMatchObject({
      state: 'filled',
      account: 4,
      side: 'sell',
      filledLots: 6,
    });
  });
});

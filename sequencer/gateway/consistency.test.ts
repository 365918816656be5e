import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fill } from '#shared/client/api.ts';
import type { PlimsollClient } from '#shared/client/index.ts';
import { MarketData } from './market/market-data.ts';
import { StateReader } from './state/reader.ts';
import { CALL, FIRST, Harness, PUT } from './testing/harness.ts';

const ACCOUNTS = 3;
const RUNS = 12;
let harness: Harness;
let clients: PlimsollClient[];

beforeAll(async () => {
  harness = await Harness.start({}, ACCOUNTS);
  clients = await Promise.all(
    Array.from({ length: ACCOUNTS }, (_, i) => harness.client(FIRST + i)),
  );
});
afterAll(() => harness.stop());

const order = fc.record({
  who: fc.nat(ACCOUNTS - 1),
  direction: fc.constantFrom('buy' as const, 'sell' as const),
  instrument_name: fc.constantFrom(CALL, PUT),
  price: fc.integer({ min: 395, max: 405 }).map((ticks) => String(5 * ticks)),
  amount: fc.integer({ min: 1, max: 40 }).map((lots) => (lots / 100).toFixed(2)),
  how: fc.constantFrom(
    {},
    {},
    { time_in_force: 'immediate_or_cancel' as const },
    { time_in_force: 'fill_or_kill' as const },
    { post_only: true },
    { post_only_slide: true },
    { reduce_only: true },
    { self_trade: 'cancel_maker' as const },
    { self_trade: 'cancel_both' as const },
    { lifeSeconds: 1 },
  ),
});
const step = fc.oneof(
  { weight: 16, arbitrary: order.map((o) => ({ do: 'order' as const, ...o })) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('cancel' as const, 'shrink' as const, 'move' as const),
      who: fc.nat(ACCOUNTS - 1),
      pick: fc.nat(99),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('cancelAll' as const, 'wait' as const),
      who: fc.nat(ACCOUNTS - 1),
      pick: fc.constant(0),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** A failing run prints its seed; this runs it again. */
const { PLIMSOLL_SEED: SEED } = process.env;
const PAGE = 100;

/** One step through the API; the engine may refuse it, which is fine here. */
async function take(s: Step): Promise<void> {
  const client = clients[s.who] as PlimsollClient;
  if (s.do === 'order') {
    const { lifeSeconds, ...how } = { lifeSeconds: 0, ...s.how };
    const until = harness.nowMs / 1000 + lifeSeconds;
    const life =
      lifeSeconds === 0 ? {} : { time_in_force: 'good_til_time' as const, good_til: until };
    const { instrument_name, price, amount } = s;
    await client[s.direction]({ instrument_name, price, amount, ...how, ...life });
  } else if (s.do === 'cancelAll') await client.cancelAll();
  else if (s.do === 'wait') {
    harness.nowMs += 1000;
    await harness.price();
  } else {
    const open = await client.getOpenOrders({ account: FIRST + s.who });
    const chosen = open[s.pick % Math.max(1, open.length)];
    if (chosen === undefined) return;
    const { order_id, price, remaining_amount } = chosen;
    if (s.do === 'cancel') await client.cancel({ order_id });
    else if (s.do === 'shrink') await client.edit({ order_id, price, amount: '0.01' });
    else
      await client.edit({ order_id, price: String(Number(price) + 5), amount: remaining_amount });
  }
}

/** A market made from the engine's memory alone. */
function fromMemory(): MarketData {
  const reader = new StateReader(harness.exchange);
  const market = new MarketData({ fillsKept: 10, closedOrdersKept: 10 }, reader);
  market.rebuild(harness.exchange.status().sequence);
  return market;
}

describe('what events built and what memory says', () => {
  it('are the same books, orders and positions after anything that was traded', async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        for (const s of steps) {
          await take(s).then(
            () => accepted++,
            () => {},
          );
        }
        const memory = fromMemory();
        const client = clients[0] as PlimsollClient;
        for (const name of [CALL, PUT]) {
          const shown = await client.getOrderBook(name, 1000);
          const info = memory.instruments.byName(name);
          const real = memory.book(info?.slot ?? 0).snapshot(1000);
          const levels = (side: typeof shown.bids) =>
            side.map(([price, amount]) => [Number(price) / 5, Math.round(Number(amount) * 100)]);
          expect(levels(shown.bids)).toEqual(real.bids);
          expect(levels(shown.asks)).toEqual(real.asks);
        }
        for (let account = FIRST; account < FIRST + ACCOUNTS; account++) {
          const shown = (await client.getOpenOrders({ account })).map((o) => o.order_id);
          const real = memory.orders.ofAccount(account).map((o) => `${o.id}`);
          expect(shown.sort()).toEqual(real.sort());
          for (const name of [CALL, PUT]) await agreeOnPosition(client, account, name);
        }
      }),
      // The market goes on from run to run, so a failing run cannot be shrunk by running parts of it again.
      { numRuns: RUNS, endOnFailure: true, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
    );
    expect(accepted).toBeGreaterThan(RUNS * 10);
  }, 60_000);
});

/** All fills of an account, page by page. */
async function allFills(client: PlimsollClient, account: number): Promise<Fill[]> {
  const fills: Fill[] = [];
  for (let from = 0; ; ) {
    const page = await client.getFills({ account, count: PAGE, start_seq: from });
    fills.push(...page);
    const last = page.at(-1);
    if (last === undefined) return fills;
    from = last.trade_seq + 1;
  }
}

const lotsOf = (amount: string): number => Math.round(Number(amount) * 100);

/** The sum of an account's fills is its position: nothing is forgotten while there are fewer than `fillsKept`. */
async function agreeOnPosition(
  client: PlimsollClient,
  account: number,
  name: string,
): Promise<void> {
  const positions = await client.getPositions(account);
  const position = positions.find((p) => p.instrument_name === name)?.amount ?? '0';
  // Whole lots from the start: a sum of hundredths may end a hair below zero, and round to the -0 that is not 0.
  const lots = (await allFills(client, account))
    .filter((f) => f.instrument_name === name)
    .reduce((sum, f) => sum + (f.direction === 'buy' ? 1 : -1) * lotsOf(f.amount), 0);
  expect(lots).toBe(lotsOf(position));
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  Account,
  BookUpdate,
  Fill,
  IndexPrice,
  Order,
  StatusResult,
  Ticker,
  Trade,
} from '#shared/client/api.ts';
import type { PlimsollClient } from '#shared/client/index.ts';
import { CALL, FIRST, Harness, PUT } from './testing/harness.ts';
import { RawSocket, until } from './testing/raw-socket.ts';

let harness: Harness;
let maker: PlimsollClient;
let taker: PlimsollClient;
let socket: RawSocket;

beforeAll(async () => {
  harness = await Harness.start();
  maker = await harness.client(FIRST);
  taker = await harness.client(FIRST + 1);
  socket = await RawSocket.open(harness.url);
});
afterAll(async () => {
  socket.close();
  await harness.stop();
});

const on = <T>(channel: string, from = socket): T[] =>
  from.notifications.filter((n) => n.channel === channel).map((n) => n.data as T);
const subscribe = (...channels: string[]) => socket.call('subscribe', { channels });

/** A book kept from a snapshot and its changes, as a client would. */
function follow(updates: readonly BookUpdate[]): { bids: unknown[]; asks: unknown[] } {
  const sides = { bids: new Map<string, string>(), asks: new Map<string, string>() };
  let last: number | null = null;
  for (const update of updates) {
    if (update.type === 'snapshot') {
      sides.bids.clear();
      sides.asks.clear();
      expect(update.prev_change_id).toBeNull();
    } else expect(update.prev_change_id).toBe(last);
    last = update.change_id;
    for (const side of ['bids', 'asks'] as const) {
      for (const [price, amount] of update[side]) {
        if (amount === '0') sides[side].delete(price);
        else sides[side].set(price, amount);
      }
    }
  }
  const sorted = (side: Map<string, string>, sign: number) =>
    [...side].sort((a, b) => sign * (Number(a[0]) - Number(b[0])));
  return { bids: sorted(sides.bids, -1), asks: sorted(sides.asks, 1) };
}

describe('channels', () => {
  it('book: a snapshot and changes that add up to what is asked for, also for who comes later', async () => {
    const channel = `book.${CALL}`;
    await maker.buy({ instrument_name: CALL, amount: '1', price: '1000' });
    expect((await subscribe(channel)).result).toEqual([channel]);
    const late = await RawSocket.open(harness.url);
    for (let i = 0; i < 40; i++) {
      const price = String(1000 + 5 * (i % 7));
      await maker.buy({ instrument_name: CALL, amount: '0.1', price });
      if (i % 5 === 4) await taker.sell({ instrument_name: CALL, amount: '0.15', price: '1000' });
      if (i === 20) await late.call('subscribe', { channels: [channel] });
      // A second subscription of the same starts the first over.
      if (i === 30) await subscribe(channel);
    }
    await maker.sell({ instrument_name: CALL, amount: '0.7', price: '3000' });
    await maker.cancelAll();
    await maker.sell({ instrument_name: CALL, amount: '0.4', price: '3005' });
    const { bids, asks, change_id } = await taker.getOrderBook(CALL, 1000);
    const caughtUp = (from: RawSocket) =>
      on<BookUpdate>(channel, from).at(-1)?.change_id === change_id;
    await until(() => caughtUp(socket) && caughtUp(late));
    for (const follower of [socket, late]) {
      const updates = on<BookUpdate>(channel, follower);
      expect(updates[0]?.type).toBe('snapshot');
      expect(follow(updates)).toEqual({ bids, asks });
    }
    expect(asks).toEqual([['3005', '0.4']]);
    late.close();
  });

  it('trades and user channels: each what concerns it, in order, once', async () => {
    const [trades, orders, fills] = [
      `trades.${PUT}`,
      `user.orders.${FIRST}`,
      `user.fills.${FIRST}`,
    ];
    const other = `user.orders.${FIRST + 2}`;
    await subscribe(trades, orders, fills, other);
    const rested = await maker.sell({
      instrument_name: PUT,
      amount: '1',
      price: '4000',
      label: '8',
    });
    const bought = await taker.buy({ instrument_name: PUT, amount: '0.6', price: '4000' });
    await maker.cancel({ order_id: rested.order_id as string });
    await until(() =>
      on<Order[]>(orders)
        .flat()
        .some((o) => o.state === 'cancelled'),
    );
    const seen = on<Order[]>(orders).flat();
    expect(seen.map((o) => [o.order_id, o.state, o.remaining_amount])).toEqual([
      [rested.order_id, 'open', '1'],
      [rested.order_id, 'open', '0.4'],
      [rested.order_id, 'cancelled', '0.4'],
    ]);
    expect(on<Trade[]>(trades).flat()).toMatchObject([
      { price: '4000', amount: '0.6', direction: 'buy', sequence: bought.sequence },
    ]);
    expect(on<Fill[]>(fills).flat()).toMatchObject([
      {
        order_id: rested.order_id,
        liquidity: 'maker',
        direction: 'sell',
        label: '8',
        amount: '0.6',
      },
    ]);
    expect(on(other)).toEqual([]);
  });

  it('ticker, index, account and status: what is now, then what changes', async () => {
    const account = `user.account.${FIRST}`;
    await subscribe(`ticker.${PUT}`, 'index.BTC', account, 'status');
    await until(() => on('status').length > 0);
    expect(on<Ticker>(`ticker.${PUT}`)[0]).toMatchObject({
      best_bid_price: null,
      last_price: '4000',
    });
    expect(on<IndexPrice>('index.BTC')[0]).toMatchObject({ index_price: '90000' });
    expect(on<StatusResult>('status')[0]).toMatchObject({ state: 'running' });
    await maker.buy({ instrument_name: PUT, amount: '0.5', price: '200' });
    harness.nowMs += 1000;
    await harness.price(90_500_000_000n);
    await harness.reprice();
    const marks = () => on<Ticker>(`ticker.${PUT}`);
    await until(() => on<IndexPrice>('index.BTC').some((i) => i.index_price === '90500'));
    await until(() => marks().at(-1)?.mark_price !== marks()[0]?.mark_price);
    expect(marks().at(-1)).toMatchObject({ best_bid_price: '200', best_bid_amount: '0.5' });
    await until(() => on<Account>(account).at(-1)?.open_orders === 2);
  });

  it('end with unsubscribe', async () => {
    const channels = [`trades.${PUT}`];
    const left = (await socket.call('unsubscribe', { channels })).result as string[];
    expect(left).not.toContain(channels[0]);
    const before = on(`trades.${PUT}`).length;
    await maker.sell({ instrument_name: PUT, amount: '0.1', price: '4000' });
    await taker.buy({ instrument_name: PUT, amount: '0.1', price: '4000' });
    await socket.call('get_time');
    expect(on(`trades.${PUT}`)).toHaveLength(before);
  });

  it('come after the answer that confirms them', async () => {
    const fresh = await RawSocket.open(harness.url);
    const order: string[] = [];
    fresh.socket.prependListener('message', (data) => {
      order.push(JSON.parse(data.toString()).method ?? 'answer');
    });
    await fresh.call('subscribe', { channels: [`book.${CALL}`, 'status'] });
    await until(() => order.length >= 3);
    expect(order.slice(0, 3)).toEqual(['answer', 'subscription', 'subscription']);
    fresh.close();
  });
});

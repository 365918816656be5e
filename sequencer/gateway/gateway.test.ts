import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlimsollClient } from '#shared/client/index.ts';
import * as codes from '#shared/engine/codes.ts';
import { NEW_RISK_REFUSED, NOT_FOUND } from '#shared/protocol/api-codes.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { CALL, DAY, FIRST, Harness, owner, PUT } from './testing/harness.ts';
import { wallet } from './testing/wallets.ts';

/** The whole way: SDK, socket, gateway, exchange, engine, journal, and back. */
let harness: Harness;
let maker: PlimsollClient;
let taker: PlimsollClient;

beforeAll(async () => {
  harness = await Harness.start();
  maker = await harness.client(FIRST);
  taker = await harness.client(FIRST + 1, 'rest');
});
afterAll(() => harness.stop());

describe('orders', () => {
  it('rest, fill in price-time order, and are told alike by answers, orders, trades and fills', async () => {
    const label = '18446744073709551615';
    const order = { instrument_name: CALL, price: '3000' };
    const first = await maker.sell({ ...order, amount: '0.5', label });
    const better = await maker.sell({ ...order, amount: '0.1', price: '2995' });
    expect(first).toMatchObject({
      state: 'open',
      remaining_amount: '0.5',
      filled_amount: '0',
      label,
    });
    const bought = await taker.buy({ ...order, amount: '0.3', label: '5' });
    expect(bought).toMatchObject({
      state: 'filled',
      filled_amount: '0.3',
      remaining_amount: '0',
      average_price: '2998.333333',
      label: '5',
    });
    expect(bought.sequence).toBeLessThanOrEqual(harness.exchange.status().durableSequence);
    expect(await taker.getOrder(first.order_id as string)).toMatchObject({
      state: 'open',
      amount: '0.5',
      filled_amount: '0.2',
      remaining_amount: '0.3',
      average_price: '3000',
      label,
    });
    expect(await maker.getOrder(better.order_id as string)).toMatchObject({
      state: 'filled',
      close_reason: 'filled',
      filled_amount: '0.1',
      average_price: '2995',
    });
    expect(await maker.getOrder(bought.order_id as string)).toMatchObject({
      state: 'filled',
      account: FIRST + 1,
      direction: 'buy',
      price: '3000',
      amount: '0.3',
      label: '5',
    });
    const trades = await maker.getLastTrades({ instrument_name: CALL });
    expect(trades.map((t) => [t.price, t.amount, t.direction])).toEqual([
      ['3000', '0.2', 'buy'],
      ['2995', '0.1', 'buy'],
    ]);
    expect(trades.every((t) => t.sequence === bought.sequence)).toBe(true);
    const fills = await taker.getFills({ account: FIRST });
    expect(fills[0]).toMatchObject({ direction: 'sell', liquidity: 'maker', label, fee: '1.8' });
    const own = await taker.getFills({ account: FIRST + 1, start_seq: trades[1]?.trade_seq ?? 0 });
    expect(own.map((f) => [f.price, f.label, f.fee])).toEqual([
      ['2995', '5', '2.7'],
      ['3000', '5', '5.4'],
    ]);
    await maker.cancelAll();
    expect(await maker.getOpenOrders({ account: FIRST })).toEqual([]);
    expect(await maker.getOrder(first.order_id as string)).toMatchObject({ state: 'cancelled' });
  });

  it('change in place, or give way to a new one', async () => {
    const placed = await maker.buy({
      instrument_name: PUT,
      amount: '2',
      price: '1000',
      label: '9',
    });
    const id = placed.order_id as string;
    const smaller = await maker.edit({ order_id: id, price: '1000', amount: '1.5' });
    expect(smaller).toMatchObject({ order_id: id, state: 'open', remaining_amount: '1.5' });
    const moved = await maker.edit({ order_id: id, price: '1005', amount: '1.5' });
    expect(moved.order_id).not.toBe(id);
    expect(await taker.getOrder(id)).toMatchObject({
      state: 'cancelled',
      close_reason: 'replaced',
      replaced_by: moved.order_id,
    });
    expect(await taker.getOpenOrders({ account: FIRST })).toMatchObject([
      {
        order_id: moved.order_id,
        replaces: id,
        price: '1005',
        label: '9',
        created_ms: harness.nowMs,
      },
    ]);
    expect(await taker.getOrderBook(PUT)).toMatchObject({
      bids: [['1005', '1.5']],
      asks: [],
    });
    const gone = await maker.cancelByLabel({ label: '9' });
    expect(gone).toMatchObject({
      order_id: moved.order_id,
      state: 'cancelled',
      cancelled_amount: '1.5',
    });
    await expect(maker.edit({ order_id: id, price: '1000', amount: '1' })).rejects.toMatchObject({
      status: codes.NO_SUCH_ORDER,
    });
  });

  it('that never rest are remembered with the reason', async () => {
    const time_in_force = 'immediate_or_cancel' as const;
    const terms = { instrument_name: CALL, amount: '1', price: '1000', time_in_force };
    const missed = await maker.buy({ ...terms, label: '3' });
    expect(missed).toMatchObject({ state: 'cancelled', cancel_reason: 'NOT_FILLABLE' });
    expect(await taker.getOrder(missed.order_id as string)).toMatchObject({
      state: 'cancelled',
      close_reason: 'not_fillable',
      filled_amount: '0',
      remaining_amount: '1',
      time_in_force,
      label: '3',
    });
    await taker.sell({ instrument_name: CALL, amount: '0.4', price: '2900' });
    const partly = await maker.buy({ ...terms, price: '2900', type: 'market' });
    expect(await taker.getOrder(partly.order_id as string)).toMatchObject({
      type: 'market',
      state: 'cancelled',
      close_reason: 'not_fillable',
      filled_amount: '0.4',
      remaining_amount: '0.6',
    });
  });

  it('die at their time without anybody touching them', async () => {
    const good_til = harness.nowMs / 1000 + 2;
    const terms = { instrument_name: PUT, amount: '1', price: '500' };
    const order = await maker.buy({ ...terms, time_in_force: 'good_til_time', good_til });
    expect(await taker.getOrder(order.order_id as string)).toMatchObject({
      good_til,
      state: 'open',
    });
    harness.nowMs += 2000;
    await harness.price();
    expect(await taker.getOrder(order.order_id as string)).toMatchObject({ state: 'expired' });
    expect((await taker.getOrderBook(PUT)).bids).toEqual([]);
  });

  it('may go up to the price band that the ticker shows, and no further', async () => {
    const { max_price, min_price } = await taker.getTicker(CALL);
    const terms = { instrument_name: CALL, amount: '0.01', time_in_force: 'fill_or_kill' as const };
    const beyond = String(Number(max_price) + 5);
    await expect(maker.buy({ ...terms, price: beyond })).rejects.toMatchObject({
      status: codes.PRICE_OUTSIDE_BAND,
    });
    await expect(maker.buy({ ...terms, price: max_price as string })).rejects.toMatchObject({
      status: codes.NOT_FILLABLE,
    });
    expect(min_price).toBe('5');
  });
});

describe('accounts', () => {
  it('hold what was traded, by account, owner and position', async () => {
    const account = await taker.getAccount(FIRST);
    expect(account).toMatchObject({
      owner: bytesToHex(owner(FIRST).address),
      deposited: '1000000',
    });
    expect(account.keys[0]).toMatchObject({ slot: 0, scopes: ['cancel', 'trade', 'withdraw'] });
    expect(await taker.getAccountsByOwner(account.owner)).toEqual([account]);
    const [mine, theirs] = [await taker.getPositions(FIRST), await taker.getPositions(FIRST + 1)];
    expect(mine[0]?.amount).toBe(`${-Number(theirs[0]?.amount)}`);
    expect(Number(mine[0]?.value)).toBeCloseTo(
      Number(mine[0]?.amount) * Number(mine[0]?.mark_price),
      6,
    );
  });

  it('may withdraw exactly what is shown as free', async () => {
    const client = await harness.client(FIRST + 2);
    await client.sell({ instrument_name: CALL, amount: '1.23', price: '4000' });
    await client.buy({ instrument_name: PUT, amount: '0.77', price: '350' });
    await taker.buy({ instrument_name: CALL, amount: '1', price: '4000' });
    const { free, cash } = await taker.getAccount(FIRST + 2);
    expect(Number(free)).toBeLessThan(Number(cash));
    const more = (Number(free) + 0.000001).toFixed(6);
    await expect(client.withdraw({ amount: more })).rejects.toMatchObject({
      status: codes.INSUFFICIENT_MARGIN,
    });
    const done = await client.withdraw({ amount: free as string });
    expect(await taker.getAccount(FIRST + 2)).toMatchObject({ free: '0', withdrawn: free });
    expect(await taker.getCommand(done.sequence)).toMatchObject({ durable: true, landed: false });
    await client.cancelAll();
  });

  it('need no more for a spread than its width', async () => {
    const strike = { underlying: 0, expiryDay: DAY, strike: 95_000, optionKind: 0 };
    expect((await harness.run({ kind: 'list', ...strike })).code).toBe(codes.OK);
    harness.nowMs += 1000;
    await harness.price();
    await harness.reprice();
    const wing = 'BTC_USDC-27NOV26-95000-C';
    const client = await harness.client(FIRST + 3);
    await taker.buy({ instrument_name: CALL, amount: '2', price: '3000' });
    await taker.sell({ instrument_name: wing, amount: '2', price: '1500' });
    await client.buy({ instrument_name: wing, amount: '2', price: '1500' });
    await client.sell({ instrument_name: CALL, amount: '2', price: '3000' });
    const { free, initial_margin } = await taker.getAccount(FIRST + 3);
    expect(initial_margin).toBe('10000');
    const more = (Number(free) + 0.000001).toFixed(6);
    await expect(client.withdraw({ amount: more })).rejects.toMatchObject({
      status: codes.INSUFFICIENT_MARGIN,
    });
    await client.withdraw({ amount: free as string });
    expect((await taker.getAccount(FIRST + 3)).free).toBe('0');
  });

  it('let session keys act within their scope', async () => {
    const key = wallet(99);
    const address = bytesToHex(key.address);
    const expiry = harness.nowMs / 1000 + 3600;
    await maker.setKey({ slot: 3, address, scopes: ['trade'], expiry });
    const { keys } = await taker.getAccount(FIRST);
    expect(keys[1]).toMatchObject({
      slot: 3,
      address,
      scopes: ['trade'],
      expiry_ms: expiry * 1000,
    });
    await maker.revokeKey({ slot: 3 });
    expect((await taker.getAccount(FIRST)).keys).toHaveLength(1);
    await expect(maker.transfer({ to_account: FIRST + 1, amount: '1' })).rejects.toMatchObject({
      status: codes.DIFFERENT_OWNER,
    });
  });
});

describe('the exchange', () => {
  it('describes itself', async () => {
    const status = await taker.getStatus();
    expect(status).toMatchObject({
      state: 'running',
      mode: 'normal',
      new_risk: true,
      reason: null,
    });
    expect(await taker.getContract()).toMatchObject({
      chain_id: 31337,
      maker_fee: '0.0001',
      underlyings: [{ underlying: 'BTC', tick_size: '5', min_amount: '0.01' }],
    });
    expect(await taker.getIndexPrice('BTC')).toMatchObject({ index_price: '90000' });
    const instruments = await taker.getInstruments({});
    expect(instruments.map((i) => i.instrument_name).sort()).toEqual([
      CALL,
      PUT,
      'BTC_USDC-27NOV26-95000-C',
    ]);
    await expect(taker.getTicker('BTC_USDC-27NOV26-91000-C')).rejects.toMatchObject({
      status: NOT_FOUND,
    });
  });

  it('refuses new risk, and nothing else, while L1 is away', async () => {
    const resting = await maker.buy({ instrument_name: PUT, amount: '1', price: '400' });
    harness.progress.l1Connected = false;
    harness.progress.followerTrouble = 'connection refused';
    const patient = await Harness.start({ newRiskPatienceMs: 0, tickerIntervalMs: 5 });
    patient.progress.l1Connected = false;
    await new Promise((resolve) => setTimeout(resolve, 30));
    const client = await patient.client(FIRST);
    const order = { instrument_name: CALL, amount: '1', price: '1000' };
    await expect(client.buy(order)).rejects.toMatchObject({ status: NEW_RISK_REFUSED });
    expect((await client.getStatus()).new_risk).toBe(false);
    await client.withdraw({ amount: '5' });
    patient.progress.l1Connected = true;
    await new Promise((resolve) => setTimeout(resolve, 30));
    await client.buy(order);
    await patient.stop();
    await maker.cancel({ order_id: resting.order_id as string });
  });

  it('shows the same market to a gateway that starts later', async () => {
    for (const price of ['2000', '2005', '2005']) {
      await maker.buy({ instrument_name: CALL, amount: '0.3', price });
    }
    const [book, orders] = [
      await taker.getOrderBook(CALL),
      await taker.getOpenOrders({ account: FIRST }),
    ];
    expect(book.bids).toEqual([
      ['2005', '0.6'],
      ['2000', '0.3'],
    ]);
    await harness.gateway.close();
    harness.registry.clear();
    await harness.openGateway({});
    const later = await harness.client(FIRST + 1, 'rest');
    const again = await later.getOrderBook(CALL);
    expect(again).toMatchObject({ bids: book.bids, asks: book.asks });
    const reborn = await later.getOpenOrders({ account: FIRST });
    const ids = (list: typeof orders) => list.map((o) => [o.order_id, o.remaining_amount]).sort();
    expect(ids(reborn)).toEqual(ids(orders));
    const client = await harness.client(FIRST);
    await client.cancelAll();
    expect((await later.getOrderBook(CALL)).bids).toEqual([]);
  });

  it('settles, and keeps what has expired for those who ask', async () => {
    const later = await harness.client(FIRST + 1, 'rest');
    harness.nowMs = DAY * 86_400_000 + 33 * 3_600_000 + 1000; // 25 hours after it, as few prices came before
    await harness.price(91_000_000_000n);
    const states = (await later.getInstruments({ expired: true })).map((i) => i.state);
    expect(states).toEqual(['expired', 'expired', 'expired']);
    expect((await harness.run({ kind: 'settleInstrument', instrument: 0 })).code).toBe(codes.OK);
    const settled = await later.getInstruments({ expired: true });
    const call = settled.find((i) => i.instrument_name === CALL);
    expect(call?.state).toBe('settled');
    expect(Number(call?.settlement_price)).toBeGreaterThan(0);
    expect(await later.getInstruments({})).toEqual([]);
  });
});

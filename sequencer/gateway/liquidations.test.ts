import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Auction, LiquidationEvent } from '#shared/client/api.ts';
import type { PlimsollClient } from '#shared/client/index.ts';
import * as codes from '#shared/engine/codes.ts';
import { BAD_PARAMETER, NOT_FOUND } from '#shared/protocol/api-codes.ts';
import { encodeCommand, type SystemCommand } from '#shared/protocol/commands.ts';
import { CALL, FIRST, Harness } from './testing/harness.ts';
import { RawSocket, until } from './testing/raw-socket.ts';

/** A debtor who is short a call, the market that turns against it, and what the API shows and does meanwhile. */
let harness: Harness;
let maker: PlimsollClient;
let bidder: PlimsollClient;
let socket: RawSocket;
const DEBTOR = FIRST + 3;

beforeAll(async () => {
  harness = await Harness.start({}, 3);
  harness.deposit(DEBTOR, 17_000n);
  maker = await harness.client(FIRST);
  bidder = await harness.client(FIRST + 1, 'rest');
  socket = await RawSocket.open(harness.url);
  const channels = ['liquidations', `user.liquidations.${FIRST + 1}`];
  await socket.call('subscribe', { channels: [...channels, `user.account.${DEBTOR}`] });
});
afterAll(async () => {
  socket.close();
  await harness.stop();
});

const told = (channel = 'liquidations'): LiquidationEvent[] =>
  socket.notifications
    .filter((n) => n.channel === channel)
    .flatMap((n) => n.data as LiquidationEvent[]);
const run = (command: SystemCommand) => maker.submit(encodeCommand(command));
const step = () => run({ kind: 'liquidationStep', account: DEBTOR });
const theOne = async <T>(asked: Promise<readonly T[]>): Promise<T> => {
  const found = await asked;
  expect(found).toHaveLength(1);
  return found[0] as T;
};
const liquidation = () => theOne(maker.getLiquidations());
const auction = (): Promise<Auction> => theOne(maker.getAuctions());

/** What `next` says is refused a millisecond before, and taken at that time. */
async function stepWhenDue(): Promise<void> {
  const { next } = await liquidation();
  expect(next.command).toBe('liquidation_step');
  if (next.due_ms > harness.nowMs + 1) {
    harness.nowMs = next.due_ms - 1;
    await expect(step()).rejects.toMatchObject({ status: codes.TOO_EARLY });
  }
  harness.nowMs = Math.max(harness.nowMs, next.due_ms);
  await step();
}

describe('a liquidation over the API', () => {
  it('is nowhere while nobody is in one', async () => {
    expect(await maker.getLiquidations()).toEqual([]);
    expect(await maker.getAuctions()).toEqual([]);
    expect(await maker.getLiquidationEvents()).toEqual([]);
    await expect(maker.getLiquidationEvents({ account: 999 })).rejects.toMatchObject({
      status: NOT_FOUND,
    });
    const early = bidder.bid({ auction: DEBTOR });
    await expect(early).rejects.toMatchObject({ status: codes.NOT_IN_AUCTION });
  });

  it('is shown with its stage, since when, what is missing and what is due', async () => {
    const debtor = await harness.client(DEBTOR, 'rest');
    await maker.buy({ instrument_name: CALL, amount: '1', price: '2000' });
    await debtor.sell({ instrument_name: CALL, amount: '1', price: '2000' });
    await harness.move(105_000n);
    const risk = await maker.getAccountRisk(DEBTOR);
    expect(Number(risk.equity)).toBeLessThan(Number(risk.maintenance_margin));
    expect(Number(risk.equity)).toBeGreaterThan(0);
    await run({ kind: 'liquidate', account: DEBTOR, scenario: risk.worst_scenario });
    const shown = await liquidation();
    expect(shown).toMatchObject({
      ...{ account: DEBTOR, stage: 'reducing', since_ms: harness.nowMs },
      ...{ scenario: risk.worst_scenario, equity: risk.equity },
      next: { command: 'liquidation_step' },
    });
    expect((await maker.getAccountRisk(DEBTOR)).liquidation).toEqual(shown);
    expect(risk).toMatchObject({ account: DEBTOR, liquidation: null });
    expect(risk.worst.words).toBe('price +16 %, volatility up');
    expect(risk.worst.scenario).toBe(risk.worst_scenario);
    expect(Number(shown.shortfall)).toBeCloseTo(Number(risk.initial_margin) - Number(risk.equity));
    expect(await maker.getLiquidations({ start_account: DEBTOR + 1 })).toEqual([]);
  });

  it('sells slices on the book, and its order is told like any other', async () => {
    const { mark_price } = await maker.getTicker(CALL);
    const price = String(5 * Math.ceil(Number(mark_price) / 5));
    await maker.sell({ instrument_name: CALL, amount: '0.25', price });
    await stepWhenDue();
    await until(() => told().some((event) => event.type === 'slice'));
    expect(told().at(-1)).toMatchObject({ account: DEBTOR, instrument_name: CALL, amount: '0.25' });
    const [fill] = await maker.getFills({ account: DEBTOR, count: 1 });
    expect(fill).toMatchObject({ direction: 'buy', liquidity: 'taker', amount: '0.25' });
    const order = await maker.getOrder(fill?.order_id ?? '');
    expect(order).toMatchObject({ state: 'filled', filled_amount: '0.25' });
  });

  it('offers a share at auction once the book takes nothing', async () => {
    expect(await maker.getAuctions()).toEqual([]);
    for (let failed = 0; failed < 3; failed++) await stepWhenDue();
    const open = await auction();
    const at = harness.nowMs;
    expect(open).toMatchObject({ account: DEBTOR, price: '0.95', elapsed_ms: 0 });
    expect(open.next_tick_ms).toBe(at + 15_000);
    expect(open.positions).toMatchObject([{ instrument_name: CALL, amount: '-0.75' }]);
    await harness.move(105_000n, 7000);
    await stepWhenDue();
    expect(Number((await auction()).price)).toBeLessThan(0.95);
    expect(await liquidation()).toMatchObject({ stage: 'auction' });
  });

  it('takes bids, refuses with a code what cannot be, and sells what it showed at the price it showed', async () => {
    for (let count = 0; count < 10; count++) await harness.move(105_000n, 10_000);
    const offer = await auction();
    const bid = (request: { share?: string; limit_price?: string }) =>
      bidder.bid({ auction: DEBTOR, ...request });
    const status = (code: number) => ({ status: code });
    await expect(bid({ share: '0.009' })).rejects.toMatchObject(status(codes.BAD_SHARE));
    await expect(bid({ share: '1.5' })).rejects.toMatchObject(status(BAD_PARAMETER));
    await expect(bid({ limit_price: '0.5' })).rejects.toMatchObject(
      status(codes.PRICE_ABOVE_LIMIT),
    );
    const debtor = await harness.client(DEBTOR, 'rest');
    await expect(debtor.bid({ auction: DEBTOR })).rejects.toMatchObject(
      status(codes.IN_LIQUIDATION),
    );
    const before = await bidder.getAccount(FIRST + 1);
    const small = await bid({ share: '0.05', limit_price: offer.price });
    expect(small).toMatchObject({ auction: DEBTOR, share: '0.05', price: offer.price });
    const next = await auction();
    const all = await bid({ share: '1', limit_price: '1' });
    const { share, price, discount } = next;
    expect(all).toMatchObject({ share, price, discount });
    expect(all.positions).toMatchObject([
      { to_account: FIRST + 1, amount: next.positions[0]?.offered_amount },
    ]);
    const sold = told().filter((event) => event.type === 'auction_sold');
    expect(sold.at(-1)).toMatchObject({ share, price, discount, fee: next.fee });
    const gained = Number(small.discount) + Number(all.discount);
    const { equity } = await bidder.getAccount(FIRST + 1);
    expect(Number(equity) - Number(before.equity)).toBeCloseTo(gained, 6);
    expect(gained).toBeGreaterThan(0);
  });

  it('shows nothing for sale of who is well again, and ends', async () => {
    expect(await auction()).toMatchObject({ share: '0', discount: '0' });
    await expect(bidder.bid({ auction: DEBTOR })).rejects.toMatchObject({
      status: codes.WELL_AGAIN,
    });
    await stepWhenDue();
    expect(await maker.getLiquidations()).toEqual([]);
    await until(() => told().at(-1)?.type === 'ended');
    expect(told().at(-1)).toMatchObject({ account: DEBTOR, why: 'well' });
  });

  it('is told once, in order, to all and to whom it concerns, and remembered', async () => {
    const all = await maker.getLiquidationEvents();
    expect([...all].reverse()).toEqual(told());
    expect(told().map(({ type }) => type)).toEqual([
      ...['started', 'slice', 'stage'],
      ...['position_taken', 'auction_sold', 'position_taken', 'auction_sold', 'ended'],
    ]);
    const own = told(`user.liquidations.${FIRST + 1}`);
    expect(own.map(({ type }) => type)).toEqual([
      ...['position_taken', 'auction_sold', 'position_taken', 'auction_sold'],
    ]);
    expect(await bidder.getLiquidationEvents({ account: FIRST + 1, start_seq: 0 })).toEqual(own);
    const two = await maker.getLiquidationEvents({ start_seq: all[2]?.seq as number, count: 2 });
    expect(two).toEqual([all[2], all[1]]);
    expect(harness.fatal).toEqual([]);
  });

  it('goes to the fund and to the other side when nothing is left, and says what is due each time', async () => {
    await harness.move(140_000n);
    const { worst_scenario, equity } = await maker.getAccountRisk(DEBTOR);
    expect(Number(equity)).toBeLessThan(0);
    await run({ kind: 'liquidate', account: DEBTOR, scenario: worst_scenario });
    const stages: string[] = [];
    for (let count = 0; count < 20; count++) {
      const [shown] = await maker.getLiquidations();
      if (shown === undefined) break;
      stages.push(shown.stage);
      harness.nowMs = Math.max(harness.nowMs, shown.next.due_ms);
      if (shown.next.command === 'liquidation_step') await step();
      else {
        const { instrument } = await maker.instrument(CALL);
        await run({ kind: 'deleverage', account: DEBTOR, instrument });
      }
    }
    expect(await maker.getLiquidations()).toEqual([]);
    expect(stages).toEqual(expect.arrayContaining(['reducing', 'takeover', 'deleverage']));
    const closed = told().filter((event) => event.type === 'deleveraged');
    expect(closed[0]).toMatchObject({ account: DEBTOR, instrument_name: CALL });
    await until(() => told().at(-1)?.type === 'ended');
    expect(told().at(-1)).toMatchObject({ why: 'flat' });
    expect(await maker.getPositions(DEBTOR)).toEqual([]);
  });
});

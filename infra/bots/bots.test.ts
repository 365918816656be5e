import { describe, expect, test } from 'vitest';
import { sleep } from '#infra/devnet/clock.ts';
import { Random } from '#infra/market/random.ts';
import { SimulatedMarket } from '#infra/market/simulated.ts';
import { ApiError } from '#shared/client/errors.ts';
import { NO_SUCH_ORDER, WOULD_TAKE } from '#shared/engine/codes.ts';
import { DISCONNECTED } from '#shared/protocol/api-codes.ts';
import { Crew } from './crew.ts';
import { Maker, quoteTicks } from './maker.ts';
import { BotStats } from './stats.ts';
import { Taker } from './taker.ts';
import { type BotInstrument, type BotOrder, fairValue, type TradingAccount } from './trading.ts';

const NOW_MS = Date.UTC(2026, 10, 27, 7);
const INSTRUMENTS: BotInstrument[] = [88_000, 90_000, 92_000].flatMap((strike) =>
  (['call', 'put'] as const).map((optionKind) => ({
    name: `BTC_USDC-4DEC26-${strike}-${optionKind === 'call' ? 'C' : 'P'}`,
    underlying: 'BTC',
    strike,
    optionKind,
    expiryMs: Date.UTC(2026, 11, 4, 8),
    tick: 5,
    lot: 0.01,
  })),
);

/** Keeps every order, as an exchange without matching would. */
class Ledger implements TradingAccount {
  readonly account = 2;
  readonly open = new Map<string, BotOrder>();
  readonly sent: BotOrder[] = [];
  refuse = 0;
  #id = 0;

  async order(order: BotOrder) {
    this.sent.push(order);
    if (this.refuse !== 0) throw ApiError.local(this.refuse);
    const orderId = String(++this.#id);
    this.open.set(orderId, order);
    return { orderId, open: true, filled: 0 };
  }
  async cancel(orderId: string) {
    if (!this.open.delete(orderId)) throw ApiError.local(NO_SUCH_ORDER);
  }
  async cancelAll() {
    this.open.clear();
  }
}

function setUp(seed = 1) {
  const market = new SimulatedMarket({ seed, startMs: NOW_MS });
  const stats = new BotStats();
  return { market, stats, random: new Random(seed, 'bots'), ledger: new Ledger() };
}

describe('maker', () => {
  test('ends up with one bid and one ask around the value of each instrument', async () => {
    const { market, stats, random, ledger } = setUp();
    const maker = new Maker(ledger, { market, random, stats });
    maker.setInstruments(INSTRUMENTS);
    while ((await maker.act(NOW_MS)) > 0);
    expect(ledger.open.size).toBe(INSTRUMENTS.length * 2);
    for (const instrument of INSTRUMENTS) {
      const mine = [...ledger.open.values()].filter((order) => order.instrument === instrument);
      const bid = mine.find((order) => order.side === 'buy')?.ticks ?? Number.NaN;
      const ask = mine.find((order) => order.side === 'sell')?.ticks ?? Number.NaN;
      const value = fairValue(instrument, market, NOW_MS);
      expect(bid * instrument.tick).toBeLessThan(value);
      expect(ask * instrument.tick).toBeGreaterThan(value);
    }
    expect(ledger.sent.every((order) => order.style === 'postOnly')).toBe(true);
  });

  test('renews quotes when the market moved, and leaves nothing behind', async () => {
    const { market, stats, random, ledger } = setUp();
    const maker = new Maker(ledger, { market, random, stats });
    maker.setInstruments(INSTRUMENTS);
    while ((await maker.act(NOW_MS)) > 0);
    const before = ledger.sent.length;
    market.advanceTo(NOW_MS + 6 * 3_600_000);
    for (let i = 0; i < 100; i++) await maker.act(NOW_MS + 6 * 3_600_000);
    expect(ledger.sent.length).toBeGreaterThan(before);
    expect(ledger.open.size).toBe(INSTRUMENTS.length * 2);
  });

  test('bids nothing for what is worth nothing, and quotes nothing that has expired', async () => {
    expect(quoteTicks(0.5, 90_000, 5).bid).toBeUndefined();
    expect(quoteTicks(0.5, 90_000, 5).ask).toBeGreaterThanOrEqual(1);
    const { market, stats, random, ledger } = setUp();
    const maker = new Maker(ledger, { market, random, stats });
    maker.setInstruments(INSTRUMENTS);
    expect(await maker.act(Date.UTC(2026, 11, 4, 8))).toBe(0);
    expect(ledger.sent).toEqual([]);
  });

  test('counts refusals by their name', async () => {
    const { market, stats, random, ledger } = setUp();
    ledger.refuse = WOULD_TAKE;
    const maker = new Maker(ledger, { market, random, stats });
    maker.setInstruments(INSTRUMENTS);
    await maker.act(NOW_MS);
    expect([stats.orders, stats.acknowledged, stats.rejected]).toEqual([1, 0, 1]);
    expect(stats.commonest(3)).toBe('WOULD_TAKE 1');
    ledger.refuse = DISCONNECTED;
    await maker.act(NOW_MS);
    expect([stats.orders, stats.rejected, stats.unknown]).toEqual([2, 1, 1]);
  });
});

describe('taker', () => {
  test('sends orders of several kinds at positive prices, the same from the same seed', async () => {
    const runs = [1, 2].map(async () => {
      const { market, stats, random, ledger } = setUp(9);
      const taker = new Taker(ledger, { market, random, stats });
      taker.setInstruments(INSTRUMENTS);
      for (let i = 0; i < 200; i++) await taker.act(NOW_MS);
      return ledger.sent;
    });
    const [first, second] = await Promise.all(runs);
    expect(first).toEqual(second);
    const styles = new Set(first?.map((order) => order.style));
    expect(styles).toEqual(new Set(['rest', 'immediate', 'fillOrKill']));
    expect(first?.every((order) => order.ticks >= 1 && order.lots >= 1)).toBe(true);
  });
});

describe('crew', () => {
  test('keeps to its rate and stops when asked', async () => {
    let sent = 0;
    const bot = {
      setInstruments: () => undefined,
      act: async () => {
        sent += 1;
        return 1;
      },
    };
    const bots = Array.from({ length: 10 }, () => ({ ...bot }));
    const crew = new Crew({ commandsPerSecond: 100 }, { bots, clock: { nowMs: () => 0 } });
    const startedMs = performance.now();
    crew.start();
    while (sent <= 20) await sleep(20);
    await crew.stop();
    // A tenth of a second's worth at once, at most.
    expect(sent).toBeLessThanOrEqual((performance.now() - startedMs) / 10 + 10);
    const after = sent;
    await sleep(60);
    expect(sent).toBe(after);
  });
});

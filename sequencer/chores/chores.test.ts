import { afterEach, describe, expect, it } from 'vitest';
import { StateReader } from '../gateway/state/reader.ts';
import { until, World } from '../testing/world.ts';
import { expiryMsOf, missingListings } from './listing.ts';
import { ChoreReader } from './records.ts';

const DAY_MS = 86_400_000;

let world: World | null = null;
afterEach(async () => {
  await world?.close();
  world = null;
});

describe('listing', () => {
  const policy = { strikesEachSide: 2, expiries: 2, maxInstruments: 900 };
  const clockMs = expiryMsOf(20_000) - 3_600_000;
  const underlying = {
    index: 0,
    strikeStep: 500,
    strikeBandBps: 10_000,
    indexPrice: 100_000_000_000n,
    surfaces: [20_050, 20_000, 19_999, 20_001].map((expiryDay) => ({
      expiryDay,
      forward: 100_260_000_000n,
    })),
  };

  it('takes the nearest expiries still to come, calls and puts on the grid around the forward', () => {
    const listings = missingListings(policy, underlying, [], clockMs);
    expect(listings).toHaveLength(20);
    expect([...new Set(listings.map((listing) => listing.expiryDay))]).toEqual([20_000, 20_001]);
    const strikes = [...new Set(listings.map((listing) => listing.strike))];
    expect(strikes).toEqual([98_000, 99_000, 100_000, 101_000, 102_000]);
    expect(strikes.every((strike) => strike % underlying.strikeStep === 0)).toBe(true);
  });

  it('leaves out what is listed, what is outside the band, and what there is no room for', () => {
    const existing = [
      {
        ...{ slot: 0, state: 1, underlying: 0, put: 0, strike: 100_000 },
        ...{ expiryMs: expiryMsOf(20_000), openInterest: 0n, openOrders: 0 },
      },
    ];
    expect(missingListings(policy, underlying, existing, clockMs)).toHaveLength(19);
    const narrow = { ...underlying, strikeBandBps: 100 };
    const strikes = missingListings(policy, narrow, [], clockMs).map(({ strike }) => strike);
    expect([...new Set(strikes)]).toEqual([99_000, 100_000, 101_000]);
    const full = { ...policy, maxInstruments: 3 };
    expect(missingListings(full, underlying, existing, clockMs)).toHaveLength(2);
  });
});

describe('chores on the real engine', () => {
  it('lists, prices, settles at expiry, pays, sweeps and delists', {
    timeout: 90_000,
  }, async () => {
    world = await World.create({ blockTime: 0 });
    const here = world;
    // Trading ends half a minute before the expiry. So few prices came that the engine waits 25 hours for one from L1; then time runs
    // twenty times as fast.
    const now = Date.now();
    const expiry = expiryMsOf(Math.floor((now - 8 * 3_600_000) / DAY_MS) + 3);
    const time = (rate: number, start: number) => `${rate},${Date.now()},${start}`;
    const expiryDay = Math.floor(expiry / DAY_MS);
    here.listedExpiryDay = expiryDay;
    const quiet = { 'list-strikes': 0 };
    // This L1 lives in the present.
    const far = { 'max-clock-lead': 10_000_000 };
    const first = await here.start({ ...quiet, 'virtual-time': time(1, expiry - 30_000), ...far });
    const { exchange, clock } = first.sequencer;
    await here.deposit('alice', 100_000);
    await here.deposit('bob', 100_000);
    await until(() => exchange.status().inboxConsumed >= 3, 'both deposits');
    const reader = new StateReader(exchange);
    const priced = () => (reader.instrument(0)?.markPerLot ?? null) !== null;
    while (!priced()) {
      await here.sendPrices(first.sequencer, clock.nowMs());
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    const info = reader.instrument(0);
    const { tick, lotsPerContract } = reader.underlying(info?.underlying ?? 0);
    const price = Math.max(1, Number(((info?.markPerLot ?? 0n) * BigInt(lotsPerContract)) / tick));
    const terms = { instrument: 0, price, lots: 7 };
    const submit = (name: string, account: number, sell: boolean, lots: number) =>
      exchange.submit(here.order(first.sequencer, name, { ...terms, lots, account, sell }));
    expect((await submit('alice', 2, true, 9)).code).toBe(0);
    expect((await submit('bob', 3, false, 7)).filledLots).toBe(7);
    expect(reader.account(3)?.positions).toMatchObject([{ lots: 7 }]);
    await here.stop(first.sequencer);

    const second = await here.start({
      ...quiet,
      'virtual-time': time(20, expiry + 25 * 3_600_000 - 10_000),
      ...far,
    });
    const after = new StateReader(second.sequencer.exchange);
    const chores = new ChoreReader(() => second.sequencer.exchange.view);
    await until(async () => {
      await here.sendPrices(second.sequencer, second.sequencer.clock.nowMs());
      return after.instrument(0)?.settled ?? true;
    }, 'the settlement');
    const held = () => [2, 3].map((account) => after.account(account)?.positions.length);
    await until(() => held().every((count) => count === 0), 'both accounts to be paid');
    await until(() => after.instrument(0) === null, 'the instrument to be delisted');
    expect(after.globals().liveOrders).toBe(0);
    expect(chores.instruments().every((instrument) => instrument.openInterest === 0n)).toBe(true);
    const cash = [0, 1, 2, 3].map((account) => after.account(account)?.cash ?? 0n);
    expect(cash.reduce((sum, money) => sum + money, 0n)).toBe(200_000_000_000n);
    await here.stop(second.sequencer);
    expect([...first.fatal, ...second.fatal]).toEqual([]);
  });
});

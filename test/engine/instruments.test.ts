import { describe, expect, it } from 'vitest';
import * as C from '#shared/engine/codes.ts';
import * as L from '#shared/engine/layout.ts';
import { Scenario } from './scenario.ts';
import { DAY_MS, START_MS, World } from './world.ts';

describe('instruments', () => {
  it('are listed by rule', () => {
    const s = new Scenario();
    const list = (strike: number, options: object = {}) =>
      ({
        kind: 'list',
        underlying: 0,
        expiryDay: s.expiryDay,
        strike,
        optionKind: 0,
        ...options,
      }) as const;
    s.run(list(90_000), C.ALREADY_LISTED);
    s.run(list(90_100), C.BAD_STRIKE);
    s.run(list(0), C.BAD_STRIKE);
    s.run(list(200_000), C.BAD_STRIKE);
    s.run(list(100_000, { expiryDay: s.expiryDay + 2 }), C.BAD_EXPIRY);
    s.run(list(100_000, { expiryDay: s.expiryDay - 10 }), C.BAD_EXPIRY);
    s.run(list(100_000, { optionKind: 2 }), C.BAD_OPTION_KIND);
    s.run(list(100_000, { underlying: 2 }), C.NO_SUCH_UNDERLYING);
    s.run(list(100_000), C.OK);
    s.play(`
      A buy 1 @1 in:6                 -> NO_MARK
      A buy 1 @1 in:7                 -> NO_SUCH_INSTRUMENT
    `);
    const fresh = new World().start();
    expect(fresh.run(list(100_000))).toBe(C.NO_MARK);
    expect(fresh.run({ kind: 'reprice', underlying: 0 })).toBe(C.NO_SURFACE);
  });

  it('fill their slots up to the capacity', { timeout: 120_000 }, () => {
    const world = new World().start();
    world.expect(world.index(0, 90_000_000_000n));
    let listed = 0;
    const codes = new Map<number, number>();
    for (const days of [0, 1, 4, 11, 18, 32, 67, 95, 123]) {
      for (let strike = 500; strike <= 180_000; strike += 500) {
        const expiryDay = Math.floor(START_MS / DAY_MS) + days;
        const code = world.run({ kind: 'list', underlying: 0, expiryDay, strike, optionKind: 0 });
        codes.set(code, (codes.get(code) ?? 0) + 1);
        if (code === C.OK) listed++;
      }
    }
    expect(listed).toBe(L.MAX_INSTRUMENTS);
    expect(codes.get(C.TOO_MANY_INSTRUMENTS)).toBeGreaterThan(0);
  });

  it('settle at the half-hour average, pay everybody, and give their slot back', () => {
    const s = new Scenario();
    const { world } = s;
    s.play(`
      A sell 10 @1000                 -> OK
      B buy 10 @1000                  -> OK filled 10
      C sell 3 @1500 as left          -> OK
    `);
    const expiry = s.expiryDay * DAY_MS + 8 * 3_600_000;
    s.run({ kind: 'settleInstrument', instrument: 0 }, C.NOT_EXPIRED);
    s.run({ kind: 'settleAccount', account: s.account('A') }, C.NOTHING_TO_DO);
    s.run({ kind: 'delist', instrument: 0 }, C.STILL_HELD);
    s.run({ kind: 'delist', instrument: 2 }, C.NOT_EXPIRED); // nobody's, but inside the band
    world.clock(expiry - 1_800_000);
    for (let minute = 0; minute < 30; minute++) {
      world.expect(world.index(0, BigInt(90_000 + 10 * minute) * 1_000_000n));
      world.clock(world.nowMs + 60_000);
    }
    s.play('A buy 1 @1000 -> INSTRUMENT_EXPIRED');
    s.run({ kind: 'settleInstrument', instrument: 99 }, C.NO_SUCH_INSTRUMENT);
    s.run({ kind: 'settleInstrument', instrument: 0 }, C.OK);
    s.run({ kind: 'settleInstrument', instrument: 0 }, C.ALREADY_SETTLED);
    const payoff = (90_145_000_000n - 85_000_000_000n) / 100n; // a lot
    expect(s.auditor.i64(L.EXIT_MARKS)).toBe(payoff);
    const before = world.cash(s.account('B'));
    s.run({ kind: 'settleAccount', account: 99 }, C.NO_SUCH_ACCOUNT);
    s.run({ kind: 'settleAccount', account: s.account('A') }, C.OK);
    s.run({ kind: 'delist', instrument: 0 }, C.STILL_HELD);
    s.run({ kind: 'settleAccount', account: s.account('B') }, C.OK);
    expect(world.cash(s.account('B')) - before).toBe(10n * payoff);
    s.run({ kind: 'delist', instrument: 0 }, C.STILL_HELD); // C's order
    s.play('sweep left -> OK');
    s.run({ kind: 'delist', instrument: 0 }, C.OK);
    s.run({ kind: 'delist', instrument: 0 }, C.NO_SUCH_INSTRUMENT);
    s.auditor.audit();
    world.expect(
      world.run({
        kind: 'list',
        underlying: 0,
        expiryDay: s.expiryDay + 7,
        strike: 90_000,
        optionKind: 0,
      }),
    );
    expect(world.words(0).name).toBe('BTC_USDC-4DEC26-90000-C');
  });

  it('let the insurance fund pay a debt that nothing stands against', () => {
    const s = new Scenario(new World(), 3_000_000_000n);
    const { world } = s;
    s.play(`
      B sell 10 @400                  -> OK
      C buy 10 @400                   -> OK filled 10
    `);
    world.deposit(
      { key: new Uint8Array(32), address: new Uint8Array(20) },
      500_000_000n,
      0,
      L.INSURANCE_ACCOUNT,
    );
    world.clock(s.expiryDay * DAY_MS + 8 * 3_600_000 - 1_800_000);
    for (let minute = 0; minute < 30; minute++) {
      world.expect(world.index(0, 140_000_000_000n));
      world.clock(world.nowMs + 60_000);
    }
    s.run({ kind: 'settleInstrument', instrument: 0 }, C.OK);
    s.run({ kind: 'settleAccount', account: s.account('B') }, C.OK);
    expect(world.cash(L.INSURANCE_ACCOUNT)).toBe(0n);
    expect(world.cash(s.account('B'))).toBeLessThan(0n);
    s.run({ kind: 'settleAccount', account: s.account('C') }, C.OK);
    s.auditor.audit();
  });
});

describe('a settlement without prices', () => {
  it('waits', () => {
    const world = new World().start();
    world.expect(world.index(0, 90_000_000_000n));
    world.expect(
      world.run({
        kind: 'list',
        underlying: 0,
        expiryDay: Math.floor(START_MS / DAY_MS) + 1,
        strike: 90_000,
        optionKind: 0,
      }),
    );
    world.engine.view.setBigUint64(L.UNDERLYINGS + 48, 0n, true); // nothing but a broken state has a listing without an index
    world.clock(world.nowMs + 2 * DAY_MS);
    expect(world.run({ kind: 'settleInstrument', instrument: 0 })).toBe(C.NO_SETTLEMENT_PRICE);
  });
});

describe('the book of a million orders', () => {
  it('is full, and says so', () => {
    const s = new Scenario();
    s.world.engine.view.setUint32(128, L.MAX_ORDERS, true); // Globals.orderTop
    s.play('A buy 1 @300 -> BOOK_FULL');
    s.world.engine.view.setUint32(128, L.MAX_ORDERS - 1, true);
    s.play('A buy 1 @300 -> OK');
  });
});

/** Trades 10 of instrument 0 from A to B and lets it expire at a price. */
function expired(price: bigint, minutes = 30): Scenario {
  const s = new Scenario();
  const { world } = s;
  s.play(`
    A sell 10 @1000                 -> OK
    B buy 10 @1000                  -> OK filled 10
  `);
  world.clock(s.expiryDay * DAY_MS + 8 * 3_600_000 - 1_800_000);
  for (let minute = 0; minute < 30; minute++) {
    if (minute < minutes) world.expect(world.index(0, price));
    world.clock(world.nowMs + 60_000);
  }
  return s;
}

describe('attacks on expiry', () => {
  it('a slot is not given back while anybody is short in it', () => {
    const s = expired(110_000_000_000n);
    s.run({ kind: 'settleInstrument', instrument: 0 }, C.OK);
    s.run({ kind: 'settleAccount', account: s.account('B') }, C.OK); // the long is paid
    s.auditor.audit(); // half paid, and nothing is missing
    s.run({ kind: 'delist', instrument: 0 }, C.STILL_HELD); // the short has not paid yet
    s.run({ kind: 'settleAccount', account: s.account('A') }, C.OK);
    s.run({ kind: 'delist', instrument: 0 }, C.OK);
    s.auditor.audit();
  });

  it('whoever settles cannot choose the price by choosing the time', () => {
    const payoffs = [0, 6, 20].map((hours) => {
      const s = expired(90_000_000_000n, 20); // two thirds covered, and nothing before: L1 decides, or the last valid price
      s.run({ kind: 'settleInstrument', instrument: 0 }, C.SETTLEMENT_WAITS);
      for (let hour = 0; hour < hours; hour++) {
        s.world.clock(s.world.nowMs + 3_600_000);
        s.world.expect(s.world.index(0, 90_000_000_000n + BigInt(hour) * 4_000_000_000n));
      }
      s.world.clock(s.expiryDay * DAY_MS + 33 * 3_600_000); // 25 hours after 08:00
      s.run({ kind: 'settleInstrument', instrument: 0 }, C.OK);
      return s.auditor.i64(L.EXIT_MARKS);
    });
    expect(payoffs).toEqual([50_000_000n, 50_000_000n, 50_000_000n]);
  });

  it('all options of a day settle at one price, however late', () => {
    const s = expired(90_000_000_000n);
    s.run({ kind: 'settleInstrument', instrument: 0 }, C.OK);
    for (let day = 0; day < 9; day++) {
      s.world.clock(s.world.nowMs + DAY_MS);
      s.world.expect(s.world.index(0, 99_000_000_000n));
    }
    s.run({ kind: 'settleInstrument', instrument: 2 }, C.OK); // 90,000 call
    expect(s.auditor.i64(L.EXIT_MARKS + 16)).toBe(0n);
  });

  it('nobody fills the list for good: strikes that fell out of the band give their slots back', () => {
    const s = new Scenario();
    const list = (strike: number) =>
      ({ kind: 'list', underlying: 0, expiryDay: s.expiryDay, strike, optionKind: 0 }) as const;
    for (let index = 0; index < 122; index++) s.run(list(100_000 + 500 * index), C.OK);
    s.run(list(180_000), C.TOO_MANY_INSTRUMENTS); // 128 of one expiry
    s.world.clock(s.world.nowMs + 1000);
    for (let round = 0; round < 2; round++) s.world.expect(s.world.index(0, 60_000_000_000n));
    s.run({ kind: 'delist', instrument: 127 }, C.OK); // 160,500 is more than twice the index now
    s.run(list(40_000), C.OK);
    s.world.clock(s.world.nowMs + 60_001);
    s.run(list(40_500), C.OBSERVATION_STALE); // no band without a fresh index
  });

  it('a debt left when the fund was empty is covered once it is not', () => {
    const s = new Scenario(new World(), 3_000_000_000n);
    const { world } = s;
    s.play(`
      B sell 10 @400                  -> OK
      C buy 10 @400                   -> OK filled 10
    `);
    world.clock(s.expiryDay * DAY_MS + 8 * 3_600_000 - 1_800_000);
    world.expect(world.index(0, 140_000_000_000n)); // a jump, which the next round confirms
    for (let minute = 0; minute < 30; minute++) {
      world.expect(world.index(0, 140_000_000_000n));
      world.clock(world.nowMs + 60_000);
    }
    s.run({ kind: 'settleInstrument', instrument: 0 }, C.OK);
    s.run({ kind: 'settleAccount', account: s.account('B') }, C.OK);
    s.run({ kind: 'settleAccount', account: s.account('B') }, C.NOTHING_TO_DO);
    const fund = { key: new Uint8Array(32), address: new Uint8Array(20) };
    world.deposit(fund, 10_000_000_000n, 0, L.INSURANCE_ACCOUNT);
    s.run({ kind: 'settleAccount', account: s.account('B') }, C.OK);
    expect(world.cash(s.account('B'))).toBe(0n);
    s.run({ kind: 'settleAccount', account: s.account('C') }, C.OK);
    s.auditor.audit();
  });
});

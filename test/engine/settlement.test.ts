import { describe, expect, it } from 'vitest';
import * as C from '#shared/engine/codes.ts';
import * as K from '#shared/engine/kinds.ts';
import { encodeCommand } from '#shared/protocol/commands.ts';
import { decodeEvent, type SettlementPriceEvent } from '#shared/protocol/events.ts';
import { encodeInboxMessage } from '#shared/protocol/inbox.ts';
import { Scenario } from './scenario.ts';
import { DAY_MS, SIGNERS, START_MS, World } from './world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const BTC = 90_000_000_000n;
const settle = { kind: 'settleInstrument', instrument: 0 } as const;

/** An expiry at which prices came in some of the minutes before it, and what they settled it at. */
function expiring() {
  const told: SettlementPriceEvent[] = [];
  const world = new World({
    onEvent: (kind, address, view) => {
      if (kind === K.EVT_SETTLEMENT_PRICE) {
        told.push(decodeEvent(kind, view, address) as SettlementPriceEvent);
      }
    },
  });
  const s = new Scenario(world);
  const expiry = s.expiryDay * DAY_MS + 8 * HOUR;
  /** One round at so many minutes before the expiry, negative after it. */
  const at = (minutes: number, price = BTC) => {
    world.clock(expiry - minutes * MINUTE);
    world.expect(world.index(0, price));
  };
  const span = (from: number, to: number, price = BTC) => {
    for (let minute = from; minute > to; minute--) at(minute, price);
  };
  const force = (command: Parameters<typeof encodeCommand>[0]) =>
    world.message(encodeInboxMessage({ kind: 'system', command: encodeCommand(command) }));
  return { s, world, expiry, at, span, force, told };
}

describe('the settlement price of a day', () => {
  it('is the average of the last 30 minutes, over what is covered', () => {
    const { s, world, expiry, span, told } = expiring();
    span(40, 30, BTC + BTC / 50n); // before the window: does not count
    span(30, 24, BTC); // 6 minutes
    span(18, 0, BTC + 3_000_000n); // 18 minutes, after 6 of silence; 24 in all
    world.clock(expiry);
    s.run(settle, C.OK);
    const price = BTC + (3_000_000n * 18n) / 24n;
    const expected = { expiryDay: s.expiryDay, price, source: K.SETTLED_BY_AVERAGE };
    expect(told).toMatchObject([expected]);
  });

  it('weighs each price by its milliseconds', () => {
    const { s, world, expiry, span, told } = expiring();
    span(30, 1);
    world.clock(expiry - 60_000);
    world.expect(world.index(0, BTC + 1_800_000n));
    world.clock(expiry - 59_999);
    world.expect(world.index(0, BTC));
    world.clock(expiry);
    s.run(settle, C.OK);
    expect(told[0]?.price).toBe(BTC + 1n); // 1.8 USDC for one of 1,800,000 ms
  });

  it('is the same whoever comes first, a later price or the settlement', () => {
    const prices = [0, 1].map((later) => {
      const { s, world, expiry, span, at, told } = expiring();
      span(30, 20, BTC);
      span(20, 1, BTC + 777n);
      if (later === 1) at(-30, BTC + BTC / 40n);
      world.clock(expiry + HOUR);
      s.run(settle, C.OK);
      s.run({ kind: 'settleInstrument', instrument: 1 }, C.OK);
      expect(told).toHaveLength(1); // one price for the day
      return told[0]?.price;
    });
    expect(prices[0]).toBe(prices[1]);
  });

  it('grows its window backwards, five minutes at a time, where too little is covered', () => {
    const { s, world, expiry, span, told } = expiring();
    const before = BTC + 6_000_000n;
    span(60, 30, before);
    span(30, 9, BTC); // 21 minutes: three are missing
    world.clock(expiry);
    s.run(settle, C.OK);
    const price = BTC + (6_000_000n * 5n) / 26n;
    expect(told).toMatchObject([{ price, source: K.SETTLED_BY_LONGER_AVERAGE }]);
  });

  it('grows it to two hours and no further', () => {
    const grown = expiring();
    grown.span(120, 96, BTC); // 24 minutes, the oldest of two hours
    grown.world.clock(grown.expiry);
    grown.s.run(settle, C.OK);
    expect(grown.told).toMatchObject([{ price: BTC, source: K.SETTLED_BY_LONGER_AVERAGE }]);
    const short = expiring();
    short.span(121, 97, BTC);
    short.world.clock(short.expiry);
    short.s.run(settle, C.SETTLEMENT_WAITS);
    expect(short.told).toEqual([]);
  });

  it('waits for a round from L1, dated at the expiry, even one that is not new', () => {
    for (const late of [false, true]) {
      const { s, world, expiry, span, at, force, told } = expiring();
      span(30, 20);
      const early = world.observed(0, BTC + 1n, expiry - 60_001);
      const signed = world.observed(0, BTC + 2n, expiry - 60_000);
      const after = world.observed(0, BTC + 3n, expiry + 1);
      world.clock(expiry - 1);
      // Before the expiry it is a price like others, and too old a one at that.
      if (late) at(-10);
      else world.clock(expiry + 10 * MINUTE);
      s.run(settle, C.SETTLEMENT_WAITS);
      s.check(force(early), late ? C.ROUND_NOT_NEW : C.OK);
      s.run(settle, C.SETTLEMENT_WAITS);
      s.run(signed, late ? C.ROUND_NOT_NEW : C.OBSERVATION_STALE);
      s.check(force(signed), C.OK);
      expect(told).toMatchObject([{ price: BTC + 2n, source: K.SETTLED_BY_L1 }]);
      s.check(force(signed), C.ROUND_NOT_NEW);
      s.check(force(after), late ? C.ROUND_NOT_NEW : C.OK);
      s.run(settle, C.OK);
      world.clock(expiry + 30 * HOUR);
      s.run({ kind: 'settleInstrument', instrument: 1 }, C.OK);
      expect(told).toHaveLength(1);
    }
  });

  it('takes no message where the average holds, or from fewer than a quorum', () => {
    const { s, world, expiry, span, force, told } = expiring();
    span(30, 0);
    const signed = world.observed(0, BTC + 2n, expiry - 1);
    world.clock(expiry + MINUTE);
    s.check(force(signed), C.OK); // a price, the last before the expiry; and no settlement
    s.run(settle, C.OK);
    expect(told).toMatchObject([{ price: BTC, source: K.SETTLED_BY_AVERAGE }]);
    const poor = expiring();
    poor.at(30);
    const three = poor.world.observed(0, BTC + 2n, poor.expiry - 1, undefined, 3);
    poor.world.clock(poor.expiry);
    poor.s.check(poor.force(three), C.NO_QUORUM);
    poor.s.run(settle, C.SETTLEMENT_WAITS);
  });

  it('takes no message in which no majority of the committee agrees', () => {
    const { s, world, expiry, at, force, told } = expiring();
    at(30);
    const apart = (signer: number) => ({ price: BTC + (BTC / 100n) * BigInt(signer) });
    const doubtful = world.observed(0, BTC, expiry - 1, apart);
    const agreed = world.observed(0, BTC + 2n, expiry - 1);
    world.clock(expiry);
    s.check(force(doubtful), C.OK);
    s.run(settle, C.SETTLEMENT_WAITS);
    s.check(force(agreed), C.OK);
    s.run(settle, C.OK);
    expect(told).toMatchObject([{ price: BTC + 2n, source: K.SETTLED_BY_L1 }]);
  });

  it('is the last price before the expiry when nobody sent one for 25 hours', () => {
    for (const late of [false, true]) {
      const { s, world, expiry, at, told } = expiring();
      at(45, BTC + 5n);
      if (late) at(-5, BTC + 9n);
      world.clock(expiry + 25 * HOUR - 1);
      s.run(settle, C.SETTLEMENT_WAITS);
      world.clock(expiry + 25 * HOUR);
      s.run(settle, C.OK);
      expect(told).toMatchObject([{ price: BTC + 5n, source: K.SETTLED_BY_LAST_PRICE }]);
      s.run({ kind: 'settleInstrument', instrument: 1 }, C.OK);
      expect(told).toHaveLength(1);
    }
  });

  it('is exact for the highest price there can be, and for the lowest', () => {
    for (const price of [9_999_999_999_999_999n, 1n]) {
      for (const covered of [30, 25]) {
        const told: SettlementPriceEvent[] = [];
        const underlying = {
          ...{ name: 'BTC', tick: 1_000_000n, lotsPerContract: 1_000_000 },
          ...{ strikeStep: 1, strikeBandBps: 1, priceBandBps: 1 },
        };
        const world = new World({
          genesis: { underlyings: [underlying] },
          signers: SIGNERS.slice(0, 1),
          onEvent: (kind, address, view) => {
            if (kind === K.EVT_SETTLEMENT_PRICE) {
              told.push(decodeEvent(kind, view, address) as SettlementPriceEvent);
            }
          },
        }).start();
        const expiry = START_MS + 8 * HOUR;
        for (let minute = 40; minute > 0; minute--) {
          world.clock(expiry - minute * MINUTE);
          if (minute > 30 || minute <= covered) world.expect(world.index(0, price));
        }
        world.clock(expiry);
        world.expect(world.index(0, price));
        expect(told).toMatchObject([{ price, source: K.SETTLED_BY_AVERAGE }]);
      }
    }
  });
});

/** Liquidations as a whole: through the inbox, of many positions, by the fund, against many holders; and what people try. */
import { describe, expect, it } from 'vitest';
import * as C from '#shared/engine/codes.ts';
import * as K from '#shared/engine/kinds.ts';
import { INSURANCE_ACCOUNT } from '#shared/engine/layout.ts';
import type { EngineEvent } from '#shared/protocol/events.ts';
import {
  CALL_90,
  CALL_95,
  LiquidationScenario,
  PORTFOLIO,
  PUT_90,
  STANDARD,
  USDC,
} from './liquidation-scene.ts';
import { wallet } from './world.ts';

const of = <T extends EngineEvent['type']>(events: readonly EngineEvent[], type: T) =>
  events.filter((event) => event.type === type) as Extract<EngineEvent, { type: T }>[];
/** D is short a contract of CALL_90. */
const short = (fund = 0n, usdc = 20_000n) =>
  new LiquidationScenario(fund).open('D', usdc).trade('D', 'B', CALL_90, 100);

describe('a liquidation that the sequencer withholds', () => {
  it('runs through the inbox, all of it', () => {
    const s = short().move(102_000n);
    const account = s.account('D');
    const force = (
      kind: 'liquidationStep' | 'liquidate' | 'deleverage',
      expected: number = C.OK,
    ) => {
      const command =
        kind === 'liquidate'
          ? { kind, account, scenario: s.of('D').worstScenario }
          : kind === 'deleverage'
            ? { kind, account, instrument: CALL_90 }
            : { kind, account };
      return s.do(command, expected, true);
    };
    force('liquidationStep', C.NOT_IN_LIQUIDATION);
    expect(of(force('liquidate'), 'liquidationStarted')).toHaveLength(1);
    force('liquidate', C.IN_LIQUIDATION);
    for (let slice = 0; slice < 3; slice++) {
      force('liquidationStep');
      force('liquidationStep', C.TOO_EARLY);
      s.wait(2);
    }
    expect(s.stage('D')).toBe(K.STAGE_AUCTION);
    // A message every six minutes; prices go on meanwhile. Five minutes of each count.
    let messages = 0;
    while (s.stage('D') === K.STAGE_AUCTION) {
      for (let minute = 0; minute < 6; minute++) s.wait(60);
      force('liquidationStep');
      messages++;
    }
    expect(messages).toBe(6);
    expect(s.stage('D')).toBe(K.STAGE_TAKEOVER);
    force('liquidationStep');
    expect(s.stage('D')).toBe(K.STAGE_DELEVERAGE);
    const equity = s.of('D').equity;
    const closed = of(force('deleverage'), 'deleveraged');
    expect(closed).toMatchObject([{ holder: s.account('B'), lots: 100, haircut: 0n }]);
    // It was worth something to the end, and that is still its owner's.
    expect(s.cash('D')).toBe(equity);
    s.play('D withdraw 1 -> OK');
  });

  it('takes bids from there too, of no more than fits a message', () => {
    const s = new LiquidationScenario().open('D', 60_000n).open('E', 900_000n);
    const slots = s.list(33).slice(0, 60);
    for (const slot of slots) s.trade('D', 'B', slot, 1);
    s.trade('D', 'B', CALL_90, 100);
    while (s.of('D').equity >= s.of('D').maintenance) s.move(s.price + 1_000n);
    s.liquidate('D');
    s.toAuction('D');
    s.forcedBid('E', 'D', C.TOO_LARGE_FOR_A_BID);
    const before = s.total();
    const events = s.bid('E', 'D', C.OK, 500_000);
    expect(of(events, 'positionTaken')).toHaveLength(61);
    expect(s.total()).toBe(before);
    const small = short().open('E', 900_000n).move(102_000n);
    small.liquidate('D');
    small.toAuction('D').forcedBid('E', 'D', C.OK);
    expect(small.lots('E', CALL_90)).toBeLessThan(0);
  });
});

describe('the auction’s price', () => {
  it('falls to 70 % in 15 minutes, to nothing in 15 more, and stands still while nobody ticks', () => {
    const s = short(1_000_000n).open('E', 100_000n).move(102_000n);
    s.liquidate('D');
    s.toAuction('D');
    const prices = new Map<number, number>();
    const priceNow = () => {
      const events = s.bid('E', 'D', C.OK, 10_000);
      return of(events, 'auctionSold')[0]?.price as number;
    };
    s.wait(600); // five minutes of ten count
    const after = priceNow();
    expect(after).toBe(9_500 - Math.floor((2_500 * 300) / 900));
    s.step('D');
    s.wait(300);
    prices.set(10, priceNow());
    s.step('D');
    s.wait(300);
    prices.set(15, priceNow());
    s.step('D');
    s.wait(300);
    prices.set(20, priceNow());
    expect(Object.fromEntries(prices)).toEqual({ 10: 9_500 - 1_666, 15: 7_000, 20: 7_000 - 2_333 });
  });

  it('is of the whole account’s equity, so that it makes sense for a portfolio worth less than nothing and for one worth something', () => {
    for (const side of ['short', 'long']) {
      const s = new LiquidationScenario()
        .open('D', side === 'short' ? 20_000n : 4_000n)
        .open('E', 100_000n);
      // Short a call whose price rises; or long a straddle, paid for with its own value, that decays.
      if (side === 'short') s.trade('D', 'B', CALL_90, 100).move(102_000n);
      else
        for (const slot of [CALL_90, PUT_90])
          s.play(`
            B sell 100 @${s.tick(slot)} in:${slot} -> OK rests 100
            D buy 100 @${s.tick(slot)} in:${slot} ioc -> OK filled 100
          `);
      while (s.of('D').equity >= s.of('D').maintenance) s.wait(3600);
      const value = s.of('D').equity - s.cash('D');
      s.liquidate('D');
      s.toAuction('D');
      expect(s.of('D').equity).toBeGreaterThan(0n);
      if (side === 'short') expect(value).toBeLessThan(0n);
      else expect([value > 0n, s.cash('D') < 0n]).toEqual([true, true]);
      const before = [s.of('D').equity, s.of('E').equity] as const;
      const sold = of(s.bid('E', 'D', C.OK), 'auctionSold')[0];
      if (sold === undefined) throw new Error('nothing sold');
      const part = (before[0] * BigInt(sold.share)) / 1_000_000n;
      expect(sold.discount).toBe((part * BigInt(10_000 - sold.price)) / 10_000n);
      expect(s.of('E').equity - before[1]).toBe(sold.discount);
      expect(s.of('D').equity).toBeGreaterThanOrEqual(s.of('D').initial);
    }
  });
});

describe('the insurance fund', () => {
  it('takes many positions a few at a time, and with the last of them what is left or owed', () => {
    const s = new LiquidationScenario(5_000_000n).open('D', 60_000n);
    const slots = s.list(33).slice(0, 60);
    for (const slot of slots) s.trade('D', 'B', slot, 1);
    s.trade('D', 'B', CALL_90, 200).move(130_000n);
    s.liquidate('D');
    s.step('D');
    const debt = -s.of('D').equity;
    expect(debt).toBeGreaterThan(0n);
    const taken: number[] = [];
    while (s.stage('D') !== K.STAGE_NONE) {
      const events = s.step('D');
      taken.push(of(events, 'positionTaken').length);
      const ended = of(events, 'liquidationEnded')[0];
      if (ended) expect(ended).toMatchObject({ why: 1, cash: 0n });
      else expect(s.of('D').equity).toBe(-debt);
    }
    expect(taken).toEqual([16, 16, 16, 13]);
    const fund = s.auditor.positions(INSURANCE_ACCOUNT);
    expect(fund.size).toBe(61);
    let value = s.world.cash(INSURANCE_ACCOUNT);
    for (const [slot, { lots }] of fund) value += BigInt(lots) * s.mark(slot);
    expect(value).toBe(5_000_000n * USDC - debt);
    expect(s.cash('D')).toBe(0n);
  });

  it('takes nothing that it could not margin, pays what it can spare, and leaves the rest to the other side', () => {
    const s = short(1_000n).move(115_000n);
    const debt = -s.of('D').equity;
    s.liquidate('D');
    s.step('D');
    const events = s.step('D');
    expect(of(events, 'deficitCovered')).toMatchObject([{ amount: 1_000n * USDC }]);
    expect(s.stage('D')).toBe(K.STAGE_DELEVERAGE);
    const [closed] = of(s.deleverage('D', CALL_90), 'deleveraged');
    expect(closed?.haircut).toBe(debt - 1_000n * USDC);
    expect(s.world.cash(INSURANCE_ACCOUNT)).toBe(0n);
  });

  it('is liquidated like anybody when its positions go wrong, and has nobody to help it', () => {
    const s = short(20_000n).open('E', 100_000n).move(102_000n);
    s.liquidate('D');
    s.toAuction('D').toZero('D').step('D');
    s.accounts.set('F', INSURANCE_ACCOUNT);
    expect(s.lots('F', CALL_90)).toBe(-100);
    s.liquidate('F', C.NOT_BELOW_MAINTENANCE);
    s.move(124_000n);
    s.liquidate('F');
    s.toAuction('F');
    const before = s.total();
    s.bid('E', 'F', C.OK, 200_000);
    s.move(140_000n);
    s.step('F');
    s.step('F');
    expect(s.stage('F')).toBe(K.STAGE_DELEVERAGE);
    s.deleverage('F', CALL_90);
    expect([s.lots('F', CALL_90), s.world.cash(0), s.stage('F')]).toEqual([0, 0n, 0]);
    expect(s.total()).toBe(before);
  });

  it('gives an account back to the auction when prices do', () => {
    const s = short().open('E', 100_000n).move(110_000n);
    s.liquidate('D');
    s.toAuction('D').move(115_000n).step('D');
    expect(s.stage('D')).toBe(K.STAGE_TAKEOVER);
    s.move(108_000n);
    expect(of(s.step('D'), 'liquidationStage')).toMatchObject([{ stage: K.STAGE_AUCTION }]);
    s.bid('E', 'D');
  });
});

describe('deleveraging', () => {
  /** D is short 100 lots, of which B, C and A hold 50, 30 and 20; E and Z hold nothing of it. */
  function shared() {
    return new LiquidationScenario()
      .open('D', 20_000n)
      .open('E', 50_000n)
      .open('Z', 70_000n)
      .trade('D', 'A', CALL_90, 20)
      .trade('D', 'B', CALL_90, 50)
      .trade('D', 'C', CALL_90, 30)
      .trade('A', 'E', PUT_90, 5)
      .move(115_000n);
  }
  const toDeleverage = (s: LiquidationScenario, name: string) => {
    s.liquidate(name);
    s.step(name);
    s.step(name);
    expect(s.stage(name)).toBe(K.STAGE_DELEVERAGE);
  };

  it('closes those who hold most first, and spreads the debt by lots', () => {
    const s = shared();
    const debt = -s.of('D').equity;
    const before = new Map(['A', 'B', 'C', 'E', 'Z'].map((name) => [name, s.of(name).equity]));
    toDeleverage(s, 'D');
    const closed = of(s.deleverage('D', CALL_90), 'deleveraged');
    expect(closed.map(({ holder, lots }) => [holder, lots])).toEqual([
      [s.account('B'), 50],
      [s.account('C'), 30],
      [s.account('A'), 20],
    ]);
    expect(closed.reduce((sum, { haircut }) => sum + haircut, 0n)).toBe(debt);
    for (const { lots, haircut } of closed) {
      const exact = (debt * BigInt(lots)) / 100n;
      expect(haircut - exact).toBeGreaterThanOrEqual(-1n);
      expect(haircut - exact).toBeLessThanOrEqual(1n);
    }
    for (const name of ['E', 'Z']) expect(s.of(name).equity).toBe(before.get(name));
    expect(s.cash('D')).toBe(0n);
  });

  it('asks nobody for more than they have, and what is missing waits for the fund', () => {
    const s = new LiquidationScenario()
      .open('D', 20_000n)
      .open('P', 2_600n, STANDARD)
      .trade('D', 'P', CALL_90, 100)
      .move(105_000n);
    // P sells what it gained to withdraw nearly all of it, and holds on with what is left.
    const gain = s.of('P').equity;
    expect(gain).toBeGreaterThan(0n);
    s.trade('P', 'B', CALL_90, 99);
    s.play(`P withdraw ${s.cash('P')} -> OK`);
    s.move(130_000n);
    const debt = -s.of('D').equity;
    const [p, b, total] = [s.of('P').equity, s.of('B').equity, s.total()];
    toDeleverage(s, 'D');
    const closed = of(s.deleverage('D', CALL_90), 'deleveraged');
    expect(closed.map(({ holder }) => holder)).toEqual([s.account('B'), s.account('P')]);
    expect(s.of('P').equity).toBeGreaterThanOrEqual(0n);
    expect(s.cash('P')).toBeGreaterThanOrEqual(0n);
    const paid = closed.reduce((sum, { haircut }) => sum + haircut, 0n);
    expect(b + p - s.of('B').equity - s.of('P').equity).toBe(paid);
    expect(paid).toBe(debt);
    expect(s.total()).toBe(total);
  });

  it('leaves a debt that holders cannot pay in its last stage, until fund or owner have', () => {
    const s = new LiquidationScenario()
      .open('D', 20_000n)
      .open('P', 6_000n)
      .trade('D', 'P', CALL_90, 100)
      .move(112_000n)
      .trade('P', 'A', CALL_95, 60);
    // What P has won is gone.
    const [out] = [s.of('P').free, s.cash('P')].sort((a, b) => Number(a - b));
    s.play(`P withdraw ${out} -> OK`);
    s.move(150_000n);
    expect(s.of('D').equity).toBeLessThan(0n);
    toDeleverage(s, 'D');
    s.deleverage('D', CALL_90);
    const left = -s.cash('D');
    expect(left).toBeGreaterThan(0n);
    expect([s.stage('D'), s.lots('D', CALL_90)]).toEqual([K.STAGE_DELEVERAGE, 0]);
    s.step('D', C.NOTHING_TO_DO);
    s.deleverage('D', CALL_90, C.NOTHING_TO_DO);
    s.play(`D buy 1 @10 in:${CALL_95} -> IN_LIQUIDATION`);
    s.deposit('D', left / USDC + 1n);
    expect(of(s.step('D'), 'liquidationEnded')).toHaveLength(1);
    expect(s.cash('D')).toBe((left / USDC) * USDC + USDC - left);
    s.play('D withdraw 1 -> OK');
  });

  it('closes nobody for an account that prices have brought back', () => {
    const s = shared();
    toDeleverage(s, 'D');
    s.move(114_000n);
    s.deleverage('D', CALL_90, C.WELL_AGAIN);
    s.step('D', C.OK);
    s.step('D', C.DELEVERAGE_DUE);
    s.move(112_000n);
    s.deleverage('D', CALL_90, C.WELL_AGAIN);
    s.move(90_000n);
    expect(of(s.step('D'), 'liquidationEnded')).toMatchObject([{ why: 0 }]);
    s.deleverage('D', CALL_90, C.NOT_DELEVERAGING);
    expect(s.lots('D', CALL_90)).toBe(-100);
  });

  it('finds everybody on the other side, window by window, four at a time', () => {
    const s = new LiquidationScenario();
    for (let index = 0; index < 11; index++) s.open(`H${index}`, 5_000n, STANDARD);
    s.open('D', 60_000n);
    for (let index = 0; index < 11; index++)
      s.trade('D', `H${index}`, CALL_90, 1 + ((index * 7) % 11));
    s.trade('D', 'B', CALL_90, 100);
    s.move(140_000n);
    toDeleverage(s, 'D');
    let commands = 0;
    const seen = new Set<number>();
    while (s.stage('D') !== K.STAGE_NONE) {
      for (const { holder } of of(s.deleverage('D', CALL_90), 'deleveraged')) seen.add(holder);
      if (++commands > 20) throw new Error('it does not end');
    }
    expect(commands).toBe(3);
    expect(seen.size).toBe(12);
    expect(s.cash('D')).toBe(0n);
  });
});

describe('an account of two underlyings', () => {
  it('goes the same way, frozen while either is in doubt, and only to bidders whose margin holds both', () => {
    const s = new LiquidationScenario()
      .open('D', 18_000n, STANDARD)
      .open('P', 500_000n, PORTFOLIO)
      .open('S', 500_000n, STANDARD);
    const { world } = s;
    const expiryDay = s.expiryDay;
    world.expect(
      world.run({ kind: 'list', underlying: 1, expiryDay, strike: 3_000, optionKind: 0 }),
    );
    s.wait(1);
    const eth = 6;
    s.trade('D', 'B', CALL_90, 100).trade('D', 'B', eth, 30).move(102_000n);
    // ETH alone has had no price for a minute.
    world.clock(world.nowMs + 61_000);
    world.expect(world.index(0, s.price * USDC));
    world.reopen(0, s.price * USDC);
    s.liquidate('D', C.MODE_CANCELS_ONLY, 24);
    s.wait(1);
    // The book takes only ETH, which is not what asks most: the second slice tries it.
    s.play(`A sell 8 @${s.tick(eth) + 1} in:${eth} -> OK rests 8`);
    s.liquidate('D', C.OK, 24);
    const slices = [0, 1, 2, 3, 4].map(() => {
      const found = of(s.step('D'), 'liquidationSlice').map(({ instrument }) => instrument);
      s.wait(2);
      return found;
    });
    expect(slices).toEqual([[], [eth], [], [], []]);
    expect(s.stage('D')).toBe(K.STAGE_AUCTION);
    s.bid('P', 'D', C.ONE_UNDERLYING);
    const sold = s.bid('S', 'D');
    expect(
      of(sold, 'positionTaken')
        .map(({ instrument }) => instrument)
        .sort(),
    ).toEqual([CALL_90, eth]);
    expect(s.of('D').equity).toBeGreaterThanOrEqual(s.of('D').initial);
  });
});

describe('what people try', () => {
  it('does not get them a bargain from their own account on the book', () => {
    const owner = wallet(77);
    const s = new LiquidationScenario()
      .open('D', 20_000n, PORTFOLIO, owner)
      .open('F', 200_000n, PORTFOLIO, owner)
      .trade('D', 'B', CALL_90, 100)
      .move(102_000n);
    // As dear as a slice may buy: an eighth of the mark, and a sixteenth of the band.
    s.play(`F sell 100 @${Math.floor(s.tick(CALL_90) * 1.12)} in:${CALL_90} -> OK rests 100`);
    s.liquidate('D');
    while (s.stage('D') === K.STAGE_REDUCING) {
      const before = s.of('D');
      s.step('D');
      const after = s.of('D');
      const missing = (at: typeof before) => at.initial - at.equity;
      expect(missing(after)).toBeLessThanOrEqual(missing(before));
      s.wait(2);
    }
    expect(s.of('D').equity).toBeGreaterThan(0n);
  });

  it('does not let an owner trade on, change the mode, or take money out', () => {
    const s = short().open('E', 100_000n).move(102_000n);
    s.liquidate('D');
    s.toAuction('D');
    for (const stage of [K.STAGE_AUCTION, K.STAGE_TAKEOVER, K.STAGE_DELEVERAGE]) {
      expect(s.stage('D')).toBe(stage);
      s.liquidate('D', C.IN_LIQUIDATION);
      s.play(`
        D sell 1 @${s.tick(CALL_90)} in:${CALL_90} -> IN_LIQUIDATION
        D buy 1 @${s.tick(CALL_90)} in:${CALL_90} reduce ioc -> IN_LIQUIDATION
        D withdraw 1 -> INSUFFICIENT_MARGIN
      `);
      s.run(s.world.signed(s.account('D'), { kind: 'setMarginMode', mode: 0 }), C.IN_LIQUIDATION);
      if (stage === K.STAGE_AUCTION) s.move(115_000n);
      if (stage !== K.STAGE_DELEVERAGE) s.step('D');
    }
  });

  it('does not stop anything with dust', () => {
    // Sixty positions of a lot each, which no slice is worth the trouble for, and dust that bids a hundredth at a time.
    const s = new LiquidationScenario(1_000_000n).open('D', 20_000n).open('E', 900_000n);
    const slots = s.list(33).slice(0, 60);
    for (const slot of slots) s.trade('D', 'B', slot, 1);
    s.trade('D', 'B', CALL_90, 60).move(117_000n);
    if (s.of('D').equity < 0n) s.deposit('D', -s.of('D').equity / USDC + 500n);
    s.liquidate('D');
    s.toAuction('D');
    const events = s.bid('E', 'D', C.OK, 10_000);
    // A lot of each position is the least there is of it: none is left as dust.
    expect(of(events, 'positionTaken').every(({ lots }) => lots === -1)).toBe(true);
    expect(s.of('D').equity).toBeGreaterThan(0n);
    if (s.of('D').equity < s.of('D').initial) s.bid('E', 'D', C.OK);
    expect(s.of('D').equity).toBeGreaterThanOrEqual(s.of('D').initial);
  });

  it('does not let a bidder take more positions than a table has', () => {
    const s = new LiquidationScenario().open('D', 20_000n, STANDARD).open('E', 900_000n, STANDARD);
    const slots = s.list(40);
    for (const slot of slots.slice(0, 60)) s.trade('A', 'E', slot, 1);
    for (const slot of slots.slice(60, 66)) s.trade('D', 'B', slot, 1);
    s.trade('D', 'B', CALL_90, 60).move(117_000n);
    s.liquidate('D');
    s.toAuction('D');
    s.bid('E', 'D', C.TOO_MANY_POSITIONS);
  });
});

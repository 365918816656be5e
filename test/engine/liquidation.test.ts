/** Liquidations step by step, in both margin modes: what starts one, what each stage does, and who may not do what. */
import { describe, expect, it } from 'vitest';
import * as C from '#shared/engine/codes.ts';
import * as K from '#shared/engine/kinds.ts';
import {
  CALL_85,
  CALL_90,
  CALL_95,
  LiquidationScenario,
  PORTFOLIO,
  PUT_90,
  STANDARD,
  USDC,
} from './liquidation-scene.ts';
import { wallet } from './world.ts';

const MODES = [
  ['portfolio', PORTFOLIO],
  ['standard', STANDARD],
] as const;
/** D is short a contract, well at 90,000; below its maintenance margin at 102,000; worth less than nothing at 115,000. */
const short = (mode: number, fund = 0n) =>
  new LiquidationScenario(fund)
    .open('D', mode === STANDARD ? 17_000n : 20_000n, mode)
    .trade('D', 'B', CALL_90, 100);
const types = (events: readonly { type: string }[]) => events.map(({ type }) => type);

describe.each(MODES)('a liquidation with %s margin', (_, mode) => {
  it('starts only below maintenance, once, and ends orders', () => {
    const s = short(mode);
    s.liquidate('D', C.NOT_BELOW_MAINTENANCE, 24);
    s.play(`D buy 1 @10 in:${CALL_95} -> OK rests 1`);
    s.move(105_000n);
    s.liquidate('D', C.BAD_SCENARIO, 35);
    s.do({ kind: 'liquidate', account: 99, scenario: 0 }, C.NO_SUCH_ACCOUNT);
    s.liquidate('A', C.NOT_BELOW_MAINTENANCE, 0);
    s.step('D', C.NOT_IN_LIQUIDATION);
    const events = s.liquidate('D');
    expect(types(events)).toEqual(['ordersAllCancelled', 'liquidationStarted']);
    const { equity, maintenance } = s.of('D');
    expect(events[1]).toMatchObject({ equity, maintenance, scenario: s.of('D').worstScenario });
    expect(s.stage('D')).toBe(K.STAGE_REDUCING);
    s.liquidate('D', C.IN_LIQUIDATION);
    s.play(`
      D buy 1 @${s.tick(CALL_90)} in:${CALL_90} reduce ioc -> IN_LIQUIDATION
      D withdraw 1 -> INSUFFICIENT_MARGIN
    `);
    s.run(
      s.world.signed(s.account('D'), { kind: 'setMarginMode', mode: 1 - mode }),
      C.IN_LIQUIDATION,
    );
    s.bid('A', 'D', C.NOT_IN_AUCTION);
    s.deleverage('D', CALL_90, C.NOT_DELEVERAGING);
  });

  it('reduces on the book, slice by slice, until initial margin holds', () => {
    const s = short(mode).move(102_000n);
    s.play(`A sell 100 @${s.tick(CALL_90) + 20} in:${CALL_90} -> OK rests 100`);
    s.liquidate('D');
    const slices: number[] = [];
    for (;;) {
      const before = s.of('D');
      const events = s.step('D');
      if (s.stage('D') === K.STAGE_NONE) {
        expect(types(events)).toEqual(['liquidationEnded']);
        break;
      }
      const slice = events.at(-1);
      if (slice?.type !== 'liquidationSlice') throw new Error(`${types(events)}`);
      expect(types(events)).toEqual(['fill', 'liquidationSlice']);
      slices.push(slice.lots);
      const after = s.of('D');
      expect(after.equity - after.initial).toBeGreaterThan(before.equity - before.initial);
      if (after.equity < after.initial) s.step('D', C.TOO_EARLY);
      s.wait(2);
    }
    expect(slices.length).toBeGreaterThan(1);
    expect(slices[0]).toBe(25);
    expect(s.lots('D', CALL_90)).toBe(slices.reduce((sum, lots) => sum + lots, -100));
    expect(s.of('D').equity).toBeGreaterThanOrEqual(s.of('D').initial);
    expect(s.world.cash(0)).toBeGreaterThan(0n); // the fund's fee
    s.play(`D buy 1 @10 in:${CALL_90} reduce ioc -> OK`);
  });

  it('takes nothing outside its band, and goes to auction', () => {
    const s = short(mode).move(102_000n);
    s.play(`A sell 100 @${s.tick(CALL_90) * 3} in:${CALL_90} -> OK rests 100`);
    s.liquidate('D');
    for (let count = 0; count < 3; count++) {
      const events = s.step('D');
      expect(types(events)).toEqual(count < 2 ? [] : ['liquidationStage']);
      s.wait(2);
    }
    expect(s.stage('D')).toBe(K.STAGE_AUCTION);
    expect(s.lots('D', CALL_90)).toBe(-100);
  });

  it('sells a share at auction that restores the account', () => {
    const s = short(mode).open('E', 100_000n, mode).move(102_000n);
    s.liquidate('D');
    s.toAuction('D');
    const total = s.total();
    s.bid('E', 'D', C.BAD_SHARE, 9_999);
    s.bid('E', 'D', C.PRICE_ABOVE_LIMIT, 1_000_000, 9_000);
    s.bid('D', 'D', C.IN_LIQUIDATION);
    const before = { d: s.of('D'), e: s.of('E'), fund: s.world.cash(0) };
    const events = s.bid('E', 'D');
    const sold = events.find((event) => event.type === 'auctionSold');
    if (sold?.type !== 'auctionSold') throw new Error('nothing sold');
    expect(types(events)).toEqual(['positionTaken', 'auctionSold']);
    expect(sold.price).toBeGreaterThan(9_400);
    expect(sold.discount).toBe(
      (((before.d.equity * BigInt(sold.share)) / 1_000_000n) * BigInt(10_000 - sold.price)) /
        10_000n,
    );
    expect(s.of('D').equity).toBe(before.d.equity - sold.discount - sold.fee);
    expect(s.of('E').equity).toBe(before.e.equity + sold.discount);
    expect(s.world.cash(0)).toBe(before.fund + sold.fee);
    expect(s.lots('D', CALL_90) + s.lots('E', CALL_90)).toBe(-100);
    expect(s.total()).toBe(total);
    // Restored, and not by much more than a lot's margin.
    expect(s.of('D').equity).toBeGreaterThanOrEqual(s.of('D').initial);
    s.bid('E', 'D', C.WELL_AGAIN);
    expect(types(s.step('D'))).toEqual(['liquidationEnded']);
    s.step('D', C.NOT_IN_LIQUIDATION);
  });

  it('falls in price while somebody ticks, to nothing, and then the fund takes all of it', () => {
    const s = short(mode, 1_000_000n).open('E', 100_000n, mode).move(102_000n);
    s.liquidate('D');
    s.toAuction('D');
    s.wait(13);
    s.step('D', C.OK);
    s.step('D', C.TOO_EARLY);
    const equity = s.of('D').equity;
    const fund = s.world.cash(0);
    s.toZero('D');
    expect(s.stage('D')).toBe(K.STAGE_TAKEOVER);
    s.bid('E', 'D', C.NOT_IN_AUCTION);
    const events = s.step('D');
    expect(types(events)).toEqual(['positionTaken', 'liquidationEnded']);
    expect([s.cash('D'), s.lots('D', CALL_90), s.stage('D')]).toEqual([0n, 0, 0]);
    expect(s.world.cash(0) + -100n * s.mark(CALL_90)).toBeGreaterThan(fund);
    expect(equity).toBeGreaterThan(0n);
  });

  it('is the fund’s where nothing is left', () => {
    const s = short(mode, 1_000_000n).open('E', 100_000n, mode).move(102_000n);
    s.liquidate('D');
    s.toAuction('D').move(115_000n);
    const debt = -s.of('D').equity;
    expect(debt).toBeGreaterThan(0n);
    s.bid('E', 'D', C.NOTHING_LEFT);
    expect(types(s.step('D'))).toEqual(['liquidationStage']);
    const events = s.step('D');
    expect(types(events)).toEqual(['positionTaken', 'liquidationEnded']);
    expect([s.cash('D'), s.stage('D')]).toEqual([0n, 0]);
    expect(s.world.cash(0) - 100n * s.mark(CALL_90)).toBe(1_000_000n * USDC - debt);
  });

  it('is deleveraged where the fund is empty: the other side pays, at the mark', () => {
    const s = short(mode).open('E', 1_000n, mode).move(115_000n);
    const debt = -s.of('D').equity;
    const before = { a: s.cash('A'), b: s.of('B').equity, e: s.cash('E'), total: s.total() };
    s.liquidate('D');
    s.step('D');
    expect(s.stage('D')).toBe(K.STAGE_TAKEOVER);
    s.step('D');
    expect(s.stage('D')).toBe(K.STAGE_DELEVERAGE);
    s.step('D', C.DELEVERAGE_DUE);
    s.deleverage('D', CALL_85, C.NOTHING_TO_DO);
    const events = s.deleverage('D', CALL_90);
    expect(types(events)).toEqual(['deleveraged', 'liquidationEnded']);
    expect(events[0]).toMatchObject({
      holder: s.account('B'),
      lots: 100,
      mark: s.mark(CALL_90),
      haircut: debt,
    });
    expect(s.of('B').equity).toBe(before.b - debt);
    expect([s.cash('D'), s.lots('B', CALL_90), s.lots('D', CALL_90)]).toEqual([0n, 0, 0]);
    expect([s.cash('A'), s.cash('E'), s.total()]).toEqual([before.a, before.e, before.total]);
  });

  it('is frozen while prices are in doubt', () => {
    const s = short(mode).open('E', 100_000n, mode).move(102_000n);
    s.world.clock(s.world.nowMs + 61_000);
    s.liquidate('D', C.MODE_CANCELS_ONLY);
    s.wait(1).liquidate('D');
    s.world.clock(s.world.nowMs + 61_000);
    s.step('D', C.MODE_CANCELS_ONLY);
    s.wait(1).toAuction('D');
    s.world.clock(s.world.nowMs + 61_000);
    s.bid('E', 'D', C.MODE_CANCELS_ONLY);
    s.step('D', C.MODE_CANCELS_ONLY);
  });

  it('ends when the owner deposits, and may start again', () => {
    const s = short(mode).move(102_000n);
    s.liquidate('D');
    s.deposit('D', 20_000n);
    expect(types(s.step('D'))).toEqual(['liquidationEnded']);
    s.liquidate('D', C.NOT_BELOW_MAINTENANCE);
    s.move(115_000n);
    s.move(130_000n).liquidate('D');
    expect(s.stage('D')).toBe(K.STAGE_REDUCING);
  });

  it('waits for what has settled to be paid, and a debt without positions for the fund', () => {
    const s = short(mode).move(115_000n);
    s.world.clock(s.expiryDay * 86_400_000 + 8 * 3_600_000 - 1_800_000);
    for (let minute = 30; minute > 0; minute--) {
      s.world.expect(s.world.index(0, 115_000n * USDC));
      s.world.clock(s.world.nowMs + 60_000);
    }
    s.world.prices(115_000n * USDC);
    s.liquidate('D');
    s.do({ kind: 'settleInstrument', instrument: CALL_90 }, C.OK);
    s.step('D', C.SETTLE_FIRST);
    s.do({ kind: 'settleAccount', account: s.account('D') }, C.OK);
    const debt = -s.cash('D');
    expect(debt).toBeGreaterThan(0n);
    expect(types(s.step('D'))).toEqual(['liquidationStage']);
    s.step('D', C.NOTHING_TO_DO);
    s.world.deposit(wallet(99), 1000n * USDC, 0, 0);
    expect(types(s.step('D'))).toEqual(['deficitCovered']);
    expect(s.cash('D')).toBe(1000n * USDC - debt);
    s.step('D', C.NOTHING_TO_DO);
    s.world.deposit(wallet(99), 1_000_000n * USDC, 0, 0);
    expect(types(s.step('D'))).toEqual(['deficitCovered', 'liquidationEnded']);
    expect(s.cash('D')).toBe(0n);
  });
});

describe('an auction', () => {
  it('is not for its own owner', () => {
    const owner = wallet(77);
    const s = new LiquidationScenario()
      .open('D', 20_000n, PORTFOLIO, owner)
      .open('F', 100_000n, PORTFOLIO, owner)
      .trade('D', 'B', CALL_90, 100)
      .move(102_000n);
    s.liquidate('D');
    s.toAuction('D');
    s.bid('F', 'D', C.OWN_AUCTION);
  });

  it('is not for a bidder who would not be well, who is in liquidation, or whose margin is of something else', () => {
    const s = short(PORTFOLIO)
      .open('E', 100n)
      .open('F', 20_000n)
      .open('G', 9_000_000n, STANDARD)
      .trade('F', 'B', CALL_90, 100)
      .move(102_000n);
    s.liquidate('D');
    s.liquidate('F');
    s.toAuction('D');
    s.bid('E', 'D', C.INSUFFICIENT_MARGIN);
    s.bid('F', 'D', C.IN_LIQUIDATION);
    s.bid('G', 'D', C.OK, 100_000);
    s.bid('A', 'D', C.OK, 100_000);
    s.forcedBid('A', 'D', C.OK);
  });
});

describe('whoever holds nothing', () => {
  it('is not liquidated, and pays for nobody', () => {
    const s = short(PORTFOLIO);
    s.liquidate('C', C.NOT_BELOW_MAINTENANCE, 0);
    s.trade('D', 'A', PUT_90, 1);
  });
});

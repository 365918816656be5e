/** The watcher's rules of liquidations: quiet through every honest stage and through crashes, loud for each thing that is not as it should be. */
import { describe, expect, it } from 'vitest';
import * as C from '#shared/engine/codes.ts';
import * as K from '#shared/engine/kinds.ts';
import * as L from '#shared/engine/layout.ts';
import type { LiquidationEvent } from '#shared/protocol/liquidation-events.ts';
import { instrumentFacts } from '#shared/replay/portfolio.ts';
import { type Standing, standingOf } from '#shared/replay/standing.ts';
import { Crash } from '#test/engine/crash.ts';
import {
  CALL_90,
  LiquidationScenario,
  PUT_90,
  STANDARD,
  USDC,
} from '#test/engine/liquidation-scene.ts';
import { judgeLiquidation, type LiquidationFacts, partiesOf } from './liquidation-audit.ts';
import { Heard, TradeAudit } from './trade-audit.ts';

/** Runs every command of a scenario under the watcher's audit, and checks it wherever the scenario audits itself. */
function watched(s: LiquidationScenario, heard: Heard): void {
  const { engine } = s.world;
  const plain = {
    view: engine.view,
    segmentStart: engine.segmentStart.bind(engine),
    execute: engine.execute.bind(engine),
    advance: engine.advance.bind(engine),
    executeInbox: engine.executeInbox.bind(engine),
    undo: engine.undo.bind(engine),
  };
  const trades = new TradeAudit(plain, heard);
  engine.execute = (command) => trades.execute(command);
  engine.executeInbox = (message) => trades.executeInbox(message);
  const audit = s.auditor.audit.bind(s.auditor);
  s.auditor.audit = () => {
    trades.check();
    audit();
  };
}

const open = (s: LiquidationScenario) =>
  s
    .open('D', 20_000n)
    .open('E', 100_000n)
    .trade('D', 'B', CALL_90, 70)
    .trade('D', 'C', CALL_90, 30);

function scenario(): LiquidationScenario {
  const heard = new Heard();
  const s = new LiquidationScenario(0n, heard.listener);
  watched(s, heard);
  return open(s);
}

/** Not under the audit, which runs commands twice. */
const alone = (fund = 0n) => open(new LiquidationScenario(fund));

/** What one command told and changed. */
function facts(s: LiquidationScenario, run: () => readonly unknown[]): LiquidationFacts {
  const all = () =>
    new Map(Array.from({ length: s.auditor.accounts }, (_, id) => [id, standingOf(s.auditor, id)]));
  const before = all();
  const events = run().filter((event) => {
    const { type } = event as { type: string };
    return /^liquidation|^auctionSold|^positionTaken|^deleveraged/.test(type);
  }) as LiquidationEvent[];
  const after = all();
  const parties = partiesOf(events);
  for (const id of before.keys())
    if (!parties.has(id) && before.get(id)?.cash === after.get(id)?.cash) {
      before.delete(id);
      after.delete(id);
    }
  return { events, before, after, markOf: (slot) => instrumentFacts(s.auditor, slot).mark };
}

const honest = (each: LiquidationFacts) => {
  expect(judgeLiquidation(each)).toBeNull();
  return each;
};

/** The facts with one account's standing otherwise, or one event. */
const standing = (
  each: LiquidationFacts,
  when: 'before' | 'after',
  id: number,
  change: (was: Standing) => Partial<Standing>,
): LiquidationFacts => {
  const map = new Map(each[when]);
  const was = map.get(id) as Standing;
  map.set(id, { ...was, ...change(was) });
  return { ...each, [when]: map };
};
const told = (
  each: LiquidationFacts,
  type: LiquidationEvent['type'],
  change: object,
): LiquidationFacts => ({
  ...each,
  events: each.events.map((event) =>
    event.type === type ? ({ ...event, ...change } as LiquidationEvent) : event,
  ),
});
const cries = (each: LiquidationFacts, words: RegExp) =>
  expect(judgeLiquidation(each)?.message).toMatch(words);

const seeds = Number(process.env.PLIMSOLL_CRASHES ?? 5);
const CRASHES = Array.from({ length: seeds }, (_, index) => index + 1);

describe('the watcher', () => {
  let started = 0;

  it.each(CRASHES)('is quiet through an honest crash (seed %i)', (seed) => {
    const heard = new Heard();
    const crash = new Crash(seed, heard.listener);
    watched(crash.s, heard);
    crash.run();
    started += crash.counts.get('liquidationStarted') ?? 0;
  });

  it('has heard of liquidations', () => expect(started).toBeGreaterThan(5));

  it('cries when an account that is well is liquidated, because the engine’s cache is corrupt', () => {
    const s = scenario();
    s.of('D');
    const record = L.PORTFOLIOS + s.account('D') * L.PORTFOLIO_SIZE + L.PORTFOLIO_VECTOR + 8 * 24;
    s.play('D withdraw 1 -> OK'); // the cache is fresh now
    s.world.engine.view.setBigInt64(record, -1_000_000n * USDC, true);
    expect(() => s.liquidate('D', C.OK, 24)).toThrow(/liquidated with an equity of/);
  });

  it('cries when a bidder is let in whose orders’ margin is forgotten', () => {
    const s = scenario().open('F', 2_000n, STANDARD).move(102_000n);
    s.liquidate('D');
    s.toAuction('D');
    const cash = s.auditor.account(s.account('F')) + L.ACCOUNT_CASH;
    s.bid('F', 'D', C.INSUFFICIENT_MARGIN);
    // Money that nobody paid in: the audit of money is asked last, that of the sale sees a bidder who is well.
    s.world.engine.view.setBigInt64(cash, 100_000n * USDC, true);
    expect(() => s.bid('F', 'D')).toThrow(/Invariant 1/);
  });
});

describe('the insurance fund', () => {
  it('is held to the same rules when it is liquidated itself', () => {
    const heard = new Heard();
    const s = new LiquidationScenario(20_000n, heard.listener);
    watched(s, heard);
    s.open('D', 20_000n).trade('D', 'B', CALL_90, 100).open('E', 100_000n).move(102_000n);
    s.liquidate('D');
    s.toAuction('D').toZero('D').step('D');
    s.accounts.set('F', L.INSURANCE_ACCOUNT);
    s.move(124_000n);
    s.liquidate('F');
    s.toAuction('F');
    expect(s.bid('E', 'F', C.OK, 200_000)).toContainEqual(
      expect.objectContaining({ type: 'auctionSold', account: L.INSURANCE_ACCOUNT }),
    );
    s.move(140_000n);
    s.step('F');
    s.step('F');
    s.deleverage('F', CALL_90);
    expect(s.lots('F', CALL_90)).toBe(0);
  });
});

describe('the rules of a start', () => {
  const s = alone();
  s.play(`D buy 1 @10 in:${PUT_90} -> OK rests 1`);
  s.move(102_000n);
  const start = facts(s, () => s.liquidate('D'));
  const d = s.account('D');
  it('hold', () => void honest(start));
  it.each([
    ['twice', standing(start, 'before', d, () => ({ stage: 1 })), /liquidated twice/],
    [
      'well',
      standing(start, 'before', d, ({ maintenance }) => ({ equity: maintenance })),
      /with an equity of/,
    ],
    ['holds nothing', standing(start, 'before', d, () => ({ lots: new Map() })), /holds nothing/],
    ['keeps orders', standing(start, 'after', d, () => ({ openOrders: 1 })), /keeps orders/],
    ['cash moved', standing(start, 'after', d, ({ cash }) => ({ cash: cash - 1n })), /moved cash/],
    [
      'lots moved',
      standing(start, 'after', d, () => ({ lots: new Map([[CALL_90, -99]]) })),
      /moved positions/,
    ],
  ] as const)('find %s', (_, each, words) => cries(each, words));
});

describe('the rules of a slice', () => {
  const s = alone().move(102_000n);
  s.play(`A sell 100 @${s.tick(CALL_90) + 10} in:${CALL_90} -> OK rests 100`);
  s.liquidate('D');
  const slice = facts(s, () => s.step('D'));
  const d = s.account('D');
  it('hold', () => {
    expect(slice.events.map(({ type }) => type)).toEqual(['liquidationSlice']);
    honest(slice);
  });
  it.each([
    ['another stage', standing(slice, 'before', d, () => ({ stage: 2 })), /outside that stage/],
    ['well', standing(slice, 'before', d, ({ initial }) => ({ equity: initial })), /is well/],
    [
      'worse off',
      standing(slice, 'after', d, ({ equity }) => ({ equity: equity - 100_000n * USDC })),
      /further below/,
    ],
    [
      'other lots',
      standing(slice, 'after', d, () => ({ lots: new Map([[CALL_90, -70]]) })),
      /a slice changed/,
    ],
    [
      'opening',
      told(
        standing(slice, 'after', d, () => ({ lots: new Map([[CALL_90, -110]]) })),
        'liquidationSlice',
        { lots: -10 },
      ),
      /does not close/,
    ],
    [
      'money gone',
      standing(slice, 'after', 0, ({ cash }) => ({ cash: cash - 1n })),
      /between those it names/,
    ],
  ] as const)('find %s', (_, each, words) => cries(each, words));
});

describe('the rules of a sale', () => {
  const s = alone().move(102_000n);
  s.liquidate('D');
  s.toAuction('D');
  const sale = facts(s, () => s.bid('E', 'D'));
  const [d, e] = [s.account('D'), s.account('E')];
  it('hold', () => void honest(sale));
  it.each([
    ['no auction', standing(sale, 'before', d, () => ({ stage: 1 })), /outside an auction/],
    ['well', standing(sale, 'before', d, ({ initial }) => ({ equity: initial })), /need not be/],
    ['a price above the first', told(sale, 'auctionSold', { price: 9_600 }), /is sold at 9600/],
    ['too large a share', told(sale, 'auctionSold', { share: 1_000_000 }), /too much of/],
    [
      'a discount too high',
      told(sale, 'auctionSold', { discount: 1_000n * USDC }),
      /with a discount of/,
    ],
    [
      'a bidder paid more',
      standing(sale, 'after', e, ({ equity }) => ({ equity: equity + 1n })),
      /a bidder was paid/,
    ],
    [
      'more than all taken',
      standing(sale, 'after', d, ({ equity }) => ({ equity: equity - 1n })),
      /took more than/,
    ],
    ['a bidder not well', standing(sale, 'after', e, () => ({ free: -1n })), /beyond its initial/],
    ['other lots', standing(sale, 'after', e, () => ({ lots: new Map() })), /did not change hands/],
    ['another mark', told(sale, 'positionTaken', { mark: 1n }), /which is not its mark/],
  ] as const)('find %s', (_, each, words) => cries(each, words));
});

describe('the rules of a takeover', () => {
  const s = alone(1_000_000n).move(115_000n);
  s.liquidate('D');
  const called = facts(s, () => s.step('D'));
  const taken = facts(s, () => s.step('D'));
  const d = s.account('D');
  it('hold', () => {
    honest(called);
    honest(taken);
  });
  it.each([
    [
      'a call before the auction',
      standing(called, 'before', d, () => ({ equity: 1n })),
      /before its auction/,
    ],
    ['an early one', standing(taken, 'before', d, () => ({ stage: 2 })), /too early/],
    [
      'somebody else',
      told(
        standing(taken, 'before', 0, (was) => was),
        'positionTaken',
        { toAccount: 1 },
      ),
      /was given positions/,
    ],
    [
      'a fund beyond its margin',
      standing(taken, 'after', 0, ({ equity }) => ({ maintenance: equity + 1n })),
      /beyond its own/,
    ],
    [
      'other lots',
      standing(taken, 'after', 0, () => ({ lots: new Map() })),
      /did not go to the fund/,
    ],
    [
      'an end with positions',
      standing(taken, 'after', d, () => ({ lots: new Map([[CALL_90, -1]]) })),
      /positions left/,
    ],
    ['an end too early', told(taken, 'liquidationEnded', { why: K.ENDED_WELL }), null],
  ] as const)('find %s', (_, each, words) => {
    if (words === null)
      expect(
        judgeLiquidation(standing(each, 'after', d, () => ({ initial: 1n })))?.message,
      ).toMatch(/too early/);
    else cries(each, words);
  });
});

describe('the rules of deleveraging', () => {
  const s = alone().move(115_000n);
  s.liquidate('D');
  s.step('D');
  const given = facts(s, () => s.step('D'));
  const closed = facts(s, () => s.deleverage('D', CALL_90));
  const [b, c, d] = [s.account('B'), s.account('C'), s.account('D')];
  it('hold', () => {
    honest(given);
    honest(closed);
    expect(closed.events.filter(({ type }) => type === 'deleveraged')).toHaveLength(2);
  });
  it.each([
    [
      'a fund that was not asked',
      standing(given, 'before', d, () => ({ stage: 1 })),
      /before the fund was asked/,
    ],
    ['an early one', standing(closed, 'before', d, () => ({ stage: 3 })), /too early/],
    [
      'an account better off',
      standing(closed, 'before', d, ({ decided }) => ({ equity: decided + 1n })),
      /better off/,
    ],
    [
      'a holder of nothing',
      standing(closed, 'before', b, () => ({ lots: new Map() })),
      /does not close/,
    ],
    [
      'a holder of the same side',
      standing(closed, 'before', b, () => ({ lots: new Map([[CALL_90, -70]]) })),
      /does not close/,
    ],
    ['another price', told(closed, 'deleveraged', { mark: 1n }), /beside the mark/],
    [
      'more than a holder has',
      standing(closed, 'before', b, () => ({ equity: 1n })),
      /pays \d+, it has 1/,
    ],
    [
      'more than told',
      standing(closed, 'after', c, ({ equity }) => ({ equity: equity - 1n })),
      /another haircut/,
    ],
    [
      'more than is owed',
      standing(closed, 'before', d, () => ({ equity: -1n, decided: -1n })),
      /for a debt of 1/,
    ],
    ['the wrong order', { ...closed, events: [...closed.events].reverse() }, /out of order/],
    [
      'somebody who pays besides',
      standing(closed, 'after', 1, ({ cash }) => ({ cash: cash - 1n })),
      /between those it names/,
    ],
  ] as const)('find %s', (_, each, words) => cries(each, words));
});

import { describe, expect, it } from 'vitest';
import * as C from '#shared/engine/codes.ts';
import { encodeCommand } from '#shared/protocol/commands.ts';
import {
  CALL_90,
  LiquidationScenario,
  PORTFOLIO,
  PUT_90,
  STANDARD,
  USDC,
} from '#test/engine/liquidation-scene.ts';
import { Scout } from './scout.ts';

function scoutOf({ world }: LiquidationScenario, options = {}): Scout {
  const { engine } = world;
  return new Scout(
    { view: () => engine.view, assess: (request) => engine.assess(request) },
    options,
  );
}

/** Carries out what is due, and says what it was. */
function carryOut(scenario: LiquidationScenario, scout: Scout): string[] {
  const { world } = scenario;
  return scout.look().map((due) => {
    const code = world.run(encodeCommand(due.command));
    scout.answered(due, code);
    scenario.auditor.audit();
    return `${due.account} ${due.command.kind} ${code}`;
  });
}

/** Until nothing is due for five minutes of the market. */
function untilQuiet(scenario: LiquidationScenario, scout: Scout): string[] {
  const done: string[] = [];
  for (let quiet = 0, turns = 0; quiet < 20; turns++) {
    expect(turns).toBeLessThan(2000);
    const now = carryOut(scenario, scout);
    done.push(...now);
    quiet = now.length === 0 && scout.inLiquidation.size === 0 ? quiet + 1 : 0;
    scenario.wait(now.length === 0 ? 15 : 2);
  }
  return done;
}

describe.each([
  ['portfolio', PORTFOLIO],
  ['standard', STANDARD],
])('a scout among accounts with %s margin', (_name, mode) => {
  it('has nothing to do while all are well, and starts what is due when one is not', () => {
    const scenario = new LiquidationScenario(1_000_000n).open('D', 30_000n, mode);
    scenario.trade('D', 'A', CALL_90, 100).trade('B', 'C', PUT_90, 100);
    const scout = scoutOf(scenario);
    for (let turn = 0; turn < 5; turn++) expect(scout.look()).toEqual([]);
    scenario.move(114_500n);
    const debtor = scenario.account('D');
    expect(carryOut(scenario, scout)).toEqual([`${debtor} liquidate ${C.OK}`]);
    expect([...scout.inLiquidation]).toEqual([debtor]);
    expect(carryOut(scenario, scout)).toEqual([`${debtor} liquidationStep ${C.OK}`]);
    // The next slice is two seconds off.
    expect(carryOut(scenario, scout)).toEqual([]);
  });

  it('brings a crash to its end: book, auction, fund, and at last the other side', () => {
    const scenario = new LiquidationScenario(2_000n).open('D', 30_000n, mode);
    scenario.trade('D', 'A', CALL_90, 100);
    const total = scenario.total();
    const scout = scoutOf(scenario);
    // Beyond all that it has, and the fund: while nobody looks.
    scenario.move(150_000n);
    const kinds = new Set(untilQuiet(scenario, scout).map((one) => one.split(' ')[1]));
    expect(kinds).toEqual(new Set(['liquidate', 'liquidationStep', 'deleverage']));
    expect(scenario.stage('D')).toBe(0);
    expect(scenario.lots('D', CALL_90)).toBe(0);
    expect(scenario.cash('D')).toBe(0n);
    expect(scenario.lots('A', CALL_90)).toBe(0);
    // Who holds nothing paid nothing, and nothing is lost.
    expect([scenario.cash('B'), scenario.cash('C')]).toEqual([
      10_000_000n * USDC,
      10_000_000n * USDC,
    ]);
    expect(scenario.total()).toBe(total);
  });
});

it('goes round everybody a few at a time, and looks at those in trouble each time', () => {
  const scenario = new LiquidationScenario(1_000_000n);
  for (let index = 0; index < 10; index++) {
    scenario.open(`D${index}`, 30_000n);
    scenario.trade(`D${index}`, 'A', CALL_90, 100);
  }
  const scout = scoutOf(scenario, { accountsALook: 3 });
  scenario.move(112_000n);
  const started = new Set<string>();
  for (let turn = 0; turn < 6; turn++) {
    for (const done of carryOut(scenario, scout)) {
      if (done.includes(' liquidate ')) started.add(done);
    }
  }
  expect(started.size).toBe(10);
  expect(scout.inLiquidation.size).toBe(10);
});

it('leaves an account alone for a while after a refusal', () => {
  const scenario = new LiquidationScenario(1_000_000n).open('D', 30_000n);
  scenario.trade('D', 'A', CALL_90, 100);
  scenario.move(112_000n);
  const scout = scoutOf(scenario);
  const [due] = scout.look();
  if (due === undefined) throw new Error('nothing is due');
  scout.answered(due, C.MODE_CANCELS_ONLY);
  expect(scout.look()).toEqual([]);
  scenario.wait(2);
  expect(scout.look()).toEqual([due]);
});

it('takes a step before an account that is better off is deleveraged', () => {
  const scenario = new LiquidationScenario().open('D', 20_000n);
  scenario.trade('D', 'B', CALL_90, 100).move(115_000n);
  const scout = scoutOf(scenario);
  const debtor = scenario.account('D');
  expect(carryOut(scenario, scout)).toEqual([`${debtor} liquidate ${C.OK}`]);
  expect(carryOut(scenario, scout)).toEqual([`${debtor} liquidationStep ${C.OK}`]);
  expect(carryOut(scenario, scout)).toEqual([`${debtor} liquidationStep ${C.OK}`]);
  expect(scenario.stage('D')).toBe(4);
  scenario.move(112_500n);
  expect(carryOut(scenario, scout)).toEqual([`${debtor} liquidationStep ${C.OK}`]);
  expect(carryOut(scenario, scout)).toEqual([`${debtor} deleverage ${C.OK}`]);
  expect(scenario.stage('D')).toBe(0);
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { levelAt } from './market/scripted.ts';
import type { Sample } from './measure/sample.ts';
import { totalsOf } from './report/totals.ts';
import { verdictOf } from './report/verdict.ts';
import { writeReport } from './report/write.ts';
import { type Result, run } from './run.ts';
import { BUILT_IN } from './scenarios/built-in.ts';
import { chooseScenarios } from './scenarios/choose.ts';
import { scenarioOfFile } from './scenarios/file.ts';
import type { Scenario } from './scenarios/types.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-stress-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function play(scenario: Scenario, accounts = 80): Promise<Result> {
  const log = pino({ level: 'silent' });
  const directory = mkdtempSync(join(folder, 'run-'));
  return run(scenario, { accounts, seed: 1, directory, log, progress: () => {} });
}

/** How many housekeeping commands it takes (clock, sweeps) depends on real time. */
const withoutChores = ({ accepted: _, ...sample }: Sample) => sample;

/** A market without makers falls by a quarter within three minutes, through a whale, and the fund is all but empty. */
function gap(): Scenario {
  const file = join(folder, 'gap.json');
  const path = [
    [2.5, 1],
    [4, 0.8],
    [5, 0.75],
    [20, 0.76],
  ];
  const makers = [
    [0, 1, 1, 1],
    [0.5, 0, 1, 1],
  ];
  const crowd = { shorts: 'puts', whale: 0.4, fund: 0.0002 };
  writeFileSync(file, JSON.stringify({ minutes: 4, ...crowd, path, makers }));
  return scenarioOfFile(file);
}

describe('a gap through a whale', () => {
  it('is liquidated, auctioned and deleveraged, solvent to the unit, the same each time, and takes nothing from bystanders', async () => {
    const result = await play(gap(), 60);
    const verdict = verdictOf(result);
    expect(verdict).toMatchObject({ holds: true, worstGap: 0n, flatLoss: 0n });
    const totals = totalsOf(result.samples);
    expect(totals.liquidations).toBeGreaterThan(3);
    expect(totals.auctions).toBeGreaterThan(3);
    expect(totals.sold).toBeGreaterThan(0);
    expect(totals.deleveraged).toBeGreaterThan(0);
    expect(totals.paid).toBeGreaterThan(0);
    expect(totals.ended).toBe(totals.liquidations - totals.left);
    expect(result.left).toBeGreaterThan(0);
    expect(result.refusedToLeave).toBe(0);
    expect(result.samples).toHaveLength(5);
    expect(result.audits).toBe(5);
    expect(result.batches).toBeGreaterThanOrEqual(5);
    expect(result.samples[0]?.fills).toBeGreaterThan(0);
    const page = readFileSync(writeReport(result, folder), 'utf8');
    expect(page.match(/<svg/g)?.length).toBeGreaterThanOrEqual(11);
    expect(page).toContain(`<b>${totals.liquidations}</b>`);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);

    const again = await play(gap(), 60);
    expect(again.samples.map(withoutChores)).toEqual(result.samples.map(withoutChores));
    expect(again.refusals).toEqual(result.refusals);
  }, 60_000);
});

const quiet = BUILT_IN.find(({ name }) => name === 'whale-default') as Scenario;

describe('with a real L1 that stands still for a while', () => {
  it('goes on, posts what waits, and the watcher that has only L1 agrees', async () => {
    const away = (minute: number) => ({ away: minute >= 1 && minute < 3 });
    const result = await play({ ...quiet, minutes: 4, fund: 0, l1: away }, 60);
    const waiting = result.samples.map((sample) => sample.waiting);
    expect(waiting[2]).toBeGreaterThan(0);
    expect(waiting.at(-1)).toBe(0);
    expect(result.l1Watcher).toMatch(new RegExp(`up to batch ${result.batches}$`));
    expect(verdictOf(result).worstGap).toBe(0n);
  }, 60_000);
});

describe('a verdict', () => {
  const sample = { gap: '0', flatLoss: '0', insolvent: 0, deficit: 0, shortfall: 0 };
  const resultOf = (changes: object) => {
    const samples = [sample, { ...sample, ...changes }];
    return { samples, batches: 1, audits: 2, refusedToLeave: 0, ...changes } as never as Result;
  };

  it.each([
    [{ gap: '-1' }],
    [{ flatLoss: '1' }],
    [{ refusedToLeave: 1 }],
    [{ deficit: 5, insolvent: 1 }],
  ])('does not hold with %o', (changes) => {
    expect(verdictOf(resultOf(changes)).holds).toBe(false);
    expect(verdictOf(resultOf({})).holds).toBe(true);
  });
});

describe('scenarios', () => {
  it('are found by name, and nothing else is', () => {
    expect(chooseScenarios('oracle-stall')).toHaveLength(1);
    expect(chooseScenarios('all').length).toBeGreaterThanOrEqual(BUILT_IN.length);
    expect(() => chooseScenarios('no-such-day')).toThrow(/no scenario/);
  });

  it('go straight between their waypoints', () => {
    const path = [
      { minute: 10, level: 1 },
      { minute: 20, level: 0.25 },
    ];
    expect(levelAt(path, 5)).toBeCloseTo(1);
    expect(levelAt(path, 15)).toBeCloseTo(0.5);
    expect(levelAt(path, 99)).toBeCloseTo(0.25);
  });
});

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { levelAt } from './market/scripted.ts';
import type { Sample } from './measure/sample.ts';
import { verdictOf } from './report/verdict.ts';
import { writeReport } from './report/write.ts';
import { type Result, run } from './run.ts';
import { BUILT_IN } from './scenarios/built-in.ts';
import { chooseScenarios } from './scenarios/choose.ts';
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

const whale = BUILT_IN.find(({ name }) => name === 'whale-default') as Scenario;
/** Nothing happens until minute 30 there: here the gap comes within three minutes. */
const short: Scenario = { ...whale, minutes: 4, makers: () => whale.makers(40) };

describe('a short stress run', () => {
  it('is conserved to the unit, takes nothing from bystanders, and the watcher accepts each batch', async () => {
    const result = await play(short);
    const verdict = verdictOf(result);
    expect(verdict.worstGap).toBe(0n);
    expect(verdict.flatLoss).toBe(0n);
    expect(result.left).toBeGreaterThan(0);
    expect(result.refusedToLeave).toBe(0);
    expect(result.samples).toHaveLength(5);
    expect(result.audits).toBe(5);
    expect(result.batches).toBeGreaterThanOrEqual(5);
    expect(result.commands).toBeGreaterThan(1000);
    expect(result.samples[0]?.openInterest).toBeGreaterThan(0);
    const page = readFileSync(writeReport(result, folder), 'utf8');
    expect(page.match(/<svg/g)?.length).toBeGreaterThanOrEqual(8);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  }, 60_000);

  it('comes out the same with the same seed', async () => {
    const brief = { ...short, minutes: 1 };
    const first = await play(brief, 60);
    const second = await play(brief, 60);
    expect(second.samples.map(withoutChores)).toEqual(first.samples.map(withoutChores));
    expect(second.refusals).toEqual(first.refusals);
    expect(first.samples[0]?.fills).toBeGreaterThan(0);
  }, 60_000);
});

describe('with a real L1 that stands still for a while', () => {
  it('goes on, posts what waits, and the watcher that has only L1 agrees', async () => {
    const away = (minute: number) => ({ away: minute >= 1 && minute < 3 });
    const result = await play({ ...short, minutes: 4, fund: 0, l1: away }, 60);
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

import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type BacktestResult, backtest, parseMinutes, type Tick } from './backtest.ts';
import { garchSeries, normals, students } from './testing/series.ts';
import { MINUTE_MS } from './volatility/bars.ts';
import { MINUTES_PER_YEAR } from './volatility/forecaster.ts';

/** The recorded minutes lie beside the checkout and are not part of it. */
const FOLDER = resolve(import.meta.dirname, '../../../shared/data/prices');
const START = Date.UTC(2026, 0, 1);

function recorded(underlying: string, days: readonly string[]): Tick[] | null {
  const paths = days.map((day) => resolve(FOLDER, `${underlying}-1m-${day}.csv`));
  if (!paths.every(existsSync)) {
    console.log('note: ../shared/data/prices is absent, so no crash was replayed');
    return null;
  }
  return paths.flatMap((path) => parseMinutes(readFileSync(path, 'utf8'), path));
}

/** A walk from 100,000 with these minute returns. */
function walk(returns: readonly number[]): Tick[] {
  let price = 100_000;
  return returns.map((value, at) => {
    price *= Math.exp(value);
    return { timeMs: START + at * MINUTE_MS, price };
  });
}

/** GARCH(1,1) of a long-run volatility a year. */
function garch(yearlyVolatility: number) {
  const variance = yearlyVolatility ** 2 / MINUTES_PER_YEAR;
  return { omega: variance * 0.02, alpha: 0.06, beta: 0.92 };
}

const share = ({ raisedMinutes, minutes }: BacktestResult) => raisedMinutes / minutes;

describe('recorded days', () => {
  it.each([
    ['BTC', ['2022-05-11', '2022-05-12'], -0.08],
    ['ETH', ['2022-05-11', '2022-05-12'], -0.12],
    ['BTC', ['2022-11-08', '2022-11-09'], -0.1],
    ['ETH', ['2022-11-08', '2022-11-09'], -0.13],
  ] as const)('%s of %s: asks within the steepest hour at the latest', (name, days, fall) => {
    const ticks = recorded(name, days);
    if (ticks === null) return;
    const result = backtest(name, ticks);
    expect(result.steepest.move).toBeLessThan(fall);
    expect(result.steepest.during).toBeGreaterThanOrEqual(14_000);
    expect(result.highest).toBe(20_000);
    expect(share(result)).toBeGreaterThan(0.2);
    expect(share(result)).toBeLessThan(0.8);
    for (const { words } of result.requests) expect(words).toMatch(/ because .*\.$/);
  });

  it.each(['BTC', 'ETH'])('%s of 2023-07-15: asks for nothing', (name) => {
    const ticks = recorded(name, ['2023-07-15']);
    if (ticks === null) return;
    expect(backtest(name, ticks).requests).toEqual([]);
  });
});

describe('parseMinutes', () => {
  const header = 'open_time_ms,open,high,low,close,volume';
  it('reads closes at the end of their minutes, and names the line that is none', () => {
    expect(parseMinutes(`${header}\n60000,1,3,1,2,9\n`, 'x')).toEqual([
      { timeMs: 119_000, price: 2 },
    ]);
    expect(() => parseMinutes('time,price\n1,2', 'x')).toThrow('x does not begin with');
    for (const line of ['60000,1,1,1,0,1', 'x,1,1,1,1,1', '60000']) {
      expect(() => parseMinutes(`${header}\n${line}`, 'x')).toThrow('Line 2 of x');
    }
  });
});

describe('false alarms', () => {
  it('are none in three calm days of 60 % a year with normal moves', () => {
    const result = backtest('BTC', walk(garchSeries(garch(0.6), 4320, normals(41))));
    expect(result.requests).toEqual([]);
  });

  it('are rare in three days of 60 % with fat tails (Student, 4 degrees)', () => {
    const result = backtest('BTC', walk(garchSeries(garch(0.6), 4320, students(42, 4))));
    expect(share(result)).toBeLessThan(0.05);
  });
});

describe('alarms', () => {
  it('come within five minutes of a fall of 1 % a minute, and end by themselves', () => {
    const calm = garchSeries(garch(0.5), 900, normals(43));
    const crash = new Array(10).fill(-0.01);
    const after = garchSeries(garch(0.5), 400, normals(44));
    const result = backtest('BTC', walk([...calm, ...crash, ...after]));
    expect(result.firstMinute).toBeGreaterThanOrEqual(calm.length);
    expect(result.firstMinute).toBeLessThan(calm.length + 5);
    expect(result.highest).toBeGreaterThanOrEqual(17_500);
    expect(result.raisedMinutes).toBeLessThan(300);
  });

  it('come with the first price after a gap, if it is far from the last', () => {
    const ticks = walk(garchSeries(garch(0.5), 400, normals(45)));
    const last = ticks.at(-1) as Tick;
    const after = { timeMs: last.timeMs + 5 * MINUTE_MS, price: last.price * 0.93 };
    expect(backtest('BTC', [...ticks, after]).firstMinute).toBe(ticks.length);
  });
});

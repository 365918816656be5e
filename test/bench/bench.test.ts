import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeFlow } from './matching/generate.ts';
import { formatReport, type Report } from './report.ts';
import { median, quantile } from './statistics.ts';
import {
  bookHash,
  encodeWorkload,
  expectedFile,
  firstCommands,
  prepare,
  readExpected,
  readWorkload,
  run,
  Trades,
} from './workload.ts';

let folder = '';
let file = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-test-'));
  file = join(folder, 'flow.bin');
  writeFlow(file, { commands: 30_000, instruments: 12, prefill: 5000, seed: 3 });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a workload of our own', () => {
  it('gives the engine and a plain book the same trades and the same book', () => {
    const workload = readWorkload(file);
    const expected = readExpected(file);
    const trades = new Trades();
    const world = prepare(workload, { marks: false, undo: true }, trades);
    const { rejected } = run(world, workload, encodeWorkload(workload), trades);
    expect(rejected).toBe(0);
    expect(expected.trades).toBeGreaterThan(1000);
    expect({
      trades: trades.count,
      tradeHash: trades.hash,
      bookHash: bookHash(world, workload, trades),
    }).toEqual(expected);
  });

  it('is the same from the same seed and another from another', () => {
    const again = join(folder, 'again.bin');
    const options = { commands: 2000, instruments: 3, prefill: 500, seed: 5 };
    writeFlow(again, options);
    const first = readFileSync(again);
    const expected = readFileSync(expectedFile(again));
    writeFlow(again, options);
    expect(readFileSync(again).equals(first)).toBe(true);
    writeFlow(again, { ...options, seed: 6 });
    expect(readFileSync(expectedFile(again)).equals(expected)).toBe(false);
  });

  it('is refused when it is cut short or something else', () => {
    const broken = join(folder, 'broken.bin');
    writeFileSync(broken, readFileSync(file).subarray(0, 1000));
    expect(() => readWorkload(broken)).toThrowError(/cut short/);
    writeFileSync(broken, 'something else');
    expect(() => readWorkload(broken)).toThrowError(/OBWL0001/);
  });

  it('can be cut to its first commands', () => {
    const workload = readWorkload(file);
    const cut = firstCommands(workload, 100);
    expect(cut.commands).toBe(100);
    expect(cut.records).toEqual(workload.records.slice(0, 600));
  });
});

describe('statistics', () => {
  it('takes the middle, and quantiles by nearest rank', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
    expect(quantile(hundred, 0.5)).toBe(50);
    expect(quantile(hundred, 0.99)).toBe(99);
    expect(quantile(hundred, 0.999)).toBe(100);
  });
});

describe('the report', () => {
  const report: Report = {
    date: '2026-11-22T00:00:00.000Z',
    machine: {
      cpu: 'a processor',
      cores: 2,
      memoryGib: 8,
      node: '20.0.0',
      platform: 'linux',
      loadBefore: 0.1,
      loadAfter: 1,
      commit: 'abc',
      engineHash: '0123456789abcdef',
    },
    seconds: 12,
    rows: [
      {
        id: 'a',
        name: 'a thing',
        value: 1234.5,
        unit: 'things/s',
        goal: { text: 'above 2,000', met: false },
        conditions: 'as it was',
      },
    ],
    failures: [{ part: 'other', message: 'BAD: it broke' }],
  };

  it('says figure, goal, conditions and what failed', () => {
    const text = formatReport(report);
    expect(text).toContain('1,235 things/s');
    expect(text).toContain('above 2,000: not met');
    expect(text).toContain('1. as it was');
    expect(text).toContain('FAILED other: BAD: it broke');
    expect(text).not.toContain('not quiet');
  });

  it('says when the machine was busy with something else', () => {
    const busy = { ...report, machine: { ...report.machine, loadBefore: 1.5 } };
    expect(formatReport(busy)).toContain('The machine was not quiet');
  });
});

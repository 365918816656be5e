import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scenarioOfFile } from './file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-scenario-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('a scenario of one’s own', () => {
  it('is what its file says', () => {
    const json = {
      title: 'A slow bleed',
      minutes: 30,
      path: [
        [10, 1],
        [30, 0.5],
      ],
      silent: [4, 5],
      makers: [
        [0, 1, 1, 1],
        [20, 0.5, 3, 0.25],
      ],
      noise: 0,
    };
    const scenario = scenarioOfFile(file('bleed.json', JSON.stringify(json)));
    expect(scenario).toMatchObject({ name: 'bleed', title: 'A slow bleed', minutes: 30 });
    expect(scenario.oracle(4.5).silent).toBe(true);
    expect(scenario.oracle(5).silent).toBe(false);
    expect(scenario.makers(19)).toEqual({ present: 1, spread: 1, size: 1 });
    expect(scenario.makers(20)).toEqual({ present: 0.5, spread: 3, size: 0.25 });
    const market = scenario.market(1);
    market.advanceTo(scenario.startMs + 30 * 60_000);
    expect(market.price('BTC')).toBeCloseTo(45_000, 3);
  });

  it('may be one-minute bars, of both underlyings', () => {
    const bars = (price: number) =>
      `open_time_ms,open,high,low,close,volume\n${[0, 1]
        .map((minute) => `${60_000 * (minute + 1)},${price},${price},${price},${price},1`)
        .join('\n')}\n`;
    file('ETH-1m-x.csv', bars(3000));
    const scenario = scenarioOfFile(file('BTC-1m-x.csv', bars(50_000)));
    expect(scenario.startMs).toBe(60_000);
    expect(scenario.market(1).price('BTC')).toBeCloseTo(50_000, 3);
    expect(scenario.market(1).price('ETH')).toBeCloseTo(3000, 3);
  });

  it.each([
    ['no path', '{}', /needs at least one/],
    ['minutes that go back', '{"path":[[3,1],[2,1]]}', /ascending/],
    ['a price of nothing', '{"path":[[3,0]]}', /above 0/],
    ['a whale that is everybody', '{"path":[[3,1]],"whale":1}', /whale/],
    ['no time', '{"path":[[3,1]],"start":"soon"}', /date/],
    ['no JSON', 'path: 3', /cannot be read/],
  ])('is refused for %s', (_, text, words) => {
    expect(() => scenarioOfFile(file('bad.json', text))).toThrow(words);
  });
});

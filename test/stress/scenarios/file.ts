import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { StressError } from '../errors.ts';
import { ScriptedMarket, type Waypoint } from '../market/scripted.ts';
import { recorded } from './days.ts';
import { type Scenario, USUAL } from './types.ts';

/** A scenario of one's own: what a .json file may say. Times in minutes, levels as shares of the first price. */
interface Written {
  readonly title?: string;
  readonly story?: string;
  readonly start?: string;
  readonly minutes?: number;
  readonly btc?: number;
  readonly eth?: number;
  readonly path?: readonly (readonly [minute: number, level: number])[];
  readonly ethPath?: readonly (readonly [minute: number, level: number])[];
  readonly panic?: readonly (readonly [minute: number, added: number])[];
  readonly noise?: number;
  readonly shorts?: 'puts' | 'calls' | 'both';
  readonly whale?: number;
  readonly fund?: number;
  readonly silent?: readonly [from: number, to: number];
  readonly makers?: readonly (readonly [
    minute: number,
    present: number,
    spread: number,
    size: number,
  ])[];
}

const LONGEST_MINUTES = 3 * 24 * 60;

/** Reads a scenario from a .json file (README, "A scenario of your own") or one-minute bars from a .csv. */
export function scenarioOfFile(file: string): Scenario {
  if (file.endsWith('.csv')) {
    const name = basename(file, '.csv').toLowerCase();
    return recorded(name, file, { hourFrom: 0, hours: 24, words: basename(file) });
  }
  const written = readJson(file);
  const { path = [], minutes = 120, shorts = 'both', whale = 0, silent } = written;
  const startMs = Date.parse(written.start ?? '2026-11-23T10:00:00Z');
  check(file, path.length > 0, '"path" needs at least one [minute, level]');
  check(file, ascending(path), '"path" must be in ascending minutes, with levels above 0');
  check(file, Number.isFinite(startMs), '"start" must be a date such as 2026-11-23T10:00:00Z');
  check(file, minutes > 0 && minutes <= LONGEST_MINUTES, '"minutes" must be 1 to three days');
  check(file, whale >= 0 && whale < 1, '"whale" must be a share from 0 to below 1');
  const btc = path.map(([minute, level]): Waypoint => ({ minute, level }));
  const eth = (written.ethPath ?? path).map(([minute, level]): Waypoint => ({ minute, level }));
  const panic = (written.panic ?? []).map(([minute, level]): Waypoint => ({ minute, level }));
  const noise = written.noise ?? 0.6;
  const makers = written.makers ?? [];
  return {
    ...USUAL,
    name: basename(file, '.json'),
    title: written.title ?? basename(file),
    story: written.story ?? 'A scenario of one’s own.',
    startMs,
    minutes,
    crowd: { shorts, whale },
    fund: written.fund ?? USUAL.fund,
    market: (seed) =>
      new ScriptedMarket({
        seed,
        startMs,
        description: basename(file),
        underlyings: [
          { name: 'BTC', price: written.btc ?? 90_000, path: btc, noise },
          { name: 'ETH', price: written.eth ?? 3000, path: eth, noise },
        ],
        ...(panic.length > 0 ? { panic } : {}),
      }),
    oracle: (minute) => ({ silent: silent ? minute >= silent[0] && minute < silent[1] : false }),
    makers: (minute) => {
      const [, present = 1, spread = 1, size = 1] = makers.findLast(([at]) => at <= minute) ?? [0];
      return { present, spread, size };
    },
  };
}

function readJson(file: string): Written {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Written;
  } catch (error) {
    throw new StressError('SCENARIO_UNREADABLE', `${file} cannot be read as JSON.`, error);
  }
}

function ascending(path: readonly (readonly [number, number])[]): boolean {
  return path.every(([minute, level], at) => {
    return level > 0 && (at === 0 || minute > (path[at - 1]?.[0] ?? 0));
  });
}

function check(file: string, holds: boolean, words: string) {
  if (!holds) throw new StressError('BAD_SCENARIO', `${file}: ${words}.`);
}

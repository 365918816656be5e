import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { PricesFileError } from '#infra/devnet/errors.ts';
import { type Bar, parseBars } from './bars.ts';
import type { Market } from './market.ts';
import { RecordedMarket } from './recorded.ts';
import { DEFAULT_UNDERLYINGS, SimulatedMarket } from './simulated.ts';

const UNDERLYINGS = DEFAULT_UNDERLYINGS.map((one) => one.name);
const LARGEST_FILE_BYTES = 256 * 1024 * 1024;

/**
 * Reads the bars of every underlying. Each of `specs` is `FILE` or `BTC=FILE`; without a name the file's own
 * name says what it is (`BTC-1m-2022-11-09.csv`). An underlying that was not named is looked for beside the first
 * file, under the same name with the underlying exchanged, since an options exchange needs all its indexes.
 * @throws PricesFileError
 */
export function readPricesFiles(
  specs: readonly string[],
  read: (path: string) => string = readTextFile,
): Map<string, readonly Bar[]> {
  const paths = new Map<string, string>();
  for (const spec of specs) {
    const [underlying, path] = splitSpec(spec);
    if (paths.has(underlying)) {
      throw new PricesFileError(
        'PRICES_TWICE',
        `two price files are for ${underlying}`,
        'Give one file for each underlying.',
      );
    }
    paths.set(underlying, path);
  }
  const [first] = paths;
  if (first === undefined) throw new RangeError('no price file was named');
  const bars = new Map<string, readonly Bar[]>();
  for (const underlying of UNDERLYINGS) {
    const path = paths.get(underlying) ?? siblingOf(first, underlying);
    bars.set(underlying, parseBars(read(path), basename(path)));
  }
  checkOverlap(bars);
  return bars;
}

/** The market that the options ask for: recorded when price files are named, else simulated from `startMs` on. */
export function createMarket(options: {
  seed: number;
  startMs: number;
  prices: readonly string[];
}): Market & { readonly startMs?: number } {
  if (options.prices.length === 0) return new SimulatedMarket(options);
  return new RecordedMarket({ bars: readPricesFiles(options.prices), seed: options.seed });
}

function splitSpec(spec: string): [string, string] {
  const named = /^([A-Z]{2,8})=(.+)$/.exec(spec);
  const path = named?.[2] ?? spec;
  const underlying = named?.[1] ?? /^([A-Z]+)/i.exec(basename(path))?.[1]?.toUpperCase() ?? '';
  if (!UNDERLYINGS.includes(underlying)) {
    throw new PricesFileError(
      'PRICES_UNDERLYING',
      `it is not clear which underlying ${basename(path)} is for`,
      `Name it as in --prices BTC=FILE; underlyings are ${UNDERLYINGS.join(' and ')}.`,
    );
  }
  return [underlying, path];
}

function siblingOf([known, path]: readonly [string, string], underlying: string): string {
  const name = basename(path);
  const other = name.replace(new RegExp(known, 'i'), underlying);
  if (other === name) {
    throw new PricesFileError(
      'PRICES_INCOMPLETE',
      `there is no price file for ${underlying}`,
      `Add --prices ${underlying}=FILE, with bars of the same time.`,
    );
  }
  return join(dirname(path), other);
}

function checkOverlap(bars: ReadonlyMap<string, readonly Bar[]>): void {
  const starts = [...bars.values()].map((series) => series[0]?.openTimeMs ?? 0);
  const ends = [...bars.values()].map((series) => series.at(-1)?.openTimeMs ?? 0);
  if (Math.max(...starts) > Math.min(...ends)) {
    throw new PricesFileError(
      'PRICES_APART',
      'the price files have no time in common',
      'Give bars of the same day for every underlying.',
    );
  }
}

function readTextFile(path: string): string {
  try {
    const bytes = readFileSync(path);
    if (bytes.length > LARGEST_FILE_BYTES) throw new Error('it is larger than 256 MiB');
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new PricesFileError(
      'PRICES_UNREADABLE',
      `${path} cannot be read as text`,
      'Check the path and its permissions; relative paths start at the current folder.',
      cause,
    );
  }
}

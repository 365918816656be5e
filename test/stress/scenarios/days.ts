import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readPricesFiles } from '#infra/market/prices-files.ts';
import { RecordedMarket } from '#infra/market/recorded.ts';
import { type Scenario, USUAL } from './types.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** Recorded prices lie beside the checkout; a work tree may lie one folder deeper. */
const FOLDERS = ['../shared/data/prices', '../../shared/data/prices'];
const DAYS: readonly (readonly [day: string, hourFrom: number, hours: number, words: string])[] = [
  ['2022-05-11', 12, 8, 'LUNA and UST fall'],
  ['2022-05-12', 0, 8, 'the morning after, down to the low'],
  ['2022-11-08', 15, 7, 'FTX stops withdrawals'],
  ['2022-11-09', 14, 8, 'FTX is not bought, and falls'],
  ['2023-07-15', 8, 6, 'a calm day, for comparison'],
];

/** The folder of recorded prices, or null where it is absent. */
export function pricesFolder(): string | null {
  return FOLDERS.map((folder) => join(ROOT, folder)).find((path) => existsSync(path)) ?? null;
}

/** The recorded days that are there, the worst hours of each. */
export function recordedDays(folder: string): Scenario[] {
  return DAYS.flatMap(([day, hourFrom, hours, words]) => {
    const file = join(folder, `BTC-1m-${day}.csv`);
    if (!existsSync(file)) return [];
    return [recorded(`day-${day}`, file, { hourFrom, hours, words })];
  });
}

/** Recorded one-minute bars as a scenario; the other underlying's file lies beside this one. */
export function recorded(
  name: string,
  file: string,
  terms: { hourFrom: number; hours: number; words: string },
): Scenario {
  const bars = readPricesFiles([file]);
  const firstMs = [...bars.values()][0]?.[0]?.openTimeMs ?? 0;
  const startMs = firstMs + terms.hourFrom * 3_600_000;
  const later = new Map(
    [...bars].map(([underlying, all]) => {
      return [underlying, all.filter(({ openTimeMs }) => openTimeMs >= startMs)];
    }),
  );
  const date = new Date(startMs).toISOString().slice(0, 10);
  return {
    ...USUAL,
    name,
    title: `${date}: ${terms.words}`,
    story: `Recorded prices, minute by minute, from ${new Date(startMs).toISOString().slice(0, 16)} UTC on for ${terms.hours} hours. Makers quote wider while volatility is high.`,
    startMs,
    minutes: terms.hours * 60,
    sampleMs: 120_000,
    tickMs: 8000,
    market: (seed) => new RecordedMarket({ bars: later, seed }),
    makers: () => ({ present: 0.67, spread: 2, size: 0.5 }),
  };
}

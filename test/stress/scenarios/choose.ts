import { existsSync } from 'node:fs';
import { StressError } from '../errors.ts';
import { BUILT_IN } from './built-in.ts';
import { pricesFolder, recordedDays } from './days.ts';
import { scenarioOfFile } from './file.ts';
import type { Scenario } from './types.ts';

/** The scenarios that a name or file on the command line stands for. Throws a `StressError` where it stands for none. */
export function chooseScenarios(wanted: string): readonly Scenario[] {
  const folder = pricesFolder();
  const days = folder === null ? [] : recordedDays(folder);
  if (wanted === 'all') return [...BUILT_IN, ...days];
  if (wanted === 'days') {
    if (days.length > 0) return days;
    throw new StressError(
      'NO_RECORDED_DAYS',
      'There are no recorded prices beside the checkout (../shared/data/prices). Name a .csv file of one-minute bars instead.',
    );
  }
  const named = [...BUILT_IN, ...days].filter(({ name }) => name === wanted);
  if (named.length > 0) return named;
  if (/\.(json|csv)$/.test(wanted) && existsSync(wanted)) return [scenarioOfFile(wanted)];
  const names = [...BUILT_IN, ...days].map(({ name }) => name).join(', ');
  throw new StressError(
    'NO_SUCH_SCENARIO',
    `There is no scenario and no .json or .csv file "${wanted}". Built in: ${names}, days, all.`,
  );
}

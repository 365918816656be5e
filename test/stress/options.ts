import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { chooseScenarios } from './scenarios/choose.ts';
import type { Scenario } from './scenarios/types.ts';

export interface StressOptions {
  readonly scenarios: readonly Scenario[];
  readonly accounts: number;
  readonly seed: number;
  /** Folder of the reports. */
  readonly out: string;
  readonly logLevel: string;
}

const FEWEST_ACCOUNTS = 60;
const MOST_ACCOUNTS = 100_000;

/** Reads the command line. Throws a `StressError` for a scenario that does not exist. */
export function readOptions(argv: readonly string[]): StressOptions {
  const program = new Command('stress')
    .description(
      'Puts the whole exchange through a bad day: real engine, journal, segments and batches, each batch replayed by the watcher. Writes one HTML report a scenario.',
    )
    .requiredOption(
      '--scenario <name>',
      'a built-in scenario, a .json or .csv file (see test/stress/README.md), "days" for the recorded ones, or "all"',
    )
    .option('--accounts <n>', 'how many accounts', whole(FEWEST_ACCOUNTS, MOST_ACCOUNTS), 2000)
    .option('--seed <n>', 'of everything that is random', whole(0, 2 ** 31), 1)
    .option('--out <dir>', 'folder of the reports', join('build', 'stress'))
    .option('--log-level <level>', 'of the exchange’s own log, on stderr', 'error');
  program.parse([...argv]);
  const { scenario, accounts, seed, out, logLevel } = program.opts<{
    scenario: string;
    accounts: number;
    seed: number;
    out: string;
    logLevel: string;
  }>();
  return { scenarios: chooseScenarios(scenario), accounts, seed, out: resolve(out), logLevel };
}

function whole(low: number, high: number) {
  return (text: string): number => {
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= low && value <= high) return value;
    throw new InvalidArgumentError(`must be a whole number from ${low} to ${high}.`);
  };
}

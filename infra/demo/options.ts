import { Command } from 'commander';
import { parseArguments, wholeNumber } from '#infra/devnet/command-line.ts';

export interface DemoOptions {
  /** Price files as given; empty: a simulated market. */
  readonly prices: readonly string[];
  readonly seed: number;
  /** Keep data and logs for a look at them. */
  readonly keep: boolean;
}

const DEFAULT_SEED = 20_260_114;

/** Reads the command line of `npm run demo`. `--help` prints and returns undefined. @throws OptionError */
export function parseDemoOptions(
  args: readonly string[],
  output: (text: string) => void,
): DemoOptions | undefined {
  const program = new Command()
    .description('Shows, unattended and in under five minutes, all that Plimsoll does.')
    .option('--prices <file...>', 'drive the market from recorded one-minute bars')
    .option('--seed <number>', 'seed of the simulated market, bots and keys', String(DEFAULT_SEED))
    .option('--keep', 'keep the data and logs', false);
  if (!parseArguments(program, args, { how: 'npm run demo', output })) return undefined;
  const values = program.opts<{ prices?: string[]; seed: string; keep: boolean }>();
  return {
    prices: values.prices ?? [],
    seed: wholeNumber(values.seed, '--seed', 0, Number.MAX_SAFE_INTEGER),
    keep: values.keep,
  };
}

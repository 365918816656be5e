import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { MAX_RATE } from './clock.ts';
import { parseArguments, wholeNumber } from './command-line.ts';

export interface DevnetOptions {
  /** Price files as given; empty: a simulated market. */
  readonly prices: readonly string[];
  readonly seed: number | undefined;
  readonly bots: boolean;
  /** Absolute; undefined: a fresh folder under the project's .plimsoll. */
  readonly dataFolder: string | undefined;
  readonly port: number | undefined;
  readonly l1Port: number | undefined;
  /** Virtual seconds a real second. */
  readonly rate: number;
  /** Orders a second that all bots together send. */
  readonly ordersPerSecond: number;
  /** End by itself after so many real seconds; undefined: only on Ctrl-C. */
  readonly forSeconds: number | undefined;
}

/**
 * Reads the command line of `npm start`. `--help` prints and returns undefined.
 * @throws OptionError with code OPTION_* and what would be right
 */
export function parseDevnetOptions(
  args: readonly string[],
  output: (text: string) => void,
): DevnetOptions | undefined {
  const program = new Command()
    .description('Runs a whole Plimsoll on this machine: L1, exchange, oracle, watcher and bots.')
    .option('--prices <file...>', 'drive the market from recorded one-minute bars')
    .option('--seed <number>', 'seed of the simulated market, bots and keys (printed)')
    .option('--no-bots', 'no market makers and takers')
    .option('--data <folder>', 'where data and logs go; an earlier run in it is replaced')
    .option('--port <number>', 'port of the API (default 8700, or a free one)')
    .option('--l1-port <number>', 'port of anvil (default 8545, or a free one)')
    .option('--rate <number>', `how fast time runs, 1 to ${MAX_RATE}`, '1')
    .option('--orders <number>', 'orders a second of all bots together, 1 to 2000', '60')
    .addOption(new Option('--for <seconds>', 'end by itself after this time'));
  if (!parseArguments(program, args, { how: 'npm start', output })) return undefined;
  return fromValues(program.opts());
}

function fromValues(values: Record<string, unknown>): DevnetOptions {
  const text = (name: string): string | undefined =>
    typeof values[name] === 'string' ? values[name] : undefined;
  const whole = (name: string, flag: string, low: number, high: number): number | undefined => {
    const given = text(name);
    return given === undefined ? undefined : wholeNumber(given, flag, low, high);
  };
  const data = text('data');
  return {
    prices: Array.isArray(values.prices) ? values.prices.map(String) : [],
    seed: whole('seed', '--seed', 0, Number.MAX_SAFE_INTEGER),
    bots: values.bots !== false,
    dataFolder: data === undefined ? undefined : resolve(data),
    port: whole('port', '--port', 1, 65_535),
    l1Port: whole('l1Port', '--l1-port', 1, 65_535),
    rate: whole('rate', '--rate', 1, MAX_RATE) ?? 1,
    ordersPerSecond: whole('orders', '--orders', 1, 2000) ?? 60,
    forSeconds: whole('for', '--for', 1, 1_000_000),
  };
}

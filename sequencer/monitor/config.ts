import { Command, CommanderError } from 'commander';
import { MonitorError } from './errors.ts';

/** Everything an operator may set. Each option has an environment variable; the command line wins. */
export interface MonitorConfig {
  readonly url: string;
  /** What the exchange must say it is; null takes what it says. */
  readonly chainId: number | null;
  readonly settlement: `0x${string}` | null;
  /** Of the address that genesis names as the risk monitor; null: observe only. */
  readonly key: Uint8Array | null;
  readonly stateFile: string | null;
  /** Port of the metrics on the loopback, 0 for any; null for none. */
  readonly metricsPort: number | null;
  readonly booksMs: number;
  readonly positionsMs: number;
  readonly books: number;
  readonly otherDepth: number;
  readonly rateShare: number;
  /** Fractions a year. */
  readonly calmStart: number;
  readonly calmFloor: number;
  readonly logLevel: string;
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];
type Values = Readonly<Record<string, string | undefined>>;

const OPTIONS: readonly [flags: string, variable: string, what: string, fallback?: string][] = [
  ['--url <url>', 'URL', "the exchange's API", 'http://127.0.0.1:8700'],
  ['--chain-id <n>', 'CHAIN_ID', 'chain that the exchange must be on'],
  ['--settlement <address>', 'SETTLEMENT', 'settlement contract that it must have'],
  ['--state <file>', 'STATE', 'where to keep what a restart goes on from'],
  ['--metrics <port>', 'METRICS', 'serve Prometheus metrics on the loopback, 0 for any port'],
  ['--books-interval <ms>', 'BOOKS_INTERVAL', 'between looks at the books', '15000'],
  ['--positions-interval <ms>', 'POSITIONS_INTERVAL', 'between looks at all accounts', '60000'],
  ['--books <n>', 'BOOKS', 'options nearest to the money to look at, an underlying', '24'],
  [
    '--other-depth <usdc>',
    'OTHER_DEPTH',
    'what other markets take of an underlying while it moves by 1 %',
    '10000000',
  ],
  ['--rate-share <percent>', 'RATE_SHARE', "of the exchange's request limit to use", '10'],
  ['--calm <percent>', 'CALM', 'volatility a year taken as calm before anything was seen', '60'],
  ['--calm-floor <percent>', 'CALM_FLOOR', 'the least that is ever taken as calm', '40'],
  ['--log-level <level>', 'LOG_LEVEL', LOG_LEVELS.join(', '), 'warn'],
];

/**
 * Reads command line and environment. The key comes from PLIMSOLL_MONITOR_KEY only, since a command line is visible to everybody on the machine.
 * @throws MonitorError BAD_OPTION naming the option; CommanderError after --help
 */
export function readConfig(argv: readonly string[], env: NodeJS.ProcessEnv): MonitorConfig {
  const values = parse(argv, env);
  const optional = <T>(value: string | undefined, read: (given: string) => T): T | null =>
    value === undefined || value === '' ? null : read(value);
  return {
    url: matching('--url', values.url, /^https?:\/\/\S+$/, 'an http or https address'),
    chainId: optional(values.chainId, (given) => integer('--chain-id', given, 1, 2 ** 53)),
    settlement: optional(
      values.settlement,
      (given) =>
        matching('--settlement', given, /^0x[0-9a-f]{40}$/i, 'an address') as `0x${string}`,
    ),
    key: optional(env.PLIMSOLL_MONITOR_KEY, readKey),
    stateFile: optional(values.state, (given) => given),
    metricsPort: optional(values.metrics, (given) => integer('--metrics', given, 0, 65_535)),
    booksMs: integer('--books-interval', values.booksInterval, 100, 3_600_000),
    positionsMs: integer('--positions-interval', values.positionsInterval, 100, 3_600_000),
    books: integer('--books', values.books, 1, 400),
    otherDepth: integer('--other-depth', values.otherDepth, 0, 1e12),
    rateShare: integer('--rate-share', values.rateShare, 1, 100) / 100,
    calmStart: integer('--calm', values.calm, 1, 1000) / 100,
    calmFloor: integer('--calm-floor', values.calmFloor, 1, 1000) / 100,
    logLevel: oneOf('--log-level', values.logLevel, LOG_LEVELS),
  };
}

function parse(argv: readonly string[], env: NodeJS.ProcessEnv): Values {
  const program = new Command('monitor')
    .description(
      'Watches the exchange and asks for more margin when volatility, anomalies or crowded positions speak for it. The key is in PLIMSOLL_MONITOR_KEY; without it nothing is asked for.',
    )
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  for (const [flags, variable, what, fallback] of OPTIONS) {
    const name = `PLIMSOLL_MONITOR_${variable}`;
    program.option(flags, `${what} (${name})`, env[name] ?? fallback);
  }
  try {
    program.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError) || error.code.startsWith('commander.help')) throw error;
    throw bad(error.message.replace(/^error: /, ''));
  }
  return program.opts<Values>();
}

function bad(what: string): MonitorError {
  return new MonitorError('BAD_OPTION', `${what.replace(/\.$/, '')}. See --help.`);
}

function integer(option: string, given: string | undefined, min: number, max: number): number {
  const number = Number(given);
  if (given !== undefined && /^\d+$/.test(given) && number >= min && number <= max) return number;
  throw bad(`${option} is a whole number from ${min} to ${max}, not '${given}'`);
}

function matching(option: string, given: string | undefined, form: RegExp, what: string): string {
  if (given !== undefined && form.test(given)) return given;
  throw bad(`${option} is ${what}, not '${given}'`);
}

function oneOf(option: string, given: string | undefined, choices: readonly string[]): string {
  if (given !== undefined && choices.includes(given)) return given;
  throw bad(`${option} is one of ${choices.join(', ')}, not '${given}'`);
}

function readKey(given: string): Uint8Array {
  // The key itself is in no message.
  if (/^0x[0-9a-f]{64}$/i.test(given)) return Uint8Array.from(Buffer.from(given.slice(2), 'hex'));
  throw bad('PLIMSOLL_MONITOR_KEY is a private key, 0x and 64 hexadecimal digits');
}

import { availableParallelism } from 'node:os';
import { Command, CommanderError, Option } from 'commander';
import { parseVirtualTime, type VirtualTime } from './clock.ts';
import { ConfigError } from './errors.ts';

/** Everything an operator may set. Each option has an environment variable; the command line wins. */
export interface SequencerConfig {
  readonly l1Url: string;
  /** Refused if L1 says otherwise; null takes what L1 says. */
  readonly chainId: number | null;
  readonly settlement: `0x${string}`;
  /** Signs batches; null: trade and seal, but post nothing. */
  readonly posterKey: `0x${string}` | null;
  readonly dataDirectory: string;
  readonly host: string;
  readonly port: number;
  readonly fromBlock: bigint;
  /** Null: none on a devnet (chain 31337), else 12. */
  readonly confirmations: number | null;
  readonly virtualTime: VirtualTime | null;
  readonly batchIntervalMs: number;
  readonly flushIntervalMs: number;
  readonly clockIntervalMs: number;
  readonly repriceIntervalMs: number;
  readonly snapshotSegments: number;
  readonly verifyOneIn: number;
  readonly maxQueued: number;
  readonly recoveryThreads: number;
  /** L1's last final block may be so old before new risk is refused; null: 30 minutes, on a devnet without end. */
  readonly maxUnfinalizedMs: number | null;
  readonly l1PollMs: number;
  readonly bumpAfterMs: number;
  /** Wei for a unit of gas. */
  readonly maxFeePerGas: bigint;
  /** The start is refused if the clock is further ahead of L1's newest block, ms of real time. */
  readonly maxClockLeadMs: number;
  readonly listStrikes: number;
  readonly listExpiries: number;
  /** Whether accounts below their maintenance margin are liquidated by the sequencer's own chores. */
  readonly liquidate: boolean;
  readonly logLevel: string;
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];
const GWEI = 1_000_000_000n;

/** Reads the command line and the environment. Throws `ConfigError` naming the option. */
export function readConfig(argv: readonly string[], env: NodeJS.ProcessEnv): SequencerConfig {
  const values = parse(argv, env);
  return {
    l1Url: url('--l1-url', values.l1Url),
    chainId:
      values.chainId === undefined ? null : integer('--chain-id', values.chainId, 1, 2 ** 53),
    settlement: address('--settlement', values.settlement),
    posterKey: values.posterKey === undefined ? null : privateKey(values.posterKey),
    dataDirectory: text('--data', values.data),
    host: text('--host', values.host),
    port: integer('--port', values.port, 0, 65_535),
    fromBlock: BigInt(integer('--from-block', values.fromBlock, 0, 2 ** 53)),
    confirmations:
      values.confirmations === undefined
        ? null
        : integer('--confirmations', values.confirmations, 0, 10_000),
    virtualTime: values.virtualTime === undefined ? null : parseVirtualTime(values.virtualTime),
    batchIntervalMs: integer('--batch-interval', values.batchInterval, 100, 3_600_000),
    flushIntervalMs: integer('--flush-interval', values.flushInterval, 10, 60_000),
    clockIntervalMs: integer('--clock-interval', values.clockInterval, 1, 10_000),
    repriceIntervalMs: integer('--reprice-interval', values.repriceInterval, 100, 3_600_000),
    snapshotSegments: integer('--snapshot-segments', values.snapshotSegments, 1, 1e9),
    verifyOneIn: integer('--verify-one-in', values.verifyOneIn, 1, 1e6),
    maxQueued: integer('--max-queued', values.maxQueued, 16, 1e6),
    recoveryThreads: integer('--recovery-threads', values.recoveryThreads, 0, 256),
    maxUnfinalizedMs:
      values.maxUnfinalized === undefined
        ? null
        : integer('--max-unfinalized', values.maxUnfinalized, 1, 1e7) * 1000,
    l1PollMs: integer('--l1-poll', values.l1Poll, 20, 600_000),
    bumpAfterMs: integer('--bump-after', values.bumpAfter, 1000, 3_600_000),
    maxFeePerGas: BigInt(integer('--max-fee-gwei', values.maxFeeGwei, 1, 1e6)) * GWEI,
    maxClockLeadMs: integer('--max-clock-lead', values.maxClockLead, 1, 1e7) * 1000,
    listStrikes: integer('--list-strikes', values.listStrikes, 0, 100),
    listExpiries: integer('--list-expiries', values.listExpiries, 0, 32),
    liquidate: oneOf('--liquidate', values.liquidate, ['yes', 'no']) === 'yes',
    logLevel: oneOf('--log-level', values.logLevel, LOG_LEVELS),
  };
}

function parse(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): Record<string, string | undefined> {
  const program = new Command('sequencer')
    .description('Runs the exchange: trades, journals, seals, and posts batches to L1.')
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  const threads = String(Math.max(1, availableParallelism() - 1));
  const options: [flags: string, variable: string, what: string, fallback?: string][] = [
    ['--l1-url <url>', 'L1_URL', 'JSON-RPC of an L1 node'],
    ['--chain-id <n>', 'CHAIN_ID', 'chain that L1 must be'],
    ['--settlement <address>', 'SETTLEMENT', 'the settlement contract'],
    [
      '--poster-key <key>',
      'POSTER_KEY',
      "the sequencer's private key; without it nothing is posted",
    ],
    ['--data <directory>', 'DATA', 'journal and snapshots'],
    ['--host <address>', 'HOST', 'address the API listens on', '127.0.0.1'],
    ['--port <n>', 'PORT', 'port of the API, 0 for any', '8700'],
    ['--from-block <n>', 'FROM_BLOCK', 'block of the settlement or earlier', '0'],
    [
      '--confirmations <n>',
      'CONFIRMATIONS',
      'blocks on top of an inbox message; 12, on a devnet 0',
    ],
    ['--virtual-time <t>', 'VIRTUAL_TIME', 'rate,realStartMs,virtualStartMs (devnets only)'],
    ['--batch-interval <ms>', 'BATCH_INTERVAL', 'longest wait for a batch', '2000'],
    ['--flush-interval <ms>', 'FLUSH_INTERVAL', 'longest life of a segment', '250'],
    ['--clock-interval <ms>', 'CLOCK_INTERVAL', 'steps of the clock in traffic', '100'],
    ['--reprice-interval <ms>', 'REPRICE_INTERVAL', 'between price epochs', '5000'],
    ['--snapshot-segments <n>', 'SNAPSHOT_SEGMENTS', 'segments between snapshots', '4096'],
    ['--verify-one-in <n>', 'VERIFY_ONE_IN', 'batches whose signatures are recovered again', '16'],
    ['--max-queued <n>', 'MAX_QUEUED', 'commands that may wait', '20000'],
    ['--recovery-threads <n>', 'RECOVERY_THREADS', 'threads that recover signatures', threads],
    [
      '--max-unfinalized <seconds>',
      'MAX_UNFINALIZED',
      "age of L1's last final block from which on no new risk is taken; 1800, on a devnet without end",
    ],
    ['--l1-poll <ms>', 'L1_POLL', 'between looks at L1', '500'],
    ['--bump-after <ms>', 'BUMP_AFTER', 'before a transaction is replaced', '30000'],
    ['--max-fee-gwei <n>', 'MAX_FEE_GWEI', 'most for a unit of gas', '500'],
    [
      '--max-clock-lead <s>',
      'MAX_CLOCK_LEAD',
      "most that the clock may be ahead of L1's newest block at the start",
      '300',
    ],
    ['--list-strikes <n>', 'LIST_STRIKES', 'strikes listed on each side of the forward', '4'],
    ['--list-expiries <n>', 'LIST_EXPIRIES', 'expiries listed, nearest first', '4'],
    ['--liquidate <yes|no>', 'LIQUIDATE', 'send what liquidations need; anyone else may', 'yes'],
    ['--log-level <level>', 'LOG_LEVEL', LOG_LEVELS.join(', '), 'info'],
  ];
  for (const [flags, variable, what, fallback] of options) {
    const option = new Option(flags, `${what} (PLIMSOLL_${variable})`);
    program.addOption(fallback === undefined ? option : option.default(fallback));
  }
  try {
    program.parse([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.code !== 'commander.helpDisplayed') {
      throw new ConfigError('BAD_OPTION', `${error.message.replace(/^error: /, '')}. See --help.`);
    }
    throw error;
  }
  const values = program.opts<Record<string, string | undefined>>();
  for (const [index, [, variable]] of options.entries()) {
    const name = program.options[index]?.attributeName() ?? '';
    const fromEnvironment = env[`PLIMSOLL_${variable}`];
    if (program.getOptionValueSource(name) !== 'cli' && fromEnvironment) {
      values[name] = fromEnvironment;
    }
  }
  return values;
}

function bad(option: string, what: string): ConfigError {
  return new ConfigError('BAD_OPTION', `${option} ${what}. See --help.`);
}

function text(option: string, value: string | undefined): string {
  if (!value) throw bad(option, 'is missing');
  return value;
}

function integer(option: string, value: string | undefined, min: number, max: number): number {
  const given = text(option, value);
  const number = Number(given);
  if (!/^\d+$/.test(given) || number < min || number > max) {
    throw bad(option, `is a whole number from ${min} to ${max}, not '${given}'`);
  }
  return number;
}

function url(option: string, value: string | undefined): string {
  const given = text(option, value);
  if (!URL.canParse(given) || !/^https?:/.test(given)) {
    throw bad(option, `is an http or https address, not '${given}'`);
  }
  return given;
}

function address(option: string, value: string | undefined): `0x${string}` {
  const given = text(option, value);
  if (!/^0x[0-9a-fA-F]{40}$/.test(given)) {
    throw bad(option, `is an address, 0x and 40 hex digits, not '${given}'`);
  }
  return given.toLowerCase() as `0x${string}`;
}

function privateKey(value: string): `0x${string}` {
  // Never repeated in the message.
  if (!/^0x[0-9a-fA-F]{64}$/.test(value)) throw bad('--poster-key', 'is 0x and 64 hex digits');
  return value as `0x${string}`;
}

function oneOf(option: string, value: string | undefined, choices: readonly string[]): string {
  const given = text(option, value);
  if (!choices.includes(given)) throw bad(option, `is one of ${choices.join(', ')}`);
  return given;
}

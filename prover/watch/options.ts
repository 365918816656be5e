import { Command, CommanderError } from 'commander';
import { type Address, isAddress } from 'viem';
import { ProverError } from '../errors.ts';
import { AUDIT_MODES, type AuditMode } from '../replay/running-audit.ts';
import { DEFAULT_CEILINGS, type FeeCeilings } from '../sender/ceiling.ts';

/** What every tool needs to find the exchange. */
export interface ChainOptions {
  readonly rpcUrl: string;
  readonly settlement: Address;
  readonly chainId: number | null;
  /** SHA-256 that the engine must have; null: the built one. */
  readonly engineHash: string | null;
  readonly dataDirectory: string | null;
  readonly fromGenesis: boolean;
  readonly fromBlock: bigint;
  readonly confirmations: bigint;
  readonly chunkBlocks: bigint;
}

export interface WatchOptions extends ChainOptions {
  /** End when everything on L1 is checked. */
  readonly once: boolean;
  /** Port of the metrics on the loopback, 0 for any; null for none. */
  readonly metricsPort: number | null;
  readonly pollMs: number;
  readonly audit: AuditMode;
  readonly snapshotBatches: number;
  /** The operator's snapshot to compare with after a mismatch. */
  readonly against: string | null;
  /** How long metrics stay up after a mismatch. */
  readonly lingerMs: number;
  readonly logLevel: string;
  /** Prove on L1 what is found wrong, with the key in PLIMSOLL_KEY. */
  readonly prove: boolean;
  readonly proof: ProofOptions;
}

/** How proofs are sent. */
export interface ProofOptions {
  /** Blocks after which an ending counts; null: as the chain demands. */
  readonly certainBlocks: bigint | null;
  readonly ceilings: FeeCeilings;
  /** Most gas of one transaction of a run; null: what L1 allows. */
  readonly stepGas: number | null;
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

/** Adds the options that find the exchange. */
export function addChainOptions(command: Command): Command {
  return command
    .option('--rpc <url>', 'JSON-RPC of an L1 node (PLIMSOLL_RPC)')
    .option('--settlement <address>', 'the settlement contract (PLIMSOLL_SETTLEMENT)')
    .option('--chain-id <n>', 'chain that L1 must be')
    .option('--engine-hash <sha256>', 'engine that must have been built')
    .option('--data <directory>', 'keep snapshots here, so that the next start is quick')
    .option('--from-genesis', 'replay everything, whatever snapshots there are')
    .option('--from-block <n>', "the settlement's block or an earlier one", '0')
    .option('--confirmations <n>', 'blocks on top of what is read; reorgs are followed anyhow', '0')
    .option('--chunk-blocks <n>', 'blocks asked for in one request at most', '50000');
}

export type Values = Readonly<Record<string, string | boolean | undefined>>;

/** @throws ProverError BAD_OPTION */
export function readChainOptions(values: Values, env: NodeJS.ProcessEnv): ChainOptions {
  return {
    rpcUrl: url('--rpc', values.rpc ?? env.PLIMSOLL_RPC),
    settlement: address('--settlement', values.settlement ?? env.PLIMSOLL_SETTLEMENT),
    chainId:
      values.chainId === undefined ? null : integer('--chain-id', values.chainId, 1, 2 ** 53),
    engineHash: values.engineHash === undefined ? null : text('--engine-hash', values.engineHash),
    dataDirectory: values.data === undefined ? null : text('--data', values.data),
    fromGenesis: values.fromGenesis === true,
    fromBlock: BigInt(integer('--from-block', values.fromBlock, 0, 2 ** 53)),
    confirmations: BigInt(integer('--confirmations', values.confirmations, 0, 10_000)),
    chunkBlocks: BigInt(integer('--chunk-blocks', values.chunkBlocks, 1, 10_000_000)),
  };
}

/** Reads the watcher's command line. @throws ProverError BAD_OPTION; CommanderError after --help */
export function readWatchOptions(argv: readonly string[], env: NodeJS.ProcessEnv): WatchOptions {
  const program = addProofOptions(addChainOptions(new Command('watch')))
    .description(
      'Replays every batch from L1 alone and compares every root. Exit code 2: a batch is wrong.',
    )
    .option('--once', 'end when everything on L1 is checked')
    .option('--metrics <port>', 'serve Prometheus metrics on the loopback, 0 for any port')
    .option('--poll <ms>', 'between looks at L1', '1000')
    .option(
      '--audit <mode>',
      `invariants after each batch: ${AUDIT_MODES.join(', ')}`,
      'incremental',
    )
    .option('--snapshot-batches <n>', 'batches between snapshots', '256')
    .option('--against <file>', "the operator's snapshot, to name the first record that differs")
    .option('--linger <seconds>', 'after a mismatch keep metrics up this long', '30')
    .option('--log-level <level>', LOG_LEVELS.join(', '), 'warn')
    .option('--prove', 'prove on L1 what is wrong, paid for by the key in PLIMSOLL_KEY');
  const values = parseOptions(program, argv);
  return {
    ...readChainOptions(values, env),
    once: values.once === true,
    metricsPort:
      values.metrics === undefined ? null : integer('--metrics', values.metrics, 0, 65_535),
    pollMs: integer('--poll', values.poll, 10, 3_600_000),
    audit: oneOf('--audit', values.audit, AUDIT_MODES),
    snapshotBatches: integer('--snapshot-batches', values.snapshotBatches, 1, 1e9),
    against: values.against === undefined ? null : text('--against', values.against),
    lingerMs: 1000 * integer('--linger', values.linger, 0, 86_400),
    logLevel: oneOf('--log-level', values.logLevel, LOG_LEVELS),
    prove: values.prove === true,
    proof: readProofOptions(values),
  };
}

/** Parses, and turns what commander says into an error of ours; --help passes. */
export function parseOptions(program: Command, argv: readonly string[]): Values {
  program.exitOverride().configureOutput({ writeErr: () => {} });
  try {
    program.parse([...argv], { from: 'user' });
  } catch (error) {
    throw plainParseError(error);
  }
  return program.opts<Values>();
}

export function plainParseError(error: unknown): unknown {
  if (!(error instanceof CommanderError) || error.code.startsWith('commander.help')) return error;
  const message = error.message.replace(/^error: /, '');
  return new ProverError('BAD_OPTION', `${message} See --help.`);
}

const GWEI = 1_000_000_000n;

/** Adds what concerns the sending of proofs, for the watcher too. */
export function addProofOptions(command: Command): Command {
  return command
    .option('--certain-blocks <n>', 'blocks after which an ending counts; default 2, on a devnet 0')
    .option('--step-gas <n>', 'most gas of one transaction of a run, for nodes that allow little')
    .option(
      '--gwei <calm:urgent>',
      'most to offer for a unit of gas at first, and at a deadline',
      `${DEFAULT_CEILINGS.calm / GWEI}:${DEFAULT_CEILINGS.urgent / GWEI}`,
    );
}

/** @throws ProverError BAD_OPTION */
export function readProofOptions(values: Values): ProofOptions {
  const { certainBlocks, gwei, stepGas } = values;
  const blocks =
    certainBlocks === undefined
      ? null
      : BigInt(integer('--certain-blocks', certainBlocks, 0, 10_000));
  const gas = stepGas === undefined ? null : integer('--step-gas', stepGas, 700_000, 16_000_000);
  const parts = typeof gwei === 'string' ? gwei.split(':') : [];
  const [calm, urgent] = parts.map((part) => integer('--gwei', part, 1, 1_000_000));
  if (parts.length !== 2 || calm === undefined || urgent === undefined || urgent < calm) {
    throw new ProverError(
      'BAD_OPTION',
      '--gwei is two whole numbers, the smaller first, like 100:1000. See --help.',
    );
  }
  return {
    certainBlocks: blocks,
    stepGas: gas,
    ceilings: { calm: BigInt(calm) * GWEI, urgent: BigInt(urgent) * GWEI },
  };
}

type Value = string | boolean | undefined;

function bad(option: string, what: string): ProverError {
  return new ProverError('BAD_OPTION', `${option} ${what}. See --help.`);
}

export function text(option: string, value: Value): string {
  if (typeof value !== 'string' || value === '') throw bad(option, 'is missing');
  return value;
}

export function integer(option: string, value: Value, min: number, max: number): number {
  const given = text(option, value);
  const number = Number(given);
  if (!/^\d+$/.test(given) || number < min || number > max) {
    throw bad(option, `is a whole number from ${min} to ${max}, not '${given}'`);
  }
  return number;
}

function url(option: string, value: Value): string {
  const given = text(option, value);
  if (!URL.canParse(given) || !/^https?:/.test(given)) {
    throw bad(option, `is an http or https address, not '${given}'`);
  }
  return given;
}

export function address(option: string, value: Value): Address {
  const given = text(option, value);
  if (!isAddress(given, { strict: false })) {
    throw bad(option, `is an address, 0x and 40 hex digits, not '${given}'`);
  }
  return given;
}

function oneOf<T extends string>(option: string, value: Value, choices: readonly T[]): T {
  const given = text(option, value);
  const found = choices.find((choice) => choice === given);
  if (found === undefined) throw bad(option, `is one of ${choices.join(', ')}, not '${given}'`);
  return found;
}

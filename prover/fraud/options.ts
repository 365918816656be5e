import { Command } from 'commander';
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts';
import { ProverError } from '../errors.ts';
import {
  addChainOptions,
  addProofOptions,
  type ChainOptions,
  integer,
  type ProofOptions,
  parseOptions,
  readChainOptions,
  readProofOptions,
} from '../watch/options.ts';
import { DEFAULT_PROVER } from './prover.ts';

export interface ProveOptions extends ChainOptions {
  /** Null: go on with whatever was begun. */
  readonly batch: bigint | null;
  /** Null: whatever is wrong. */
  readonly segment: number | null;
  /** Explain and plan, send nothing. */
  readonly dryRun: boolean;
  readonly proof: ProofOptions;
  /** Stay until the reward is collected. */
  readonly waits: boolean;
  readonly pollMs: number;
  /** Port of the metrics on the loopback, 0 for any; null for none. */
  readonly metricsPort: number | null;
}

const MOST_BATCHES = 2 ** 53 - 1;

/** Reads the prover's command line. @throws ProverError BAD_OPTION; CommanderError after --help */
export function readProveOptions(argv: readonly string[], env: NodeJS.ProcessEnv): ProveOptions {
  const program = addProofOptions(addChainOptions(new Command('prove')))
    .description(
      'Proves a wrong batch on L1, with the key in PLIMSOLL_KEY and nobody else’s help. Without --batch: goes on with what was begun.',
    )
    .option('--batch <n>', 'the batch that is wrong')
    .option('--segment <i>', 'insist on a segment of it; default: whatever is wrong')
    .option('--dry-run', 'explain and plan, send nothing; needs no key')
    .option('--wait', 'stay until the reward is collected')
    .option('--poll <ms>', 'between looks at L1', String(DEFAULT_PROVER.pollMs))
    .option('--metrics <port>', 'serve Prometheus metrics on the loopback, 0 for any port');
  const values = parseOptions(program, argv);
  const { batch, segment, metrics } = values;
  return {
    ...readChainOptions(values, env),
    batch: batch === undefined ? null : BigInt(integer('--batch', batch, 1, MOST_BATCHES)),
    segment: segment === undefined ? null : integer('--segment', segment, 0, 0xffff_fffe),
    dryRun: values.dryRun === true,
    proof: readProofOptions(values),
    waits: values.wait === true,
    pollMs: integer('--poll', values.poll, 10, 3_600_000),
    metricsPort: metrics === undefined ? null : integer('--metrics', metrics, 0, 65_535),
  };
}

/**
 * The key comes from the environment only: a command line is seen by everybody on the machine.
 *
 * @throws ProverError BAD_OPTION, KEY_MISSING
 */
export function readKey(env: NodeJS.ProcessEnv): PrivateKeyAccount {
  const key = env.PLIMSOLL_KEY;
  if (key === undefined || key === '') {
    throw new ProverError(
      'KEY_MISSING',
      'A proof needs transactions, so a private key with some ETH: put it into the environment variable PLIMSOLL_KEY. --dry-run needs none.',
    );
  }
  if (!/^0x[0-9a-fA-F]{64}$/.test(key)) {
    throw new ProverError('BAD_OPTION', 'PLIMSOLL_KEY is 0x and 64 hex digits.');
  }
  return privateKeyToAccount(key as `0x${string}`);
}

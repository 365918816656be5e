import pino from 'pino';
import type { Hex } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { proverFor } from '#prover/fraud/watching.ts';
import { WatchMetrics } from '#prover/watch/metrics.ts';
import { readWatchOptions } from '#prover/watch/options.ts';
import { Watcher } from '#prover/watch/watcher.ts';

/** What a watcher said, and its exit code. */
export interface Watched {
  readonly code: number;
  readonly text: string;
}

/**
 * The real watcher, from genesis and once over all that is on L1. With a key it also proves what it finds, and stays until the
 * reward is collected.
 */
export async function watchOnce(
  rpcUrl: string,
  settlement: string,
  proverKey?: Hex,
): Promise<Watched> {
  const said: string[] = [];
  const say = (line: string) => {
    said.push(line);
  };
  const where = ['--rpc', rpcUrl, '--settlement', settlement];
  const options = readWatchOptions([...where, '--once', '--audit', 'off', '--poll', '20'], {});
  const metrics = new WatchMetrics();
  const shared = { log: pino({ level: 'silent' }), say, signal: new AbortController().signal };
  const account = proverKey === undefined ? undefined : privateKeyToAccount(proverKey);
  const openProver =
    account && proverFor(options, { account, metrics: metrics.registry, ...shared });
  const dependencies = { metrics, ...shared, ...(openProver ? { openProver } : {}) };
  const code = await new Watcher(options, dependencies).run();
  return { code, text: said.join('\n') };
}

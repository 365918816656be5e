import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Hex } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { settlementAbi } from '#contracts/abi/index.ts';
import { ProverError } from '../errors.ts';
import { patiently } from '../follower/patience.ts';
import type { WatchOptions } from '../watch/options.ts';
import type { Found, WatchersProver } from '../watch/watcher.ts';
import { CaseRoom, openProsecution } from './assemble.ts';
import { ProverMetrics } from './metrics.ts';

export interface WatchingDependencies {
  readonly account: PrivateKeyAccount;
  /** To add the prover's metrics to. */
  readonly metrics: Registry;
  readonly log: Logger;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** A watcher's prover: it proves whatever the watcher finds, by itself, and stays until the reward is collected. */
export function proverFor(
  options: WatchOptions,
  deps: WatchingDependencies,
): (found: Found) => Promise<WatchersProver> {
  const { account, log, say, signal } = deps;
  const metrics = new ProverMetrics(deps.metrics);
  return async (found) => {
    const prover = { pollMs: options.pollMs };
    const room = new CaseRoom({ ...options, prover }, { ...found, metrics, log, say, signal });
    const { prover: pursuer } = await openProsecution(room, account);
    return {
      resume: () => pursuer.resume(),
      prove: async (inquest) => {
        const { header, hash } = inquest.event;
        try {
          return (await pursuer.prove(await room.openFor(inquest))).kind !== 'gone';
        } catch (error) {
          if (!(error instanceof ProverError) || error.code !== 'NO_SUCH_BATCH') throw error;
          const fell = await hasFallen(found, header.number, hash);
          if (fell) say(`batch ${header.number}: somebody else has proved it, and it has fallen.`);
          return fell;
        }
      },
    };
  };
}

async function hasFallen({ l1, patience }: Found, number: bigint, hash: Hex): Promise<boolean> {
  const fallen = await patiently(patience, () =>
    l1.client.readContract({
      address: l1.settlement,
      abi: settlementAbi,
      functionName: 'fallenBatchHash',
      args: [number],
    }),
  );
  return fallen === hash;
}

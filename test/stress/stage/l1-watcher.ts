import type { Logger } from 'pino';
import { WatchMetrics } from '#prover/watch/metrics.ts';
import { readWatchOptions } from '#prover/watch/options.ts';
import { EXIT_AGREES, Watcher } from '#prover/watch/watcher.ts';
import { StressError } from '../errors.ts';
import type { StageL1 } from './l1.ts';

/** Has a watcher who knows nothing but L1 replay everything that is there. @returns what it says in the end */
export async function watchOnce(l1: StageL1, log: Logger): Promise<string> {
  const lines: string[] = [];
  const args = ['--rpc', l1.url, '--settlement', l1.settlement, '--once', '--from-genesis'];
  const watcher = new Watcher(readWatchOptions(args, {}), {
    metrics: new WatchMetrics(),
    log,
    say: (line) => lines.push(line),
    signal: new AbortController().signal,
  });
  const code = await watcher.run();
  const last = lines.at(-1) ?? 'nothing';
  if (code === EXIT_AGREES) return last.replace(/ with root.*/, '');
  throw new StressError('L1_WATCHER_DISAGREES', `The watcher that has only L1 says: ${last}`);
}

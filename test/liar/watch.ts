import pino from 'pino';
import { WatchMetrics } from '#prover/watch/metrics.ts';
import { readWatchOptions } from '#prover/watch/options.ts';
import { Watcher } from '#prover/watch/watcher.ts';

/** The real watcher, from genesis and once over all that is on L1: what it said, and its exit code. */
export async function watchOnce(
  rpcUrl: string,
  settlement: string,
): Promise<{ code: number; text: string }> {
  const said: string[] = [];
  const where = ['--rpc', rpcUrl, '--settlement', settlement];
  const watcher = new Watcher(readWatchOptions([...where, '--once', '--audit', 'off'], {}), {
    metrics: new WatchMetrics(),
    log: pino({ level: 'silent' }),
    say: (line) => said.push(line),
    signal: new AbortController().signal,
  });
  return { code: await watcher.run(), text: said.join('\n') };
}

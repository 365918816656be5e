import { setTimeout as sleep } from 'node:timers/promises';
import { CommanderError } from 'commander';
import pino from 'pino';
import { PlimsollError } from '#shared/protocol/errors.ts';
import { readKey } from '../fraud/options.ts';
import { proverFor } from '../fraud/watching.ts';
import { WatchMetrics } from './metrics.ts';
import { readWatchOptions } from './options.ts';
import { EXIT_INVARIANT, EXIT_MISMATCH, Watcher } from './watcher.ts';

async function main(): Promise<number> {
  const options = readWatchOptions(process.argv.slice(2), process.env);
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const metrics = new WatchMetrics();
  if (options.metricsPort !== null) {
    const port = await metrics.listen(options.metricsPort);
    say(`metrics on http://127.0.0.1:${port}/metrics`);
  }
  const log = pino({ level: options.logLevel, name: 'watcher' }, pino.destination(2));
  try {
    const { signal } = ending;
    const openProver = options.prove
      ? proverFor(options, {
          account: readKey(process.env),
          metrics: metrics.registry,
          log,
          say,
          signal,
        })
      : undefined;
    const code = await new Watcher(options, {
      ...{ metrics, log, say, signal },
      ...(openProver === undefined ? {} : { openProver }),
    }).run();
    const wrong = code === EXIT_MISMATCH || code === EXIT_INVARIANT;
    if (wrong && options.metricsPort !== null && !options.once) {
      await sleep(options.lingerMs, undefined, { signal: ending.signal }).catch(() => undefined);
    }
    return code;
  } finally {
    await metrics.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode);
  if (!(error instanceof PlimsollError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exitCode = 1;
}

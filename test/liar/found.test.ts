import pino from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import type { TestExchange } from '#prover/testing/exchange.ts';
import { WatchMetrics } from '#prover/watch/metrics.ts';
import { readWatchOptions } from '#prover/watch/options.ts';
import { Watcher } from '#prover/watch/watcher.ts';
import { lies, startLie, type ToldLie } from './tell.ts';

const EXIT_AGREES = 0;
const EXIT_MISMATCH = 2;
let told: ToldLie | undefined;

afterEach(async () => {
  await told?.exchange.close();
  told = undefined;
});

/** The real watcher, from genesis and once: everything it said, and how it ended. */
async function watch(exchange: TestExchange): Promise<{ code: number; text: string }> {
  const said: string[] = [];
  const watcher = new Watcher(
    readWatchOptions(
      [
        '--rpc',
        exchange.anvil.url,
        '--settlement',
        exchange.settlement,
        '--once',
        '--audit',
        'off',
      ],
      {},
    ),
    {
      metrics: new WatchMetrics(),
      log: pino({ level: 'silent' }),
      say: (line) => said.push(line),
      signal: new AbortController().signal,
    },
  );
  return { code: await watcher.run(), text: said.join('\n') };
}

describe('a watcher', () => {
  it.each(lies.map((lie) => [lie.name, lie] as const))(
    'finds %s',
    async (name, lie) => {
      told = await startLie(name);
      await told.goOn();
      const { code, text } = await watch(told.exchange);
      expect(text).toMatch(/^batch 1: .*: agrees/m);
      const where = told.segment === null ? 'in its header' : `in segment ${told.segment}`;
      expect(text).toContain(`batch 2: WRONG (${lie.finding}) ${where}: `);
      for (const words of lie.words) expect(text).toMatch(words);
      expect(code).toBe(EXIT_MISMATCH);
    },
    60_000,
  );

  it.each(lies.filter((lie) => lie.patch !== undefined).map((lie) => lie.name))(
    'has nothing against the scene of %s with an honest engine',
    async (name) => {
      told = await startLie(name, { honest: true });
      await told.goOn();
      const { code, text } = await watch(told.exchange);
      expect(text).toContain('3 batches checked now, up to batch 3');
      expect(code).toBe(EXIT_AGREES);
    },
    60_000,
  );
});

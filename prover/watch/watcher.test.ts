import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeBatch } from '#shared/protocol/batch.ts';
import { wallet } from '#test/engine/world.ts';
import { TestExchange } from '../testing/exchange.ts';
import { WatchMetrics } from './metrics.ts';
import { readWatchOptions } from './options.ts';
import { Watcher } from './watcher.ts';

const USDC = 1_000_000n;

describe('first', () => {
  it('agrees', async () => {
    const x = await TestExchange.create();
    try {
      const a = await x.deposit(wallet(1), 10_000n * USDC);
      await x.postHonest();
      const lines: string[] = [];
      const options = readWatchOptions(
        ['--rpc', x.anvil.url, '--settlement', x.settlement, '--once'],
        {},
      );
      const w = new Watcher(options, {
        metrics: new WatchMetrics(),
        log: pino({ level: 'info' }),
        say: (l) => lines.push(l),
        signal: new AbortController().signal,
      });
      const code = await w.run();
      console.log(lines, a);
      expect(code).toBe(0);
    } finally {
      await x.close();
    }
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OK, SEGMENT_FULL } from '#shared/engine/codes.ts';
import { deriveModule, Engine } from '#shared/host/engine.ts';
import { readEngine } from '#shared/host/wasm-file.ts';
import { encodeCommand } from '#shared/protocol/commands.ts';
import { encodeInboxMessage } from '#shared/protocol/inbox.ts';
import { Journal } from '../journal/journal.ts';
import { Progress } from '../progress.ts';
import { RecoveryPool } from '../recovery/pool.ts';
import type { HostEngine } from '../replica/engine.ts';
import { genesisMessage } from '../testing/genesis.ts';
import { IDENTITY } from '../testing/journal-maker.ts';
import { clockCommand, Exchange } from './exchange.ts';
import { EngineHooks } from './hooks.ts';

const START_MS = Date.UTC(2026, 10, 22, 12);
const LIMIT = 16;
const log = pino({ level: 'silent' });
/** Nobody has prices yet: the engine rejects it. */
const REJECTED = encodeCommand({ kind: 'reprice', underlying: 0 });

let directory: string;
let journal: Journal;
let exchange: Exchange;
let breakEngine = false;
const fatal: Error[] = [];

/** A real engine that can be made to fail in a way that no command can make it fail. */
function makeEngine(hooks: EngineHooks): HostEngine {
  const module = deriveModule(readEngine().wasm, { marks: false, undo: true });
  const engine = Engine.create({ module, onEvent: hooks.onEvent, recover: hooks.onRecover });
  const execute = engine.execute.bind(engine);
  engine.execute = (command) => {
    if (breakEngine) throw new RangeError('no memory left');
    return execute(command);
  };
  return engine;
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-exchange-'));
  breakEngine = false;
  fatal.length = 0;
  const file = join(directory, 'journal.db');
  const onFailure = (error: Error) => exchange.fail(error);
  journal = await Journal.open({ file, identity: IDENTITY }, { onFailure });
  const hooks = new EngineHooks();
  exchange = new Exchange(
    {
      identity: IDENTITY,
      maxQueued: LIMIT,
      maxUnacknowledged: LIMIT,
      maxQueuedPerClient: LIMIT,
      maxQueuedPerAddress: LIMIT,
      clockIntervalMs: 1000,
      flushIntervalMs: 50,
    },
    {
      engine: makeEngine(hooks),
      hooks,
      journal,
      clock: { nowMs: () => START_MS },
      progress: new Progress(),
      log,
      position: { sequence: 0, segment: 1 },
      segmentStarted: false,
      pool: (onDone) => new RecoveryPool({ threads: 0 }, { onDone }),
      onFatal: (error) => fatal.push(error),
    },
  );
  exchange.start();
  const signers = Array.from({ length: 4 }, (_, index) => new Uint8Array(20).fill(index + 1));
  exchange.consume(encodeInboxMessage(genesisMessage(signers)));
  await exchange.submit(REJECTED);
});
afterEach(async () => {
  await exchange.drain();
  await journal.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('more than can be done', () => {
  it('is refused with EXCHANGE_BUSY, and what was taken is answered', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: LIMIT + 24 }, () => exchange.submit(REJECTED)),
    );
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(24);
    expect(outcomes.slice(LIMIT)).toEqual(refused);
    for (const outcome of refused) {
      expect(outcome).toMatchObject({ reason: { code: 'EXCHANGE_BUSY' } });
    }
    expect((await exchange.submit(REJECTED)).code).not.toBe(OK);
    expect(exchange.status()).toMatchObject({ state: 'running', queued: 0, rejected: LIMIT + 2 });
  });

  it('waits while too much is not durable yet', async () => {
    const codes = Array.from({ length: LIMIT + 4 }, (_, index) =>
      exchange.runOwn(clockCommand(START_MS + 1000 * (index + 1))),
    );
    expect(codes.filter((code) => code === OK)).toHaveLength(LIMIT);
    expect(codes.slice(LIMIT)).toEqual(new Array(4).fill(SEGMENT_FULL));
    expect(exchange.status().unacknowledged).toBe(LIMIT);
    await journal.drained();
    expect(exchange.status().unacknowledged).toBe(0);
    expect(exchange.runOwn(clockCommand(START_MS + 60_000))).toBe(OK);
  });
});

describe('a rejection', () => {
  it('is told when all that ran before it is durable', async () => {
    expect(exchange.runOwn(clockCommand(START_MS + 1000))).toBe(OK);
    const { sequence, durableSequence } = exchange.status();
    expect(durableSequence).toBeLessThan(sequence);
    const { code } = await exchange.submit(REJECTED);
    expect(code).not.toBe(OK);
    expect(exchange.status().durableSequence).toBe(sequence);
  });
});

describe('an engine that fails', () => {
  it('stops the exchange, and tells everybody who waits', async () => {
    breakEngine = true;
    const outcomes = await Promise.allSettled([
      exchange.submit(REJECTED),
      exchange.submit(REJECTED),
    ]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ reason: { code: 'EXCHANGE_FAILED' } });
    }
    expect(fatal).toHaveLength(1);
    await expect(exchange.submit(REJECTED)).rejects.toMatchObject({ code: 'EXCHANGE_STOPPED' });
  });
});

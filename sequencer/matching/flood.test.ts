import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { deriveModule, Engine } from '#shared/host/engine.ts';
import { readEngine } from '#shared/host/wasm-file.ts';
import { encodeCommand } from '#shared/protocol/commands.ts';
import { encodeInboxMessage } from '#shared/protocol/inbox.ts';
import { money } from '#shared/protocol/units.ts';
import { Journal } from '../journal/journal.ts';
import { Progress } from '../progress.ts';
import { RecoveryPool } from '../recovery/pool.ts';
import { genesisMessage } from '../testing/genesis.ts';
import { IDENTITY } from '../testing/journal-maker.ts';
import { Exchange } from './exchange.ts';
import { EngineHooks } from './hooks.ts';
import type { ClientId } from './types.ts';

const START_MS = Date.UTC(2026, 10, 22, 12);
const FLOOD = 3000;
/** First byte of the signatures of the flood, and of the other client's. */
const FLOODING = 0x11;
const VICTIM = 0x12;

let directory = '';
let exchange: Exchange;
let journal: Journal;
/** Signatures whose recovery was begun, which is when a command gets its place, and those that the engine has asked for since. */
let begun: Uint8Array[] = [];
let ran = 0;

/** The real pool, which takes notes. */
class NotingPool extends RecoveryPool {
  override recover(digest: Uint8Array, signature: Uint8Array) {
    begun.push(signature.slice());
    return super.recover(digest, signature);
  }
}

async function start(threads: number): Promise<RecoveryPool> {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-flood-'));
  const file = join(directory, 'journal.db');
  const onFailure = (error: Error) => exchange.fail(error);
  journal = await Journal.open({ file, identity: IDENTITY }, { onFailure });
  const hooks = new EngineHooks();
  begun = [];
  ran = 0;
  const recover: typeof hooks.onRecover = (...asked) => {
    ran += 1;
    return hooks.onRecover(...asked);
  };
  const module = deriveModule(readEngine().wasm, { marks: false, undo: true });
  let pool: RecoveryPool | null = null;
  exchange = new Exchange(
    {
      identity: IDENTITY,
      maxQueued: 10 * FLOOD,
      maxUnacknowledged: 10 * FLOOD,
      maxQueuedPerClient: FLOOD,
      maxQueuedPerAddress: 2 * FLOOD,
      clockIntervalMs: 1000,
      flushIntervalMs: 50,
    },
    {
      engine: Engine.create({ module, onEvent: hooks.onEvent, recover }),
      hooks,
      journal,
      clock: { nowMs: () => START_MS },
      progress: new Progress(),
      log: pino({ level: 'silent' }),
      position: { sequence: 0, segment: 1 },
      segmentStarted: false,
      pool: (onDone) => {
        pool = new NotingPool({ threads }, { onDone });
        return pool;
      },
      onFatal: () => {},
    },
  );
  exchange.start();
  exchange.consume(encodeInboxMessage(genesisMessage([1, 2, 3, 4].map(address))));
  const amount = money(1_000_000_000n);
  for (const account of [2, 3]) {
    const owner = address(account);
    exchange.consume(
      encodeInboxMessage({ kind: 'deposit', account, owner, subaccount: 0, amount }),
    );
  }
  await exchange.submit(encodeCommand({ kind: 'reprice', underlying: 0 }));
  return pool as unknown as RecoveryPool;
}

const address = (byte: number) => new Uint8Array(20).fill(byte);

/** A withdrawal that nobody's key signed: it is recovered, and then refused by the engine. */
function badlySigned(account: number, nonce: number, by = FLOODING): Uint8Array {
  const signature = new Uint8Array(64).fill(by);
  new DataView(signature.buffer).setUint32(4, nonce);
  const validUntil = START_MS / 1000 + 60;
  const envelope = { keySlot: 0, account, nonce: BigInt(nonce), validUntil, signature };
  return encodeCommand({ kind: 'withdraw', amount: money(1n), ...envelope });
}

interface Place {
  /** Commands that had their place and had not run when the victim came. */
  readonly ahead: number;
  /** Commands that got theirs between its coming and its own. */
  readonly overtook: number;
}

/** Floods, then lets another client send one command, and says what was served before it. Nothing of it depends on time. */
async function placeOf(flooders: ClientId[], victim: ClientId): Promise<Place> {
  const order: string[] = [];
  const all: Promise<unknown>[] = [];
  const before = begun.length;
  const send = (client: ClientId, command: Uint8Array, name: string) =>
    all.push(exchange.submit(command, client).then(() => order.push(name)));
  for (let i = 0; i < FLOOD; i++) {
    for (const [at, client] of flooders.entries())
      send(client, badlySigned(2, i * 10 + at), 'flood');
  }
  // Recovery is under way when the victim comes.
  await new Promise((resolve) => setTimeout(resolve, 5));
  const came = begun.length;
  const ahead = came - ran;
  send(victim, badlySigned(3, 0, VICTIM), 'victim');
  await Promise.all(all);
  expect(order).toHaveLength(FLOOD * flooders.length + 1);
  const at = begun.findIndex((signature, i) => i >= before && signature[0] === VICTIM);
  // Served in the order of their places.
  expect(order.indexOf('victim')).toBe(at - before);
  return { ahead, overtook: at - came };
}

afterEach(async () => {
  await exchange.drain();
  await journal.close();
  rmSync(directory, { recursive: true, force: true });
});

describe.each([0, 1, 2])('a flood of bad signatures, %d recovery threads', (threads) => {
  it('keeps the order of another client behind no more than what is on its way', async () => {
    const pool = await start(threads);
    const flooder = { address: '10.0.0.1', connection: 1 };
    const check = ({ ahead, overtook }: Place, clients: number) => {
      // Two rounds of what the threads can recover at once have their places ahead of running.
      expect(ahead).toBeLessThanOrEqual(2 * pool.capacity);
      expect(overtook).toBeLessThanOrEqual(clients);
    };
    check(await placeOf([flooder], { address: '10.0.0.2', connection: 2 }), 1);
    check(await placeOf([flooder], { address: '10.0.0.1', connection: 2 }), 1);
    const many = [1, 3].map((connection) => ({ address: '10.0.0.1', connection }));
    check(await placeOf(many, { address: '10.0.0.2', connection: 2 }), 2);
  });
});

describe('a client that has too much waiting', () => {
  it('is refused, and nobody else', async () => {
    await start(1);
    const flooder = { address: '10.0.0.1', connection: 1 };
    const results = Array.from({ length: FLOOD + 100 }, (_, i) =>
      exchange.submit(badlySigned(2, i), flooder),
    );
    const other = exchange.submit(badlySigned(3, 0), { address: '10.0.0.2', connection: 2 });
    const settled = await Promise.allSettled(results);
    const refused = settled.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(100 - 64);
    for (const refusal of refused) {
      expect(refusal).toMatchObject({ reason: { code: 'EXCHANGE_BUSY' } });
    }
    expect((await other).code).not.toBe(0);
  });
});

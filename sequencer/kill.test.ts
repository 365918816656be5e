import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { NONCE_USED } from '#shared/engine/codes.ts';
import { readEngine } from '#shared/host/wasm-file.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { freePort } from '#test/support/anvil.ts';
import { systemClock } from './clock.ts';
import { decodeEntries, ENTRY_CLOSE } from './journal/entry.ts';
import type { Identity } from './journal/schema.ts';
import { JournalStore } from './journal/store.ts';
import { killAll, Process } from './testing/process.ts';
import { until, World } from './testing/world.ts';

const CHAIN_ID = 31_337;

let world: World | null = null;
afterEach(async () => {
  killAll();
  await world?.close();
  world = null;
});

function identityOf(here: World): Identity {
  return { chainId: CHAIN_ID, settlement: here.settlement, engineHash: readEngine().hash };
}

/** Commands of the journal by sequence number; also checks that numbers follow each other and none comes twice. */
function journaled(here: World): Map<number, string> {
  const file = join(here.dataDirectory, 'journal.db');
  const reader = JournalStore.openForReading(file, identityOf(here));
  const found = new Map<number, string>();
  const seen = new Set<string>();
  let sequence = 0;
  for (const row of reader.entriesAfter(0, 1_000_000)) {
    for (const entry of decodeEntries(row.data)) {
      if (entry.kind === ENTRY_CLOSE) continue;
      sequence += 1;
      const command = bytesToHex(entry.bytes);
      found.set(sequence, command);
      if (((entry.bytes[0] ?? 0) & 31) >= 16) {
        expect(seen.has(command)).toBe(false);
        seen.add(command);
      }
    }
  }
  reader.close();
  return found;
}

describe('kill -9 of the whole process', () => {
  it('loses nothing acknowledged and repeats nothing', { timeout: 240_000 }, async () => {
    world = await World.create({ blockTime: 1 });
    const here = world;
    const port = await freePort();
    const acknowledged = new Map<number, Uint8Array>();
    let process_ = new Process(here, port);
    await process_.ready();
    await here.deposit('alice', 1000);
    const probe = () =>
      here.signed({ clock: systemClock }, 'alice', { kind: 'withdraw', account: 2, amount: 1n });
    await until(async () => (await process_.submit(probe())).sequence !== undefined, 'the deposit');
    for (let round = 0; round < 3; round++) {
      const commands = Array.from({ length: 300 }, probe);
      let killed = false;
      const answers = commands.map(async (command) => {
        const answer = await process_.submit(command).catch(() => ({}) as { sequence?: string });
        if (answer.sequence !== undefined) acknowledged.set(Number(answer.sequence), command);
        if (acknowledged.size % 100 === 60 && !killed) {
          killed = true;
          process_.child.kill('SIGKILL');
        }
      });
      const end = process_.ended();
      await Promise.all(answers);
      expect(await end).toBe('SIGKILL');
      process_ = new Process(here, port);
      await process_.ready();
      const found = journaled(here);
      for (const [sequence, command] of acknowledged) {
        expect(found.get(sequence)).toBe(bytesToHex(command));
      }
      const [, last] = [...acknowledged].at(-1) ?? [0, probe()];
      expect(await process_.submit(last)).toEqual({ code: expect.toBeOneOf([NONCE_USED, 206]) });
      expect((await process_.submit(probe())).sequence).toBeDefined();
    }
    expect(acknowledged.size).toBeGreaterThan(100);
    const end = process_.ended();
    process_.child.kill('SIGTERM');
    expect(await end).toBe(0);
  });

  it('stops when a write fails, and keeps what it acknowledged', { timeout: 240_000 }, async () => {
    world = await World.create({ blockTime: 1 });
    const here = world;
    const port = await freePort();
    // The kernel refuses to let any file grow beyond 2,000 KiB.
    const limited = new Process(here, port, {}, "trap '' XFSZ; ulimit -f 2000");
    await limited.ready();
    await here.deposit('alice', 1000);
    const probe = () =>
      here.signed({ clock: systemClock }, 'alice', { kind: 'withdraw', account: 2, amount: 1n });
    await until(async () => (await limited.submit(probe())).sequence !== undefined, 'the deposit');
    const acknowledged = new Map<number, Uint8Array>();
    const end = limited.ended();
    let ended = false;
    void end.then(() => {
      ended = true;
    });
    while (!ended) {
      const commands = Array.from({ length: 20 }, probe);
      await Promise.all(
        commands.map(async (command) => {
          const answer = await limited.submit(command).catch(() => ({}) as { sequence?: string });
          if (answer.sequence !== undefined) acknowledged.set(Number(answer.sequence), command);
        }),
      );
    }
    expect(await end).toBe(1);
    expect(limited.errors).toMatch(/^(DISK_FULL|JOURNAL_IO): /m);
    expect(acknowledged.size).toBeGreaterThan(20);
    const again = new Process(here, port);
    await again.ready();
    const found = journaled(here);
    for (const [sequence, command] of acknowledged) {
      expect(found.get(sequence)).toBe(bytesToHex(command));
    }
    expect((await again.submit(probe())).sequence).toBeDefined();
  });

  it('says what is wrong with its surroundings and ends with code 1', {
    timeout: 240_000,
  }, async () => {
    world = await World.create({ blockTime: 0 });
    const port = await freePort();
    const refused = async (extra: Record<string, string | number>) => {
      const child = new Process(world as World, port, extra);
      expect(await child.ended()).toBe(1);
      return child.errors.split(':')[0];
    };
    expect(await refused({ 'chain-id': 5 })).toBe('WRONG_CHAIN');
    expect(await refused({ settlement: `0x${'12'.repeat(20)}` })).toBe('NO_CONTRACT');
    expect(await refused({ settlement: world.token })).toBe('NOT_A_SETTLEMENT');
    expect(await refused({ 'poster-key': `0x${'11'.repeat(32)}` })).toBe('WRONG_POSTER_KEY');
    expect(await refused({ port: 'eighty' })).toBe('BAD_OPTION');
    const running = new Process(world, port);
    await running.ready();
    expect(await refused({ port: await freePort() })).toBe('DATA_IN_USE');
    await running.ready();
    // However the first one ends, the next may begin.
    const end = running.ended();
    running.child.kill('SIGKILL');
    await end;
    await new Process(world, port).ready();
  });
});

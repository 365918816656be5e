import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPublicClient, http } from 'viem';
import { afterAll, describe, expect, test } from 'vitest';
import { Anvil } from './anvil.ts';
import { Child } from './child.ts';
import { sleep, virtualClock } from './clock.ts';
import { ChildError, PortBusyError } from './errors.ts';
import { choosePort, freePort, isFree } from './ports.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-processes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function script(code: string, name = 'child'): Promise<Child> {
  const logFile = join(folder, `${name}.log`);
  return Child.start({ name, command: process.execPath, args: ['-e', code], logFile });
}

describe('ports', () => {
  test('a busy port that was asked for is an error, a busy default is replaced', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    expect(await isFree(port)).toBe(false);
    const refused = choosePort({ asked: port, usual: 1, what: '--port' });
    await expect(refused).rejects.toThrow(PortBusyError);
    await expect(refused).rejects.toThrow(`port ${port}, asked for as --port, is in use`);
    const chosen = await choosePort({ asked: undefined, usual: port, what: '--port' });
    expect(chosen).not.toBe(port);
    expect(await isFree(chosen)).toBe(true);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('child', () => {
  test('an orderly end runs the child’s own handler, and its output is kept', async () => {
    const child = await script(
      "process.on('SIGTERM', () => { console.log('bye'); process.exit(7); }); setInterval(() => 0, 1000); console.log('up')",
      'orderly',
    );
    while (!child.tail.includes('up')) await sleep(10);
    expect(child.running).toBe(true);
    expect(await child.end()).toBe(7);
    expect(child.running).toBe(false);
    await expect
      .poll(() => readFileSync(child.logFile, 'utf8'), { timeout: 30_000 })
      .toBe('up\nbye\n');
    expect(() => process.kill(child.pid, 0)).toThrow('ESRCH');
  });

  test('kill -9 leaves it no time for anything', async () => {
    const child = await script(
      "process.on('SIGTERM', () => console.log('bye')); setInterval(() => 0, 1000); console.log('up')",
      'killed',
    );
    while (!child.tail.includes('up')) await sleep(10);
    await child.kill();
    expect(child.outcome).toBe('SIGKILL');
    expect(child.tail).toEqual(['up']);
  });

  test('a child that ends by itself says what it said last', async () => {
    const child = await script("console.error('no disk'); process.exit(3)", 'failing');
    expect(await child.ended).toBe(3);
    expect(child.expectedToEnd).toBe(false);
    expect(child.failure('ended').message).toContain('no disk');
  });

  test('a program that does not exist is an operating error', async () => {
    const started = Child.start({
      name: 'nobody',
      command: join(folder, 'nothing-here'),
      args: [],
      logFile: join(folder, 'nobody.log'),
    });
    await expect(started).rejects.toThrow(ChildError);
  });
});

describe('anvil', () => {
  test('its blocks carry the virtual clock’s seconds', async () => {
    const virtualStartMs = Date.UTC(2022, 10, 9, 7, 20);
    const clock = virtualClock({ rate: 30, realStartMs: Date.now(), virtualStartMs });
    const anvil = await Anvil.start({
      port: await freePort(),
      clock,
      blockIntervalMs: 100,
      accounts: 2,
      logFile: join(folder, 'anvil.log'),
    });
    try {
      const troubles: unknown[] = [];
      anvil.startMining((error) => troubles.push(error));
      const client = createPublicClient({ transport: http(anvil.url) });
      const genesis = await client.getBlock({ blockNumber: 0n });
      const age = ({ timestamp }: { timestamp: bigint }) =>
        clock.nowMs() - Number(timestamp) * 1000;
      let block = genesis;
      // 30 virtual seconds are a real one, in which a block must be made, handed over and looked at.
      while (block.timestamp - genesis.timestamp <= 10n || age(block) >= 30_000) {
        await sleep(50);
        block = await client.getBlock();
      }
      expect(troubles).toEqual([]);
      expect(Number(genesis.timestamp)).toBeGreaterThanOrEqual(virtualStartMs / 1000);
      expect(age(block)).toBeGreaterThanOrEqual(0);
    } finally {
      await anvil.stop();
    }
    expect(anvil.child.running).toBe(false);
  });
});

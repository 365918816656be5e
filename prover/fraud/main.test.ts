import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { Judge } from './judge.ts';
import { readProveOptions } from './options.ts';
import { Court, caseDependencies } from './testing.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const T = 60; // seconds; devnetParams
let court: Court;
let directory: string | undefined;
const children = new Set<ChildProcess>();

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
  await court?.close();
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  directory = undefined;
});

/** `npm run prove` as a process of its own. `killAt`: with SIGKILL, as soon as a line matches. */
async function prove(flags: readonly string[], options: { key?: number; killAt?: RegExp } = {}) {
  const { anvil, settlement } = court.exchange;
  const args = ['--import', 'tsx', MAIN, '--rpc', anvil.url, '--settlement', settlement, ...flags];
  const { PLIMSOLL_KEY: _, ...env } = process.env;
  const key = options.key === undefined ? {} : { PLIMSOLL_KEY: Court.key(options.key) };
  const child = spawn(process.execPath, args, { env: { ...env, ...key } });
  children.add(child);
  const ended = once(child, 'exit');
  let out = '';
  let errors = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
    if (options.killAt?.test(out)) child.kill('SIGKILL');
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const [code, signal] = await ended;
  return { code, signal, out, errors };
}

describe('npm run prove', () => {
  it('plans without a key, and sends nothing', async () => {
    court = await Court.convene('forge-order');
    const { code, out } = await prove(['--batch', '2', '--dry-run']);
    expect(out).toContain('segment 1 claims a root that its commands do not lead to');
    expect(out).toContain('it executed command 0 (order) as if its signature were good');
    expect(out).toMatch(/account 4, cash: 5086150000 is claimed, 5000000000 is true/);
    expect(out).toMatch(/step 1: \d+ machine steps and \d+ leaves, to the end of the segment/);
    expect(out).toMatch(/bond: 0\.05 ETH/);
    expect(code).toBe(0);
    expect(await court.events()).toEqual([]);
  });

  it('survives kill -9 after each of its transactions', async () => {
    court = await Court.convene('overfull-segment', { params: { challengePeriod: 1000n } });
    await court.fund(1);
    directory = mkdtempSync(join(tmpdir(), 'plimsoll-prove-'));
    const flags = ['--batch', '2', '--data', directory, '--step-gas', '1500000'];
    for (const killAt of [/commitment .* mined/, /opening .* mined/, /step 3 .* mined/]) {
      const { signal, out, code } = await prove(flags, { key: 1, killAt });
      // All of it may have been mined in one block.
      if (code === 0) break;
      expect(signal, out).toBe('SIGKILL');
    }
    const last = await prove(flags, { key: 1 });
    expect(last.code, last.errors).toBe(0);
    expect(await court.hasFallen()).toBe(true);
    expect(last.out).toMatch(/The reward can be collected from .* on/);
    await court.exchange.pass(T);
    const { code, out } = await prove(['--data', directory], { key: 1 });
    expect(out).toContain('reward and bond are collected');
    expect(code).toBe(0);
    expect(await court.count('Committed')).toBe(1);
    expect(await court.held()).toBe(0n);
  }, 120_000);

  it.each([
    ['KEY_MISSING', ['--batch', '2'], undefined],
    ['NO_FUNDS', ['--batch', '2'], 1],
    ['NOTHING_TO_PROVE', ['--batch', '1'], 2],
    ['NO_SUCH_BATCH', ['--batch', '9'], 2],
    ['SEGMENT_NOT_PROVABLE', ['--batch', '2', '--segment', '0'], 2],
    ['BAD_OPTION', ['--batch', 'two'], 2],
    ['BAD_OPTION', [], 2],
    ['BAD_OPTION', ['--dry-run'], 2],
  ] as const)('says %s and sends nothing: %j', async (code, flags, key) => {
    court = await Court.convene('worse-price');
    await court.fund(2);
    const answer = await prove(flags, key === undefined ? {} : { key });
    expect(answer.errors).toMatch(
      new RegExp(`^${code === 'NO_SUCH_BATCH' ? '(NO_SUCH_BATCH|BATCH_DISAGREES)' : code}: .*\n$`),
    );
    expect(answer.code).toBe(1);
    expect(await court.events()).toEqual([]);
  });

  it('has nothing to do where there is no judge', async () => {
    court = await Court.convene('worse-price', { judged: false });
    await court.fund(2);
    const { errors } = await prove(['--batch', '2'], { key: 2 });
    expect(errors).toMatch(/^NO_JUDGE: /);
  });

  it('trusts no judge with another program', async () => {
    court = await Court.convene('worse-price');
    const { l1, patience } = await caseDependencies(court.told);
    const other = `0x${'12'.repeat(32)}` as const;
    const found = Judge.find(l1, patience, '0x0000000000000000000000000000000000000001', other);
    await expect(found).rejects.toMatchObject({ code: 'WRONG_PROGRAM' });
  });

  it.each([
    [['--gwei', '100'], /--gwei is two whole numbers/],
    [['--gwei', '200:100'], /--gwei is two whole numbers/],
    [['--step-gas', '1'], /--step-gas is a whole number/],
    [['--certain-blocks', '-1'], /--certain-blocks is a whole number/],
  ])('refuses %j before it does anything', (more, words) => {
    const argv = ['--rpc', 'http://x', '--settlement', `0x${'1'.repeat(40)}`, ...more];
    expect(() => readProveOptions(argv, {})).toThrow(words);
  });
});

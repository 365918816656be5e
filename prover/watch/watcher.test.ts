import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { readEngine } from '#shared/host/wasm-file.ts';
import { encodeBatch, type SegmentContent } from '#shared/protocol/batch.ts';
import { concatBytes } from '#shared/protocol/bytes.ts';
import { writeSnapshot } from '#shared/state/snapshot.ts';
import { freePort } from '#test/support/anvil.ts';
import type { TestExchange } from '../testing/exchange.ts';
import { createScene, passWithPrices, type Scene, STRIKE, tradeOptions } from '../testing/scene.ts';
import { WatchMetrics } from './metrics.ts';
import { readWatchOptions } from './options.ts';
import { Watcher } from './watcher.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const BTC = BigInt(STRIKE);
let scene: Scene;

afterEach(async () => {
  await scene?.exchange.close();
});

function argumentsFor(exchange: TestExchange, ...more: string[]): string[] {
  return [
    '--rpc',
    exchange.anvil.url,
    '--settlement',
    exchange.settlement,
    '--poll',
    '20',
    ...more,
  ];
}

/** A watcher in this process. */
function watcher(exchange: TestExchange, ...more: string[]) {
  const lines: string[] = [];
  const metrics = new WatchMetrics();
  const ending = new AbortController();
  const one = new Watcher(readWatchOptions(argumentsFor(exchange, ...more), {}), {
    metrics,
    log: pino({ level: 'silent' }),
    say: (line) => lines.push(line),
    signal: ending.signal,
  });
  return { run: () => one.run(), lines, metrics, stop: () => ending.abort() };
}

async function watchOnce(exchange: TestExchange, ...more: string[]) {
  const { run, lines, metrics } = watcher(exchange, '--once', ...more);
  const code = await run();
  return { code, lines, text: lines.join('\n'), metrics };
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (const giveUpAt = performance.now() + 60_000; !holds(); ) {
    if (performance.now() > giveUpAt) throw new Error(`Waited in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Two honest batches with trades, and the draft of a third in which trading goes on. */
async function draftAfterTwo() {
  scene = await createScene();
  const { exchange } = scene;
  await exchange.postHonest();
  tradeOptions(scene);
  await exchange.postHonest();
  await passWithPrices(scene, 30, BTC);
  tradeOptions(scene, 20);
  const { segments, header } = await exchange.draft();
  expect(segments.length).toBeGreaterThan(2);
  return { exchange, segments, header };
}

function withSegment(
  segments: readonly SegmentContent[],
  index: number,
  change: (segment: SegmentContent) => SegmentContent,
): SegmentContent[] {
  return segments.map((segment, at) => (at === index ? change(segment) : segment));
}

function flipped(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy[7] = (copy[7] as number) ^ 1;
  return copy;
}

describe('honest batches', () => {
  it('agree, in one line each, and a second start goes on from a snapshot', async () => {
    const { exchange, segments, header } = await draftAfterTwo();
    await exchange.post(header, encodeBatch(segments));
    const data = join(exchange.directory, 'watcher');
    const first = await watchOnce(exchange, '--data', data, '--audit', 'full');
    expect(first.code).toBe(0);
    expect(first.lines[0]).toMatch(/^watching 0x.* from batch 1$/);
    for (const number of [1, 2, 3]) {
      expect(first.lines[number]).toMatch(
        new RegExp(
          `^batch ${number}: \\d+ segments?, \\d+ commands, \\d+ inbox messages?, root 0x[0-9a-f]{64}, \\d+ ms: agrees, invariants hold$`,
        ),
      );
    }
    expect(first.lines[3]).toContain(exchange.tip.header.finalRoot);
    expect(await first.metrics.registry.metrics()).toContain('plimsoll_watcher_last_batch 3');

    await passWithPrices(scene, 5, BTC);
    await exchange.postHonest();
    const second = await watchOnce(exchange, '--data', data);
    expect(second.lines[0]).toMatch(/from batch 4$/);
    expect(second.text).toContain('1 batches checked now, up to batch 4');
    const third = await watchOnce(exchange, '--data', data, '--from-genesis');
    expect(third.text).toContain('4 batches checked now, up to batch 4');
  });

  it('are followed while they come, through an L1 that goes away, and the end is clean', async () => {
    scene = await createScene({ keepL1: true });
    const { exchange } = scene;
    await exchange.postHonest();
    const data = join(exchange.directory, 'watcher');
    const { run, lines, stop } = watcher(exchange, '--data', data);
    const ended = run();
    await until(() => lines.some((line) => line.startsWith('batch 1:')), 'batch 1');
    await exchange.anvil.stop();
    await until(() => lines.some((line) => line.startsWith('waiting: L1')), 'the outage');
    await exchange.restartL1();
    await until(() => lines.includes('L1 answers again'), 'the return');
    // The new anvil's clock starts again where the chain did.
    await exchange.pass(10);
    tradeOptions(scene);
    await exchange.postHonest();
    await until(() => lines.some((line) => line.startsWith('batch 2:')), 'batch 2');
    stop();
    expect(await ended).toBe(0);
    expect((await watchOnce(exchange, '--data', data)).lines[0]).toMatch(/from batch 3$/);
  });

  it('are replayed again when L1 leaves a branch', async () => {
    scene = await createScene();
    const { exchange } = scene;
    await exchange.postHonest();
    tradeOptions(scene);
    const { segments, header } = await exchange.draft();
    const { run, lines, stop, metrics } = watcher(
      exchange,
      '--snapshot-batches',
      '1',
      '--data',
      join(exchange.directory, 'w'),
    );
    const ended = run();
    const branch = await exchange.anvil.request('evm_snapshot');
    const lost = await exchange.post(header, encodeBatch(segments));
    await until(() => lines.some((line) => line.startsWith('batch 2:')), 'the first batch 2');
    await exchange.anvil.request('evm_revert', [branch]);
    await exchange.pass(7);
    const kept = await exchange.post(header, encodeBatch(segments));
    expect(kept.hash).not.toBe(lost.hash);
    await until(
      () => lines.filter((line) => line.startsWith('batch 2:')).length === 2,
      'the second batch 2',
    );
    // Its parent is the batch of the new branch: a watcher on the old one would find it wrong.
    await passWithPrices(scene, 5, BTC);
    await exchange.postHonest();
    await until(() => lines.some((line) => line.startsWith('batch 3:')), 'batch 3');
    stop();
    expect(await ended).toBe(0);
    expect(lines.some((line) => line.startsWith('went back to batch 1: L1 left'))).toBe(true);
    expect(await metrics.registry.metrics()).toContain('plimsoll_watcher_rewinds_total 1');
  });
});

describe('a wrong batch', () => {
  it('with a flipped byte in a root is named with batch, segment and what the segment changes', async () => {
    const { exchange, segments, header } = await draftAfterTwo();
    await exchange.post(
      header,
      encodeBatch(withSegment(segments, 1, (one) => ({ ...one, root: flipped(one.root) }))),
    );
    const { code, text, metrics } = await watchOnce(exchange);
    expect(code).toBe(2);
    expect(text).toMatch(
      /^batch 3: WRONG \(SEGMENT_ROOT\) in segment 1: Batch 3, segment 1: the state root is claimed as 0x/m,
    );
    expect(text).toMatch(/Its \d+ commands answer in a true replay: .*OK/);
    expect(text).toMatch(/In a true replay the segment changes \d+ fields/);
    expect(text).toMatch(/^ {2}globals, .*: .* becomes /m);
    expect(await metrics.registry.metrics()).toContain('plimsoll_watcher_verdict 0');
  });

  it('with a flipped last root is found as well, where the contract takes it for the final root', async () => {
    const { exchange, segments, header } = await draftAfterTwo();
    const last = segments.length - 1;
    await exchange.post(
      header,
      encodeBatch(withSegment(segments, last, (one) => ({ ...one, root: flipped(one.root) }))),
    );
    const { code, text } = await watchOnce(exchange);
    expect(code).toBe(2);
    expect(text).toContain(`batch 3: WRONG (SEGMENT_ROOT) in segment ${last}`);
  });

  it('that left a command out is found in the segment that it is missing from', async () => {
    const { exchange, segments, header } = await draftAfterTwo();
    const skipping = withSegment(segments, 2, (one) => ({
      ...one,
      commands: one.commands.slice(1),
    }));
    await exchange.post(header, encodeBatch(skipping));
    const { code, text } = await watchOnce(exchange);
    expect(code).toBe(2);
    expect(text).toContain('batch 3: WRONG (SEGMENT_ROOT) in segment 2');
  });

  it.each([
    ['CLOCK', 'clockMs', -1n],
    ['INDEX_TIME', 'indexTimeMs', 1000n],
    ['VOLATILITY_TIME', 'volatilityTimeMs', 1000n],
  ] as const)('with a wrong %s in its header is found', async (finding, field, by) => {
    const { exchange, segments, header } = await draftAfterTwo();
    await exchange.post({ ...header, [field]: header[field] + by }, encodeBatch(segments));
    const { code, text } = await watchOnce(exchange);
    expect(code).toBe(2);
    expect(text).toContain(`batch 3: WRONG (${finding}) in its header: Batch 3: `);
  });

  it('that claims to have consumed a message which it has not is found', async () => {
    const { exchange, segments, header } = await draftAfterTwo();
    await exchange.deposit(
      { key: new Uint8Array(32).fill(9), address: new Uint8Array(20).fill(9) },
      5_000_000n,
      false,
    );
    const inboxCount = header.inboxCount + 1n;
    const inboxAccumulator = await exchange.accumulatorAt(inboxCount);
    await exchange.post({ ...header, inboxCount, inboxAccumulator }, encodeBatch(segments));
    const { code, text } = await watchOnce(exchange);
    expect(code).toBe(2);
    expect(text).toContain('batch 3: WRONG (INBOX_COUNT) in its header');
  });

  it('with undecodable data is found in the malformed segment', async () => {
    const { exchange, segments, header } = await draftAfterTwo();
    const data = concatBytes(encodeBatch(segments.slice(0, 2)), Uint8Array.of(0x20, 0x00, 1, 2, 3));
    await exchange.post(header, data);
    const { code, text } = await watchOnce(exchange);
    expect(code).toBe(2);
    expect(text).toContain('batch 3: WRONG (SEGMENT_ROOT) in segment 2');
    expect(text).toContain('The data cannot be decoded there');
  });

  it('with a segment too short for a root is found', async () => {
    const { exchange, segments, header } = await draftAfterTwo();
    const data = concatBytes(encodeBatch(segments.slice(0, 1)), Uint8Array.of(0, 3, 0, 1, 5));
    await exchange.post(header, data);
    const { code, text } = await watchOnce(exchange);
    expect(code).toBe(2);
    expect(text).toContain('batch 3: WRONG (SEGMENT_ROOT) in segment 1');
    expect(text).toContain('too short to hold a root');
  });

  it('is compared with the memory that the operator claims, and passed over once it fell', async () => {
    scene = await createScene();
    const { exchange } = scene;
    await exchange.postHonest();
    tradeOptions(scene);
    await exchange.postHonest();
    // The operator's engine gives an account a million, and posts the root of that.
    const { engine } = exchange.world;
    const file = join(exchange.directory, 'claimed.snapshot');
    const parent = exchange.tip.header;
    const forged = exchange.forge(() => {
      const at = exchange.cashAddress(scene.accounts.flat);
      engine.view.setBigInt64(at, engine.view.getBigInt64(at, true) + 1_000_000_000_000n, true);
      return at;
    });
    const { segments, header } = await exchange.draft();
    expect(forged).toBeGreaterThan(0);
    writeSnapshot(file, exchange.recorder.tree, {
      engineHash: readEngine().hash,
      sequence: 0n,
      segment: 0n,
      metadata: null,
    });
    const wrong = await exchange.post(header, encodeBatch(segments));
    const { code, text } = await watchOnce(exchange, '--against', file);
    expect(code).toBe(2);
    expect(text).toContain('is the memory claimed for the end of batch 3');
    expect(text).toMatch(
      new RegExp(
        `First difference: account ${scene.accounts.flat}, cash is 1005000000000 there, 5000000000 in a true replay`,
      ),
    );
    await exchange.fell(wrong.header, parent, exchange.settlement);
    const after = await watchOnce(exchange);
    expect(after.code).toBe(0);
    expect(after.text).toContain('2 batches checked now, up to batch 2');
  });
});

describe('the command line', () => {
  it('ends with code 2 on a wrong batch, and metrics tell of it until then', async () => {
    const { exchange, segments, header } = await draftAfterTwo();
    await exchange.post(
      header,
      encodeBatch(withSegment(segments, 0, (one) => ({ ...one, root: flipped(one.root) }))),
    );
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', MAIN, ...argumentsFor(exchange, '--metrics', '0', '--linger', '60')],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    const ended = once(child, 'exit');
    await until(() => text.includes('WRONG') && text.includes(' becomes '), 'the verdict');
    const url = /metrics on (\S+)/.exec(text)?.[1] ?? '';
    const metrics = await (await fetch(url)).text();
    expect(metrics).toContain('plimsoll_watcher_verdict 0');
    expect(metrics).toContain('plimsoll_watcher_batches_checked_total 2');
    child.kill('SIGTERM');
    expect((await ended)[0]).toBe(2);
  });

  it.each([
    [['--chain-id', '1'], 'WRONG_CHAIN'],
    [['--settlement', '0x00000000000000000000000000000000000000aa'], 'NO_CONTRACT'],
    [['--settlement', '0x5FbDB2315678afecb367f032d93F642f64180aa3'], 'NOT_A_SETTLEMENT'],
    [['--engine-hash', 'ab'], 'WRONG_ENGINE'],
    [['--data', join(MAIN, 'nowhere')], 'DATA_DIRECTORY_UNUSABLE'],
  ])('refuses %j with %s', async (more, code) => {
    scene = await createScene();
    await expect(watchOnce(scene.exchange, ...more)).rejects.toMatchObject({ code });
  });

  it('gives up on an L1 that never answers, when it is to look once', async () => {
    scene = await createScene();
    const rpc = `http://127.0.0.1:${await freePort()}`;
    await expect(watchOnce(scene.exchange, '--rpc', rpc)).rejects.toMatchObject({
      code: 'L1_UNREACHABLE',
    });
  });

  it.each([
    [['--rpc', 'nonsense'], /--rpc is an http/],
    [['--rpc', 'http://x', '--settlement', '0x12'], /--settlement is an address/],
    [
      ['--rpc', 'http://x', '--settlement', `0x${'1'.repeat(40)}`, '--audit', 'some'],
      /--audit is one of/,
    ],
    [['--unknown'], /unknown option/],
  ])('refuses %j before it does anything', (argv, words) => {
    expect(() => readWatchOptions(argv, {})).toThrow(words);
  });
});

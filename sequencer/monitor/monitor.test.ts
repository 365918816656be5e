import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PlimsollClient } from '#shared/client/index.ts';
import { UNDERLYINGS } from '#shared/engine/layout.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { fieldsOf } from '#shared/state/fields.ts';
import { CALL, DAY, FIRST, Harness, PUT } from '../gateway/testing/harness.ts';
import { wallet } from '../gateway/testing/wallets.ts';
import { genesisMessage } from '../testing/genesis.ts';
import { MonitorMetrics } from './metrics.ts';
import { MONITOR_DEFAULTS, type MonitorOptions, RiskMonitor } from './monitor.ts';
import { ApiSender } from './sender.ts';

const MONITOR = wallet(700);
const INDEX = 90_000_000_000n;
let harness: Harness;
let folder: string;
const endings: (() => Promise<void>)[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-monitor-'));
  harness = await Harness.bare();
  const committee = [1, 2, 3, 4].map((number) => wallet(number).address);
  harness.consume(genesisMessage(committee, MONITOR.address));
  for (let account = FIRST; account < FIRST + 3; account++) harness.deposit(account);
  await harness.price();
  for (const optionKind of [0, 1] as const) {
    await harness.run({ kind: 'list', underlying: 0, expiryDay: DAY, strike: 90_000, optionKind });
  }
  await harness.reprice();
});

afterEach(async () => {
  for (const end of endings.splice(0)) await end();
  await harness.stop();
  rmSync(folder, { recursive: true });
});

const QUICK: Partial<MonitorOptions> = {
  ...{ booksMs: 50, positionsMs: 50, saveMs: 50, silentMs: 100, rateShare: 1 },
  backoff: { firstMs: 20, maxMs: 100 },
};

/** A monitor in this process, with the key of the monitor that genesis names, another key, or none. */
async function monitor(
  options: Partial<MonitorOptions> = {},
  key: Uint8Array | null = MONITOR.key,
) {
  const client = await PlimsollClient.create({
    ...{ url: harness.url, timeoutMs: 500, backoff: { firstMs: 20, maxMs: 50 } },
  });
  const lines: string[] = [];
  const metrics = new MonitorMetrics();
  const ending = new AbortController();
  const one = new RiskMonitor(
    { ...MONITOR_DEFAULTS, ...QUICK, ...options },
    {
      ...{ client, metrics, log: pino({ level: 'silent' }), say: (line) => lines.push(line) },
      ...{ signal: ending.signal, nowMs: () => performance.now(), random: () => 0.5 },
      sender: key === null ? null : await ApiSender.create(client, key),
    },
  );
  const running = one.run();
  const stop = async () => {
    ending.abort();
    await running;
    client.close();
  };
  endings.push(stop);
  return { one, lines, metrics, stop, running };
}

async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const giveUpAt = performance.now() + 60_000; !(await holds()); ) {
    if (performance.now() > giveUpAt) throw new Error(`Waited in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Index prices a minute apart, each seen by the monitor before the next. */
async function minutes(prices: readonly bigint[], seen: RiskMonitor): Promise<void> {
  for (const price of prices) {
    harness.nowMs += 60_000;
    await harness.price(price);
    await until(() => seen.watch('BTC')?.index?.price === Number(price) / 1e6, 'the price');
  }
}

const QUIET = Array.from({ length: 5 }, (_, at) => INDEX + BigInt(at % 2) * 20_000_000n);
/** Falls of 2 % a minute, which need no confirmation by a second round. */
const CRASH = [98n, 96n, 94n, 92n].map((percent) => (INDEX * percent) / 100n);

const GUARD_SOURCE = readFileSync(
  new URL('../../shared/engine/records/guard.ts', import.meta.url),
  'utf8',
);

/** What the engine's state has of the last request for BTC, 1e-4; 0 if there was none. */
function requestInEngine(): number {
  const guard = Number(/GUARD: usize = (\d+)/.exec(GUARD_SOURCE)?.[1]);
  const field = fieldsOf('Guard', GUARD_SOURCE).find(({ name }) => name === 'requestMultiplier');
  return harness.exchange.view.getUint32(UNDERLYINGS + guard + (field?.offset ?? 0), true);
}

const asks = (lines: readonly string[]) => lines.filter((line) => line.startsWith('Asks'));
const started = (lines: readonly string[]) =>
  until(() => lines.some((line) => line.startsWith('watching BTC')), 'the start');

describe('RiskMonitor', () => {
  it('asks in a crash, with a reason in words, and the engine has the multiplier', async () => {
    const { one, lines, metrics } = await monitor();
    await started(lines);
    await minutes(QUIET, one);
    expect(asks(lines)).toEqual([]);
    expect(requestInEngine()).toBe(0);
    await minutes(CRASH, one);
    await until(() => asks(lines).length > 0, 'the request');
    expect(asks(lines)[0]).toMatch(
      /^Asks that new BTC risk pays \d\.\d\d times the margin because .* times the calm level of 6\d %\.$/,
    );
    expect(requestInEngine()).toBeGreaterThan(10_000);
    expect(await metrics.registry.metrics()).toMatch(
      /plimsoll_monitor_requests_total\{underlying="BTC",outcome="accepted"\} [1-9]/,
    );
  });

  it('only says what it would ask for without a key', async () => {
    const { one, lines } = await monitor({}, null);
    await started(lines);
    await minutes([...QUIET, ...CRASH], one);
    await until(() => asks(lines).length > 0, 'the words');
    expect(asks(lines)[0]).toMatch(/\(Not sent: there is no key\.\)$/);
    expect(requestInEngine()).toBe(0);
  });

  it('goes on watching when the engine refuses its key, and says so', async () => {
    const { one, lines, metrics } = await monitor({}, wallet(701).key);
    await started(lines);
    await minutes([...QUIET, ...CRASH], one);
    await until(() => lines.some((line) => line.startsWith('REFUSED')), 'the refusal');
    expect(lines.find((line) => line.startsWith('REFUSED'))).toContain('WRONG_SIGNER');
    expect(requestInEngine()).toBe(0);
    await minutes([(INDEX * 91n) / 100n], one);
    expect(await metrics.registry.metrics()).toContain('outcome="refused"');
  });

  it('waits while the exchange is away, says so once, and goes on when it is back', async () => {
    const { one, lines } = await monitor();
    await started(lines);
    await minutes(QUIET, one);
    const port = Number(new URL(harness.url).port);
    await harness.gateway.close();
    await until(() => lines.some((line) => line.startsWith('waiting: ')), 'the outage');
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(lines.filter((line) => line.startsWith('waiting: '))).toHaveLength(1);
    harness.registry.clear();
    await harness.openGateway({ port });
    await until(() => lines.includes('the exchange answers again'), 'the return');
    await minutes(CRASH, one);
    await until(() => asks(lines).length > 0, 'the request');
    expect(requestInEngine()).toBeGreaterThan(10_000);
  });

  it('goes on after a restart from what it knew, and its next request is taken', async () => {
    const stateFile = join(folder, 'deep', 'monitor.json');
    const first = await monitor({ stateFile });
    await started(first.lines);
    // A minute is closed by the next one's first price.
    const fall = CRASH[0] as bigint;
    await minutes([...QUIET, fall, fall], first.one);
    await until(() => asks(first.lines).length > 0, 'the request');
    await first.stop();
    const known = first.one.watch('BTC')?.state;
    const second = await monitor({ stateFile });
    await started(second.lines);
    expect(second.lines[0]).toMatch(/^going on from what was known at 20/);
    expect(second.one.watch('BTC')?.state.forecaster).toEqual(known?.forecaster);
    const before = requestInEngine();
    await minutes(CRASH.slice(1), second.one);
    await until(() => requestInEngine() > before, 'the higher request');
    expect(second.lines.some((line) => line.startsWith('REFUSED'))).toBe(false);
  });

  it('forgets what is of a later time: an exchange that began anew', async () => {
    const stateFile = join(folder, 'monitor.json');
    const first = await monitor({ stateFile });
    await started(first.lines);
    await minutes(QUIET, first.one);
    await first.stop();
    const saved = JSON.parse(readFileSync(stateFile, 'utf8'));
    expect(saved.underlyings.BTC.forecaster.returns.length).toBeGreaterThan(0);
    writeFileSync(stateFile, JSON.stringify({ ...saved, savedMs: saved.savedMs + 3_600_000 }));
    const second = await monitor({ stateFile });
    await started(second.lines);
    expect(second.lines[0]).toMatch(/^watching BTC/);
    expect(second.one.watch('BTC')?.state.forecaster.returns).toEqual([]);
  });

  it('finds its way past a number that was used by another with its key', async () => {
    const stateFile = join(folder, 'monitor.json');
    const client = await PlimsollClient.create({ url: harness.url });
    endings.push(async () => client.close());
    const sender = await ApiSender.create(client, MONITOR.key);
    const sequence = Math.floor(harness.nowMs / 1000) + 1800;
    await sender.send({
      ...{ underlying: 'BTC', multiplier: 10_100, untilMs: harness.nowMs + 60_000 },
      ...{ sequence, reason: 1, words: '' },
    });
    const { one, lines, metrics } = await monitor({ stateFile });
    await started(lines);
    await minutes([...QUIET, ...CRASH, (INDEX * 90n) / 100n], one);
    await until(() => asks(lines).length > 0, 'the request');
    expect(requestInEngine()).toBeGreaterThan(10_100);
    expect(await metrics.registry.metrics()).toContain('outcome="repeated"');
  });

  it('sees in positions and books who falls, and asks because of it', async () => {
    const [seller, buyer] = [await harness.client(FIRST), await harness.client(FIRST + 1)];
    await seller.sell({ instrument_name: CALL, amount: '55', price: '2500' });
    await buyer.buy({ instrument_name: CALL, amount: '55', price: '2500' });
    await seller.sell({ instrument_name: PUT, amount: '1', price: '2700' });
    await buyer.buy({ instrument_name: PUT, amount: '1', price: '2300' });
    const { one, lines, metrics } = await monitor();
    await started(lines);
    await minutes(QUIET.slice(0, 1), one);
    const seen = async (pattern: RegExp) => pattern.test(await metrics.registry.metrics());
    await until(() => seen(/plimsoll_monitor_depth\{underlying="BTC"\} [1-9]\d+/), 'depth');
    expect(await seen(/plimsoll_monitor_spread\{underlying="BTC"\} 0\.\d+/)).toBe(true);
    expect(requestInEngine()).toBe(0);
    // The short calls lose a third of what stands behind them, slowly enough to be no news.
    for (const percent of [103n, 106n, 109n]) {
      harness.nowMs += 3_600_000;
      await harness.price((INDEX * percent) / 100n);
    }
    await harness.reprice();
    await minutes([(INDEX * 109n) / 100n], one);
    await until(() => asks(lines).length > 0, 'the request');
    expect(asks(lines)[0]).toMatch(
      /if BTC moves by 16 % with volatility up, 1 account falls and owes .* USDC more than it has, and there is no insurance fund/,
    );
    const text = await metrics.registry.metrics();
    expect(text).toMatch(/plimsoll_monitor_accounts_fallen\{underlying="BTC"\} 1/);
    expect(text).toMatch(/plimsoll_monitor_concentration\{underlying="BTC"\} 1/);
    expect(requestInEngine()).toBeGreaterThan(10_000);
  });

  it('does not begin with another exchange than the one it was told', async () => {
    const client = await PlimsollClient.create({ url: harness.url, chainId: 1 });
    const ending = new AbortController();
    const running = new RiskMonitor(
      { ...MONITOR_DEFAULTS, ...QUICK },
      {
        ...{ client, sender: null, metrics: new MonitorMetrics(), say: () => {} },
        ...{ log: pino({ level: 'silent' }), signal: ending.signal },
        ...{ nowMs: () => performance.now(), random: () => 0 },
      },
    ).run();
    await expect(running).rejects.toMatchObject({ code: 'WRONG_EXCHANGE' });
    client.close();
  });
});

describe('the process', () => {
  const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

  function start(...args: string[]) {
    const env = { ...process.env, PLIMSOLL_MONITOR_KEY: bytesToHex(MONITOR.key) };
    const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], { env });
    const output = { out: '', error: '' };
    child.stdout.on('data', (chunk) => {
      output.out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output.error += chunk;
    });
    return { child, output, ended: once(child, 'exit') };
  }

  it('watches, serves metrics, and ends cleanly with its state written', async () => {
    const stateFile = join(folder, 'state.json');
    const { child, output, ended } = start(
      ...['--url', harness.url, '--metrics', '0', '--state', stateFile],
    );
    await until(() => output.out.includes('watching BTC'), 'the start');
    expect(output.out).toContain('asking with our key');
    const url = /metrics on (\S+)/.exec(output.out)?.[1] ?? '';
    expect(await (await fetch(url)).text()).toContain('plimsoll_monitor_exchange_up 1');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(JSON.parse(readFileSync(stateFile, 'utf8'))).toMatchObject({ version: 1 });
    expect(output.error).toBe('');
  });

  it('says in one line what is wrong with an option', async () => {
    const { output, ended } = start('--metrics', 'x');
    expect(await ended).toEqual([1, null]);
    expect(output.error).toMatch(/^BAD_OPTION: --metrics is a whole number .*\n$/);
  });
});

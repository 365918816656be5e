import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PlimsollClient } from '#shared/client/index.ts';
import { offsetOf, RECORDS } from '#shared/state/fields.ts';
import { UNDERLYINGS } from '#shared/engine/layout.ts';
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
async function monitor(options: Partial<MonitorOptions> = {}, key: Uint8Array | null = MONITOR.key) {
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
  for (const giveUpAt = performance.now() + 10_000; !(await holds()); ) {
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

function requestInEngine() {
  const { view } = harness.exchange.memory;
  const at = (field: string) => UNDERLYINGS + offsetOf(RECORDS.Guard as never, field as never);
  return view.getUint32(at('requestMultiplier'), true);
}

describe('RiskMonitor', () => {
  it('asks in a crash, with a reason in words, and the engine has the multiplier', async () => {
    const { one, lines, metrics } = await monitor();
    await until(() => lines.some((line) => line.startsWith('watching BTC')), 'the start');
    await minutes(QUIET, one);
    expect(lines.filter((line) => line.startsWith('Asks'))).toEqual([]);
    await minutes(CRASH, one);
    await until(() => lines.some((line) => line.startsWith('Asks')), 'the request');
    const asked = lines.filter((line) => line.startsWith('Asks'));
    expect(asked[0]).toMatch(
      /^Asks that new BTC risk pays \d\.\d\d times the margin because .* times the calm level of 6\d %\.$/,
    );
    expect(requestInEngine()).toBeGreaterThan(10_000);
    expect(await metrics.registry.metrics()).toMatch(
      /plimsoll_monitor_requests_total\{underlying="BTC",outcome="accepted"\} [1-9]/,
    );
  });
});
void CALL;
void PUT;

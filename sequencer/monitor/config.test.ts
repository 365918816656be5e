import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '#shared/client/index.ts';
import { NOT_FOUND, RATE_LIMITED, TIMED_OUT } from '#shared/protocol/api-codes.ts';
import { readConfig } from './config.ts';
import { MonitorMetrics } from './metrics.ts';
import { Pacer } from './pacer.ts';
import { type MonitorState, readState, writeState } from './state-file.ts';
import { garchSeries, normals } from './testing/series.ts';
import { isGone, isTransient, pauseMs } from './transient.ts';
import { UnderlyingWatch } from './underlying-watch.ts';
import { MINUTE_MS } from './volatility/bars.ts';

const KEY = `0x${'ab'.repeat(32)}`;

describe('readConfig', () => {
  it('takes the environment, the command line wins, and the key is in the environment only', () => {
    const env = { PLIMSOLL_MONITOR_URL: 'http://one:1', PLIMSOLL_MONITOR_KEY: KEY };
    expect(readConfig([], env)).toMatchObject({ url: 'http://one:1', metricsPort: null });
    const config = readConfig(['--url', 'https://two', '--metrics', '0', '--calm', '80'], env);
    expect(config).toMatchObject({ url: 'https://two', metricsPort: 0, calmStart: 0.8 });
    expect(config.key).toEqual(new Uint8Array(32).fill(0xab));
    expect(readConfig([], {})).toMatchObject({ key: null, stateFile: null, rateShare: 0.1 });
  });

  it.each([
    [['--url', 'ftp://x'], {}, /--url is an http or https address, not 'ftp:\/\/x'\. See --help\./],
    [['--metrics', '70000'], {}, /--metrics is a whole number from 0 to 65535/],
    [['--settlement', '0x12'], {}, /--settlement is an address/],
    [['--log-level', 'loud'], {}, /--log-level is one of/],
    [['--nothing'], {}, /unknown option '--nothing'/],
    [[], { PLIMSOLL_MONITOR_KEY: '0x12' }, /PLIMSOLL_MONITOR_KEY is a private key/],
  ])('refuses %j with %j', (argv, env, message) => {
    expect(() => readConfig(argv, env)).toThrow(message);
    expect(() => readConfig(argv, env)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }));
  });

  it('never repeats a key that is wrong', () => {
    const env = { PLIMSOLL_MONITOR_KEY: `${KEY}ff` };
    expect(() => readConfig([], env)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('abab') }),
    );
  });
});

describe('the state file', () => {
  let folder: string;
  const ignored: string[] = [];
  const read = (path: string, settlement = '0xAA') =>
    readState(path, settlement, (why) => ignored.push(why));
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'plimsoll-monitor-'));
    ignored.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function state(): MonitorState {
    const watch = new UnderlyingWatch('BTC');
    let price = 100_000;
    for (const [at, value] of garchSeries(
      { omega: 1e-8, alpha: 0.1, beta: 0.85 },
      200,
      normals(1),
    ).entries()) {
      price *= Math.exp(value);
      watch.onIndex(price, at * MINUTE_MS);
    }
    return {
      ...{ version: 1, settlement: '0xaa', savedMs: 5, underlyings: { BTC: watch.state } },
      standing: { BTC: { multiplier: 15_000, untilMs: 7, sequence: 3 } },
    };
  }

  it('comes back as it was written, and goes on as if nothing had been', () => {
    const path = join(folder, 'new', 'state.json');
    const written = state();
    expect(written.underlyings.BTC?.forecaster.parameters).not.toBeNull();
    expect(read(path)).toBeNull();
    writeState(path, written);
    writeState(path, written);
    expect(read(path)).toEqual(JSON.parse(JSON.stringify(written)));
    expect(ignored).toEqual([]);
  });

  it('is ignored where it is of another exchange, damaged, or has what is no number', () => {
    const path = join(folder, 'state.json');
    writeState(path, state());
    expect(read(path, '0xbb')).toBeNull();
    expect(ignored.splice(0)).toEqual(['it is about another exchange (0xaa)']);
    const whole = readFileSync(path, 'utf8');
    const damaged = [
      whole.slice(0, -20),
      '',
      'null',
      '[]',
      '{"version":2}',
      whole.replace(/"nextVariance":[^,]+/, '"nextVariance":null'),
      whole.replace(/"returns":\[[^,]+/, '"returns":[null'),
      whole.replace(/"multiplier":15000/, '"multiplier":"1"'),
    ];
    for (const text of damaged) {
      expect(text).not.toBe(whole);
      writeFileSync(path, text);
      expect(read(path)).toBeNull();
      expect(ignored.splice(0)).toEqual(['it is damaged or of another version']);
    }
  });

  it('says when it cannot be read or written', () => {
    const error = expect.objectContaining({ code: 'STATE_FILE' });
    expect(() => read(folder)).toThrow(error);
    writeFileSync(join(folder, 'file'), '');
    expect(() => writeState(join(folder, 'file', 'state.json'), state())).toThrow(error);
  });
});

describe('patience', () => {
  it('doubles to its limit, shortened at random', () => {
    const backoff = { firstMs: 100, maxMs: 1000 };
    expect([0, 1, 2, 5, 1000].map((n) => pauseMs(backoff, n, 0))).toEqual([
      100, 200, 400, 1000, 1000,
    ]);
    expect(pauseMs(backoff, 0, 1)).toBe(75);
  });

  it('tells what passes from what does not', () => {
    expect(isTransient(ApiError.local(TIMED_OUT))).toBe(true);
    expect(isTransient(ApiError.local(NOT_FOUND))).toBe(false);
    expect(isGone(ApiError.local(NOT_FOUND))).toBe(true);
    expect(isTransient(new TypeError('a bug'))).toBe(false);
  });

  it('paces requests, and tries once more when told to wait', async () => {
    const ending = new AbortController();
    const pacer = new Pacer(100, () => performance.now(), ending.signal);
    const begun = performance.now();
    for (let at = 0; at < 6; at++) await pacer.run(2, async () => at);
    expect(performance.now() - begun).toBeGreaterThan(90);
    let tries = 0;
    const answer = await pacer.run(1, async () => {
      tries += 1;
      if (tries > 1) return 'yes';
      throw new ApiError({
        ...{ code: RATE_LIMITED, message: 'later' },
        data: { name: 'RATE_LIMITED', retry_after_ms: 5 },
      });
    });
    expect(answer).toBe('yes');
    await expect(pacer.run(1, () => Promise.reject(new TypeError('a bug')))).rejects.toThrow(
      'a bug',
    );
    ending.abort();
    await expect(pacer.run(1, async () => 1)).rejects.toThrow();
  });
});

describe('metrics', () => {
  it('are served on the loopback, and a port that is taken is an error', async () => {
    const metrics = new MonitorMetrics();
    metrics.index.set({ underlying: 'BTC' }, 90_000);
    const port = await metrics.listen(0);
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(await response.text()).toContain('plimsoll_monitor_index{underlying="BTC"} 90000');
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
    await expect(new MonitorMetrics().listen(port)).rejects.toMatchObject({ code: 'METRICS_PORT' });
    await metrics.close();
  });
});

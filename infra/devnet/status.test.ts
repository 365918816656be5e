import { describe, expect, test, vi } from 'vitest';
import { Latencies } from './latency.ts';
import { StatusDisplay } from './screen.ts';
import { type DevnetStatus, renderLine, renderScreen } from './status.ts';

const STATUS: DevnetStatus = {
  uptimeMs: 3_723_000,
  clockMs: Date.UTC(2022, 10, 9, 7, 59, 30),
  rate: 20,
  seed: 42,
  market: 'recorded minute bars of 2022-11-09',
  prices: [{ underlying: 'BTC', price: 18_533.9, volatility: 1.204 }],
  urls: [['API', 'http://127.0.0.1:8787']],
  sequencer: {
    state: 'running',
    commandsPerSecond: 1234.4,
    accepted: 1_234_567,
    rejected: 3,
    instruments: 64,
  },
  batches: { sealed: 12, landed: 11, final: 7, l1Block: 345, trouble: '' },
  watcher: { verdict: 'agrees', detail: 'batch 11, 20 segments' },
  bots: {
    accounts: 24,
    orders: 11_000,
    acknowledged: 10_990,
    rejected: 10,
    trades: 321,
    p50Ms: 1.25,
    p99Ms: 9,
  },
  oracle: { rounds: 100, refused: 0 },
  messages: ['first', 'second\x1b[2J'],
};

describe('status screen', () => {
  test('shows every figure in words', () => {
    expect(renderScreen(STATUS, 100, 24).join('\n')).toMatchInlineSnapshot(`
      "Plimsoll devnet   up 01:02:03   2022-11-09 07:59:30 UTC (time runs 20 times as fast)

        market      recorded minute bars of 2022-11-09
        BTC         18,533.90 USDC, volatility 120 %
        oracle      100 rounds, 0 refused

        sequencer   running, 1,234 commands/s, 1,234,567 accepted, 3 rejected, 64 instruments
        latency     p50 1.3 ms, p99 9.0 ms
        bots        24 accounts, 10,990 of 11,000 orders acknowledged, 10 rejected, 321 trades
        batches     sealed 12, on L1 11, final 7, block 345
        watcher     agrees: batch 11, 20 segments

        API         http://127.0.0.1:8787

      first
      second [2J

      Ctrl-C ends everything."
    `);
  });

  test('never leaves the terminal’s width and height', () => {
    for (const [width, height] of [
      [20, 5],
      [40, 12],
      [80, 24],
    ] as const) {
      const messages = Array.from({ length: 50 }, (_, i) => `message ${i} ${'x'.repeat(200)}`);
      const lines = renderScreen({ ...STATUS, messages }, width, height);
      expect(lines.length).toBeLessThanOrEqual(height);
      for (const line of lines) expect([...line].length).toBeLessThanOrEqual(width);
    }
  });

  test('what is not known yet is a dash, not a zero', () => {
    const early = { ...STATUS, sequencer: undefined, batches: undefined, bots: undefined };
    const screen = renderScreen(early, 80, 24).join('\n');
    expect(screen).toContain('sequencer   -');
    expect(screen).toContain('batches     -');
    expect(screen).toContain('latency     -');
    expect(screen).toContain('bots        none');
  });

  test('a pipe gets plain lines without escape codes', () => {
    const written: string[] = [];
    vi.useFakeTimers();
    try {
      const display = new StatusDisplay({ write: (text) => written.push(text) }, () => STATUS);
      display.start();
      vi.advanceTimersByTime(10_000);
      display.stop();
      vi.advanceTimersByTime(10_000);
    } finally {
      vi.useRealTimers();
    }
    expect(written).toEqual(Array.from({ length: 3 }, () => `${renderLine(STATUS)}\n`));
    expect(written.join('')).not.toContain('\x1b');
  });

  test('a terminal is given back with its cursor', () => {
    const written: string[] = [];
    const terminal = { isTTY: true, columns: 80, rows: 24, write: (t: string) => written.push(t) };
    const display = new StatusDisplay(terminal, () => STATUS);
    display.start();
    display.stop();
    display.stop();
    expect(written[0]).toBe('\x1b[?1049h\x1b[?25l');
    expect(written.at(-1)).toContain('\x1b[?25h\x1b[?1049l');
    expect(written.length).toBe(3);
  });
});

describe('latencies', () => {
  test('quantiles are by nearest rank over the latest samples', () => {
    const latencies = new Latencies();
    expect(latencies.quantile(0.5)).toBe(0);
    for (let i = 1; i <= 100; i++) latencies.add(i);
    expect(latencies.quantile(0.5)).toBe(50);
    expect(latencies.quantile(0.99)).toBe(99);
    for (let i = 0; i < 4096; i++) latencies.add(7);
    expect(latencies.quantile(1)).toBe(7);
  });
});

import { describe, expect, test } from 'vitest';
import { nextExpiryMs, virtualClock, waitUntil } from './clock.ts';

describe('clock', () => {
  test('a virtual clock starts where it is told and runs at its rate', () => {
    let realMs = 1000;
    const time = { rate: 20, realStartMs: 1000, virtualStartMs: 5_000_000 };
    const clock = virtualClock(time, { nowMs: () => realMs });
    expect(clock.nowMs()).toBe(5_000_000);
    realMs += 3;
    expect(clock.nowMs()).toBe(5_000_060);
    realMs += 1000;
    expect(clock.nowMs()).toBe(5_020_060);
  });

  test('two processes given the same numbers see the same time', () => {
    const time = { rate: 7.5, realStartMs: 10, virtualStartMs: 99 };
    const real = { nowMs: () => 1234 };
    expect(virtualClock(time, real).nowMs()).toBe(virtualClock({ ...time }, real).nowMs());
  });

  test('waiting in virtual time is short in real time', async () => {
    const clock = virtualClock({ rate: 60, realStartMs: Date.now(), virtualStartMs: 0 });
    const before = performance.now();
    await waitUntil(clock, 3000, 60);
    expect(clock.nowMs()).toBeGreaterThanOrEqual(3000);
    expect(performance.now() - before).toBeLessThan(1000);
  });

  test('options expire at 08:00 UTC', () => {
    const eight = Date.UTC(2026, 10, 27, 8);
    expect(nextExpiryMs(eight - 1)).toBe(eight);
    expect(nextExpiryMs(eight)).toBe(eight + 86_400_000);
    expect(nextExpiryMs(eight + 16 * 3_600_000)).toBe(eight + 86_400_000);
  });
});

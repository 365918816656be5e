import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RollingVolume } from './volume.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 10, 22);

describe('RollingVolume', () => {
  it('is the sum over the running hour and the 23 before it', () => {
    const trade = fc.record({
      afterMs: fc.oneof(fc.nat(600_000), fc.nat(40 * HOUR_MS)),
      lots: fc.integer({ min: 1, max: 1000 }),
    });
    fc.assert(
      fc.property(fc.array(trade, { maxLength: 60 }), fc.nat(30 * HOUR_MS), (trades, lastMs) => {
        const volume = new RollingVolume();
        let nowMs = START_MS;
        const all: { timeMs: number; lots: number }[] = [];
        for (const { afterMs, lots } of trades) {
          nowMs += afterMs;
          volume.add(7, lots, lots * 10, nowMs);
          all.push({ timeMs: nowMs, lots });
        }
        nowMs += lastMs;
        const from = (Math.floor(nowMs / HOUR_MS) - 23) * HOUR_MS;
        const lots = all.filter((t) => t.timeMs >= from).reduce((sum, t) => sum + t.lots, 0);
        expect(volume.total(7, nowMs)).toEqual({ lots, value: lots * 10 });
        expect(volume.total(8, nowMs)).toEqual({ lots: 0, value: 0 });
      }),
    );
  });
});

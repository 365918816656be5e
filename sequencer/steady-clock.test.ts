import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STEADY_LIMITS, SteadyClock, steadyLimits } from './steady-clock.ts';

const START_MS = Date.UTC(2026, 10, 22, 12);
const HOUR_MS = 3_600_000;
const SLOT_MS = 12_000;

/** A clock whose wall and monotonic clocks are set by hand. */
function fixture(limits = STEADY_LIMITS) {
  const state = { wallMs: START_MS, monotonicMs: 5000.25 };
  const told: (string | null)[] = [];
  const clock = new SteadyClock(limits, {
    wall: { nowMs: () => state.wallMs },
    monotonicMs: () => state.monotonicMs,
    onTrouble: (trouble) => told.push(trouble),
  });
  /** True time goes on, and the wall clock `rate` times as much. */
  const pass = (ms: number, rate = 1) => {
    state.monotonicMs += ms;
    state.wallMs += ms * rate;
    return clock.nowMs();
  };
  return { clock, state, told, pass };
}

describe('a wall clock in order', () => {
  it('is what is shown', () => {
    const { pass, told, clock } = fixture();
    for (let s = 1; s <= 100; s++) expect(pass(1000)).toBe(START_MS + s * 1000);
    expect(told).toEqual([]);
    expect(clock.status).toEqual({ trouble: null, offsetMs: 0 });
  });

  it('that was set a few seconds right is followed gently, either way', () => {
    for (const byMs of [10_000, -10_000]) {
      const { pass, state, told } = fixture();
      state.wallMs += byMs;
      let before = pass(0);
      expect(before).toBe(START_MS);
      for (let s = 0; s < 99; s++) {
        const now = pass(1000);
        expect(now - before).toBe(byMs > 0 ? 1100 : 900);
        before = now;
      }
      pass(1000);
      expect(pass(1000)).toBe(state.wallMs);
      expect(told).toEqual([]);
    }
  });
});

describe('a wall clock that jumps hours ahead', () => {
  it('is not followed, whether L1 is heard or silent, and is told once in words', () => {
    for (const blocks of [true, false]) {
      const { clock, pass, state, told } = fixture();
      if (blocks) for (const agoMs of [13_000, 1000]) clock.observeBlock(START_MS - agoMs);
      state.wallMs += 3 * HOUR_MS;
      for (let s = 1; s <= 3600; s++) {
        expect(pass(1000)).toBe(START_MS + s * 1000);
        if (blocks && (s * 1000) % SLOT_MS === 0) clock.observeBlock(START_MS + s * 1000 - 1000);
      }
      expect(told).toHaveLength(1);
      expect(told[0]).toMatch(/jumped: it is 10800\.0 seconds ahead/);
      expect(clock.status).toEqual({ trouble: told[0], offsetMs: 3 * HOUR_MS });
      state.wallMs -= 3 * HOUR_MS;
      expect(pass(1000)).toBe(state.wallMs);
      expect(told).toEqual([expect.any(String), null]);
    }
  });

  it('cannot be outwitted by small steps: while blocks arrive it stays near L1', () => {
    const { clock, pass, told } = fixture();
    let trueMs = START_MS;
    for (let s = 0; s < 24 * 3600; s++) {
      if (s % 12 === 0) clock.observeBlock(trueMs);
      trueMs += 1000;
      // The wall clock runs a fifth too fast, in steps too small to be jumps.
      const shown = pass(1000, 1.2);
      expect(shown).toBeLessThanOrEqual(trueMs + STEADY_LIMITS.maxLeadMs + SLOT_MS);
    }
    expect(told[0]).toMatch(/ahead/);
    expect(told.length).toBeLessThan(5);
  });

  it('is believed up to what L1 has seen: a machine that slept', () => {
    const { clock, pass, state } = fixture();
    state.wallMs += 2 * HOUR_MS;
    expect(pass(1000)).toBe(START_MS + 1000);
    clock.observeBlock(START_MS + 2 * HOUR_MS - 3000);
    expect(pass(0)).toBe(START_MS + 2 * HOUR_MS - 3000);
    for (let s = 0; s < 60; s++) pass(1000);
    expect(pass(0)).toBe(state.wallMs);
  });

  it('is not believed for the sake of L1 alone', () => {
    const { clock, pass } = fixture();
    clock.observeBlock(START_MS + 5 * HOUR_MS);
    expect(pass(1000)).toBe(START_MS + 1000);
  });
});

describe('a wall clock that jumps back', () => {
  it('is not followed behind L1, nor when no blocks arrive', () => {
    for (const blockMs of [START_MS - 2000, null]) {
      const { clock, pass, state, told } = fixture();
      if (blockMs !== null) for (const at of [blockMs - SLOT_MS, blockMs]) clock.observeBlock(at);
      state.wallMs -= HOUR_MS;
      for (let s = 1; s <= 50; s++) expect(pass(1000)).toBe(START_MS + s * 1000);
      expect(told[0]).toMatch(/behind the time that has passed/);
    }
  });

  it('is followed slowly where L1 agrees: a start with a clock that was ahead', () => {
    const { clock, pass, state } = fixture();
    const aheadMs = 50_000;
    const trueAt = () => state.wallMs;
    state.wallMs -= aheadMs;
    clock.observeBlock(trueAt() - SLOT_MS);
    let before = pass(0);
    for (let s = 0; s < 520; s++) {
      if (s % 12 === 0) clock.observeBlock(trueAt());
      const now = pass(1000);
      expect(now).toBeGreaterThan(before);
      before = now;
    }
    expect(before).toBe(trueAt());
  });
});

it('never goes back, and never runs more than a tenth too fast without L1, whatever the wall clock does', () => {
  const step = fc.record({
    passMs: fc.integer({ min: 0, max: 5000 }),
    wallMs: fc.oneof(
      fc.integer({ min: -5000, max: 20_000 }),
      fc.integer({ min: -(10 ** 9), max: 10 ** 9 }),
    ),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { clock, state } = fixture();
      let before = clock.nowMs();
      const [startMs, startMonotonicMs] = [before, state.monotonicMs];
      for (const { passMs, wallMs } of steps) {
        state.monotonicMs += passMs;
        state.wallMs += wallMs;
        const now = clock.nowMs();
        expect(now).toBeGreaterThanOrEqual(before);
        const passedMs = state.monotonicMs - startMonotonicMs;
        expect(now - startMs).toBeLessThanOrEqual(passedMs * 1.1 + 1);
        before = now;
      }
    }),
  );
});

it('has limits of real time for a clock that runs faster', () => {
  expect(steadyLimits(20)).toMatchObject({ maxJumpMs: 300_000, maxLeadMs: 1_200_000 });
});

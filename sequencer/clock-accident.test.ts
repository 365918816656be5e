import { afterEach, describe, expect, it } from 'vitest';
import { readClockMs } from './matching/outcome.ts';
import { until, World } from './testing/world.ts';

const HOUR_MS = 3_600_000;

let world: World | null = null;
afterEach(async () => {
  await world?.close();
  world = null;
});

describe('a machine whose clock jumps hours ahead', () => {
  it('neither moves the engine’s clock nor keeps batches from landing, and is refused at the start', {
    timeout: 120_000,
  }, async () => {
    world = await World.create({ blockTime: 1 });
    let aheadMs = 0;
    const machineClock = { nowMs: () => Date.now() + aheadMs };
    const { sequencer, fatal } = await world.start({}, machineClock);
    const { exchange } = sequencer;
    await world.deposit('alice', 1000);
    await until(() => exchange.status().inboxConsumed >= 2, 'the deposit');
    aheadMs = 3 * HOUR_MS;
    const atJump = exchange.status();
    await until(() => exchange.status().clock.trouble !== null, 'the jump to be told');
    expect(exchange.status().clock.offsetMs).toBeGreaterThan(2.9 * HOUR_MS);
    await until(() => exchange.status().clockMs > atJump.clockMs + 2000, 'time to go on');
    const { sequence } = exchange.status();
    await until(() => exchange.status().landedSequence >= sequence, 'its batches to land');
    expect(Math.abs(readClockMs(exchange.view) - Date.now())).toBeLessThan(5000);
    await world.stop(sequencer);
    expect(fatal).toEqual([]);
    await expect(world.start({}, machineClock)).rejects.toMatchObject({
      code: 'CLOCK_AHEAD_OF_L1',
      message: expect.stringMatching(/1\d{4} seconds ahead of L1's newest block/),
    });
    // Who knows that L1 stands still and the clock is right may say so.
    aheadMs = 400_000;
    await expect(world.start({}, machineClock)).rejects.toMatchObject({
      code: 'CLOCK_AHEAD_OF_L1',
    });
    const again = await world.start({ 'max-clock-lead': 500 }, machineClock);
    await world.stop(again.sequencer);
  });
});

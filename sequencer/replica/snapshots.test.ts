import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { makeJournal } from '../testing/journal-maker.ts';
import { until, World } from '../testing/world.ts';
import { findSnapshots } from './snapshots.ts';

/** Writing there fails as on a full disk. */
const FULL_DISK = '/dev/full';
const partial = (batch: number) => `batch-${String(batch).padStart(12, '0')}.snapshot.partial`;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-snapshots-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe.runIf(existsSync(FULL_DISK))('a full disk under a snapshot', () => {
  it('is called that, and the snapshot before stays', () => {
    const folder = join(directory, 'snapshots');
    mkdirSync(folder);
    symlinkSync(FULL_DISK, join(folder, partial(5)));
    expect(() => makeJournal(directory, { rows: 6, snapshots: [3, 5] })).toThrow(
      expect.objectContaining({ code: 'DISK_FULL' }),
    );
    expect(findSnapshots(folder).found.map(({ sequence }) => sequence)).toEqual([3]);
    expect(existsSync(join(folder, partial(5)))).toBe(false);
  });

  it('stops the sequencer: nothing is acknowledged after it, and what was is there', {
    timeout: 120_000,
  }, async () => {
    const world = await World.create({ blockTime: 1 });
    try {
      const folder = join(world.dataDirectory, 'snapshots');
      mkdirSync(folder, { recursive: true });
      for (let batch = 1; batch < 100; batch++)
        symlinkSync(FULL_DISK, join(folder, partial(batch)));
      const { sequencer, fatal } = await world.start({ 'snapshot-segments': 40 });
      const { exchange } = sequencer;
      await world.deposit('alice', 1000);
      await until(() => exchange.status().inboxConsumed >= 2, 'the deposit');
      const action = { kind: 'withdraw', account: 2, amount: 1n };
      const probe = () => world.signed({ clock: systemClock }, 'alice', action);
      let acknowledged = 0;
      while (fatal.length === 0) {
        await exchange.submit(probe()).then(
          ({ sequence }) => {
            acknowledged = sequence;
          },
          () => {},
        );
      }
      expect(fatal).toMatchObject([{ code: 'DISK_FULL' }]);
      expect(acknowledged).toBeGreaterThan(0);
      await expect(exchange.submit(probe())).rejects.toMatchObject({ code: 'EXCHANGE_STOPPED' });
      await sequencer.abandon();
      for (let batch = 1; batch < 100; batch++)
        rmSync(join(folder, partial(batch)), { force: true });
      const again = await world.start();
      expect(again.sequencer.exchange.status().durableSequence).toBeGreaterThanOrEqual(
        acknowledged,
      );
      await world.stop(again.sequencer);
    } finally {
      await world.close();
    }
  });
});

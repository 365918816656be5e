import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JournalError } from '../errors.ts';
import { Journal } from './journal.ts';
import { type CommitGroup, JournalStore } from './store.ts';
import { sampleGroup, TEST_IDENTITY } from './testing/samples.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-journal-'));
  file = join(directory, 'journal.db');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Feeds a journal from a queue, a row for all that waits, as the exchange does. */
class Feeder {
  waiting = 0;
  nextId = 1;
  nextSequence = 1;
  readonly durable: number[] = [];
  readonly gather = (): CommitGroup | null => {
    if (this.waiting === 0) return null;
    const group = sampleGroup(this.nextId, this.nextSequence, this.waiting);
    this.nextId += 1;
    this.nextSequence += this.waiting;
    this.waiting = 0;
    return group;
  };
  readonly onGathered = (group: CommitGroup) => {
    this.durable.push(group.entries?.lastSequence ?? 0);
  };
}

describe('the journal thread', () => {
  it('commits whatever waits together, in order, and tells when it is durable', async () => {
    const journal = await Journal.open({ file, identity: TEST_IDENTITY }, { onFailure: fail });
    const feeder = new Feeder();
    journal.feed(feeder.gather, feeder.onGathered);
    for (let i = 0; i < 200; i++) {
      feeder.waiting += 1;
      journal.wake();
      if (i % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await journal.drained();
    expect(feeder.durable.at(-1)).toBe(200);
    expect(feeder.durable).toEqual([...feeder.durable].sort((a, b) => a - b));
    // The first goes alone, and each later commit takes what gathered meanwhile.
    expect(feeder.durable[0]).toBe(1);
    expect(feeder.durable.length).toBeLessThan(20);
    const reader = JournalStore.openForReading(file, TEST_IDENTITY);
    expect(reader.entriesAfter(0, 1000).at(-1)?.lastSequence).toBe(200);
    reader.close();
    await journal.close();
    const store = JournalStore.open({ file, identity: TEST_IDENTITY });
    expect(store.head.lastSequence).toBe(200);
    store.close();
  });

  it('says so when the disk is full, and acknowledges nothing after it', async () => {
    const failures: JournalError[] = [];
    const journal = await Journal.open(
      { file, identity: TEST_IDENTITY, maxPages: 40 },
      { onFailure: (error) => failures.push(error) },
    );
    const feeder = new Feeder();
    journal.feed(feeder.gather, feeder.onGathered);
    for (let i = 0; i < 100 && failures.length === 0; i++) {
      feeder.waiting += 50;
      journal.wake();
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(failures.map((error) => error.code)).toEqual(['DISK_FULL']);
    const acknowledged = feeder.durable.at(-1);
    await expect(journal.commit({ checkedBatch: 1 })).rejects.toMatchObject({ code: 'DISK_FULL' });
    await journal.close();
    expect(feeder.durable.at(-1)).toBe(acknowledged);
    const store = JournalStore.open({ file, identity: TEST_IDENTITY });
    expect(store.head.lastSequence).toBe(acknowledged);
    store.close();
  });

  it('refuses to open a journal of another chain', async () => {
    JournalStore.open({ file, identity: TEST_IDENTITY }).close();
    const identity = { ...TEST_IDENTITY, chainId: 1 };
    await expect(Journal.open({ file, identity }, { onFailure: fail })).rejects.toMatchObject({
      code: 'WRONG_CHAIN',
    });
  });
});

function fail(error: JournalError) {
  throw error;
}

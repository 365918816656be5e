import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JournalError } from '../errors.ts';
import { JournalStore } from './store.ts';
import { sampleBatch, sampleGroup, TEST_IDENTITY } from './testing/samples.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-journal-'));
  file = join(directory, 'journal.db');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function open() {
  return JournalStore.open({ file, identity: TEST_IDENTITY });
}

/** A closed journal of `rows` rows with ten commands each. */
function filled(rows: number) {
  const store = open();
  for (let id = 1; id <= rows; id++) store.commit([sampleGroup(id, id * 10 - 9, 10)]);
  store.close();
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as JournalError).code;
  }
  return 'nothing was thrown';
}

function tamper(sql: string, ...values: unknown[]) {
  const db = new Database(file);
  expect(db.prepare(sql).run(...values).changes).toBeGreaterThan(0);
  db.close();
}

describe('opening a damaged journal', () => {
  beforeEach(() => filled(30));

  it('finds a row that is missing in the middle', () => {
    tamper('DELETE FROM entries WHERE id = 11');
    expect(codeOf(open)).toBe('JOURNAL_CORRUPT');
  });

  it('finds that the last row is missing', () => {
    tamper('DELETE FROM entries WHERE id = 30');
    expect(codeOf(open)).toBe('JOURNAL_CORRUPT');
  });

  it('finds one changed byte in a row', () => {
    const db = new Database(file);
    const row = db.prepare('SELECT data FROM entries WHERE id = 7').get() as { data: Buffer };
    db.close();
    row.data[20] = (row.data[20] ?? 0) ^ 1;
    tamper('UPDATE entries SET data = ? WHERE id = 7', row.data);
    expect(codeOf(open)).toBe('JOURNAL_CORRUPT');
  });

  it('finds rows whose contents were swapped', () => {
    tamper('UPDATE entries SET data = (SELECT data FROM entries WHERE id = 4) WHERE id = 3');
    expect(codeOf(open)).toBe('JOURNAL_CORRUPT');
  });

  it('finds segments sealed beyond the entries', () => {
    tamper('UPDATE segments SET last_sequence = 5000 WHERE number = 30');
    expect(codeOf(open)).toBe('JOURNAL_CORRUPT');
  });

  it('finds a damaged page, whichever it is', () => {
    const good = readFileSync(file);
    const pages = good.length / 4096;
    for (let page = 0; page < pages; page++) {
      const bad = Buffer.from(good);
      bad.fill(0xa5, page * 4096, page * 4096 + 512);
      writeFileSync(file, bad);
      rmSync(`${file}-wal`, { force: true });
      rmSync(`${file}-shm`, { force: true });
      expect({ page, code: codeOf(() => open().close()) }).toEqual({
        page,
        code: 'JOURNAL_CORRUPT',
      });
    }
  });

  it('finds a truncated file', () => {
    truncateSync(file, statSync(file).size - 3 * 4096);
    expect(codeOf(open)).toBe('JOURNAL_CORRUPT');
  });

  it('does not take a lost journal for a new one', () => {
    truncateSync(file, 0);
    expect(codeOf(open)).toBe('JOURNAL_MISSING');
    rmSync(file);
    expect(codeOf(open)).toBe('JOURNAL_MISSING');
  });

  it('finds a batch row that was changed', () => {
    const store = open();
    store.commit([{ batches: [sampleBatch(1)] }]);
    store.close();
    tamper('UPDATE batches SET data = zeroblob(5)');
    const reader = JournalStore.openForReading(file, TEST_IDENTITY);
    expect(codeOf(() => reader.batch(1))).toBe('JOURNAL_CORRUPT');
    reader.close();
  });
});

describe('opening the journal of something else', () => {
  beforeEach(() => filled(1));
  const other = (change: object) => () =>
    JournalStore.open({ file, identity: { ...TEST_IDENTITY, ...change } });

  it('refuses another chain, contract or engine by name', () => {
    expect(codeOf(other({ chainId: 1 }))).toBe('WRONG_CHAIN');
    expect(codeOf(other({ settlement: `0x${'11'.repeat(20)}` }))).toBe('WRONG_SETTLEMENT');
    expect(codeOf(other({ engineHash: '00' }))).toBe('WRONG_ENGINE');
  });

  it('refuses to be the second that writes, and leaves the first alone', () => {
    const first = open();
    expect(codeOf(open)).toBe('DATA_IN_USE');
    const { lastId, lastSequence } = first.head;
    first.commit([sampleGroup(lastId + 1, lastSequence + 1, 1)]);
    first.close();
    open().close();
  });

  it('refuses another schema version', () => {
    tamper("UPDATE meta SET value = 99 WHERE key = 'schema_version'");
    expect(codeOf(open)).toBe('JOURNAL_VERSION');
  });

  it('refuses a file that is no database', () => {
    writeFileSync(file, 'this is no database, but a text of more than a hundred bytes'.repeat(20));
    rmSync(`${file}-wal`, { force: true });
    rmSync(`${file}-shm`, { force: true });
    expect(codeOf(open)).toBe('JOURNAL_CORRUPT');
  });
});

describe('a full disk', () => {
  it('fails the commit, keeps what was committed, and goes on when there is space', () => {
    const store = JournalStore.open({ file, identity: TEST_IDENTITY, maxPages: 40 });
    let id = 0;
    const code = codeOf(() => {
      for (;;) {
        store.commit([sampleGroup(id + 1, id * 100 + 1, 100)]);
        id += 1;
      }
    });
    expect(code).toBe('DISK_FULL');
    expect(id).toBeGreaterThan(2);
    store.close();
    const again = open();
    expect(again.head.lastSequence).toBe(id * 100);
    again.commit([sampleGroup(id + 1, id * 100 + 1, 100)]);
    again.close();
  });
});

describe('reading', () => {
  it('finds the row of a sequence number', () => {
    filled(30);
    const reader = JournalStore.openForReading(file, TEST_IDENTITY);
    expect([1, 10, 11, 155, 300].map((sequence) => reader.rowHolding(sequence))).toEqual([
      1, 1, 2, 16, 30,
    ]);
    expect(reader.rowHolding(301)).toBe(31);
    reader.close();
  });

  it('refuses a row out of order', () => {
    filled(2);
    const store = open();
    expect(codeOf(() => store.commit([sampleGroup(4, 21, 1)]))).toBe('JOURNAL_ORDER');
    store.close();
  });
});

import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeEntries, ENTRY_COMMAND } from './entry.ts';
import { JournalStore } from './store.ts';
import { sampleCommand, sampleGroup, TEST_IDENTITY } from './testing/samples.ts';

const CHILD = fileURLToPath(new URL('./testing/crash-child.ts', import.meta.url));
const WAL_HEADER_BYTES = 32;
const WAL_FRAME_BYTES = 24 + 4096;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-journal-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Opens the journal as a restart would, and returns the last sequence after checking every command before it. */
function verifiedLastSequence(file: string): number {
  const store = JournalStore.open({ file, identity: TEST_IDENTITY });
  const { lastSequence, lastId } = store.head;
  store.close();
  const reader = JournalStore.openForReading(file, TEST_IDENTITY);
  let sequence = 0;
  for (const row of reader.entriesAfter(0, 1000)) {
    for (const entry of decodeEntries(row.data)) {
      if (entry.kind !== ENTRY_COMMAND) continue;
      sequence += 1;
      expect(Buffer.from(entry.bytes)).toEqual(Buffer.from(sampleCommand(sequence)));
    }
  }
  expect(reader.lastId()).toBe(lastId);
  reader.close();
  expect(sequence).toBe(lastSequence);
  return lastSequence;
}

function runUntilKilled(file: string, point: string, passes: number) {
  const result = spawnSync(process.execPath, ['--import', 'tsx', CHILD, file, point, `${passes}`], {
    encoding: 'utf8',
  });
  const acknowledged = result.stdout.trim().split('\n').filter(Boolean).map(Number);
  return { signal: result.signal, status: result.status, acknowledged: acknowledged.at(-1) ?? 0 };
}

describe('a process killed at a write of the journal', () => {
  const points = ['begin', 'entries', 'segment', 'batch', 'checked', 'head', 'before-commit'];
  it.each([...points, 'committed'])('loses nothing acknowledged: %s', (point) => {
    const file = join(directory, 'journal.db');
    for (const passes of [0, 3]) {
      const before = existsSync(file) ? verifiedLastSequence(file) : 0;
      const run = runUntilKilled(file, point, passes);
      expect(run.signal).toBe('SIGKILL');
      const found = verifiedLastSequence(file);
      const acknowledged = Math.max(run.acknowledged, before);
      expect(found).toBeGreaterThanOrEqual(acknowledged);
      // Only a commit that had returned to the store, but was not yet reported, may be there beyond what was acknowledged.
      if (point !== 'committed') expect(found).toBe(acknowledged);
      else expect(found).toBeGreaterThan(acknowledged);
    }
    // A run that nobody kills goes on where the killed ones ended.
    const before = verifiedLastSequence(file);
    expect(runUntilKilled(file, 'never', 0).status).toBe(0);
    expect(verifiedLastSequence(file)).toBeGreaterThan(before);
  });
});

describe('power lost at any write of the log', () => {
  it('keeps every commit whose bytes were complete, and nothing half', { timeout: 90_000 }, () => {
    const file = join(directory, 'journal.db');
    const store = JournalStore.open({ file, identity: TEST_IDENTITY });
    const acknowledgedAt: { walBytes: number; sequence: number }[] = [];
    let sequence = 1;
    for (let id = 1; id <= 5; id++) {
      store.commit([sampleGroup(id, sequence, id * 25)]);
      sequence += id * 25;
      acknowledgedAt.push({ walBytes: readFileSync(`${file}-wal`).length, sequence: sequence - 1 });
    }
    const wal = readFileSync(`${file}-wal`);
    const copy = join(directory, 'copy.db');
    const cuts: number[] = [];
    for (let at = WAL_HEADER_BYTES; at <= wal.length; at += WAL_FRAME_BYTES) {
      cuts.push(at, at + 12, at + 24 + 2048);
    }
    const seen = new Set<number>();
    for (const cut of cuts.filter((at) => at <= wal.length)) {
      copyFileSync(file, copy);
      writeFileSync(`${copy}-wal`, wal.subarray(0, cut));
      const durable = acknowledgedAt.filter((point) => point.walBytes <= cut).at(-1)?.sequence ?? 0;
      expect(verifiedLastSequence(copy)).toBe(durable);
      seen.add(durable);
      rmSync(`${copy}-wal`, { force: true });
      rmSync(`${copy}-shm`, { force: true });
    }
    store.close();
    // Every state between two commits was met, so the cuts did fall inside commits.
    expect(seen.size).toBe(6);
  });
});

import { closeSync, mkdtempSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENGINE_FILE } from '#shared/host/wasm-file.ts';
import { JournalStore } from './journal/store.ts';
import { readClockMs } from './matching/outcome.ts';
import { findSnapshots } from './replica/snapshots.ts';
import { type ReplayedEntry, type ReplayFollower, restore } from './restore.ts';
import { IDENTITY, makeJournal } from './testing/journal-maker.ts';

const engineFile = fileURLToPath(ENGINE_FILE);
const log = pino({ level: 'silent' });

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-restore-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Changes one byte of the last page of a snapshot; its head stays sound. */
function damage(snapshot: string) {
  const at = statSync(snapshot).size - 32 - 100;
  const file = openSync(snapshot, 'r+');
  const byte = new Uint8Array(1);
  readSync(file, byte, 0, 1, at);
  byte[0] = (byte[0] as number) ^ 1;
  writeSync(file, byte, 0, 1, at);
  closeSync(file);
}

/** Restores, and says from where it began, where it ended, and what the engine's clock is. */
function restored(file: string, snapshots: string, follower?: ReplayFollower) {
  const store = JournalStore.open({ file, identity: IDENTITY });
  const journal = store.head;
  store.close();
  const reader = JournalStore.openForReading(file, IDENTITY);
  try {
    const { found } = findSnapshots(snapshots);
    const given = { engineFile, identity: IDENTITY, journal, reader, snapshots: found };
    const options = follower ? { ...given, follower } : given;
    const { engine, position, snapshotFile } = restore(options, { log });
    const { sequence } = position;
    return { sequence, clockMs: readClockMs(engine.view), from: snapshotFile?.slice(-11, -9) };
  } finally {
    reader.close();
  }
}

describe('a restart', () => {
  it('takes the newest snapshot whose pages are sound, and else genesis', () => {
    const { file, snapshots } = makeJournal(directory, { rows: 6, snapshots: [3, 5] });
    const [newest, older] = findSnapshots(snapshots).found.map((snapshot) => snapshot.file);
    const sound = restored(file, snapshots);
    expect(sound).toMatchObject({ sequence: 6, from: '05' });
    damage(newest as string);
    expect(restored(file, snapshots)).toEqual({ ...sound, from: '03' });
    damage(older as string);
    expect(restored(file, snapshots)).toEqual({ ...sound, from: undefined });
  });

  it('does not take a snapshot whose root is not the journal’s', () => {
    const { file, snapshots } = makeJournal(directory, { rows: 6, snapshots: [3, 5], lie: 5 });
    expect(restored(file, snapshots)).toMatchObject({ sequence: 6, from: '03' });
  });

  it.each([
    [0, undefined],
    [2, undefined],
    [3, '03'],
    [4, '03'],
    [5, '05'],
    [6, '05'],
  ])('hands a follower that knows command %d all after it, once', (after, from) => {
    const { file, snapshots } = makeJournal(directory, { rows: 6, snapshots: [3, 5] });
    const seen: number[] = [];
    let began = 0;
    const follower = {
      after,
      begin: () => {
        began += 1;
        expect(seen).toEqual([]);
      },
      apply: ({ sequence, clockMs, outcome }: ReplayedEntry) => {
        seen.push(sequence);
        expect(outcome?.sequence).toBe(sequence);
        expect(clockMs > 0).toBe(sequence > 1);
      },
    };
    expect(restored(file, snapshots, follower)).toMatchObject({ sequence: 6, from });
    expect(began).toBe(1);
    expect(seen).toEqual(Array.from({ length: 6 - after }, (_, index) => after + index + 1));
  });

  it('refuses a journal that ends before the snapshot', () => {
    const { snapshots } = makeJournal(directory, { rows: 6, snapshots: [5] });
    const other = mkdtempSync(join(directory, 'old-'));
    const { file } = makeJournal(other, { rows: 4 });
    expect(() => restored(file, snapshots)).toThrow(
      expect.objectContaining({ code: 'JOURNAL_BEHIND_SNAPSHOT' }),
    );
  });
});

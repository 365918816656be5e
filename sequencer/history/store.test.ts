import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EndedRow, FillRow, HistoryDelta, InstrumentRow, RestingRow } from './rows.ts';
import { type HistoryOptions, HistoryStore } from './store.ts';

const IDENTITY = { chainId: 1, settlement: `0x${'12'.repeat(20)}`, engineHash: 'ab'.repeat(32) };
const NOW_MS = Date.UTC(2026, 10, 22, 12);
const HOUR_MS = 3_600_000;

let directory: string;
let options: HistoryOptions;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-history-'));
  const file = join(directory, 'history.db');
  options = { file, identity: IDENTITY, limits: { fills: 100, ended: 50 } };
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const LABEL = '18446744073709551615';
const fill = (seq: number, timeMs = NOW_MS): FillRow => [
  ...([seq, timeMs, 7, 400, 5, 1, seq * 2, seq * 2 + 1, 2, 3, 10, -4] as const),
  ...([LABEL, '0', 90_000_000_000, 2_000_000] as const),
];
const ended = (id: number, why = 'filled'): EndedRow => [
  ...([id, 2, 7, 0, 400, 0, 5, 2_000_000, 3, LABEL, 0, NOW_MS, NOW_MS, 0] as const),
  ...(['filled', why, 0] as const),
];
const resting = (id: number, filled: number): RestingRow => [id, filled, 9, NOW_MS, NOW_MS, 0];
const instrument = (serial: number, delisted = 0): InstrumentRow => [
  ...([serial, 1, 0, 1, 90_000, NOW_MS, 'open', delisted, null] as const),
];
const delta = (completeTo: number, parts: Partial<HistoryDelta> = {}): HistoryDelta => ({
  ...{ completeTo, timeMs: NOW_MS, fills: [], ended: [], resting: [], instruments: [] },
  ...parts,
});
const open = (lastSequence = 1e9) => HistoryStore.open(options, lastSequence);

describe('the history', () => {
  it('gives back what was written, with the mark it is complete to', () => {
    const { store } = open();
    expect(store.completeTo).toBe(0);
    store.write(
      delta(5, { instruments: [instrument(7)], fills: [fill(80)], resting: [resting(9, 1)] }),
    );
    store.write(delta(8, { fills: [fill(128)], ended: [ended(9)], resting: [resting(11, 0)] }));
    store.write(delta(9, { ended: [ended(9, 'told anew')], instruments: [instrument(7, 1)] }));
    store.close();
    const again = open();
    expect(again.discarded).toBeNull();
    expect(again.store.completeTo).toBe(9);
    expect(again.store.load()).toEqual({
      fills: [fill(80), fill(128)],
      ended: [ended(9, 'told anew')],
      resting: [resting(11, 0)],
      instruments: [instrument(7, 1)],
      volumes: [[7, Math.floor(NOW_MS / HOUR_MS), 10, 4_000_000]],
    });
    again.store.close();
  });

  it('takes a delta whole or not at all, and no fill twice', () => {
    const { store } = open();
    store.write(delta(5, { fills: [fill(80)] }));
    expect(() => store.write(delta(6, { ended: [ended(3)], fills: [fill(96), fill(80)] }))).toThrow(
      expect.objectContaining({ code: 'HISTORY_IO' }),
    );
    expect(store.completeTo).toBe(5);
    store.close();
    const again = open().store;
    expect(again.completeTo).toBe(5);
    expect(again.load()).toMatchObject({ fills: [fill(80)], ended: [] });
    again.close();
  });

  it('keeps no more than its limits, and the instruments that what it keeps names', () => {
    const { store } = open();
    const instruments = Array.from({ length: 1100 }, (_, i) => instrument(i + 1, 1));
    store.write(delta(1, { instruments }));
    for (let turn = 0; turn < 5; turn++) {
      const ids = Array.from({ length: 1000 }, (_, i) => 1000 * turn + i + 1);
      const timeMs = NOW_MS + turn * 20 * HOUR_MS;
      const fills = ids.map((id) => fill(id, timeMs));
      store.write(delta(turn + 2, { timeMs, fills, ended: ids.map((id) => ended(id)) }));
    }
    store.close();
    const { fills, ended: kept, instruments: left, volumes } = open().store.load();
    expect(fills.map(([seq]) => seq)).toEqual(Array.from({ length: 100 }, (_, i) => 4901 + i));
    expect(kept.map(([id]) => id)).toEqual(Array.from({ length: 50 }, (_, i) => 4951 + i));
    // The last 1,024 that are gone, and number 7, which the fills are of.
    expect(left.map(([serial]) => serial)).toEqual([
      7,
      ...Array.from({ length: 1024 }, (_, i) => 77 + i),
    ]);
    expect(volumes.length).toBeLessThanOrEqual(2);
  });

  it('is thrown away and begun anew where it cannot be right', () => {
    const { store } = open();
    store.write(delta(50, { fills: [fill(80)] }));
    store.close();
    const behind = open(49);
    expect(behind.discarded).toMatch(/knows of command 50, the journal only of 49/);
    expect(behind.store.completeTo).toBe(0);
    expect(behind.store.load().fills).toEqual([]);
    behind.store.close();
    options = { ...options, identity: { ...IDENTITY, chainId: 5 } };
    const foreign = open();
    expect(foreign.discarded).toMatch(/another exchange or version/);
    foreign.store.close();
    writeFileSync(options.file, 'no database at all, not even nearly one '.repeat(100));
    const damaged = open();
    expect(damaged.discarded).toMatch(/damaged/);
    expect(damaged.store.completeTo).toBe(0);
  });

  it('says that the disk is full, and stays as it was', () => {
    options = { ...options, maxPages: 60 };
    const { store } = open();
    let written = 0;
    const fillUp = () => {
      for (;;) {
        const fills = Array.from({ length: 100 }, (_, i) => fill(written * 100 + i + 1));
        store.write(delta(written + 1, { fills }));
        written += 1;
      }
    };
    expect(fillUp).toThrow(expect.objectContaining({ code: 'DISK_FULL' }));
    expect(store.completeTo).toBe(written);
    store.close();
    expect(open().store.completeTo).toBe(written);
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { genesisReader } from '../gateway/market/fixture.ts';
import { MarketData } from '../gateway/market/market-data.ts';
import { until } from '../testing/world.ts';
import { History } from './history.ts';
import { HistoryRecorder } from './recorder.ts';
import { HistoryStore } from './store.ts';

const IDENTITY = { chainId: 1, settlement: `0x${'12'.repeat(20)}`, engineHash: 'ab'.repeat(32) };
const EXPIRY_MS = Date.UTC(2026, 10, 27, 8);

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-history-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A live history of a market that is told of one listing a command. */
function fixture(maxPages?: number) {
  const file = join(directory, 'history.db');
  const limits = { fills: 100, ended: 100 };
  const options = { file, identity: IDENTITY, limits, ...(maxPages ? { maxPages } : {}) };
  const { store } = HistoryStore.open(options, 0);
  store.close();
  const market = new MarketData({ fillsKept: 10, closedOrdersKept: 10 }, genesisReader());
  const recorder = new HistoryRecorder();
  market.recorder = recorder;
  const failures: Error[] = [];
  const onFailure = (error: Error) => failures.push(error);
  const history = new History(options, { market, recorder, onFailure });
  let sequence = 0;
  const list = () => {
    sequence += 1;
    const terms = { underlying: 0, strike: 90_000, optionKind: 0, expiryMs: BigInt(EXPIRY_MS) };
    const event = {
      type: 'listed',
      instrument: sequence % 50,
      serial: sequence,
      ...terms,
    } as const;
    const command = { sequence, inbox: false, bytes: Uint8Array.of(2), clockMs: 1000 + sequence };
    market.apply({ ...command, outcome: null, events: [event] });
  };
  return { history, list, failures, options };
}

describe('the live history', () => {
  it('writes what came, and the rest when it is closed', async () => {
    const { history, list, failures, options } = fixture();
    for (let i = 0; i < 10; i++) list();
    await until(() => history.completeTo === 10, 'ten commands to be written');
    for (let i = 0; i < 5; i++) list();
    await history.close();
    expect(failures).toEqual([]);
    const { store } = HistoryStore.open(options, 15);
    expect(store.completeTo).toBe(15);
    expect(store.load().instruments).toHaveLength(15);
    store.close();
  });

  it('says once that the disk is full, and writes nothing more', async () => {
    const { history, list, failures, options } = fixture(60);
    for (let turn = 0; turn < 100 && failures.length === 0; turn++) {
      for (let i = 0; i < 500; i++) list();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(failures).toMatchObject([{ code: 'DISK_FULL' }]);
    const { completeTo } = history;
    list();
    await history.close();
    const { store } = HistoryStore.open(options, 1e9);
    expect(store.completeTo).toBe(completeTo);
    store.close();
  });
});

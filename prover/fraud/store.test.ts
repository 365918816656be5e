import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hex } from 'viem';
import { afterEach, describe, expect, it } from 'vitest';
import { genesisOf } from './case.ts';
import type { PlannedStep, SessionRecord } from './session.ts';
import { SqliteSessionStore } from './store.ts';

const HASH: Hex = `0x${'ab'.repeat(32)}`;
const IDENTITY = { chainId: 31337, settlement: '0x5FbD', challenger: '0xAa' };
const directory = mkdtempSync(join(tmpdir(), 'plimsoll-proofs-'));
let open: SqliteSessionStore[] = [];

afterEach(() => {
  for (const store of open) store.close();
  open = [];
  rmSync(directory, { recursive: true, force: true });
});

function start(identity = IDENTITY) {
  const store = new SqliteSessionStore(directory, identity);
  open.push(store);
  return store;
}

const header = genesisOf({ zeroRoot: HASH }, 77n);
const record: SessionRecord = {
  id: HASH,
  batchHash: HASH,
  header,
  parent: header,
  accusation: { kind: 'segment', segment: 2 },
  index: 2,
  finding: HASH,
  salt: HASH,
  commitment: HASH,
  shown: { data: '0x1234', count: 3, path: [HASH] },
  previous: null,
  facts: null,
  words: ['what it is about'],
  begunAt: 2n ** 63n,
  begunInBlock: 7n,
  landedInBlock: 6n,
  attempt: 0,
  plan: 0,
  outcome: null,
};
const state = {
  ...{ root: HASH, checkpoint: HASH, registersHash: HASH },
  ...{ pc: 16, fp: 3, command: 2, phase: 1, running: true },
};
const step = (pc: number): PlannedStep => ({
  before: { ...state, pc },
  beforeHash: HASH,
  inputs: { segment: '0x00', inboxCount: 4n, firstMessage: 3n, messages: ['0x01'] },
  witness: { registers: '0x', indices: '0x00000001', leaves: HASH, nodes: '0x' },
  until: { command: 2, phase: 1, pc: 32, visits: 3 },
  after: state,
  afterHash: HASH,
  steps: 1000,
  leaves: 1,
  gas: 16_000_000n,
});

describe('kept sessions', () => {
  it('outlive the process, to the last digit', () => {
    const store = start();
    store.save(record);
    store.saveSteps(HASH, [step(1), step(2), step(3)]);
    store.close();
    const again = start();
    expect(again.load(HASH)).toEqual(record);
    expect(again.steps(HASH)).toEqual([step(1), step(2), step(3)]);
  });

  it('are replaced as a whole, with their plans', () => {
    const store = start();
    store.save(record);
    store.saveSteps(HASH, [step(1), step(2), step(3)]);
    store.saveSteps(HASH, [step(9)]);
    const ended = { ...record, outcome: { kind: 'rewarded', words: 'done' } } as const;
    store.save(ended);
    expect(store.steps(HASH)).toEqual([step(9)]);
    expect(store.all()).toEqual([ended]);
  });

  it('are of one exchange', () => {
    start().close();
    expect(() => start({ ...IDENTITY, settlement: '0xother' })).toThrow(
      expect.objectContaining({ code: 'WRONG_DATA_DIRECTORY' }),
    );
  });

  it('are refused where they cannot be kept', () => {
    const file = new URL(import.meta.url).pathname;
    expect(() => new SqliteSessionStore(file, IDENTITY)).toThrow(
      expect.objectContaining({ code: 'DATA_DIRECTORY_UNUSABLE' }),
    );
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENGINE_FILE } from '#shared/host/wasm-file.ts';
import { type BatchRow, JournalStore } from '../journal/store.ts';
import { openReplica } from '../replica/open.ts';
import { Replica } from '../replica/replay.ts';
import { SignerReplay } from '../replica/signers.ts';
import { IDENTITY, makeJournal, smallRow } from '../testing/journal-maker.ts';
import { Sealer } from './sealer.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-sealer-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function genesis(signers: SignerReplay) {
  const engineFile = fileURLToPath(ENGINE_FILE);
  const derivation = { marks: true, undo: true };
  const options = { engineFile, identity: IDENTITY, snapshotFile: null, derivation };
  return openReplica(options, { recover: signers.recover });
}

/** Seals the whole journal again, as after a restart from genesis. */
function sealAgain(file: string) {
  const signers = new SignerReplay();
  const replica = genesis(signers);
  const reader = JournalStore.openForReading(file, IDENTITY);
  const sealed: number[] = [];
  const batches: BatchRow[] = [];
  try {
    const sealer = new Sealer(replica, {
      engine: replica.engine,
      tree: replica.tree,
      signers,
      reader,
      onSegment: (row) => sealed.push(row.number),
      onBatch: (row) => batches.push(row),
    });
    while (sealer.advance(reader.lastId()));
    sealer.cut();
  } finally {
    reader.close();
  }
  return { sealed, batches };
}

describe('sealing again what is sealed', () => {
  it('gives the same roots, and seals nothing twice', () => {
    const { file } = makeJournal(directory, { rows: 5 });
    const { sealed, batches } = sealAgain(file);
    expect(sealed).toEqual([]);
    expect(batches).toMatchObject([{ number: 1, firstSegment: 1, lastSegment: 5 }]);
  });

  it('stops at a root that was another one before', () => {
    const { file } = makeJournal(directory, { rows: 5, lie: 4 });
    expect(() => sealAgain(file)).toThrow(
      expect.objectContaining({
        code: 'ROOT_DIVERGED',
        message: expect.stringMatching(/^Segment 4 /),
      }),
    );
  });
});

describe('a replica', () => {
  it('stops where the engine says something else than the journal', () => {
    const signers = new SignerReplay();
    const { engine, position } = genesis(signers);
    const replica = new Replica(engine, signers, position);
    replica.apply(smallRow(1));
    replica.apply(smallRow(2));
    expect(() => replica.apply(smallRow(3, 205))).toThrow(
      expect.objectContaining({
        code: 'REPLAY_DIVERGED',
        message: expect.stringMatching(/^Sequence 3 gave code 0 .* has 205/),
      }),
    );
    expect(() => replica.apply(smallRow(5))).toThrow(
      expect.objectContaining({ code: 'JOURNAL_GAP' }),
    );
  });
});

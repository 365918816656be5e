import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ENGINE_FILE, readEngine } from '#shared/host/wasm-file.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { encodeInboxMessage } from '#shared/protocol/inbox.ts';
import { ENTRY_CLOSE, ENTRY_COMMAND, ENTRY_INBOX, RowBuilder } from '../journal/entry.ts';
import type { Identity } from '../journal/schema.ts';
import { JournalStore, type SegmentRow } from '../journal/store.ts';
import { clockCommand } from '../matching/helpers.ts';
import { openReplica } from '../replica/open.ts';
import { Replica } from '../replica/replay.ts';
import { SignerReplay } from '../replica/signers.ts';
import { saveSnapshot } from '../replica/snapshots.ts';
import { CHAIN_ID, CONTRACT, genesisMessage } from './genesis.ts';

const START_MS = Date.UTC(2026, 10, 22, 12);
const NOTHING = new Uint8Array(0);

export const IDENTITY: Identity = {
  chainId: CHAIN_ID,
  settlement: bytesToHex(CONTRACT),
  engineHash: readEngine().hash,
};

/** Row `id` of a small journal: genesis, then the clock, each in a segment of its own. `code` is what the journal says it gave. */
export function smallRow(id: number, code = 0) {
  const builder = new RowBuilder();
  const signers = Array.from({ length: 4 }, (_, index) => new Uint8Array(20).fill(index + 1));
  if (id === 1) {
    builder.add(ENTRY_INBOX, code, encodeInboxMessage(genesisMessage(signers)), NOTHING, 0);
  } else builder.add(ENTRY_COMMAND, code, clockCommand(START_MS + 1000 * id), NOTHING, 0);
  builder.add(ENTRY_CLOSE, 0, NOTHING, NOTHING, 0);
  return { id, firstSequence: id, lastSequence: id, firstSegment: id, data: builder.take() };
}

/**
 * Writes a journal of `rows` rows with the roots that the engine gives, and a snapshot after each row of `snapshots`. `lie` is a segment
 * whose root in the journal is another one.
 */
export function makeJournal(
  directory: string,
  options: { rows: number; snapshots?: readonly number[]; lie?: number },
): { file: string; snapshots: string; segments: SegmentRow[] } {
  const { rows, snapshots = [], lie } = options;
  const file = join(directory, 'journal.db');
  const folder = join(directory, 'snapshots');
  const store = JournalStore.open({ file, identity: IDENTITY });
  const signers = new SignerReplay();
  const replica = openReplica(
    {
      engineFile: fileURLToPath(ENGINE_FILE),
      identity: IDENTITY,
      snapshotFile: null,
      derivation: { marks: true, undo: true },
    },
    { recover: signers.recover },
  );
  const { engine, tree } = replica;
  const segments: SegmentRow[] = [];
  const runner = new Replica(engine, signers, replica.position, {
    onClose: (number) => {
      const root = number === lie ? new Uint8Array(32).fill(7) : tree.updatedRoot().slice();
      segments.push({ number, firstSequence: number, lastSequence: number, root });
    },
  });
  for (let id = 1; id <= rows; id++) {
    const entries = smallRow(id);
    runner.apply(entries);
    store.commit([{ entries, segments: segments.slice(-1) }]);
    if (!snapshots.includes(id)) continue;
    const at = { batch: id, lastSequence: id, lastSegment: id, inboxAccumulator: ZERO };
    saveSnapshot(folder, tree, IDENTITY, at);
  }
  store.close();
  return { file, snapshots: folder, segments };
}

const ZERO = bytesToHex(new Uint8Array(32));

import type { Logger } from 'pino';
import type { Engine } from '#shared/host/engine.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { DivergenceError, JournalError } from './errors.ts';
import type { Identity } from './journal/schema.ts';
import type { JournalHead, JournalReader } from './journal/store.ts';
import { EngineHooks } from './matching/hooks.ts';
import { type OpenedReplica, openReplica } from './replica/open.ts';
import { Replica } from './replica/replay.ts';
import { SignerReplay } from './replica/signers.ts';
import type { SnapshotFile } from './replica/snapshots.ts';

export interface RestoreOptions {
  readonly engineFile: string;
  readonly identity: Identity;
  readonly journal: JournalHead;
  readonly reader: JournalReader;
  /** The newest first. */
  readonly snapshots: readonly SnapshotFile[];
}

export interface Restored {
  readonly engine: Engine;
  readonly hooks: EngineHooks;
  readonly position: { readonly sequence: number; readonly segment: number };
  readonly segmentStarted: boolean;
  /** The snapshot that was used, for the other replicas; null for genesis. */
  readonly snapshotFile: string | null;
}

const ROWS = 256;
/** Commands between two lines about the progress. */
const PROGRESS_COMMANDS = 200_000;

/** The trading engine at the end of the journal: the newest sound snapshot and the rows after it. */
export function restore(options: RestoreOptions, deps: { readonly log: Logger }): Restored {
  const { snapshots, journal } = options;
  const newest = snapshots[0];
  if (newest && newest.sequence > journal.lastSequence) {
    throw new JournalError(
      'JOURNAL_BEHIND_SNAPSHOT',
      `The snapshot ${newest.file} is at sequence ${newest.sequence}, but the journal ends at ${journal.lastSequence}: its end was lost. Restore the newest backup of the journal.`,
    );
  }
  const startMs = performance.now();
  const hooks = new EngineHooks();
  const signers = new SignerReplay();
  hooks.recover = signers.recover;
  const { opened, file } = open(options, hooks, deps.log);
  const replica = new Replica(opened.engine, signers, opened.position);
  replayTail(options, replica, deps.log);
  const { sequence } = replica.position;
  if (sequence !== journal.lastSequence) {
    throw new JournalError(
      'JOURNAL_CORRUPT',
      `The replay ended at sequence ${sequence}, the journal at ${journal.lastSequence}. Restore a backup.`,
    );
  }
  const ms = Math.round(performance.now() - startMs);
  const replayed = sequence - opened.position.sequence;
  deps.log.info({ sequence, replayed, ms, snapshot: file }, 'state restored');
  return {
    engine: opened.engine,
    hooks,
    position: replica.position,
    segmentStarted: replica.segmentStarted,
    snapshotFile: file,
  };
}

/** A damaged snapshot costs time and nothing else: the one before it is taken, or genesis, since the journal has everything. */
function open(
  options: RestoreOptions,
  hooks: EngineHooks,
  log: Logger,
): { opened: OpenedReplica; file: string | null } {
  const { engineFile, identity } = options;
  const derivation = { marks: false, undo: true };
  const engineHooks = { recover: hooks.onRecover, onEvent: hooks.onEvent };
  const at = (snapshotFile: string | null) =>
    openReplica({ engineFile, identity, snapshotFile, derivation }, engineHooks);
  for (const snapshot of options.snapshots) {
    const { file } = snapshot;
    try {
      checkRoot(snapshot, options.reader);
      return { opened: at(file), file };
    } catch (err) {
      if (err instanceof JournalError) throw err;
      log.warn({ err, file }, 'the snapshot cannot be used: trying an older one, or genesis');
    }
  }
  return { opened: at(null), file: null };
}

/** A snapshot may be whole and still not of this journal. */
function checkRoot({ segment, root }: SnapshotFile, reader: JournalReader) {
  const sealed = reader.segment(segment);
  if (sealed === undefined || bytesToHex(sealed.root) === root) return;
  throw new DivergenceError(
    'SNAPSHOT_DIVERGED',
    `The snapshot has root ${root} after segment ${segment}, the journal ${bytesToHex(sealed.root)}.`,
  );
}

function replayTail(options: RestoreOptions, replica: Replica, log: Logger) {
  const { reader, journal } = options;
  const first = replica.position.sequence;
  let row = reader.rowHolding(first + 1) - 1;
  let reported = first;
  while (row < journal.lastId) {
    const rows = reader.entriesAfter(row, ROWS);
    if (rows.length === 0) break;
    for (const entries of rows) {
      replica.apply(entries);
      row = entries.id;
    }
    const { sequence } = replica.position;
    if (sequence - reported >= PROGRESS_COMMANDS) {
      const percent = Math.floor((100 * (sequence - first)) / (journal.lastSequence - first));
      log.info({ sequence, percent }, 'replaying the journal');
      reported = sequence;
    }
  }
}

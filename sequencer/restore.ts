import type { Logger } from 'pino';
import { OK } from '#shared/engine/codes.ts';
import type { Engine } from '#shared/host/engine.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { DivergenceError, JournalError } from './errors.ts';
import type { EngineMemory } from './gateway/state/reader.ts';
import { ENTRY_INBOX } from './journal/entry.ts';
import type { Identity } from './journal/schema.ts';
import type { JournalHead, JournalReader } from './journal/store.ts';
import { EventLog } from './matching/event-log.ts';
import { EngineHooks } from './matching/hooks.ts';
import { readClockMs, readOutcome } from './matching/outcome.ts';
import type { DurableEntry } from './matching/types.ts';
import { type OpenedReplica, openReplica } from './replica/open.ts';
import { Replica, type ReplicaHooks } from './replica/replay.ts';
import { SignerReplay } from './replica/signers.ts';
import type { SnapshotFile } from './replica/snapshots.ts';

export interface RestoreOptions {
  readonly engineFile: string;
  readonly identity: Identity;
  readonly journal: JournalHead;
  readonly reader: JournalReader;
  /** The newest first. */
  readonly snapshots: readonly SnapshotFile[];
  /** Only snapshots that are not past what it knows are used. */
  readonly follower?: ReplayFollower;
}

/** An entry that was replayed, with its events as the engine wrote them. */
export type ReplayedEntry = DurableEntry;

/** Who follows the replay from some command on. */
export interface ReplayFollower {
  /** Sequence number of the last command that it knows. */
  readonly after: number;
  /** The state is that after this command. */
  begin(engine: EngineMemory): void;
  /** Each entry after that, in order; valid during the call. */
  apply(entry: ReplayedEntry): void;
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
  const following = follow(options.follower, opened, hooks);
  const replica = new Replica(opened.engine, signers, opened.position, following);
  replayTail(options, replica, deps.log);
  const { sequence } = replica.position;
  if (sequence !== journal.lastSequence) {
    throw new JournalError(
      'JOURNAL_CORRUPT',
      `The replay ended at sequence ${sequence}, the journal at ${journal.lastSequence}. Restore a backup.`,
    );
  }
  hooks.event = () => {};
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

/** Hooks that hand the follower what it is to know. */
function follow(
  follower: ReplayFollower | undefined,
  { engine, position }: OpenedReplica,
  hooks: EngineHooks,
): ReplicaHooks {
  if (follower === undefined) return {};
  const { after } = follower;
  const begin = () => {
    follower.begin(engine);
    hooks.event = (kind, address, view) => events.add(kind, address, view);
  };
  const events = new EventLog();
  if (position.sequence === after) begin();
  return {
    onEntry: ({ kind, code, bytes }, sequence) => {
      if (sequence > after) {
        follower.apply({
          sequence,
          inbox: kind === ENTRY_INBOX,
          bytes,
          code,
          clockMs: readClockMs(engine.view),
          outcome: code === OK ? readOutcome(engine.view, sequence) : null,
          events: events.slice(0, events.count),
        });
        events.truncate(0);
      } else if (sequence === after) begin();
    },
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
  const most = options.follower?.after ?? Number.POSITIVE_INFINITY;
  for (const snapshot of options.snapshots) {
    const { file, sequence } = snapshot;
    if (sequence > most) {
      log.warn({ file, most }, 'the snapshot is past what the history has: trying an older one');
      continue;
    }
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

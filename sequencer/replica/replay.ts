import { DivergenceError } from '../errors.ts';
import type { EntryRow } from '../journal/chain.ts';
import { decodeEntries, ENTRY_CLOSE, ENTRY_COMMAND, type JournalEntry } from '../journal/entry.ts';
import type { HostEngine } from './engine.ts';
import type { SignerReplay } from './signers.ts';

/** Where a replica stands. */
export interface ReplicaPosition {
  /** Last sequence number that ran. */
  readonly sequence: number;
  /** Number of the segment that the next entry belongs to. */
  readonly segment: number;
}

export interface ReplicaHooks {
  /** After an entry ran. */
  readonly onEntry?: (entry: JournalEntry, sequence: number) => void;
  /** A segment ended after `lastSequence`. */
  readonly onClose?: (segment: number, lastSequence: number) => void;
}

/**
 * Runs journal rows through an engine, without recovering signatures, and insists on the result codes that the journal has. Rows and
 * entries at or before the position are passed over, so it may be fed from the row that holds the position on.
 */
export class Replica {
  readonly #engine: HostEngine;
  readonly #signers: SignerReplay;
  readonly #hooks: ReplicaHooks;
  #sequence: number;
  #segment: number;
  #started = false;

  constructor(
    engine: HostEngine,
    signers: SignerReplay,
    position: ReplicaPosition,
    hooks: ReplicaHooks = {},
  ) {
    this.#engine = engine;
    this.#signers = signers;
    this.#hooks = hooks;
    this.#sequence = position.sequence;
    this.#segment = position.segment;
  }

  get position(): ReplicaPosition {
    return { sequence: this.#sequence, segment: this.#segment };
  }

  /** Whether the open segment has a command already. */
  get segmentStarted(): boolean {
    return this.#started;
  }

  /** Runs what is new in a row. */
  apply(row: EntryRow): void {
    let sequence = row.firstSequence - 1;
    let segment = row.firstSegment;
    for (const entry of decodeEntries(row.data)) {
      if (entry.kind === ENTRY_CLOSE) {
        if (segment === this.#segment) this.#close();
        segment += 1;
        continue;
      }
      sequence += 1;
      if (sequence <= this.#sequence) continue;
      if (sequence !== this.#sequence + 1 || segment !== this.#segment) {
        throw new DivergenceError(
          'JOURNAL_GAP',
          `Sequence ${sequence} of segment ${segment} does not follow ${this.#sequence} of segment ${this.#segment}. The journal does not fit the snapshot: remove the snapshots and start again.`,
        );
      }
      this.#run(entry, sequence);
    }
  }

  #run(entry: JournalEntry, sequence: number) {
    if (!this.#started) this.#engine.segmentStart();
    this.#started = true;
    this.#signers.load(entry.signers);
    const code =
      entry.kind === ENTRY_COMMAND ? this.#engine.execute(entry.bytes) : this.#consume(entry.bytes);
    if (code !== entry.code) {
      throw new DivergenceError(
        'REPLAY_DIVERGED',
        `Sequence ${sequence} gave code ${code} in the replay, but the journal has ${entry.code}. The journal or the engine changed; nothing more is acknowledged. Restore a backup.`,
      );
    }
    this.#sequence = sequence;
    this.#hooks.onEntry?.(entry, sequence);
  }

  #consume(message: Uint8Array): number {
    if (!this.#engine.advance()) {
      throw new DivergenceError(
        'REPLAY_DIVERGED',
        `Sequence ${this.#sequence + 1} does not fit its segment in the replay, but the journal has it. The journal or the engine changed.`,
      );
    }
    return this.#engine.executeInbox(message);
  }

  #close() {
    this.#hooks.onClose?.(this.#segment, this.#sequence);
    this.#segment += 1;
    this.#started = false;
  }
}

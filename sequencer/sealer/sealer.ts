import { CMD_CONSUME } from '#shared/engine/kinds.ts';
import { bytesToHex, hexToBytes } from '#shared/protocol/bytes.ts';
import { accumulate } from '#shared/protocol/inbox.ts';
import type { ReplayTree } from '#shared/replay/types.ts';
import { DivergenceError } from '../errors.ts';
import { ENTRY_INBOX, type JournalEntry } from '../journal/entry.ts';
import type { BatchRow, JournalReader, SegmentRow } from '../journal/store.ts';
import type { HostEngine } from '../replica/engine.ts';
import { Replica, type ReplicaPosition } from '../replica/replay.ts';
import type { SignerReplay } from '../replica/signers.ts';
import { BatchBuilder, type SealedSegment } from './builder.ts';
import { type Facts, readFacts } from './facts.ts';

/** Where a sealer starts: the end of a batch, from a snapshot or genesis. */
export interface SealerStart {
  readonly batch: number;
  readonly position: ReplicaPosition;
  readonly facts: Facts;
}

export interface SealerDependencies {
  /** At the state of the start. */
  readonly engine: HostEngine;
  readonly tree: ReplayTree;
  readonly signers: SignerReplay;
  readonly reader: JournalReader;
  /** Called for what the journal does not have yet, in order. */
  readonly onSegment: (row: SegmentRow) => void;
  readonly onBatch: (row: BatchRow) => void;
}

/** Rows read at a time. */
const ROWS = 64;
const CONSUME = Uint8Array.of(CMD_CONSUME);

/**
 * A replica of the engine that follows the journal, makes the state root of every segment, and cuts batches. What the journal
 * has already (after a restart) it makes again and compares: it never seals the same thing in two ways.
 */
export class Sealer {
  readonly #deps: SealerDependencies;
  readonly #replica: Replica;
  readonly #builder: BatchBuilder;
  /** Batches that were cut before the restart: number and last segment. */
  readonly #known: Map<number, number>;
  readonly #knownRoots: Map<number, Uint8Array>;
  #accumulator: Uint8Array;
  #firstSequence: number;
  #commands: Uint8Array[] = [];
  #messages: Uint8Array[] = [];
  #row: number;

  constructor(start: SealerStart, deps: SealerDependencies) {
    this.#deps = deps;
    this.#replica = new Replica(deps.engine, deps.signers, start.position, {
      onEntry: (entry) => this.#onEntry(entry),
      onClose: (segment, lastSequence) => this.#onClose(segment, lastSequence),
    });
    this.#builder = new BatchBuilder(start.batch + 1, start.facts);
    this.#accumulator = hexToBytes(start.facts.inboxAccumulator);
    this.#firstSequence = start.position.sequence + 1;
    this.#row = deps.reader.rowHolding(start.position.sequence + 1) - 1;
    const batches = deps.reader.batchBounds(start.batch + 1);
    this.#known = new Map(batches.map((batch) => [batch.number, batch.lastSegment]));
    const segments = deps.reader.segmentsFrom(start.position.segment);
    this.#knownRoots = new Map(segments.map((segment) => [segment.number, segment.root]));
  }

  /** Seals what rows up to `lastRow` (ids) hold, at most `rows` of them. Returns whether there is more. */
  advance(lastRow: number, rows = ROWS): boolean {
    const limit = Math.min(rows, lastRow - this.#row);
    if (limit <= 0) return false;
    for (const row of this.#deps.reader.entriesAfter(this.#row, limit)) {
      this.#replica.apply(row);
      this.#row = row.id;
    }
    return this.#row < lastRow;
  }

  /** Number of the last batch that is cut. */
  get lastBatch(): number {
    return this.#builder.number - 1;
  }

  /** Cuts a batch of the segments that wait, if there are any and they are not part of a batch cut before the restart. */
  cut(): void {
    if (this.#builder.segments > 0 && !this.#known.has(this.#builder.number)) this.#emitBatch();
  }

  #onEntry(entry: JournalEntry) {
    // Copied: the row they are views of is far larger than the entry.
    if (entry.kind !== ENTRY_INBOX) {
      this.#commands.push(entry.bytes.slice());
      return;
    }
    this.#commands.push(CONSUME);
    this.#messages.push(entry.bytes.slice());
    this.#accumulator = accumulate(this.#accumulator, entry.bytes);
  }

  #onClose(number: number, lastSequence: number) {
    const root = this.#deps.tree.updatedRoot();
    const fresh = this.#compareRoot(number, root);
    const facts = readFacts(
      this.#deps.engine.view,
      bytesToHex(root),
      bytesToHex(this.#accumulator),
    );
    const segment: SealedSegment = {
      number,
      firstSequence: this.#firstSequence,
      lastSequence,
      commands: this.#commands,
      messages: this.#messages,
      facts,
    };
    this.#firstSequence = lastSequence + 1;
    this.#commands = [];
    this.#messages = [];
    if (fresh)
      this.#deps.onSegment({ number, firstSequence: segment.firstSequence, lastSequence, root });
    this.#addToBatch(segment);
  }

  /** Returns whether the segment is sealed for the first time. */
  #compareRoot(number: number, root: Uint8Array): boolean {
    const known = this.#knownRoots.get(number);
    if (known === undefined) return true;
    this.#knownRoots.delete(number);
    if (Buffer.compare(known, root) === 0) return false;
    throw new DivergenceError(
      'ROOT_DIVERGED',
      `Segment ${number} has root ${bytesToHex(root)} now, but ${bytesToHex(known)} was sealed before. The journal or the engine changed; nothing is posted. Restore a backup.`,
    );
  }

  #addToBatch(segment: SealedSegment) {
    const builder = this.#builder;
    const knownEnd = this.#known.get(builder.number);
    if (knownEnd === undefined && !builder.fits(segment)) this.#emitBatch();
    builder.add(segment);
    if (knownEnd === segment.number) {
      this.#known.delete(builder.number);
      builder.cut();
    }
  }

  #emitBatch() {
    this.#deps.onBatch(this.#builder.cut());
  }
}

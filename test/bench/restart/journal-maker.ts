/** Writes a real journal of a million commands, and the snapshot that a sealer would have left on the way. */

import type { EntryRow } from '#sequencer/journal/chain.ts';
import { ENTRY_CLOSE, ENTRY_COMMAND, ENTRY_INBOX, RowBuilder } from '#sequencer/journal/entry.ts';
import type { Identity } from '#sequencer/journal/schema.ts';
import { JournalStore } from '#sequencer/journal/store.ts';
import { SignerLog } from '#sequencer/replica/signers.ts';
import { saveSnapshot } from '#sequencer/replica/snapshots.ts';
import { ZERO_HASH } from '#sequencer/sealer/batch-row.ts';
import { StateTree } from '#shared/state/tree.ts';
import { FlowFeeder, RecordedWorld, type Recording } from '../recorded-world.ts';
import { type Encoded, prepare, Trades, type Workload } from '../workload.ts';

export interface JournalPlan {
  readonly file: string;
  readonly snapshots: string;
  readonly identity: Identity;
  /** Entries in all: inbox messages, prices and the workload's commands. */
  readonly commands: number;
  /** Commands after the snapshot, at least. */
  readonly tail: number;
}

export interface MadeJournal {
  readonly sequence: number;
  readonly snapshotSequence: number;
  /** Of the state at the journal's end. */
  readonly root: Uint8Array;
}

/** Commands in a row: what gathers during a commit under load. */
const ROW_COMMANDS = 128;
const ROWS_A_COMMIT = 64;
const NOTHING = new Uint8Array(0);

/** Collects entries into rows and rows into commits, as the trading thread and the journal's do. */
class Writer {
  readonly #store: JournalStore;
  readonly #row = new RowBuilder();
  readonly #signers = new SignerLog();
  #rows: EntryRow[] = [];
  #id = 0;
  #rowStart = 1;
  #rowSegment = 1;
  sequence = 0;
  segment = 1;

  constructor(store: JournalStore) {
    this.#store = store;
  }

  readonly recording: Recording = {
    onRecover: (digest, address) => this.#signers.add(digest, address),
    onEntry: ({ inbox, code, bytes }) => {
      const { bytes: signers } = this.#signers;
      this.#row.add(inbox ? ENTRY_INBOX : ENTRY_COMMAND, code, bytes, signers, signers.length);
      this.#signers.clear();
      this.sequence += 1;
      if (this.sequence - this.#rowStart + 1 >= ROW_COMMANDS) this.#endRow();
    },
    onUndone: () => this.#signers.clear(),
    onClose: (segment) => {
      this.#row.add(ENTRY_CLOSE, 0, NOTHING, NOTHING, 0);
      this.segment = segment + 1;
    },
  };

  flush(): void {
    if (this.#row.length > 0) this.#endRow();
    if (this.#rows.length > 0) this.#store.commit(this.#rows.map((entries) => ({ entries })));
    this.#rows = [];
  }

  #endRow() {
    this.#id += 1;
    const [firstSequence, firstSegment] = [this.#rowStart, this.#rowSegment];
    const data = this.#row.take();
    this.#rows.push({
      id: this.#id,
      firstSequence,
      lastSequence: this.sequence,
      firstSegment,
      data,
    });
    this.#rowStart = this.sequence + 1;
    this.#rowSegment = this.segment;
    if (this.#rows.length >= ROWS_A_COMMIT) this.flush();
  }
}

export function makeJournal(
  plan: JournalPlan,
  workload: Workload,
  encoded: Encoded,
  progress: (line: string) => void,
): MadeJournal {
  const store = JournalStore.open({ file: plan.file, identity: plan.identity });
  const writer = new Writer(store);
  const derivation = { marks: true, undo: true };
  const make = (options: ConstructorParameters<typeof RecordedWorld>[0]) => {
    const world = new RecordedWorld(options, derivation);
    world.recording = writer.recording;
    return world;
  };
  const world = prepare(workload, derivation, new Trades(), make) as RecordedWorld;
  const feeder = new FlowFeeder(world, workload, encoded);
  const tree = new StateTree({ state: world.engine.bytes, marks: world.engine.views.marks });
  feeder.feed(plan.commands - plan.tail - writer.sequence);
  world.close();
  tree.update();
  const snapshotSequence = writer.sequence;
  progress(`snapshot at sequence ${snapshotSequence}`);
  saveSnapshot(plan.snapshots, tree, plan.identity, {
    batch: 1,
    lastSequence: snapshotSequence,
    lastSegment: writer.segment - 1,
    inboxAccumulator: ZERO_HASH,
  });
  feeder.feed(plan.commands - writer.sequence);
  world.close();
  writer.flush();
  store.close();
  tree.update();
  return { sequence: writer.sequence, snapshotSequence, root: tree.root() };
}

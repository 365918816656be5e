import type { RowBuilder } from '../journal/entry.ts';
import type { CommitGroup } from '../journal/store.ts';
import { EventLog } from './event-log.ts';
import type { DurableEntry, DurableGroup, Outcome } from './types.ts';

/** Who waits for a command, and what it will be told. */
export interface Answer {
  readonly outcome: Outcome;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: Error) => void;
}

/** An entry that ran, on its way into the journal's row. */
export interface RunEntry {
  /** `ENTRY_*` of the journal. */
  readonly kind: number;
  readonly code: number;
  readonly bytes: Uint8Array;
  readonly outcome: Outcome | null;
  readonly firstEvent: number;
  /** Its length on L1. */
  readonly wireLength: number;
}

interface Ran {
  readonly sequence: number;
  readonly inbox: boolean;
  readonly bytes: Uint8Array;
  readonly code: number;
  readonly clockMs: number;
  readonly outcome: Outcome | null;
  readonly firstEvent: number;
  readonly endEvent: number;
}

/** What ran and is not durable yet: one row of the journal to be, its events, and its answers. */
export class PendingGroup {
  readonly row: RowBuilder;
  readonly events = new EventLog();
  readonly answers: Answer[] = [];
  readonly firstSequence: number;
  readonly firstSegment: number;
  readonly #ran: Ran[] = [];

  constructor(row: RowBuilder, firstSequence: number, firstSegment: number) {
    this.row = row;
    this.firstSequence = firstSequence;
    this.firstSegment = firstSegment;
  }

  get commands(): number {
    return this.#ran.length;
  }

  get lastSequence(): number {
    return this.firstSequence + this.#ran.length - 1;
  }

  get empty(): boolean {
    return this.row.length === 0;
  }

  add(ran: Omit<Ran, 'endEvent'>): void {
    this.#ran.push({ ...ran, endEvent: this.events.count });
  }

  /** The journal's row. Empties the row builder. */
  commitGroup(id: number): CommitGroup {
    const { firstSequence, lastSequence, firstSegment } = this;
    return {
      entries: { id, firstSequence, lastSequence, firstSegment, data: this.row.take() },
    };
  }

  durableGroup(): DurableGroup {
    const entries: DurableEntry[] = this.#ran.map((ran) => ({
      sequence: ran.sequence,
      inbox: ran.inbox,
      bytes: ran.bytes,
      code: ran.code,
      clockMs: ran.clockMs,
      outcome: ran.outcome,
      events: this.events.slice(ran.firstEvent, ran.endEvent),
    }));
    return { firstSequence: this.firstSequence, lastSequence: this.lastSequence, entries };
  }
}

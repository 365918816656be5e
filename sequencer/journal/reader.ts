import { createHash } from 'node:crypto';
import type Database from 'better-sqlite3';
import type { EntryRow } from './chain.ts';
import { corrupt, guard } from './sqlite-errors.ts';
import type { BatchRow, SegmentRow, SendRow } from './store.ts';

export const ENTRY_COLUMNS =
  'id, first_sequence AS firstSequence, last_sequence AS lastSequence, first_segment AS firstSegment, data';
const SEGMENT_COLUMNS =
  'number, first_sequence AS firstSequence, last_sequence AS lastSequence, root';
const BATCH_COLUMNS =
  'number, first_segment AS firstSegment, last_segment AS lastSegment, first_sequence AS firstSequence, last_sequence AS lastSequence';

/** SHA-256 over what a batch row promises; checked whenever the row is read. */
export function batchRowHash(row: BatchRow): Uint8Array {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([row.number, row.firstSegment, row.lastSegment, row.lastSequence]));
  for (const part of [row.header, row.data, row.messages]) {
    hash.update(`/${part.length}/`).update(part);
  }
  return hash.digest();
}

/** Reads rows of a journal that another thread writes. */
export class JournalReader {
  readonly #db: Database.Database;
  readonly #entriesAfter: Database.Statement;
  readonly #rowOfSequence: Database.Statement;
  readonly #lastId: Database.Statement;

  constructor(db: Database.Database) {
    this.#db = db;
    this.#entriesAfter = db.prepare(
      `SELECT ${ENTRY_COLUMNS} FROM entries WHERE id > ? ORDER BY id LIMIT ?`,
    );
    this.#rowOfSequence = db.prepare(
      'SELECT first_sequence AS firstSequence, last_sequence AS lastSequence FROM entries WHERE id = ?',
    );
    this.#lastId = db.prepare('SELECT max(id) AS id FROM entries');
  }

  /** At most `limit` rows after row `id`. */
  entriesAfter(id: number, limit: number): EntryRow[] {
    return guard('read', () => this.#entriesAfter.all(id, limit) as EntryRow[]);
  }

  lastId(): number {
    return guard('read', () => (this.#lastId.get() as { id: number | null }).id ?? 0);
  }

  /** Id of the first row whose last sequence number is at or past `sequence`; one past the end if there is none. */
  rowHolding(sequence: number): number {
    let low = 1;
    let high = this.lastId() + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = guard('read', () => this.#rowOfSequence.get(middle)) as
        | { lastSequence: number }
        | undefined;
      if (row === undefined) throw corrupt(`row ${middle} is missing`);
      if (row.lastSequence >= sequence) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  segment(number: number): SegmentRow | undefined {
    return guard('read', () => {
      const sql = `SELECT ${SEGMENT_COLUMNS} FROM segments WHERE number = ?`;
      return this.#db.prepare(sql).get(number) as SegmentRow | undefined;
    });
  }

  /** Segments from `first` on, in order. */
  segmentsFrom(first: number): SegmentRow[] {
    return guard('read', () => {
      const sql = `SELECT ${SEGMENT_COLUMNS} FROM segments WHERE number >= ? ORDER BY number`;
      return this.#db.prepare(sql).all(first) as SegmentRow[];
    });
  }

  /** The batch, its own hash checked, or undefined. */
  batch(number: number): (BatchRow & { checked: boolean }) | undefined {
    return guard('read', () => {
      const sql = `SELECT ${BATCH_COLUMNS}, header, data, messages, hash, checked FROM batches WHERE number = ?`;
      const row = this.#db.prepare(sql).get(number) as
        | (BatchRow & { hash: Uint8Array; checked: number })
        | undefined;
      if (row === undefined) return undefined;
      if (Buffer.compare(batchRowHash(row), row.hash) !== 0) {
        throw corrupt(`batch ${number} was changed`);
      }
      return { ...row, checked: row.checked === 1 };
    });
  }

  /** Number of the last batch, and of the last one whose replay agreed; 0 is the genesis header. */
  batchHead(): { last: number; checked: number } {
    return guard('read', () => {
      const sql =
        'SELECT max(number) AS last, max(CASE WHEN checked = 1 THEN number END) AS checked FROM batches';
      const row = this.#db.prepare(sql).get() as { last: number | null; checked: number | null };
      return { last: row.last ?? 0, checked: row.checked ?? 0 };
    });
  }

  /** Bounds of the batches from `first` on, without their data. */
  batchBounds(first: number): Omit<BatchRow, 'header' | 'data' | 'messages'>[] {
    return guard('read', () => {
      const sql = `SELECT ${BATCH_COLUMNS} FROM batches WHERE number >= ? ORDER BY number`;
      return this.#db.prepare(sql).all(first) as Omit<BatchRow, 'header' | 'data' | 'messages'>[];
    });
  }

  /** Transactions sent for a batch, the newest last. */
  sends(batch: number): SendRow[] {
    return guard('read', () => {
      const sql =
        'SELECT batch, nonce, transaction_hash AS transactionHash, header, at_ms AS atMs FROM sends WHERE batch = ? ORDER BY id';
      return this.#db.prepare(sql).all(batch) as SendRow[];
    });
  }

  close(): void {
    this.#db.close();
  }
}

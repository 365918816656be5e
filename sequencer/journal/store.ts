import { existsSync, statSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { JournalError } from '../errors.ts';
import { chainNext, chainStart, type EntryRow } from './chain.ts';
import { lockWriter, type WriterLock } from './lock.ts';
import { batchRowHash, ENTRY_COLUMNS, JournalReader } from './reader.ts';
import { checkIdentity, type Identity, prepareSchema } from './schema.ts';
import { corrupt, guard } from './sqlite-errors.ts';

export type { JournalReader } from './reader.ts';

export interface SegmentRow {
  readonly number: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly root: Uint8Array;
}

export interface BatchRow {
  readonly number: number;
  readonly firstSegment: number;
  readonly lastSegment: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** `encodeStoredHeader` of `sequencer/sealer/batch-row.ts`. */
  readonly header: Uint8Array;
  readonly data: Uint8Array;
  /** Inbox messages the batch consumes, each length u16 big-endian and bytes. */
  readonly messages: Uint8Array;
}

export interface SendRow {
  readonly batch: number;
  readonly nonce: number;
  readonly transactionHash: string;
  readonly header: Uint8Array;
  readonly atMs: number;
}

/** All that one commit makes durable together. */
export interface CommitGroup {
  readonly entries?: EntryRow;
  readonly segments?: readonly SegmentRow[];
  readonly batches?: readonly BatchRow[];
  readonly checkedBatch?: number;
  readonly sends?: readonly SendRow[];
}

/** What the journal holds when it is opened. */
export interface JournalHead {
  readonly lastId: number;
  readonly lastSequence: number;
  readonly rows: number;
}

export interface StoreOptions {
  readonly file: string;
  readonly identity: Identity;
  /** Upper bound of the database, in pages of 4 KiB; none if absent. */
  readonly maxPages?: number;
}

export interface StoreDependencies {
  /** Told about every step of a write; tests end the process there. */
  readonly onPoint?: (point: string) => void;
}

/**
 * The journal's database, synchronous: lives in the journal's thread (tests use it directly). Every method throws a
 * `JournalError`, after which nothing may be acknowledged any more.
 */
export class JournalStore {
  readonly #db: Database.Database;
  readonly #point: (point: string) => void;
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #lock: WriterLock;
  #hash: Uint8Array;
  #lastId = 0;
  #lastSequence = 0;

  private constructor(
    { db, lock }: { readonly db: Database.Database; readonly lock: WriterLock },
    options: StoreOptions,
    deps: StoreDependencies,
  ) {
    this.#db = db;
    this.#lock = lock;
    this.#point = deps.onPoint ?? (() => {});
    this.#statements = prepareStatements(db);
    this.#hash = chainStart(options.identity);
  }

  /** Opens or creates the database, for this process alone, and checks all of it: pages, identity, and the hash chain from the first row on. */
  static open(options: StoreOptions, deps: StoreDependencies = {}): JournalStore {
    return guard('open', () => {
      const lock = lockWriter(options.file);
      try {
        return JournalStore.#openLocked(options, deps, lock);
      } catch (error) {
        lock.release();
        throw error;
      }
    });
  }

  static #openLocked(options: StoreOptions, deps: StoreDependencies, lock: WriterLock) {
    const fresh = !existsSync(options.file) || statSync(options.file).size === 0;
    if (fresh && existsSync(markerOf(options.file))) throw journalMissing(options.file);
    const db = new Database(options.file);
    try {
      db.pragma('journal_mode = WAL');
      db.pragma('synchronous = FULL');
      db.pragma('wal_autocheckpoint = 2000');
      if (options.maxPages !== undefined) db.pragma(`max_page_count = ${options.maxPages}`);
      if (!fresh) quickCheck(db);
      prepareSchema(db, options.identity);
      writeMarker(options);
      const store = new JournalStore({ db, lock }, options, deps);
      store.#verify();
      return store;
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** Opens the database of a running journal for reading. */
  static openForReading(file: string, identity: Identity): JournalReader {
    return guard('open', () => {
      const db = new Database(file, { readonly: true, fileMustExist: true });
      checkIdentity(db, identity);
      return new JournalReader(db);
    });
  }

  get head(): JournalHead {
    return { lastId: this.#lastId, lastSequence: this.#lastSequence, rows: this.#lastId };
  }

  /** Makes the groups durable in one commit, in order. */
  commit(groups: readonly CommitGroup[]): void {
    guard('write', () => {
      this.#point('begin');
      this.#statements.begin.run();
      try {
        for (const group of groups) this.#write(group);
        if (groups.some((group) => group.entries !== undefined)) {
          this.#statements.head.run(JSON.stringify(this.#headRecord()));
          this.#point('head');
        }
        this.#point('before-commit');
        this.#statements.commit.run();
      } catch (error) {
        if (this.#db.inTransaction) this.#statements.rollback.run();
        throw error;
      }
      this.#point('committed');
    });
  }

  close(): void {
    this.#db.close();
    this.#lock.release();
  }

  #headRecord() {
    return { id: this.#lastId, hash: Buffer.from(this.#hash).toString('hex') };
  }

  #write(group: CommitGroup) {
    if (group.entries) this.#writeEntries(group.entries);
    for (const row of group.segments ?? []) {
      this.#statements.segment.run(row.number, row.firstSequence, row.lastSequence, row.root);
      this.#point('segment');
    }
    for (const row of group.batches ?? []) {
      this.#statements.batch.run({ ...row, hash: batchRowHash(row) });
      this.#point('batch');
    }
    if (group.checkedBatch !== undefined) {
      this.#statements.checked.run(group.checkedBatch);
      this.#point('checked');
    }
    for (const row of group.sends ?? []) {
      this.#statements.send.run(row);
      this.#point('send');
    }
  }

  #writeEntries(row: EntryRow) {
    if (row.id !== this.#lastId + 1 || row.firstSequence !== this.#lastSequence + 1) {
      throw new JournalError(
        'JOURNAL_ORDER',
        `Row ${row.id} with sequence ${row.firstSequence} does not follow row ${this.#lastId} with sequence ${this.#lastSequence}. This is a bug: stop and report it.`,
      );
    }
    const hash = chainNext(this.#hash, row);
    this.#statements.entries.run({ ...row, hash });
    this.#hash = hash;
    this.#lastId = row.id;
    this.#lastSequence = row.lastSequence;
    this.#point('entries');
  }

  #verify() {
    const rows = this.#statements.allEntries.iterate() as IterableIterator<
      EntryRow & { hash: Uint8Array }
    >;
    for (const row of rows) {
      if (row.id !== this.#lastId + 1 || row.firstSequence !== this.#lastSequence + 1) {
        throw corrupt(`row ${this.#lastId + 1} is missing`);
      }
      this.#hash = chainNext(this.#hash, row);
      if (Buffer.compare(this.#hash, row.hash) !== 0) throw corrupt(`row ${row.id} was changed`);
      this.#lastId = row.id;
      this.#lastSequence = row.lastSequence;
    }
    this.#verifyHead();
    this.#verifyDerived();
  }

  #verifyHead() {
    const found = this.#statements.readHead.get() as { value: string } | undefined;
    const expected = JSON.stringify(this.#headRecord());
    if (found === undefined ? this.#lastId !== 0 : String(found.value) !== expected) {
      throw corrupt(`the last row should be ${found ? String(found.value) : 'none'}`);
    }
    this.#point('verified');
  }

  /** Nothing derived may know of commands that the journal does not have. */
  #verifyDerived() {
    const sealed = this.#statements.lastSealed.get() as { sequence: number | null };
    if ((sealed.sequence ?? 0) > this.#lastSequence) {
      throw corrupt(
        `segments up to sequence ${sealed.sequence} are sealed, but the entries end at ${this.#lastSequence}`,
      );
    }
  }
}

function prepareStatements(db: Database.Database) {
  return {
    begin: db.prepare('BEGIN IMMEDIATE'),
    commit: db.prepare('COMMIT'),
    rollback: db.prepare('ROLLBACK'),
    head: db.prepare(
      "INSERT INTO meta (key, value) VALUES ('head', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    ),
    readHead: db.prepare("SELECT value FROM meta WHERE key = 'head'"),
    entries: db.prepare(
      'INSERT INTO entries VALUES (@id, @firstSequence, @lastSequence, @firstSegment, @data, @hash)',
    ),
    allEntries: db.prepare(`SELECT ${ENTRY_COLUMNS}, hash FROM entries ORDER BY id`),
    segment: db.prepare('INSERT INTO segments VALUES (?, ?, ?, ?)'),
    lastSealed: db.prepare('SELECT max(last_sequence) AS sequence FROM segments'),
    batch: db.prepare(
      `INSERT INTO batches VALUES (@number, @firstSegment, @lastSegment, @firstSequence, @lastSequence, @header, @data,
       @messages, @hash, 0)`,
    ),
    checked: db.prepare('UPDATE batches SET checked = 1 WHERE number <= ? AND checked = 0'),
    send: db.prepare(
      'INSERT INTO sends (batch, nonce, transaction_hash, header, at_ms) VALUES (@batch, @nonce, @transactionHash, @header, @atMs)',
    ),
  };
}

/** Beside the database from its first day on: tells a journal that is new from one that was lost. */
function markerOf(file: string): string {
  return `${file}.identity.json`;
}

function writeMarker(options: StoreOptions) {
  const marker = markerOf(options.file);
  if (existsSync(marker)) return;
  writeFileSync(marker, `${JSON.stringify(options.identity)}\n`, { flush: true });
}

function journalMissing(file: string): JournalError {
  return new JournalError(
    'JOURNAL_MISSING',
    `There was a journal at ${file}, and it is gone or empty. Restore it from a backup; to give its unposted commands up, remove the whole data directory and rebuild from L1.`,
  );
}

function quickCheck(db: Database.Database) {
  const result = db.pragma('quick_check(1)', { simple: true });
  if (result !== 'ok') throw corrupt(`SQLite says: ${String(result)}`);
}

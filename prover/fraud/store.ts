import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Hex } from 'viem';
import { ProverError, textOf } from '../errors.ts';
import { fromText, toText } from './json.ts';
import type { PlannedStep, SessionRecord } from './session.ts';

/** Which exchange sessions belong to. */
export interface StoreIdentity {
  readonly chainId: number;
  readonly settlement: string;
  readonly challenger: string;
}

/** Where sessions are kept. What was saved is there after a restart once `save` has returned. */
export interface SessionStore {
  load(id: Hex): SessionRecord | undefined;
  all(): SessionRecord[];
  save(record: SessionRecord): void;
  /** The transactions of a session, in their order; empty before they are planned, or if there are none. */
  steps(id: Hex): PlannedStep[];
  saveSteps(id: Hex, steps: readonly PlannedStep[]): void;
  close(): void;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS identity (one INTEGER PRIMARY KEY CHECK (one = 1), words TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS steps (
    session TEXT NOT NULL, number INTEGER NOT NULL, step TEXT NOT NULL, PRIMARY KEY (session, number)
  ) STRICT;
`;

/** Sessions and their planned transactions in SQLite: they outlive the process, and a kill at any moment. */
export class SqliteSessionStore implements SessionStore {
  readonly #database: Database.Database;
  readonly #file: string;

  /** @throws ProverError DATA_DIRECTORY_UNUSABLE, WRONG_DATA_DIRECTORY */
  constructor(directory: string, identity: StoreIdentity) {
    const { chainId, challenger } = identity;
    this.#file = join(directory, `proofs-${chainId}-${challenger.toLowerCase()}.sqlite`);
    this.#database = this.#trying(() => {
      mkdirSync(directory, { recursive: true });
      const database = new Database(this.#file);
      database.pragma('journal_mode = WAL');
      // A commitment that is sent and then forgotten costs its bond.
      database.pragma('synchronous = FULL');
      database.exec(SCHEMA);
      return database;
    });
    this.#checkIdentity(identity);
  }

  load(id: Hex): SessionRecord | undefined {
    return this.#trying(() => {
      const row = this.#database.prepare('SELECT record FROM sessions WHERE id = ?').get(id);
      return row === undefined ? undefined : recordOf(row);
    });
  }

  all(): SessionRecord[] {
    return this.#trying(() =>
      this.#database.prepare('SELECT record FROM sessions ORDER BY rowid').all().map(recordOf),
    );
  }

  save(record: SessionRecord): void {
    const sql =
      'INSERT INTO sessions VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record';
    this.#trying(() => this.#database.prepare(sql).run(record.id, toText(record)));
  }

  steps(id: Hex): PlannedStep[] {
    const sql = 'SELECT step FROM steps WHERE session = ? ORDER BY number';
    return this.#trying(() =>
      this.#database
        .prepare(sql)
        .all(id)
        .map((row) => fromText((row as { step: string }).step) as PlannedStep),
    );
  }

  saveSteps(id: Hex, steps: readonly PlannedStep[]): void {
    this.#trying(() =>
      this.#database.transaction(() => {
        this.#database.prepare('DELETE FROM steps WHERE session = ?').run(id);
        const insert = this.#database.prepare('INSERT INTO steps VALUES (?, ?, ?)');
        for (const [number, step] of steps.entries()) insert.run(id, number, toText(step));
      })(),
    );
  }

  close(): void {
    this.#database.close();
  }

  #checkIdentity(identity: StoreIdentity): void {
    const words = `chain ${identity.chainId}, contract ${identity.settlement.toLowerCase()}`;
    const found = this.#trying(() => {
      this.#database.prepare('INSERT OR IGNORE INTO identity VALUES (1, ?)').run(words);
      return this.#database.prepare('SELECT words FROM identity').get() as { words: string };
    });
    if (found.words === words) return;
    this.#database.close();
    throw new ProverError(
      'WRONG_DATA_DIRECTORY',
      `${this.#file} is of ${found.words}. Give each exchange a --data directory of its own.`,
    );
  }

  #trying<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      throw new ProverError(
        'DATA_DIRECTORY_UNUSABLE',
        `The sessions in ${this.#file} cannot be kept (${textOf(cause)}). Nothing is sent without that: free space, or choose another --data.`,
        { cause },
      );
    }
  }
}

function recordOf(row: unknown): SessionRecord {
  return fromText((row as { record: string }).record) as SessionRecord;
}

/** Forgets everything with the process; what was committed can be found again from the key and L1. */
export class MemorySessionStore implements SessionStore {
  readonly #records = new Map<Hex, SessionRecord>();
  readonly #steps = new Map<Hex, readonly PlannedStep[]>();

  load(id: Hex): SessionRecord | undefined {
    return this.#records.get(id);
  }

  all(): SessionRecord[] {
    return [...this.#records.values()];
  }

  save(record: SessionRecord): void {
    this.#records.set(record.id, record);
  }

  steps(id: Hex): PlannedStep[] {
    return [...(this.#steps.get(id) ?? [])];
  }

  saveSteps(id: Hex, steps: readonly PlannedStep[]): void {
    this.#steps.set(id, steps);
  }

  close(): void {}
}

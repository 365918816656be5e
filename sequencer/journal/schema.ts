import type Database from 'better-sqlite3';
import { JournalError } from '../errors.ts';

/**
 * `entries` is the truth; `segments`, `batches` and `sends` are what the sealer and the poster made of it. One row of
 * `entries` is one group that was committed together. `meta` also holds `head`, the id and hash of the last row, so that a
 * missing last row is noticed as well as one in the middle.
 */
export const SCHEMA_VERSION = 1;

const TABLES = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE entries (
  id INTEGER PRIMARY KEY,
  first_sequence INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL,
  first_segment INTEGER NOT NULL,
  data BLOB NOT NULL,
  hash BLOB NOT NULL
);
CREATE TABLE segments (
  number INTEGER PRIMARY KEY,
  first_sequence INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL,
  root BLOB NOT NULL
);
CREATE TABLE batches (
  number INTEGER PRIMARY KEY,
  first_segment INTEGER NOT NULL,
  last_segment INTEGER NOT NULL,
  first_sequence INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL,
  header BLOB NOT NULL,
  data BLOB NOT NULL,
  messages BLOB NOT NULL,
  hash BLOB NOT NULL,
  checked INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE sends (
  id INTEGER PRIMARY KEY,
  batch INTEGER NOT NULL,
  nonce INTEGER NOT NULL,
  transaction_hash TEXT NOT NULL,
  header BLOB NOT NULL,
  at_ms INTEGER NOT NULL
);
`;

/** What a journal belongs to. A journal of another exchange is refused, never continued. */
export interface Identity {
  readonly chainId: number;
  /** 0x and 40 lower-case hex digits. */
  readonly settlement: string;
  /** SHA-256 of the plain engine module, hex. */
  readonly engineHash: string;
}

/** Creates the tables, or checks that the ones present are of this version and identity. */
export function prepareSchema(db: Database.Database, identity: Identity): void {
  const found = db
    .prepare("SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table'")
    .get() as { n: number };
  if (found.n === 0) {
    db.transaction(() => {
      db.exec(TABLES);
      const put = db.prepare('INSERT INTO meta (key, value) VALUES (?, ?)');
      put.run('schema_version', SCHEMA_VERSION);
      put.run('chain_id', identity.chainId);
      put.run('settlement', identity.settlement);
      put.run('engine_hash', identity.engineHash);
    })();
    return;
  }
  checkIdentity(db, identity);
}

export function checkIdentity(db: Database.Database, identity: Identity): void {
  const rows = db.prepare('SELECT key, value FROM meta').all() as { key: string; value: unknown }[];
  const meta = new Map(rows.map((row) => [row.key, row.value]));
  if (meta.get('schema_version') !== SCHEMA_VERSION) {
    throw new JournalError(
      'JOURNAL_VERSION',
      `The journal has schema version ${String(meta.get('schema_version'))}, this program writes ${SCHEMA_VERSION}. Run the program version that wrote it.`,
    );
  }
  if (meta.get('chain_id') !== identity.chainId) {
    throw new JournalError(
      'WRONG_CHAIN',
      `The journal belongs to chain ${String(meta.get('chain_id'))}, but L1 says chain ${identity.chainId}. Point --l1-url at the right chain or --data at the right directory.`,
    );
  }
  if (meta.get('settlement') !== identity.settlement) {
    throw new JournalError(
      'WRONG_SETTLEMENT',
      `The journal belongs to the settlement contract ${String(meta.get('settlement'))}, not ${identity.settlement}. Correct --settlement or --data.`,
    );
  }
  if (meta.get('engine_hash') !== identity.engineHash) {
    throw new JournalError(
      'WRONG_ENGINE',
      `The journal was written by engine ${String(meta.get('engine_hash'))}, this build has ${identity.engineHash}. A new engine is a new deployment: run the build that belongs to this contract.`,
    );
  }
}

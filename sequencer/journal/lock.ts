import Database from 'better-sqlite3';
import { JournalError } from '../errors.ts';

/** The process before may be in its last moments. */
const PATIENCE_MS = 1000;

/** Held for as long as a journal is open for writing. */
export interface WriterLock {
  release(): void;
}

/**
 * Lets only one process write the journal in `file`: two on one data directory would each acknowledge what the other does not have. The
 * lock is the kernel's (SQLite takes it on an empty file beside the journal), so it ends with the process, however that ends.
 */
export function lockWriter(file: string): WriterLock {
  const db = new Database(`${file}.lock`, { timeout: PATIENCE_MS });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    const busy = error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
    if (!busy) throw error;
    throw new JournalError(
      'DATA_IN_USE',
      `Another process writes the journal ${file}. Stop it first, or give this one its own --data; nothing was changed.`,
      error,
    );
  }
  return { release: () => db.close() };
}

import Database from 'better-sqlite3';
import { JournalError, SequencerError } from '../errors.ts';

export function corrupt(what: string, cause?: unknown): JournalError {
  return new JournalError(
    'JOURNAL_CORRUPT',
    `The journal is damaged: ${what}. Nothing was changed. Restore the data directory from a backup, or rebuild it from L1.`,
    cause,
  );
}

/** Turns SQLite's errors into ours, with what to do about them. */
export function guard<T>(doing: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof SequencerError) throw error;
    const code = error instanceof Database.SqliteError ? error.code : '';
    if (code === 'SQLITE_FULL') {
      throw new JournalError(
        'DISK_FULL',
        'The disk is full: the journal cannot be written. Nothing unwritten was acknowledged. Free space and start again.',
        error,
      );
    }
    if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') {
      throw corrupt('SQLite cannot read it', error);
    }
    const text = error instanceof Error ? error.message : String(error);
    throw new JournalError(
      'JOURNAL_IO',
      `The journal could not be ${doing === 'write' ? 'written' : 'read'}: ${text}. Check the disk and the permissions, and start again.`,
      error,
    );
  }
}

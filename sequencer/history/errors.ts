import Database from 'better-sqlite3';
import { SequencerError } from '../errors.ts';

/** Runs `work` on the history's database, with SQLite's errors as ours. */
export function guardHistory<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof SequencerError) throw error;
    if (error instanceof Database.SqliteError && error.code === 'SQLITE_FULL') {
      throw new SequencerError(
        'DISK_FULL',
        'The disk is full: the history cannot be written. The exchange stops; nothing is lost, the journal has everything. Free space and start again.',
        error,
      );
    }
    const text = error instanceof Error ? error.message : String(error);
    throw new SequencerError(
      'HISTORY_IO',
      `The history of trades and orders cannot be written or read: ${text}. Check the disk and the permissions. If it stays, remove history.db and its companions: it is made again from the journal.`,
      error,
    );
  }
}

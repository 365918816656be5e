import { rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { PAST_KEPT } from '../gateway/market/instruments.ts';
import type { Identity } from '../journal/schema.ts';
import { guardHistory } from './errors.ts';
import type {
  EndedRow,
  FillRow,
  HistoryDelta,
  HistoryRows,
  InstrumentRow,
  RestingRow,
  VolumeRow,
} from './rows.ts';
import { historyStatements, prepareHistory } from './schema.ts';

export interface HistoryLimits {
  /** Fills and ended orders kept, of the whole exchange; the oldest are pruned. */
  readonly fills: number;
  readonly ended: number;
}

export interface HistoryOptions {
  readonly file: string;
  readonly identity: Identity;
  readonly limits: HistoryLimits;
  /** Upper bound of the database, in pages of 4 KiB; none if absent. */
  readonly maxPages?: number;
}

const HOUR_MS = 3_600_000;
const VOLUME_HOURS = 25;
/** Fills and ended orders that may be there beyond the limits before they are pruned. */
const SLACK = 2000;

/**
 * The database of what happened: synchronous, and of one thread at a time. It is made from the journal's events and can be made again
 * from them, so a power cut may cost its last transactions, but never leaves it half: each transaction carries the mark it is
 * complete to.
 */
export class HistoryStore {
  readonly #db: Database.Database;
  readonly #limits: HistoryLimits;
  readonly #sql: ReturnType<typeof historyStatements>;
  #completeTo: number;
  #sincePruned = 0;

  private constructor(db: Database.Database, limits: HistoryLimits) {
    this.#db = db;
    this.#limits = limits;
    this.#sql = historyStatements(db);
    this.#completeTo = this.#sql.completeTo.get() as number;
  }

  /**
   * Opens or creates it. What is damaged, of another exchange or version, or ahead of the journal (`lastSequence`) is thrown away, to
   * be made again; `discarded` says why.
   */
  static open(
    options: HistoryOptions,
    lastSequence: number,
  ): { store: HistoryStore; discarded: string | null } {
    return guardHistory(() => {
      let discarded: string | null = null;
      for (;;) {
        const found = tryOpen(options, lastSequence);
        if (typeof found !== 'string') return { store: found, discarded };
        discarded = found;
        for (const end of ['', '-wal', '-shm']) rmSync(`${options.file}${end}`, { force: true });
      }
    });
  }

  /** @internal for `tryOpen` */
  static adopt(db: Database.Database, limits: HistoryLimits): HistoryStore {
    return new HistoryStore(db, limits);
  }

  /** Sequence number of the last command whose trades and orders are in it. */
  get completeTo(): number {
    return this.#completeTo;
  }

  /** Adds what came after `completeTo`, all or nothing. */
  write(delta: HistoryDelta): void {
    guardHistory(() => {
      this.#db.transaction(() => {
        this.#add(delta);
        this.#sql.setCompleteTo.run(delta.completeTo);
        if (this.#sincePruned >= SLACK) this.#prune(delta.timeMs);
      })();
    });
    this.#completeTo = delta.completeTo;
  }

  /** Everything that is kept. */
  load(): HistoryRows {
    return guardHistory(() => {
      const all = (sql: string, ...limits: number[]) =>
        this.#db
          .prepare(sql)
          .raw()
          .all(...limits);
      const last = (rows: string) => `SELECT * FROM (${rows} DESC LIMIT ?) ORDER BY 1`;
      const { fills, ended } = this.#limits;
      const placed = all(last('SELECT * FROM ended ORDER BY place'), ended) as unknown[][];
      const listed = all('SELECT * FROM instruments ORDER BY place') as unknown[][];
      return {
        fills: all(last('SELECT * FROM fills ORDER BY seq'), fills) as FillRow[],
        ended: placed.map(([, ...row]) => row as unknown as EndedRow),
        resting: all('SELECT * FROM resting') as RestingRow[],
        instruments: listed.map(([, ...row]) => row as unknown as InstrumentRow),
        volumes: all('SELECT * FROM volumes') as VolumeRow[],
      };
    });
  }

  close(): void {
    this.#db.close();
  }

  #add({ fills, ended, resting, instruments }: HistoryDelta) {
    for (const row of instruments) this.#sql.instrument.run(...row);
    for (const row of fills) {
      this.#sql.fill.run(...row);
      const [, timeMs, serial, , lots] = row;
      const value = row[row.length - 1] as number;
      this.#sql.volume.run(serial, Math.floor(timeMs / HOUR_MS), lots, value);
    }
    for (const row of resting) this.#sql.resting.run(...row);
    for (const row of ended) {
      this.#sql.unrest.run(row[0]);
      this.#sql.ended.run(...row);
    }
    this.#sincePruned += fills.length + ended.length;
  }

  #prune(timeMs: number) {
    this.#sincePruned = 0;
    this.#sql.pruneFills.run(this.#limits.fills);
    this.#sql.pruneEnded.run(this.#limits.ended);
    this.#sql.pruneVolumes.run(Math.floor(timeMs / HOUR_MS) - VOLUME_HOURS);
    this.#sql.pruneInstruments.run(PAST_KEPT);
  }
}

/** @returns the store, or why what is there cannot be used */
function tryOpen(options: HistoryOptions, lastSequence: number): HistoryStore | string {
  const db = new Database(options.file);
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    if (options.maxPages !== undefined) db.pragma(`max_page_count = ${options.maxPages}`);
    const sound = db.pragma('quick_check(1)', { simple: true });
    if (sound !== 'ok') return abandon(db, `it is damaged (${String(sound)})`);
    if (!prepareHistory(db, options.identity)) {
      return abandon(db, 'it is of another exchange or version');
    }
    const store = HistoryStore.adopt(db, options.limits);
    if (store.completeTo > lastSequence) {
      return abandon(
        db,
        `it knows of command ${store.completeTo}, the journal only of ${lastSequence}`,
      );
    }
    return store;
  } catch (error) {
    const code = error instanceof Database.SqliteError ? error.code : '';
    if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB' || code === 'SQLITE_ERROR') {
      return abandon(db, `it is damaged (${(error as Error).message})`);
    }
    db.close();
    throw error;
  }
}

function abandon(db: Database.Database, why: string): string {
  db.close();
  return why;
}

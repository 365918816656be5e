import type Database from 'better-sqlite3';
import type { Identity } from '../journal/schema.ts';

/** Another version is thrown away and made again from the journal. */
export const HISTORY_VERSION = 1;

const TABLES = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE fills (
  seq INTEGER PRIMARY KEY, time_ms, serial, price_ticks, lots, taker_sells, taker_id, maker_id, taker_account, maker_account,
  taker_fee, maker_fee, taker_label, maker_label, index_price, value
);
CREATE TABLE ended (
  place INTEGER PRIMARY KEY AUTOINCREMENT,
  id INTEGER NOT NULL UNIQUE, account, serial, sells, price_ticks, lots, filled_lots, filled_value, flags, label, expiry_ms,
  created_ms, updated_ms, replaces, state, close_reason, replaced_by
);
CREATE TABLE resting (
  id INTEGER PRIMARY KEY, filled_lots, filled_value, created_ms, updated_ms, replaces
);
CREATE TABLE instruments (
  place INTEGER PRIMARY KEY AUTOINCREMENT,
  serial INTEGER NOT NULL UNIQUE, slot, underlying, puts, strike, expiry_ms, state, delisted, settlement_price
);
CREATE TABLE volumes (serial, hour, lots, value, PRIMARY KEY (serial, hour)) WITHOUT ROWID;
`;

export function identityText({ chainId, settlement, engineHash }: Identity): string {
  return `version ${HISTORY_VERSION} chain ${chainId} settlement ${settlement} engine ${engineHash}`;
}

/** Makes the tables of an empty database. @returns whether what is there is of this version and exchange */
export function prepareHistory(db: Database.Database, identity: Identity): boolean {
  const text = identityText(identity);
  const sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table'";
  if (db.prepare(sql).pluck().get() === 0) {
    db.transaction(() => {
      db.exec(TABLES);
      const put = db.prepare('INSERT INTO meta VALUES (?, ?)');
      put.run('identity', text);
      put.run('complete_to', 0);
    })();
    return true;
  }
  return db.prepare("SELECT value FROM meta WHERE key = 'identity'").pluck().get() === text;
}

const marks = (columns: number) => new Array(columns).fill('?').join(', ');

export function historyStatements(db: Database.Database) {
  return {
    completeTo: db.prepare("SELECT value FROM meta WHERE key = 'complete_to'").pluck(),
    setCompleteTo: db.prepare("UPDATE meta SET value = ? WHERE key = 'complete_to'"),
    // A fill that came twice would be a bug: it fails.
    fill: db.prepare(`INSERT INTO fills VALUES (${marks(16)})`),
    volume: db.prepare(
      `INSERT INTO volumes VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET lots = lots + excluded.lots, value = value + excluded.value`,
    ),
    ended: db.prepare(`INSERT OR REPLACE INTO ended VALUES (NULL, ${marks(17)})`),
    unrest: db.prepare('DELETE FROM resting WHERE id = ?'),
    resting: db.prepare(`INSERT OR REPLACE INTO resting VALUES (${marks(6)})`),
    instrument: db.prepare(`INSERT OR REPLACE INTO instruments VALUES (NULL, ${marks(9)})`),
    pruneFills: db.prepare(
      'DELETE FROM fills WHERE seq <= (SELECT seq FROM fills ORDER BY seq DESC LIMIT 1 OFFSET ?)',
    ),
    pruneEnded: db.prepare(
      'DELETE FROM ended WHERE place <= (SELECT place FROM ended ORDER BY place DESC LIMIT 1 OFFSET ?)',
    ),
    pruneVolumes: db.prepare('DELETE FROM volumes WHERE hour < ?'),
    // Instruments that are gone stay while anything kept names them.
    pruneInstruments: db.prepare(
      `DELETE FROM instruments WHERE delisted = 1
       AND place <= (SELECT place FROM instruments WHERE delisted = 1 ORDER BY place DESC LIMIT 1 OFFSET ?)
       AND serial NOT IN (SELECT serial FROM fills) AND serial NOT IN (SELECT serial FROM ended)`,
    ),
  };
}

/** Reads a LOBSTER recording: order messages, and the ten-level book after each. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

export type Side = 'buy' | 'sell';

/** What happened, by LOBSTER's numbers. */
export const NEW_ORDER = 1;
export const PARTIAL_CANCEL = 2;
export const DELETED = 3;
export const EXECUTED = 4;
export const HIDDEN_EXECUTED = 5;

export interface OrderEvent {
  readonly type: number;
  readonly id: number;
  readonly size: number;
  /** 1e-4 dollars. */
  readonly price: number;
  /** Of the resting order. */
  readonly side: Side;
}

export interface BookLevel {
  /** 1e-4 dollars in a recording, ticks in the engine. */
  readonly price: number;
  readonly size: number;
}

/** Levels of each side, the best first. */
export interface Book {
  readonly buy: readonly BookLevel[];
  readonly sell: readonly BookLevel[];
}

export interface Recording {
  readonly events: readonly OrderEvent[];
  /** `books[i]` is the book after `events[i]`. */
  readonly books: readonly Book[];
}

/** Levels a side that the recording shows. */
export const RECORDED_LEVELS = 10;
const COLUMNS_A_LEVEL = 4; // ask price, ask size, bid price, bid size

const FOLDER = new URL('../../../shared/data/orderflow/', import.meta.url);

/** The recording beside the checkout (or in `folder`), or null where it is absent. */
export function readRecording(folder: URL = FOLDER): Recording | null {
  const messages = fileURLToPath(new URL('AMZN_message_20k.csv', folder));
  const books = fileURLToPath(new URL('AMZN_orderbook_20k.csv.gz', folder));
  if (!existsSync(messages) || !existsSync(books)) return null;
  return {
    events: rows(readFileSync(messages, 'utf8')).map(toEvent),
    books: rows(gunzipSync(readFileSync(books)).toString('utf8')).map(toBook),
  };
}

function rows(text: string): number[][] {
  return text
    .trim()
    .split('\n')
    .map((line) => line.split(',').map(Number));
}

function toEvent([, type = 0, id = 0, size = 0, price = 0, side = 0]: number[]): OrderEvent {
  return { type, id, size, price, side: side === 1 ? 'buy' : 'sell' };
}

/** A side with fewer levels is filled up with size 0. */
function toBook(row: number[]): Book {
  const side = (from: number): BookLevel[] => {
    const levels: BookLevel[] = [];
    for (let level = 0; level < RECORDED_LEVELS; level++) {
      const at = COLUMNS_A_LEVEL * level + from;
      const [price = 0, size = 0] = row.slice(at, at + 2);
      if (size > 0) levels.push({ price, size });
    }
    return levels;
  };
  return { sell: side(0), buy: side(2) };
}

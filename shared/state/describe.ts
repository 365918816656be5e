import * as layout from '#shared/engine/layout.ts';
import { type Field, RECORDS, type RecordShape } from './fields.ts';

/** A field of a record, or where there is no record the word of memory at an address. */
export interface Place {
  /** `account 17, cash`; `instrument 3, price level 120, head`. */
  readonly words: string;
  /** State address and length of the field in bytes. */
  readonly address: number;
  readonly length: number;
}

/** One named piece of memory: `name` gets the offset inside the piece. */
interface Region {
  readonly start: number;
  readonly size: number;
  readonly place: (offset: number) => Place;
}

/** Names what is at a state address. Total: padding and what lies beyond the state have names too. */
export function describe(address: number): Place {
  const region = REGIONS.find(({ start, size }) => address >= start && address < start + size);
  if (region === undefined) {
    const words = address < layout.STATE_END ? 'padding between regions' : 'beyond the state';
    return { words: `${words}, byte ${address}`, address, length: 1 };
  }
  const place = region.place(address - region.start);
  return { ...place, address: region.start + place.address };
}

/** The place of a field: `within` is the offset inside the record, `at` where the record begins. */
function inRecord(subject: string, shape: RecordShape, at: number, within: number): Place {
  const field = shape.fields.find(
    ({ offset, width }) => within >= offset && within < offset + width,
  );
  if (field === undefined) return word(subject, at, within);
  return {
    words: `${subject}, ${wordsOf(field)}`,
    address: at + field.offset,
    length: field.width,
  };
}

/** Bytes of a record that no field claims. */
function word(subject: string, at: number, within: number): Place {
  return { words: `${subject}, byte ${within}`, address: at + within, length: 1 };
}

function wordsOf({ name }: Field): string {
  return name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/([a-z])([0-9]+)$/, '$1 $2')
    .toLowerCase();
}

/** Records of a fixed size side by side: index and offset inside. */
function each(size: number, name: (index: number, within: number, at: number) => Place) {
  return (offset: number): Place => {
    const within = offset % size;
    return name((offset - within) / size, within, offset - within);
  };
}

/** Plain numbers side by side. */
function table(width: number, name: (index: number) => string) {
  return (offset: number): Place => {
    const index = Math.floor(offset / width);
    return { words: name(index), address: index * width, length: width };
  };
}

const OVERSIGHT_SIZE = 32;
/** Rings and guard inside an underlying's record (engine/records/underlying.ts, guard.ts). */
const SETTLED_RING = 288;
const HISTORY_RING = 512;
const GUARD = 896;

function underlying(subject: string, within: number, at: number): Place {
  if (within >= GUARD)
    return inRecord(`${subject}, guard`, RECORDS.Guard, at + GUARD, within - GUARD);
  if (within < SETTLED_RING) return inRecord(subject, RECORDS.Underlying, at, within);
  const [ring, fields, start] =
    within < HISTORY_RING
      ? ['settled day', ['day', 'waiting', 'price'], SETTLED_RING]
      : ['five minutes', ['number', 'covered', 'sum'], HISTORY_RING];
  const field = Math.min(2, Math.floor((within % 16) / 4));
  const address = at + within - (within % 16) + 4 * field;
  const entry = Math.floor((within - Number(start)) / 16);
  return {
    words: `${subject}, ${ring} ${entry}, ${fields[field]}`,
    address,
    length: field < 2 ? 4 : 8,
  };
}

function account(id: number, within: number, at: number): Place {
  const subject = `account ${id}`;
  if (within >= layout.ACCOUNT_POSITIONS) {
    const offset = within - layout.ACCOUNT_POSITIONS;
    const entry = Math.floor(offset / layout.POSITION_SIZE);
    const start = at + within - (offset % layout.POSITION_SIZE);
    return inRecord(
      `${subject}, position entry ${entry}`,
      RECORDS.Position,
      start,
      offset % layout.POSITION_SIZE,
    );
  }
  const riskOffset = within - layout.ACCOUNT_RISK;
  if (riskOffset >= 0 && riskOffset < 64) {
    const start = at + layout.ACCOUNT_RISK;
    return inRecord(`${subject}, portfolio margin`, RECORDS.Portfolio, start, riskOffset);
  }
  const ownOffset = within - layout.ACCOUNT_LIQUIDATION;
  if (ownOffset >= 0 && ownOffset < 64) {
    const start = at + layout.ACCOUNT_LIQUIDATION;
    return inRecord(`${subject}, liquidation`, RECORDS.Liquidation, start, ownOffset);
  }
  const keyOffset = within - layout.ACCOUNT_KEYS;
  const slot = Math.floor(keyOffset / layout.KEY_SIZE);
  if (slot >= 1 && slot < layout.MAX_KEYS) {
    const start = at + layout.ACCOUNT_KEYS + slot * layout.KEY_SIZE;
    return inRecord(`${subject}, key ${slot}`, RECORDS.Key, start, keyOffset % layout.KEY_SIZE);
  }
  return inRecord(subject, RECORDS.Account, at, within);
}

/** What one lot of an instrument changes in value by, in one of two sets. */
function riskEntry(instrument: number, within: number, at: number): Place {
  const set = Math.floor(within / layout.RISK_SET_SIZE);
  const entry = Math.floor((within % layout.RISK_SET_SIZE) / 8);
  const words = `instrument ${instrument}, risk set ${set}, entry ${entry}`;
  return { words, address: at + set * layout.RISK_SET_SIZE + entry * 8, length: 8 };
}

function portfolio(id: number, within: number, at: number): Place {
  const subject = `account ${id}, portfolio margin`;
  if (within >= layout.PORTFOLIO_OWED) {
    return { words: `${subject}, owed`, address: at + layout.PORTFOLIO_OWED, length: 8 };
  }
  if (within >= layout.PORTFOLIO_VECTOR) {
    const scenario = Math.floor((within - layout.PORTFOLIO_VECTOR) / 8);
    const address = at + layout.PORTFOLIO_VECTOR + scenario * 8;
    return { words: `${subject}, scenario ${scenario}`, address, length: 8 };
  }
  const entry = Math.floor(within / layout.PORTFOLIO_EXPIRY_SIZE);
  const offset = within % layout.PORTFOLIO_EXPIRY_SIZE;
  return inRecord(
    `${subject}, expiry ${entry}`,
    RECORDS.PortfolioExpiry,
    at + within - offset,
    offset,
  );
}

function level(instrument: number, within: number, at: number): Place {
  const tick = Math.floor(within / layout.LEVEL_SIZE);
  const isTail = within % layout.LEVEL_SIZE >= 4;
  const words = `instrument ${instrument}, price level ${tick}, ${isTail ? 'tail' : 'head'}`;
  return { words, address: at + tick * layout.LEVEL_SIZE + (isTail ? 4 : 0), length: 4 };
}

function bits(floor: number, stride: number) {
  return table(8, (index) => {
    const words = stride / 8;
    const instrument = Math.floor(index / words);
    return `instrument ${instrument}, occupied levels, floor ${floor}, word ${index % words}`;
  });
}

const named = (name: string) => (offset: number) => word(name, 0, offset);

const REGIONS: readonly Region[] = [
  {
    start: layout.GLOBALS,
    size: layout.UNDERLYINGS,
    place: (offset) =>
      offset >= layout.OVERSIGHT && offset < layout.OVERSIGHT + OVERSIGHT_SIZE
        ? inRecord('oversight', RECORDS.Oversight, layout.OVERSIGHT, offset - layout.OVERSIGHT)
        : inRecord('globals', RECORDS.Globals, 0, offset),
  },
  {
    start: layout.UNDERLYINGS,
    size: layout.UNDERLYING_SIZE * layout.MAX_UNDERLYINGS,
    place: each(layout.UNDERLYING_SIZE, (index, within, at) =>
      underlying(`underlying ${index}`, within, at),
    ),
  },
  {
    start: layout.SIGNERS,
    size: layout.SIGNER_SIZE * layout.MAX_SIGNERS,
    place: each(layout.SIGNER_SIZE, (index, within, at) =>
      word(`oracle signer ${index}`, at, within),
    ),
  },
  {
    start: layout.EXPIRY_COUNTS,
    size: layout.EXPIRY_COUNTS_SIZE * layout.MAX_UNDERLYINGS,
    place: table(4, (index) => {
      const words = layout.EXPIRY_COUNTS_SIZE / 4;
      const entry = Math.floor((index % words) / 2);
      const field = index % 2 === 0 ? 'day' : 'instruments';
      return `underlying ${Math.floor(index / words)}, expiry count ${entry}, ${field}`;
    }),
  },
  { start: layout.INPUT, size: layout.MAX_COMMAND_BYTES, place: named('scratch, command') },
  { start: layout.RESULT, size: layout.EVENT - layout.RESULT, place: named('scratch, result') },
  {
    start: layout.EVENT,
    size: layout.SCRATCH + layout.SCRATCH_SIZE - layout.EVENT,
    place: named('scratch, work area'),
  },
  {
    start: layout.SURFACES,
    size: layout.SURFACES_SIZE,
    place: each(layout.SURFACE_SIZE, (index, within, at) => {
      const entry = index % layout.MAX_EXPIRIES;
      const underlying = Math.floor(index / layout.MAX_EXPIRIES);
      return inRecord(`underlying ${underlying}, volatility ${entry}`, RECORDS.Surface, at, within);
    }),
  },
  {
    start: layout.EXIT_MARKS,
    size: layout.EXIT_MARKS_SIZE,
    place: table(8, (index) => `instrument ${index}, exit mark`),
  },
  {
    start: layout.INSTRUMENTS,
    size: layout.INSTRUMENTS_SIZE,
    place: each(layout.INSTRUMENT_SIZE, (index, within, at) =>
      inRecord(`instrument ${index}`, RECORDS.Instrument, at, within),
    ),
  },
  {
    start: layout.HISTORIES,
    size: layout.HISTORIES_SIZE,
    place: table(8, (index) => {
      const entry = Math.floor(index / 2);
      const instrument = Math.floor(entry / layout.HISTORY_ENTRIES);
      const field = index % 2 === 0 ? 'time' : 'cumulated mark';
      return `instrument ${instrument}, mark history ${entry % layout.HISTORY_ENTRIES}, ${field}`;
    }),
  },
  {
    start: layout.LISTINGS,
    size: layout.LISTINGS_SIZE,
    place: table(4, (index) => {
      const entries = layout.LISTING_BUCKET_SIZE / 4;
      return `listing bucket ${Math.floor(index / entries)}, entry ${index % entries}`;
    }),
  },
  { start: layout.BITS2, size: layout.BITS2_SIZE, place: bits(2, layout.BITS2_STRIDE) },
  { start: layout.BITS1, size: layout.BITS1_SIZE, place: bits(1, layout.BITS1_STRIDE) },
  { start: layout.BITS0, size: layout.BITS0_SIZE, place: bits(0, layout.BITS0_STRIDE) },
  {
    start: layout.LABELS,
    size: layout.LABELS_SIZE,
    place: table(4, (index) => {
      const bucket = Math.floor(index / layout.LABELS_PER_BUCKET);
      return `label bucket ${bucket}, entry ${index % layout.LABELS_PER_BUCKET}`;
    }),
  },
  {
    start: layout.ORDERS,
    size: layout.ORDERS_SIZE,
    place: each(layout.ORDER_SIZE, (index, within, at) =>
      inRecord(`order slot ${index}`, RECORDS.Order, at, within),
    ),
  },
  { start: layout.LEVELS, size: layout.LEVELS_SIZE, place: each(layout.LEVELS_STRIDE, level) },
  { start: layout.ACCOUNTS, size: layout.ACCOUNTS_SIZE, place: each(layout.ACCOUNT_SIZE, account) },
  { start: layout.RISKS, size: layout.RISKS_SIZE, place: each(layout.RISK_SIZE, riskEntry) },
  {
    start: layout.PORTFOLIOS,
    size: layout.PORTFOLIOS_SIZE,
    place: each(layout.PORTFOLIO_SIZE, portfolio),
  },
];

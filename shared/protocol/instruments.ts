import { ParseError } from './errors.ts';

/**
 * Instrument names as Deribit and ccxt write linear options: `BTC_USDC-27NOV26-90000-C` is the call on BTC,
 * settled in USDC, that expires on 27 November 2026 at 08:00 UTC with strike 90,000 USDC.
 */
export interface InstrumentTerms {
  /** As in the genesis message, such as `BTC`. */
  readonly underlying: string;
  /** Days since 1970. */
  readonly expiryDay: number;
  /** Whole USDC. */
  readonly strike: number;
  readonly optionKind: 'call' | 'put';
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAY_MS = 86_400_000;
const EXPIRY_HOUR_MS = 8 * 3_600_000;

/** Option kinds on the wire. */
export const CALL = 0;
export const PUT = 1;

/** 08:00 UTC of a day, in milliseconds since 1970. */
export function expiryMs(expiryDay: number): number {
  return expiryDay * DAY_MS + EXPIRY_HOUR_MS;
}

/** `27NOV26`: the day without a leading zero, the year in two digits. */
export function formatExpiryDay(expiryDay: number): string {
  const date = new Date(expiryDay * DAY_MS);
  const year = String(date.getUTCFullYear() % 100).padStart(2, '0');
  return `${date.getUTCDate()}${MONTHS[date.getUTCMonth()]}${year}`;
}

/** The day of `27NOV26`, of this century. Throws `ParseError`, for days that no month has as well. */
export function parseExpiryDay(text: string): number {
  const match = /^([1-9]\d?)([A-Z]{3})(\d{2})$/.exec(text);
  const month = match ? MONTHS.indexOf(match[2] as string) : -1;
  if (!match || month < 0) throw new ParseError(`'${text}' is no expiry such as 27NOV26.`);
  const day = Date.UTC(2000 + Number(match[3]), month, Number(match[1])) / DAY_MS;
  if (formatExpiryDay(day) !== text) throw new ParseError(`There is no day ${text}.`);
  return day;
}

export function formatInstrument(terms: InstrumentTerms): string {
  const { underlying, expiryDay, strike, optionKind } = terms;
  return `${underlying}_USDC-${formatExpiryDay(expiryDay)}-${strike}-${optionKind === 'call' ? 'C' : 'P'}`;
}

/** The inverse, exact: `formatInstrument(parseInstrument(name)) === name`. Throws `ParseError`. */
export function parseInstrument(name: string): InstrumentTerms {
  const match = /^([A-Za-z0-9]{1,8})_USDC-([0-9A-Z]{6,7})-([1-9]\d{0,9})-([CP])$/.exec(name);
  if (!match) {
    throw new ParseError(
      `'${name.slice(0, 40)}' is no instrument name such as BTC_USDC-27NOV26-90000-C.`,
    );
  }
  const strike = Number(match[3]);
  if (strike > 0xffff_ffff) throw new ParseError(`The strike ${match[3]} is too large.`);
  return {
    underlying: match[1] as string,
    expiryDay: parseExpiryDay(match[2] as string),
    strike,
    optionKind: match[4] === 'C' ? 'call' : 'put',
  };
}

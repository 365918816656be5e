import { ParseError } from './errors.ts';

/**
 * The three quantities that must never be mixed, and decimal text without floating point.
 * A brand exists for the compiler only; at run time these are plain numbers and bigints.
 */
declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** A price as a whole number of its underlying's ticks (per contract). */
export type Ticks = Brand<number, 'ticks'>;
/** A quantity as a whole number of lots, a fixed fraction of a contract. */
export type Lots = Brand<number, 'lots'>;
/** 1e-6 USDC. */
export type Money = Brand<bigint, 'money'>;

/** What turns ticks and lots of one underlying into money and contracts. */
export interface TradingUnits {
  /** Money per contract and tick. */
  readonly tick: bigint;
  readonly lotsPerContract: number;
}

export const MONEY_DECIMALS = 6;

export const ticks = (value: number): Ticks => value as Ticks;
export const lots = (value: number): Lots => value as Lots;
export const money = (value: bigint): Money => value as Money;

/** Money per contract at a price. */
export function priceToMoney(price: Ticks, units: TradingUnits): Money {
  return money(BigInt(price) * units.tick);
}

/** What `quantity` lots are worth at a price, exact: `null` when it is no whole number of money units. */
export function orderValue(price: Ticks, quantity: Lots, units: TradingUnits): Money | null {
  const product = BigInt(price) * units.tick * BigInt(quantity);
  const perContract = BigInt(units.lotsPerContract);
  return product % perContract === 0n ? money(product / perContract) : null;
}

/**
 * A plain decimal: no exponent, no trailing zeros, no trailing dot. `value` counts units of 10^-decimals.
 */
export function formatDecimal(value: bigint, decimals: number): string {
  const negative = value < 0n;
  const digits = (negative ? -value : value).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/**
 * The inverse, exact: at most `decimals` digits after the dot (zeros beyond are allowed), an optional
 * minus. Throws `ParseError` on anything else, exponents and spaces included.
 */
export function parseDecimal(text: string, decimals: number): bigint {
  const match = /^(-?)(\d{1,30})(?:\.(\d{1,30}))?$/.exec(text);
  if (!match) {
    throw new ParseError(`'${text.slice(0, 40)}' is not a decimal number such as 1250.5.`);
  }
  const fraction = (match[3] ?? '').replace(/0+$/, '');
  if (fraction.length > decimals) {
    throw new ParseError(`'${text.slice(0, 40)}' has more than ${decimals} decimals.`);
  }
  const value = BigInt((match[2] ?? '') + fraction.padEnd(decimals, '0'));
  return match[1] === '-' ? -value : value;
}

export const formatMoney = (value: Money | bigint): string => formatDecimal(value, MONEY_DECIMALS);
export const parseMoney = (text: string): Money => money(parseDecimal(text, MONEY_DECIMALS));

/** How many decimals a lot needs: the smallest n so that lotsPerContract divides 10^n. Throws `ParseError`. */
export function lotDecimals(lotsPerContract: number): number {
  for (let n = 0; n <= 9; n++) {
    if (10 ** n % lotsPerContract === 0) return n;
  }
  throw new ParseError(`A lot of 1/${lotsPerContract} contract has no finite decimal of 9 digits.`);
}

/** Contracts as a decimal. */
export function formatLots(quantity: Lots | number, lotsPerContract: number): string {
  const decimals = lotDecimals(lotsPerContract);
  const scale = 10 ** decimals / lotsPerContract;
  return formatDecimal(BigInt(quantity) * BigInt(scale), decimals);
}

/** Lots from contracts in decimal; throws `ParseError` when it is no whole number of lots. */
export function parseLots(text: string, lotsPerContract: number): Lots {
  const decimals = lotDecimals(lotsPerContract);
  const scale = 10n ** BigInt(decimals) / BigInt(lotsPerContract);
  return wholeUnits(text, parseDecimal(text, decimals), scale, 'lots') as Lots;
}

/** USDC per contract as a decimal. */
export function formatPrice(price: Ticks | number, units: Pick<TradingUnits, 'tick'>): string {
  return formatMoney(BigInt(price) * units.tick);
}

/** Ticks from USDC per contract; throws `ParseError` when it is no whole number of ticks. */
export function parsePrice(text: string, units: Pick<TradingUnits, 'tick'>): Ticks {
  return wholeUnits(text, parseMoney(text), units.tick, 'ticks') as Ticks;
}

function wholeUnits(text: string, value: bigint, unit: bigint, name: string): number {
  if (value < 0n) throw new ParseError(`'${text.slice(0, 40)}' is negative.`);
  if (value % unit !== 0n) {
    throw new ParseError(`'${text.slice(0, 40)}' is not a whole number of ${name}.`);
  }
  const count = value / unit;
  if (count > 0xffff_ffffn) throw new ParseError(`'${text.slice(0, 40)}' is too large.`);
  return Number(count);
}

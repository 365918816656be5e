import { black76 } from './black76.ts';

/** One underlying at one time, in plain numbers: prices in USDC, 1 = 100 %. */
export interface Market {
  readonly timeMs: number;
  readonly spot: number;
  readonly lotsPerContract: number;
  /** Of the prices, 0 to 1. */
  readonly confidence: number;
  readonly expiries: readonly Expiry[];
  readonly options: readonly Option[];
}

/** Raw SVI of J. Gatheral (2004), of the variance a year: a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2)), k = ln(K/F). */
export interface Smile {
  readonly a: number;
  readonly b: number;
  readonly rho: number;
  readonly m: number;
  readonly sigma: number;
}

export interface Expiry {
  /** Days since 1970; it expires at 08:00 UTC of that day. */
  readonly day: number;
  readonly forward: number;
  readonly smile: Smile;
  /** In the last 30 minutes: which share of the settlement average is known, and what it is so far. */
  readonly known?: { readonly share: number; readonly average: number };
}

export interface Option {
  /** Which of the market's. */
  readonly expiry: number;
  readonly strike: number;
  readonly put: boolean;
}

export interface Holding {
  /** Which of the market's. */
  readonly option: number;
  /** Negative: short. */
  readonly lots: number;
}

export const DAY_MS = 86_400_000;
const EXPIRY_MS = 8 * 3_600_000;
const DAYS_A_YEAR = 365;
/** 500 % a year. */
const MAX_VARIANCE = 25;

/** To the expiry, broken. */
export function daysOf(market: Market, expiry: Expiry): number {
  return (expiry.day * DAY_MS + EXPIRY_MS - market.timeMs) / DAY_MS;
}

export function yearsOf(market: Market, expiry: Expiry): number {
  return daysOf(market, expiry) / DAYS_A_YEAR;
}

export function expiryOf(market: Market, option: Option): Expiry {
  return market.expiries[option.expiry] as Expiry;
}

/** Volatility a year of a strike; it stays with the strike when the forward moves. */
export function volatilityOf(market: Market, option: Option): number {
  const { forward, smile } = expiryOf(market, option);
  const across = Math.log(option.strike / forward) - smile.m;
  const root = Math.sqrt(across * across + smile.sigma * smile.sigma);
  const variance = smile.a + smile.b * (smile.rho * across + root);
  return Math.sqrt(Math.min(MAX_VARIANCE, Math.max(0, variance)));
}

/**
 * Value of one contract with the forward times `factor`, at a volatility. Settlement pays on an average: once a share s of it is
 * known to be A, payoff (s A + (1 - s) X - K)+ is 1 - s options on X, the average still to come, with strike (K - s A) / (1 - s);
 * X is taken as the forward at expiry is.
 */
export function valueAt(
  market: Market,
  option: Option,
  factor: number,
  volatility: number,
): number {
  const expiry = expiryOf(market, option);
  const { put } = option;
  const { share, average } = expiry.known ?? { share: 0, average: 0 };
  const rest = 1 - share;
  const forward = expiry.forward * factor;
  const strike = (option.strike - share * average) / rest;
  // What is known is above the strike already: the call is certain, and the put worth nothing.
  if (strike <= 0) return put ? 0 : rest * (forward - strike);
  return rest * black76({ put, strike, forward, volatility, years: yearsOf(market, expiry) });
}

/** Mark of one contract. */
export function markOf(market: Market, option: Option): number {
  return valueAt(market, option, 1, volatilityOf(market, option));
}

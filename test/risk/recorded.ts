/** Whole option chains as Deribit published them, beside the checkout; nothing where they are absent. */
import { existsSync, readFileSync } from 'node:fs';
import { fitSmile, type Quote } from './fit.ts';
import { DAY_MS, type Expiry, type Market, type Option } from './twin/market.ts';

const FOLDER = new URL('../../../shared/data/deribit/', import.meta.url);

export interface RecordedOption {
  /** Since 1970; 08:00 UTC of it. */
  readonly day: number;
  readonly strike: number;
  readonly put: boolean;
  /** USD. */
  readonly forward: number;
  readonly index: number;
  /** 1 = 100 % a year. */
  readonly volatility: number;
  /** USD for one contract. */
  readonly mark: number;
}

export interface Chain {
  readonly timeMs: number;
  readonly options: readonly RecordedOption[];
}

const MONTHS = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ');

/** Rows of a file as lookups by column; quoted cells, which hold commas, come out empty. */
function rows(file: string): ((column: string) => string)[] | undefined {
  const url = new URL(file, FOLDER);
  if (!existsSync(url)) return undefined;
  const [head = '', ...lines] = readFileSync(url, 'utf8').trim().split('\n');
  const columns = new Map(head.split(',').map((name, index) => [name, index]));
  return lines.map((line) => {
    const cells = line.replace(/"[^"]*"/g, '').split(',');
    return (column) => cells[columns.get(column) ?? -1] ?? '';
  });
}

/** "BTC-13FEB26-83000-P" */
function named(name: string): Pick<RecordedOption, 'day' | 'strike' | 'put'> {
  const [, date = '', strike, kind] = name.split('-');
  const [, day, month = '', year] = /^(\d+)([A-Z]{3})(\d\d)$/.exec(date) ?? [];
  const timeMs = Date.UTC(2000 + Number(year), MONTHS.indexOf(month), Number(day));
  return { day: timeMs / DAY_MS, strike: Number(strike), put: kind === 'P' };
}

/**
 * BTC on 2021-02-11, each ticker of its own moment within seconds. Its volatilities jump from strike to strike (2.50 to 1.28 to 1.20): good for
 * values, not for a smile.
 */
export function tickers2021(): Chain | undefined {
  const found = rows('tickers-BTC-2021-02-11.csv');
  if (!found) return undefined;
  const options = found.map((cell) => {
    const forward = Number(cell('underlying_price'));
    return {
      ...named(cell('instrument_name')),
      forward,
      index: Number(cell('index_price')),
      volatility: Number(cell('mark_iv')) / 100,
      mark: Number(cell('mark_price')) * forward,
    };
  });
  return { timeMs: Math.max(...found.map((cell) => Number(cell('timestamp')))), options };
}

/** BTC or ETH in the crash of 2026-02-05. */
export function chain2026(currency: 'BTC' | 'ETH'): Chain | undefined {
  const found = rows('chain-2026-02-05T155132Z.csv')?.filter(
    (cell) => cell('currency') === currency,
  );
  if (!found) return undefined;
  const options = found.map((cell) => {
    const forward = Number(cell('underlying'));
    return {
      ...named(cell('instrument_name')),
      forward,
      index: Number(cell('index_price')),
      volatility: Number(cell('implied_volatility')),
      mark: Number(cell('mark_price')) * forward,
    };
  });
  return { timeMs: Date.parse(found[0]?.('timestamp') ?? ''), options };
}

export interface Terms {
  readonly lotsPerContract: number;
  readonly strikeStep: number;
  /** At most so many strikes of an expiry, spread evenly over those that were quoted from half to twice the spot. */
  readonly strikes: number;
  /** Which of a chain's days to take. */
  listed(days: readonly number[], spot: number): readonly number[];
}

/** A chain as a market: spot the median index, each expiry's median forward, and a smile fitted to its volatilities. */
export function marketOf(chain: Chain, terms: Terms): { market: Market; worstFit: number } {
  const spot = whole(median(chain.options.map(({ index }) => index)), 1e-6);
  const near = chain.options.filter(({ strike }) => strike > spot / 2 && strike < 2 * spot);
  const days = [...new Set(near.map(({ day }) => day))].sort((a, b) => a - b);
  const expiries: Expiry[] = [];
  const options: Option[] = [];
  let worstFit = 0;
  for (const day of terms.listed(days, spot)) {
    const here = near.filter((one) => one.day === day);
    const forward = whole(median(here.map((one) => one.forward)), 1e-6);
    const quotes: Quote[] = here.map(({ strike, volatility }) => ({
      across: Math.log(strike / forward),
      variance: volatility ** 2,
    }));
    const { smile, error } = fitSmile(quotes);
    worstFit = Math.max(worstFit, error);
    for (const strike of spread(here, terms)) {
      for (const put of [false, true]) options.push({ expiry: expiries.length, strike, put });
    }
    expiries.push({ day, forward, smile });
  }
  const { lotsPerContract } = terms;
  const market = { timeMs: chain.timeMs, spot, lotsPerContract, confidence: 1, expiries, options };
  return { market, worstFit };
}

function spread(options: readonly RecordedOption[], { strikeStep, strikes }: Terms): number[] {
  const quoted = [...new Set(options.map(({ strike }) => strike))]
    .filter((strike) => strike % strikeStep === 0)
    .sort((a, b) => a - b);
  const step = Math.max(1, Math.ceil(quoted.length / strikes));
  return quoted.filter((_, index) => index % step === 0);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

function whole(value: number, unit: number): number {
  return Math.round(value / unit) * unit;
}

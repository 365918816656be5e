import { medianSorted } from 'simple-statistics';
import type { Instrument, OrderBook, PlimsollClient, Ticker } from '#shared/client/index.ts';
import { INSURANCE_ACCOUNT } from '#shared/engine/layout.ts';
import { contagion } from './contagion/contagion.ts';
import { type AccountHoldings, PortfolioBook } from './contagion/portfolio.ts';
import type { OptionQuote } from './contagion/scenarios.ts';
import type { Pacer } from './pacer.ts';
import type { BookSurvey, PositionSurvey } from './underlying-watch.ts';

/** Looks at books and positions through the public API, a few requests at a time. */
export interface SurveyOptions {
  /** Instruments whose books are looked at, for each underlying. */
  readonly books: number;
  /** USDC of the underlying that other markets take while the price moves by 1 %: who closes can hedge there too. */
  readonly otherDepth: number;
}

type Reader = Pick<PlimsollClient, 'getTicker' | 'getOrderBook' | 'getPositions' | 'getAccount'>;

const LEVELS = 10;

/** The instruments nearest to the money, the soonest to expire first among equals. */
export function nearestToMoney(
  instruments: readonly Instrument[],
  underlying: string,
  index: number,
  count: number,
): Instrument[] {
  const distance = ({ strike }: Instrument) => Math.abs(Math.log(Number(strike) / index));
  return instruments
    .filter((one) => one.underlying === underlying && one.state === 'open')
    .sort((a, b) => distance(a) - distance(b) || a.expiry_ms - b.expiry_ms)
    .slice(0, count);
}

/** Spread and depth over these instruments; see `BookSurvey`. */
export async function surveyBooks(
  reader: Reader,
  pacer: Pacer,
  instruments: readonly Instrument[],
): Promise<BookSurvey> {
  const spreads: number[] = [];
  let depth = 0;
  for (const { instrument_name: name } of instruments) {
    const ticker = await pacer.run(1, () => reader.getTicker(name));
    const book = await pacer.run(1, () => reader.getOrderBook(name, LEVELS));
    const spread = spreadOf(ticker);
    if (spread !== null) spreads.push(spread);
    depth += depthOf(ticker, book);
  }
  spreads.sort((a, b) => a - b);
  return { spread: spreads.length === 0 ? null : medianSorted(spreads), depth: Math.max(1, depth) };
}

/** (ask - bid) / mark, or null without both sides or a mark. */
export function spreadOf(ticker: Ticker): number | null {
  const [bid, ask, mark] = [ticker.best_bid_price, ticker.best_ask_price, ticker.mark_price];
  if (bid === null || ask === null || mark === null || !(Number(mark) > 0)) return null;
  const spread = (Number(ask) - Number(bid)) / Number(mark);
  return spread > 0 ? spread : null;
}

/** USDC of the underlying (by delta) that rests within what a move of 1 % makes of the mark; mean of both sides. */
export function depthOf(ticker: Ticker, book: Pick<OrderBook, 'bids' | 'asks'>): number {
  const { greeks, mark_price: mark, underlying_price: forward } = ticker;
  if (greeks === null || mark === null || forward === null) return 0;
  const delta = Math.abs(greeks.delta);
  const reach = delta * Number(forward) * 0.01;
  const within = [...book.bids, ...book.asks].filter(
    ([price]) => Math.abs(Number(price) - Number(mark)) <= reach,
  );
  const contracts = within.reduce((sum, [, amount]) => sum + Number(amount), 0);
  return (contracts * delta * Number(forward)) / 2;
}

export function quoteOf(instrument: Instrument, ticker: Ticker): OptionQuote | null {
  const { mark_price: mark, underlying_price: forward, greeks, mark_iv: volatility } = ticker;
  if (mark === null || forward === null) return null;
  return {
    instrument: instrument.instrument_name,
    underlying: instrument.underlying,
    kind: instrument.option_type,
    strike: Number(instrument.strike),
    expiryMs: instrument.expiry_ms,
    forward: Number(forward),
    mark: Number(mark),
    volatility: (volatility ?? 0) / 100,
    delta: greeks?.delta ?? 0,
  };
}

/** What one look at all accounts has found. */
export interface Holdings {
  readonly accounts: readonly AccountHoldings[];
  /** Cash of the insurance fund, USDC. */
  readonly fund: number;
  readonly quotes: readonly OptionQuote[];
}

/** Reads every account and the tickers of all that is held. `count` is the status's `accounts`. */
export async function surveyAccounts(
  reader: Reader,
  pacer: Pacer,
  { count, instruments }: { count: number; instruments: readonly Instrument[] },
): Promise<Holdings> {
  const accounts: AccountHoldings[] = [];
  const held = new Set<string>();
  for (let account = 0; account < count; account++) {
    const positions = await pacer.run(4, () => reader.getPositions(account));
    const open = positions.filter(({ amount }) => Number(amount) !== 0);
    if (open.length === 0) continue;
    const { cash, initial_margin: margin } = await pacer.run(1, () => reader.getAccount(account));
    for (const { instrument_name: name } of open) held.add(name);
    accounts.push({
      account,
      cash: Number(cash),
      positions: new Map(open.map((one) => [one.instrument_name, Number(one.amount)])),
      initialMargin: margin === null ? null : Number(margin),
    });
  }
  const fund = count > INSURANCE_ACCOUNT ? await fundOf(reader, pacer) : 0;
  const quotes: OptionQuote[] = [];
  for (const instrument of instruments) {
    const { instrument_name: name } = instrument;
    if (!held.has(name)) continue;
    const quote = quoteOf(instrument, await pacer.run(1, () => reader.getTicker(name)));
    if (quote !== null) quotes.push(quote);
  }
  return { accounts, fund, quotes };
}

async function fundOf(reader: Reader, pacer: Pacer): Promise<number> {
  return Number((await pacer.run(1, () => reader.getAccount(INSURANCE_ACCOUNT))).cash);
}

/** What the holdings mean for one underlying. @param depth USDC of it that its own books take at 1 % */
export function positionSurvey(
  underlying: string,
  { accounts, fund, quotes }: Holdings,
  about: { readonly depth: number; readonly otherDepth: number; readonly nowMs: number },
): PositionSurvey {
  // The fund's own positions fall on nobody else.
  const others = accounts.filter(({ account }) => account !== INSURANCE_ACCOUNT);
  const book = new PortfolioBook(underlying, others, quotes, about.nowMs);
  const depthPerPercent = about.depth + about.otherDepth;
  return {
    contagion: contagion(book, { depthPerPercent }),
    fund,
    marginUse: marginUse(book.accounts, quotes),
  };
}

/** Initial margin over cash and long value, of all accounts together; null if nobody shows a margin. */
function marginUse(
  accounts: readonly AccountHoldings[],
  quotes: readonly OptionQuote[],
): number | null {
  const marks = new Map(quotes.map(({ instrument, mark }) => [instrument, mark]));
  let margin = 0;
  let means = 0;
  for (const { cash, positions, initialMargin } of accounts) {
    if (initialMargin === null) continue;
    margin += initialMargin;
    means += Math.max(0, cash);
    for (const [name, amount] of positions) means += Math.max(0, amount) * (marks.get(name) ?? 0);
  }
  return means > 0 ? margin / means : null;
}

import type {
  BookLevel,
  BookUpdate,
  Fill as FillView,
  Greeks as GreeksView,
  IndexPrice,
  Instrument,
  OrderBook,
  Ticker,
  Trade,
} from '#shared/client/api.ts';
import { type OptionQuote, restOf } from '#shared/host/quotes.ts';
import { impliedVolatility, MS_PER_YEAR, type OptionTerms } from '../market/black76.ts';
import { Book, type BookChange, type BookSnapshot } from '../market/book.ts';
import { FILLS_PER_COMMAND, type Fill } from '../market/fills.ts';
import type { InstrumentInfo, UnderlyingInfo } from '../market/instruments.ts';
import type { Level } from '../market/ladder.ts';
import type { MarketData } from '../market/market-data.ts';
import type { StateReader } from '../state/reader.ts';
import type { InstrumentRecord, UnderlyingRecord } from '../state/records.ts';
import { amountText, labelOrNull, moneyText, priceOrNull, priceText, rounded } from './format.ts';

const USDC = 1e6;
const NO_VOLUME = { lots: 0, value: 0 };

export function instrumentView(info: InstrumentInfo): Instrument {
  return {
    instrument_name: info.name,
    instrument: info.slot,
    underlying: info.underlying.name,
    strike: `${info.strike}`,
    option_type: info.kind,
    expiry_ms: info.expiryMs,
    tick_size: moneyText(info.underlying.tick),
    min_amount: amountText(1, info.underlying),
    lots_per_contract: info.underlying.lotsPerContract,
    state: info.state,
    settlement_price: info.settlementPrice === null ? null : moneyText(info.settlementPrice),
  };
}

const levelViews = (levels: readonly Level[], underlying: UnderlyingInfo): BookLevel[] =>
  levels.map(([ticks, lots]) => [priceText(ticks, underlying), amountText(lots, underlying)]);

export function bookView(info: InstrumentInfo, book: BookSnapshot, timeMs: number): OrderBook {
  return {
    instrument_name: info.name,
    bids: levelViews(book.bids, info.underlying),
    asks: levelViews(book.asks, info.underlying),
    change_id: book.changeId,
    time_ms: timeMs,
  };
}

export function bookUpdateView(
  info: InstrumentInfo,
  book: BookSnapshot | BookChange,
  timeMs: number,
): BookUpdate {
  const prev = 'prevChangeId' in book ? book.prevChangeId : null;
  return {
    type: prev === null ? 'snapshot' : 'change',
    ...bookView(info, book, timeMs),
    prev_change_id: prev,
  };
}

export function tradeView(fill: Fill): Trade {
  const info = fill.instrument;
  return {
    trade_seq: fill.seq,
    instrument_name: info.name,
    direction: fill.takerSide,
    price: priceText(fill.priceTicks, info.underlying),
    amount: amountText(fill.lots, info.underlying),
    index_price: fill.index === 0 ? null : moneyText(fill.index),
    sequence: Math.floor(fill.seq / FILLS_PER_COMMAND),
    time_ms: fill.timeMs,
  };
}

/** One side of a fill. An account that traded with itself sees the taker's side, then the maker's. */
export function fillView(fill: Fill, liquidity: 'maker' | 'taker'): FillView {
  const taker = liquidity === 'taker';
  const opposite = fill.takerSide === 'buy' ? 'sell' : 'buy';
  return {
    ...tradeView(fill),
    account: taker ? fill.takerAccount : fill.makerAccount,
    order_id: `${taker ? fill.takerId : fill.makerId}`,
    direction: taker ? fill.takerSide : opposite,
    liquidity,
    fee: moneyText(taker ? fill.takerFee : fill.makerFee),
    label: labelOrNull(taker ? fill.takerLabel : fill.makerLabel),
  };
}

export function indexView(record: UnderlyingRecord): IndexPrice {
  return {
    underlying: record.name,
    index_price: record.indexPrice === 0n ? null : moneyText(record.indexPrice),
    time_ms: record.indexTimeMs,
    round: record.indexRound,
  };
}

/**
 * The engine's own quote of an instrument, and the terms for volatilities of other prices of it (of which it is a share while its
 * settlement average is under way), or null before it is priced or after it expired.
 */
export function pricingOf(
  info: InstrumentInfo,
  reader: StateReader,
): { terms: OptionTerms; share: number; quote: OptionQuote; forward: bigint } | null {
  const surface = reader.surface(info.underlying.index, info.expiryDay);
  const leftMs = info.expiryMs - reader.clockMs;
  if (surface === null || surface.forward === 0n || leftMs <= 0) return null;
  const { kind, strike } = info;
  const { forward } = surface;
  const known = reader.knownAverage(info.underlying.index, info.expiryDay);
  const whole = BigInt(strike) * BigInt(USDC);
  const rest = restOf(whole, leftMs, known);
  const [f, k] = [forward, rest.strike].map((each) => Number(each) / USDC) as [number, number];
  return {
    terms: { kind, forward: f, strike: k, years: leftMs / MS_PER_YEAR },
    share: rest.share,
    quote: reader.quotes.quote({ smile: surface, forward, strike: whole, leftMs, kind, known }),
    forward,
  };
}

/** Greeks of `contracts` of an instrument. */
export function greeksView(
  greeks: Omit<OptionQuote, 'volatility' | 'price'>,
  contracts = 1,
): GreeksView {
  return {
    delta: rounded(greeks.delta * contracts, 6),
    gamma: rounded(greeks.gamma * contracts, 9),
    vega: rounded(greeks.vega * contracts, 5),
    theta: rounded(greeks.theta * contracts, 5),
    rho: rounded(greeks.rho * contracts, 5),
  };
}

/** Money per contract of a mark per lot. */
export const markPerContract = (record: InstrumentRecord, u: UnderlyingInfo): string | null =>
  record.markPerLot === null ? null : moneyText(record.markPerLot * BigInt(u.lotsPerContract));

export function tickerView(info: InstrumentInfo, market: MarketData, reader: StateReader): Ticker {
  const { underlying } = info;
  // The slot of a delisted one may be another's by now.
  const book = info.delisted ? new Book(info.slot) : market.book(info.slot);
  const record = info.delisted ? null : reader.instrument(info.slot);
  const volume = info.delisted ? NO_VOLUME : market.volume.total(info.slot, market.lastTimeMs);
  const [bid, ask] = [book.side('buy'), book.side('sell')];
  const last = market.fills.ofInstrument(info.serial, 1)[0];
  const pricing = pricingOf(info, reader);
  const index = reader.indexPrice(underlying.index);
  const iv = (ticks: number): number | null => {
    if (pricing === null || ticks === 0 || pricing.terms.strike <= 0) return null;
    const price = (ticks * Number(underlying.tick)) / USDC;
    const found = impliedVolatility(pricing.terms, price / pricing.share);
    return found === null ? null : rounded(found * 100, 2);
  };
  return {
    instrument_name: info.name,
    time_ms: market.lastTimeMs,
    best_bid_price: priceOrNull(bid.bestTicks, underlying),
    best_bid_amount: amountText(bid.lotsAt(bid.bestTicks), underlying),
    best_ask_price: priceOrNull(ask.bestTicks, underlying),
    best_ask_amount: amountText(ask.lotsAt(ask.bestTicks), underlying),
    last_price: last === undefined ? null : priceText(last.priceTicks, underlying),
    mark_price: record === null ? null : markPerContract(record, underlying),
    index_price: index === 0n ? null : moneyText(index),
    underlying_price: pricing === null ? null : moneyText(pricing.forward),
    ...bandView(record, info, reader),
    open_interest: amountText(record?.openInterestLots ?? 0, underlying),
    volume: amountText(volume.lots, underlying),
    volume_usdc: moneyText(volume.value),
    mark_iv: pricing === null ? null : rounded(pricing.quote.volatility * 100, 2),
    bid_iv: iv(bid.bestTicks),
    ask_iv: iv(ask.bestTicks),
    greeks: pricing === null ? null : greeksView(pricing.quote),
  };
}

/** The price band of shared/engine/book/place.ts: half the mark and a share of the index, either way. */
function bandView(
  record: InstrumentRecord | null,
  info: InstrumentInfo,
  reader: StateReader,
): Pick<Ticker, 'max_price' | 'min_price'> {
  if (record?.markPerLot === null || record === null) return { max_price: null, min_price: null };
  const { tickPerLot, lotsPerContract } = info.underlying;
  const u = reader.underlying(info.underlying.index);
  const share = ((u.epochIndex / BigInt(lotsPerContract)) * BigInt(u.priceBandBps)) / 10_000n;
  const band = (record.markPerLot >> 1n) + share;
  const tick = BigInt(tickPerLot);
  const lowest = record.markPerLot - band;
  const minTicks = lowest <= tick ? 1n : (lowest + tick - 1n) / tick;
  const maxTicks = (record.markPerLot + band) / tick;
  return {
    max_price: moneyText(maxTicks * info.underlying.tick),
    min_price: moneyText(minTicks * info.underlying.tick),
  };
}

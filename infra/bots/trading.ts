import type { Market } from '#infra/market/market.ts';
import { forwardPrice, impliedSmile } from '#infra/market/volatility.ts';
import { smileOf, smileVolatility } from '#shared/protocol/smile.ts';
import { black76 } from './black76.ts';

/** What a bot needs to know of an instrument. */
export interface BotInstrument {
  readonly name: string;
  readonly underlying: string;
  /** USDC. */
  readonly strike: number;
  readonly optionKind: 'call' | 'put';
  readonly expiryMs: number;
  /** USDC per contract: prices are multiples of it. */
  readonly tick: number;
  /** Contracts: quantities are multiples of it. */
  readonly lot: number;
}

export interface BotOrder {
  readonly instrument: BotInstrument;
  readonly side: 'buy' | 'sell';
  /** Multiples of the instrument's tick. */
  readonly ticks: number;
  /** Multiples of the instrument's lot. */
  readonly lots: number;
  readonly style: 'rest' | 'postOnly' | 'immediate' | 'fillOrKill';
}

export interface BotOrderAnswer {
  readonly orderId: string;
  /** True if something of it rests in the book. */
  readonly open: boolean;
  /** Contracts. */
  readonly filled: number;
}

/** One account's way into the exchange. Each call is one signed command; it rejects with a `code` if refused. */
export interface TradingAccount {
  readonly account: number;
  order(order: BotOrder): Promise<BotOrderAnswer>;
  cancel(orderId: string): Promise<void>;
  cancelAll(): Promise<void>;
}

/** What the option is worth in USDC per contract, in the opinion of somebody who watches the market. */
export function fairValue(instrument: BotInstrument, market: Market, nowMs: number): number {
  const { underlying, strike } = instrument;
  const toExpiryMs = instrument.expiryMs - nowMs;
  const forward = forwardPrice(market.price(underlying), toExpiryMs);
  const smile = smileOf(impliedSmile(market.realizedVolatility(underlying), toExpiryMs));
  return black76({
    forward,
    strike,
    volatility: smileVolatility(smile, forward, strike),
    toExpiryMs,
    optionKind: instrument.optionKind,
  });
}

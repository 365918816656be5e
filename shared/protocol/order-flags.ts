import * as K from '#shared/engine/kinds.ts';
import { EncodingError } from './errors.ts';

export type Side = 'buy' | 'sell';
export type TimeInForce = 'gtc' | 'gtt' | 'ioc' | 'fok';
export type SelfTrade = 'cancelTaker' | 'cancelMaker' | 'cancelBoth' | 'allow';

/** What the bits of an order's flags say, in words. */
export interface OrderFlags {
  readonly side: Side;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  readonly postSlide: boolean;
  readonly reduceOnly: boolean;
  readonly selfTrade: SelfTrade;
  readonly market: boolean;
  readonly labelled: boolean;
}

const TIME_IN_FORCE: readonly TimeInForce[] = ['gtc', 'gtt', 'ioc', 'fok'];
const SELF_TRADE: readonly SelfTrade[] = ['cancelTaker', 'cancelMaker', 'cancelBoth', 'allow'];

export function timeInForceOf(flags: number): TimeInForce {
  return TIME_IN_FORCE[(flags >> K.FLAG_TIF_SHIFT) & 3] as TimeInForce;
}

export function unpackOrderFlags(flags: number): OrderFlags {
  return {
    side: flags & K.FLAG_SELL ? 'sell' : 'buy',
    timeInForce: timeInForceOf(flags),
    postOnly: (flags & K.FLAG_POST_ONLY) !== 0,
    postSlide: (flags & K.FLAG_POST_SLIDE) !== 0,
    reduceOnly: (flags & K.FLAG_REDUCE_ONLY) !== 0,
    selfTrade: SELF_TRADE[(flags >> K.FLAG_STP_SHIFT) & 3] as SelfTrade,
    market: (flags & K.FLAG_MARKET) !== 0,
    labelled: (flags & K.FLAG_LABEL) !== 0,
  };
}

/** The u16 of the wire. Whatever is left out is off; the time in force is then good till cancelled. */
export function packOrderFlags(words: Pick<OrderFlags, 'side'> & Partial<OrderFlags>): number {
  const timeInForce = TIME_IN_FORCE.indexOf(words.timeInForce ?? 'gtc');
  const selfTrade = SELF_TRADE.indexOf(words.selfTrade ?? 'cancelTaker');
  if (timeInForce < 0) throw new EncodingError(`Unknown time in force '${words.timeInForce}'.`);
  if (selfTrade < 0) throw new EncodingError(`Unknown self-trade rule '${words.selfTrade}'.`);
  return (
    (words.side === 'sell' ? K.FLAG_SELL : 0) |
    (timeInForce << K.FLAG_TIF_SHIFT) |
    (words.postOnly ? K.FLAG_POST_ONLY : 0) |
    (words.postSlide ? K.FLAG_POST_SLIDE : 0) |
    (words.reduceOnly ? K.FLAG_REDUCE_ONLY : 0) |
    (selfTrade << K.FLAG_STP_SHIFT) |
    (words.market ? K.FLAG_MARKET : 0) |
    (words.labelled ? K.FLAG_LABEL : 0)
  );
}

import * as K from '#shared/engine/kinds.ts';
import { BAD_PARAMETER } from '#shared/protocol/api-codes.ts';
import { hexToBytes } from '#shared/protocol/bytes.ts';
import type {
  AmendAction,
  BidAction,
  OrderAction,
  SetKeyAction,
} from '#shared/protocol/commands.ts';
import { packOrderFlags, type SelfTrade, type TimeInForce } from '#shared/protocol/order-flags.ts';
import { parseDecimal, parseLots, parsePrice, type TradingUnits } from '#shared/protocol/units.ts';
import type {
  Decimal,
  Direction,
  HexString,
  Integer,
  OrderParams,
  ScopeName,
  SelfTradeName,
  Signed,
  TimeInForceName,
} from './api.ts';
import { ApiError } from './errors.ts';

/** Requests in the API's words, and the commands they are. */

/** What the client fills in by itself unless told otherwise. */
export interface CommonRequest {
  readonly account?: number;
  readonly key_slot?: number;
  /** Seconds. */
  readonly valid_until?: number;
}
export type OrderRequest = CommonRequest & Omit<OrderParams, keyof Signed>;
export interface EditRequest extends CommonRequest {
  readonly order_id: Integer;
  readonly price: Decimal;
  readonly amount: Decimal;
  /** Spares a question to the exchange. */
  readonly instrument_name?: string;
}
export interface BidRequest extends CommonRequest {
  /** The account in auction. */
  readonly auction: number;
  /** At most this fraction of it, "0.01" to "1"; all that is sold if left out. */
  readonly share?: Decimal;
  /** The highest price, as a fraction of its equity; whatever it is now if left out. */
  readonly limit_price?: Decimal;
}
export interface SetKeyRequest extends CommonRequest {
  readonly slot: number;
  readonly address: HexString;
  readonly scopes: readonly ScopeName[];
  /** Seconds. */
  readonly expiry: number;
}

const TIME_IN_FORCE: { readonly [name in TimeInForceName]: TimeInForce } = {
  good_til_cancelled: 'gtc',
  good_til_time: 'gtt',
  immediate_or_cancel: 'ioc',
  fill_or_kill: 'fok',
};
const SELF_TRADE: { readonly [name in SelfTradeName]: SelfTrade } = {
  cancel_taker: 'cancelTaker',
  cancel_maker: 'cancelMaker',
  cancel_both: 'cancelBoth',
  allow: 'allow',
};
export const SCOPE_BITS: { readonly [name in ScopeName]: number } = {
  cancel: K.SCOPE_CANCEL,
  trade: K.SCOPE_TRADE,
  withdraw: K.SCOPE_WITHDRAW,
};

/** `time_in_force` of an order that names none. */
export function defaultTimeInForce(type: OrderParams['type']): TimeInForceName {
  return type === 'market' ? 'immediate_or_cancel' : 'good_til_cancelled';
}

/** The order that a request asks for. Throws `ParseError` or `ApiError` for what is no price, amount or word. */
export function orderAction(
  direction: Direction,
  request: OrderRequest,
  units: TradingUnits & { readonly instrument: number },
): OrderAction {
  const { label, good_til: goodTil, type } = request;
  const timeInForce = TIME_IN_FORCE[request.time_in_force ?? defaultTimeInForce(type)];
  if ((timeInForce === 'gtt') !== (goodTil !== undefined)) {
    throw ApiError.local(BAD_PARAMETER, 'good_til: goes together with good_til_time');
  }
  const flags = packOrderFlags({
    side: direction,
    timeInForce,
    selfTrade: SELF_TRADE[request.self_trade ?? 'cancel_taker'],
    market: type === 'market',
    postOnly: request.post_only ?? false,
    postSlide: request.post_only_slide ?? false,
    reduceOnly: request.reduce_only ?? false,
    labelled: label !== undefined,
  });
  return {
    kind: 'order',
    instrument: units.instrument,
    flags,
    price: parsePrice(request.price, units),
    lots: parseLots(request.amount, units.lotsPerContract),
    ...(label === undefined ? {} : { label: parseInteger('label', label) }),
    ...(goodTil === undefined ? {} : { expiry: goodTil }),
  };
}

/** A request's own parameters, as the API takes them. */
export function orderFields(request: OrderRequest): object {
  const { account: _account, key_slot: _slot, valid_until: _until, ...fields } = request;
  return fields;
}

export function amendAction(
  { order_id, price, amount }: Pick<EditRequest, 'order_id' | 'price' | 'amount'>,
  units: TradingUnits,
): AmendAction {
  return {
    kind: 'amend',
    orderId: parseInteger('order_id', order_id),
    price: parsePrice(price, units),
    lots: parseLots(amount, units.lotsPerContract),
  };
}

export function keyAction({ slot, address, scopes, expiry }: SetKeyRequest): SetKeyAction {
  const scope = scopes.reduce((bits, name) => bits | SCOPE_BITS[name], 0);
  return { kind: 'setKey', slot, address: hexToBytes(address), scope, expiry };
}

const [SHARE_DECIMALS, BID_PRICE_DECIMALS] = [6, 4];

/** The bid that a request asks for. Throws `ParseError` for what is no decimal, `ApiError` for what does not fit. */
export function bidAction({
  auction,
  share,
  limit_price,
}: {
  readonly auction: number;
  readonly share: Decimal;
  readonly limit_price: Decimal;
}): BidAction {
  const fraction = (parameter: string, text: Decimal, decimals: number): number => {
    const value = parseDecimal(text, decimals);
    if (value <= 10n ** BigInt(decimals)) return Number(value);
    throw ApiError.local(BAD_PARAMETER, `${parameter}: is a fraction, so at most "1"`);
  };
  return {
    kind: 'bid',
    auction,
    share: fraction('share', share, SHARE_DECIMALS),
    limit: fraction('limit_price', limit_price, BID_PRICE_DECIMALS),
  };
}

/** Digits of up to 64 bits. Throws `ApiError` that names the parameter. */
export function parseInteger(parameter: string, text: string): bigint {
  if (/^\d{1,20}$/.test(text) && BigInt(text) < 1n << 64n) return BigInt(text);
  throw ApiError.local(BAD_PARAMETER, `${parameter}: expected decimal digits of 64 bits at most`);
}

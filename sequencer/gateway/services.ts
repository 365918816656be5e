import { NOT_FOUND } from '#shared/protocol/api-codes.ts';
import type { ExchangeApi } from '../matching/types.ts';
import { ApiError } from './errors.ts';
import type { InstrumentInfo, UnderlyingInfo } from './market/instruments.ts';
import type { MarketData } from './market/market-data.ts';
import type { GatewayOptions } from './options.ts';
import type { RiskPolicy } from './risk-policy.ts';
import type { OwnerIndex } from './state/owner-index.ts';
import type { StateReader } from './state/reader.ts';
import type { AccountRecord } from './state/records.ts';

/** What the methods work with. */
export interface Services {
  readonly exchange: ExchangeApi;
  readonly market: MarketData;
  readonly reader: StateReader;
  readonly owners: OwnerIndex;
  readonly risk: RiskPolicy;
  readonly options: GatewayOptions;
  /** Address of the collateral token, if the operator gave it. */
  readonly token: `0x${string}` | null;
}

const notFound = (parameter: string, what: string): ApiError =>
  new ApiError(NOT_FOUND, `There is no ${what}: check it, or it may be long gone.`, { parameter });

/** Throws NOT_FOUND. */
export function instrumentNamed(market: MarketData, name: string): InstrumentInfo {
  const info = market.instruments.byName(name);
  if (info === undefined) throw notFound('instrument_name', `instrument ${name}`);
  return info;
}

/** Throws NOT_FOUND. */
export function underlyingNamed(market: MarketData, name: string): UnderlyingInfo {
  const underlying = market.instruments.underlying(name);
  if (underlying === undefined) throw notFound('underlying', `underlying ${name}`);
  return underlying;
}

/** Throws NOT_FOUND. */
export function accountNumbered(reader: StateReader, account: number): AccountRecord {
  const record = reader.account(account);
  if (record === null) throw notFound('account', `account ${account}`);
  return record;
}

/** Throws NOT_FOUND. */
export function orderNotFound(id: string): ApiError {
  return notFound('order_id', `order ${id}`);
}

import type { LiquidationEvent } from './api-liquidations.ts';
import type {
  Account,
  BookLevel,
  Fill,
  IndexPrice,
  Order,
  StatusResult,
  Ticker,
  Trade,
} from './api-objects.ts';

import type { ModeReport } from './api-risk.ts';

/** The data of every channel, and the JSON-RPC around requests and answers. */

/**
 * `book`: the first message after subscribing is a snapshot, then changes, each of which names the change it
 * follows; if that is not the last one seen, subscribe again.
 */
export interface BookUpdate {
  readonly type: 'snapshot' | 'change';
  readonly instrument_name: string;
  readonly bids: readonly BookLevel[];
  readonly asks: readonly BookLevel[];
  readonly change_id: number;
  /** null in a snapshot. */
  readonly prev_change_id: number | null;
  readonly time_ms: number;
}

/** Data of each kind of channel; `{}` stands for the name or number after the dot. */
export interface Channels {
  'book.{}': BookUpdate;
  'trades.{}': readonly Trade[];
  'ticker.{}': Ticker;
  'index.{}': IndexPrice;
  'user.orders.{}': readonly Order[];
  'user.fills.{}': readonly Fill[];
  'user.account.{}': Account;
  'user.liquidations.{}': readonly LiquidationEvent[];
  liquidations: readonly LiquidationEvent[];
  'mode.{}': ModeReport;
  status: StatusResult;
}

type Fillings<T extends string> = T extends `${infer Prefix}{}` ? `${Prefix}${string}` : T;
/** Such as "book.BTC_USDC-27NOV26-90000-C", "user.orders.17" or "status". */
export type ChannelName = { [T in keyof Channels]: Fillings<T> }[keyof Channels];
/** The data that a channel of this name carries. */
export type ChannelData<C extends string> = {
  [T in keyof Channels]: C extends Fillings<T> ? Channels[T] : never;
}[keyof Channels];

// ---- what travels ------------------------------------------------------------------------------------------------

export interface RpcRequest {
  readonly jsonrpc: '2.0';
  readonly id: number | string;
  readonly method: string;
  readonly params?: object;
}

export interface RpcError {
  /** An engine code (1 to 799) or an API code (1000 and up); shared/protocol/codes.ts and api-codes.ts. */
  readonly code: number;
  /** One sentence: what happened, and what to do. */
  readonly message: string;
  readonly data: {
    /** The code's stable name, such as "INSUFFICIENT_MARGIN". */
    readonly name: string;
    /** The parameter at fault, if one is. */
    readonly parameter?: string;
    readonly retry_after_ms?: number;
    /** The limit that was reached. */
    readonly limit?: number;
  };
}

export type RpcResponse =
  | { readonly jsonrpc: '2.0'; readonly id: number | string; readonly result: unknown }
  | { readonly jsonrpc: '2.0'; readonly id: number | string | null; readonly error: RpcError };

export interface RpcNotification {
  readonly jsonrpc: '2.0';
  readonly method: 'subscription';
  readonly params: { readonly channel: string; readonly data: unknown };
}

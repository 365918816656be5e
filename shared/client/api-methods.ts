import type { Auction, BidResult, Liquidation, LiquidationEvent } from './api-liquidations.ts';
import type {
  Account,
  CommandResult,
  ContractResult,
  Decimal,
  Fill,
  HexString,
  IndexPrice,
  Instrument,
  Integer,
  MarginMode,
  MarginReport,
  Order,
  OrderBook,
  OrderMarginReport,
  OrderResult,
  OrderType,
  Position,
  PrivateResult,
  RiskArray,
  ScopeName,
  SelfTradeName,
  StatusResult,
  Ticker,
  TimeInForceName,
  TimeResult,
  Trade,
} from './api-objects.ts';

import type { AccountRisk, ModeReport } from './api-risk.ts';

/** Parameters and result of every method, and their names at run time. */

/** What every signed command carries beside its own parameters. */
export interface Signed {
  readonly account: number;
  readonly nonce: Integer;
  readonly valid_until: number;
  /** 0, the owner, if left out. */
  readonly key_slot?: number;
  /** 64 bytes (EIP-2098) or 65 (r, s, v). */
  readonly signature: HexString;
}

export interface OrderParams extends Signed {
  readonly instrument_name: string;
  readonly amount: Decimal;
  /** Of a market order the worst price it accepts. */
  readonly price: Decimal;
  /** "limit" if left out. */
  readonly type?: OrderType;
  /** "good_til_cancelled" if left out, "immediate_or_cancel" for market orders. */
  readonly time_in_force?: TimeInForceName;
  /** Seconds; with "good_til_time" only. */
  readonly good_til?: number;
  readonly post_only?: boolean;
  readonly post_only_slide?: boolean;
  readonly reduce_only?: boolean;
  /** "cancel_taker" if left out. */
  readonly self_trade?: SelfTradeName;
  readonly label?: Integer;
}

export interface Empty {
  readonly [none: string]: never;
}

/** Reads: no authentication, since every command is public on L1 anyway. */
export interface PublicMethods {
  get_time: { params: Empty; result: TimeResult };
  get_status: { params: Empty; result: StatusResult };
  /** What orders may do now and why, of one underlying or each. */
  get_mode: { params: { readonly underlying?: string }; result: readonly ModeReport[] };
  get_contract: { params: Empty; result: ContractResult };
  get_instruments: {
    params: { readonly underlying?: string; readonly expired?: boolean };
    result: readonly Instrument[];
  };
  get_order_book: {
    params: { readonly instrument_name: string; readonly depth?: number };
    result: OrderBook;
  };
  ticker: { params: { readonly instrument_name: string }; result: Ticker };
  /** The newest first; with `start_seq` those from there on, the oldest first. */
  get_last_trades: {
    params: {
      readonly instrument_name: string;
      readonly count?: number;
      readonly start_seq?: number;
    };
    result: readonly Trade[];
  };
  get_index_price: { params: { readonly underlying: string }; result: IndexPrice };
  get_account: { params: { readonly account: number }; result: Account };
  get_accounts_by_owner: { params: { readonly owner: string }; result: readonly Account[] };
  get_open_orders: {
    params: { readonly account: number; readonly instrument_name?: string };
    result: readonly Order[];
  };
  get_order: { params: { readonly order_id: Integer }; result: Order };
  get_positions: { params: { readonly account: number }; result: readonly Position[] };
  get_account_risk: { params: { readonly account: number }; result: AccountRisk };
  /** A portfolio that nobody has: `NAME:AMOUNT` with commas, negative amounts short. */
  simulate_margin: {
    params: {
      readonly positions: string;
      readonly cash?: Decimal;
      readonly margin_mode?: MarginMode;
    };
    result: MarginReport;
  };
  simulate_order: {
    params: {
      readonly account: number;
      readonly instrument_name: string;
      readonly direction: 'buy' | 'sell';
      readonly amount: Decimal;
      readonly price: Decimal;
    };
    result: OrderMarginReport;
  };
  get_risk_array: { params: { readonly instrument_name: string }; result: RiskArray };
  /** The newest first; with `start_seq` those from there on, the oldest first. */
  get_fills: {
    params: { readonly account: number; readonly count?: number; readonly start_seq?: number };
    result: readonly Fill[];
  };
  /** Accounts in liquidation by number, from `start_account` on. */
  get_liquidations: {
    params: { readonly count?: number; readonly start_account?: number };
    result: readonly Liquidation[];
  };
  get_auctions: {
    params: { readonly count?: number; readonly start_account?: number };
    result: readonly Auction[];
  };
  /** The newest first; with `start_seq` those from there on, the oldest first. Of `account` as debtor, bidder or other side. */
  get_liquidation_events: {
    params: { readonly account?: number; readonly count?: number; readonly start_seq?: number };
    result: readonly LiquidationEvent[];
  };
  get_command: { params: { readonly sequence: number }; result: CommandResult };
}

/** WebSocket only. The result names the channels that are subscribed now. */
export interface SubscriptionMethods {
  subscribe: { params: { readonly channels: readonly string[] }; result: readonly string[] };
  unsubscribe: { params: { readonly channels: readonly string[] }; result: readonly string[] };
}

/** Signed commands. Every answer comes after the command is durable. */
export interface PrivateMethods {
  buy: { params: OrderParams; result: OrderResult };
  sell: { params: OrderParams; result: OrderResult };
  cancel: { params: Signed & { readonly order_id: Integer }; result: OrderResult };
  cancel_by_label: { params: Signed & { readonly label: Integer }; result: OrderResult };
  cancel_all: { params: Signed; result: OrderResult };
  /** A smaller amount at the same price keeps the order's place and id; else a new id follows. */
  edit: {
    params: Signed & {
      readonly order_id: Integer;
      readonly price: Decimal;
      /** The new remaining amount. */
      readonly amount: Decimal;
    };
    result: OrderResult;
  };
  withdraw: { params: Signed & { readonly amount: Decimal }; result: PrivateResult };
  transfer: {
    params: Signed & { readonly to_account: number; readonly amount: Decimal };
    result: PrivateResult;
  };
  set_key: {
    params: Signed & {
      readonly slot: number;
      readonly address: HexString;
      readonly scopes: readonly ScopeName[];
      /** Seconds. */
      readonly expiry: number;
    };
    result: PrivateResult;
  };
  revoke_key: { params: Signed & { readonly slot: number }; result: PrivateResult };
  set_margin_mode: { params: Signed & { readonly margin_mode: MarginMode }; result: PrivateResult };
  /** For a share of an account in auction, whose positions come at their marks with a discount in cash. */
  bid: {
    params: Signed & {
      /** The account in auction. */
      readonly auction: number;
      /** At most this fraction of it, "0.01" to "1". */
      readonly share: Decimal;
      /** The highest price, as a fraction of its equity: "0.9" bids once it has come down to 90 %. */
      readonly limit_price: Decimal;
    };
    result: BidResult;
  };
  /** Wire bytes of any command but consume and clock. */
  submit: { params: { readonly command: HexString }; result: OrderResult };
}

export type ApiMethods = PublicMethods & SubscriptionMethods & PrivateMethods;
export type MethodName = keyof ApiMethods;
export type ParamsOf<M extends MethodName> = ApiMethods[M]['params'];
export type ResultOf<M extends MethodName> = ApiMethods[M]['result'];

/** The names at run time; the types hold each list complete. */
const publicNames: { readonly [name in keyof PublicMethods]: true } = {
  get_time: true,
  get_status: true,
  get_mode: true,
  get_contract: true,
  get_instruments: true,
  get_order_book: true,
  ticker: true,
  get_last_trades: true,
  get_index_price: true,
  get_account: true,
  get_accounts_by_owner: true,
  get_open_orders: true,
  get_order: true,
  get_positions: true,
  get_account_risk: true,
  simulate_margin: true,
  simulate_order: true,
  get_risk_array: true,
  get_fills: true,
  get_liquidations: true,
  get_auctions: true,
  get_liquidation_events: true,
  get_command: true,
};
const privateNames: { readonly [name in keyof PrivateMethods]: true } = {
  buy: true,
  sell: true,
  cancel: true,
  cancel_by_label: true,
  cancel_all: true,
  edit: true,
  withdraw: true,
  transfer: true,
  set_key: true,
  revoke_key: true,
  set_margin_mode: true,
  bid: true,
  submit: true,
};
export const PUBLIC_METHODS = Object.keys(publicNames) as readonly (keyof PublicMethods)[];
export const PRIVATE_METHODS = Object.keys(privateNames) as readonly (keyof PrivateMethods)[];

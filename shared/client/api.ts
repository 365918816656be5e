/**
 * The API as types: parameters and result of every method, and the data of every channel. The gateway and the
 * SDK compile against this file, and there is nothing else to agree on.
 *
 * Both transports serve the same table: WebSocket `/ws` speaks JSON-RPC 2.0, with the names below as methods
 * (`public/` or `private/` in front are accepted too); REST has `GET /api/v1/public/<method>?…` and
 * `POST /api/v1/private/<method>` with the parameters as JSON body, and answers `{ result }` or `{ error }`.
 *
 * Conventions. Prices (USDC per contract), amounts (contracts) and money (USDC) are exact decimals in strings.
 * Order ids, nonces and labels have 64 bits and are decimal integers in strings. Times are milliseconds since
 * 1970 where the name ends in `_ms`; `valid_until`, `good_til` and a key's `expiry` are whole seconds, since
 * that is what is signed. Sequence, account and instrument numbers are plain numbers. `null` says there is none.
 */

/** An exact decimal, such as "1250.5"; no exponent. */
export type Decimal = string;
/** A whole number of up to 64 bits in decimal digits. */
export type Integer = string;
/** 0x and lower-case hexadecimal digits. */
export type HexString = `0x${string}`;

export type Direction = 'buy' | 'sell';
export type OrderType = 'limit' | 'market';
export type TimeInForceName =
  | 'good_til_cancelled'
  | 'good_til_time'
  | 'immediate_or_cancel'
  | 'fill_or_kill';
export type SelfTradeName = 'cancel_taker' | 'cancel_maker' | 'cancel_both' | 'allow';
export type OrderState = 'open' | 'filled' | 'cancelled' | 'expired';
export type ModeName = 'normal' | 'reduce_only' | 'cancel_only';
export type ScopeName = 'cancel' | 'trade' | 'withdraw';

// ---- what things look like ---------------------------------------------------------------------------------

export interface TimeResult {
  /** The engine's clock: what `valid_until` and `good_til` are compared with. */
  readonly time_ms: number;
}

export interface StatusResult {
  readonly state: 'starting' | 'running' | 'draining' | 'stopped' | 'failed';
  /** Why it stopped, if it failed. */
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly mode: ModeName;
  /** Whether orders that add risk are taken now, and if not why, in words. */
  readonly new_risk: boolean;
  readonly reason: string | null;
  readonly time_ms: number;
  readonly engine_hash: string;
  /** Last command run, and last one that is durable. */
  readonly sequence: number;
  readonly durable_sequence: number;
  readonly landed_sequence: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly segment: number;
  readonly sealed_root: HexString;
  /** Last batch cut, and last one on L1; -1 before the first. */
  readonly sealed_batch: number;
  readonly landed_batch: number;
  readonly inbox_consumed: number;
  readonly inbox_seen: number;
  readonly live_orders: number;
  readonly accounts: number;
  readonly l1: {
    readonly connected: boolean;
    readonly block_number: number;
    readonly block_time_ms: number;
    readonly trouble: string | null;
  };
}

export interface UnderlyingTerms {
  readonly index: number;
  /** Such as "BTC". */
  readonly underlying: string;
  /** Smallest price step, USDC per contract. */
  readonly tick_size: Decimal;
  readonly lots_per_contract: number;
  /** Smallest amount: one lot, in contracts. */
  readonly min_amount: Decimal;
  readonly strike_step: number;
  readonly strike_band_bps: number;
  readonly price_band_bps: number;
}

export interface ContractResult {
  readonly chain_id: number;
  readonly settlement: HexString;
  /** The collateral token, if the server knows it. */
  readonly token: HexString | null;
  /** EIP-712 domain separator. */
  readonly domain: HexString;
  readonly engine_hash: string;
  readonly underlyings: readonly UnderlyingTerms[];
  /** Fractions of the underlying's notional. */
  readonly maker_fee: Decimal;
  readonly taker_fee: Decimal;
  readonly self_trade_allowed: boolean;
  readonly limits: {
    readonly max_command_bytes: number;
    readonly max_request_bytes: number;
    readonly max_open_orders: number;
    readonly max_positions: number;
    readonly max_price_ticks: number;
    readonly max_order_lots: number;
    readonly max_nonce_jump: number;
    readonly max_valid_ms: number;
    readonly requests_per_second: number;
    readonly max_connections: number;
    readonly max_subscriptions: number;
  };
}

export interface Instrument {
  readonly instrument_name: string;
  /** The number in commands; taken again by another instrument after this one is delisted. */
  readonly instrument: number;
  readonly underlying: string;
  readonly strike: Decimal;
  readonly option_type: 'call' | 'put';
  readonly expiry_ms: number;
  readonly tick_size: Decimal;
  readonly min_amount: Decimal;
  readonly lots_per_contract: number;
  readonly state: 'open' | 'expired' | 'settled';
  readonly settlement_price: Decimal | null;
}

/** [price, amount]; in changes an amount of "0" takes the level away. */
export type BookLevel = readonly [price: Decimal, amount: Decimal];

export interface OrderBook {
  readonly instrument_name: string;
  /** Best first. */
  readonly bids: readonly BookLevel[];
  readonly asks: readonly BookLevel[];
  readonly change_id: number;
  readonly time_ms: number;
}

export interface Greeks {
  readonly delta: number;
  readonly gamma: number;
  readonly vega: number;
  readonly theta: number;
  readonly rho: number;
}

export interface Ticker {
  readonly instrument_name: string;
  readonly time_ms: number;
  readonly best_bid_price: Decimal | null;
  readonly best_bid_amount: Decimal;
  readonly best_ask_price: Decimal | null;
  readonly best_ask_amount: Decimal;
  readonly last_price: Decimal | null;
  readonly mark_price: Decimal | null;
  readonly index_price: Decimal | null;
  readonly underlying_price: Decimal | null;
  /** Highest price a buyer and lowest price a seller may name now. */
  readonly max_price: Decimal | null;
  readonly min_price: Decimal | null;
  /** Contracts held long. */
  readonly open_interest: Decimal;
  /** Contracts and premium of the last 24 hours. */
  readonly volume: Decimal;
  readonly volume_usdc: Decimal;
  /** Percent a year; for display only, like the Greeks. */
  readonly mark_iv: number | null;
  readonly bid_iv: number | null;
  readonly ask_iv: number | null;
  readonly greeks: Greeks | null;
}

export interface Trade {
  /** Counts the exchange's fills; unique and ascending. */
  readonly trade_seq: number;
  readonly instrument_name: string;
  /** Of the taker. */
  readonly direction: Direction;
  readonly price: Decimal;
  readonly amount: Decimal;
  readonly index_price: Decimal | null;
  /** Place of its command in the journal. */
  readonly sequence: number;
  readonly time_ms: number;
}

/** One side of a trade, as its account sees it. */
export interface Fill extends Trade {
  readonly account: number;
  readonly order_id: Integer;
  /** Of this account, other than that of the trade where it made. */
  readonly direction: Direction;
  readonly liquidity: 'maker' | 'taker';
  /** Negative is a rebate. */
  readonly fee: Decimal;
  readonly label: Integer | null;
}

export interface Order {
  readonly order_id: Integer;
  readonly account: number;
  readonly instrument_name: string;
  readonly direction: Direction;
  readonly type: OrderType;
  readonly time_in_force: TimeInForceName;
  readonly good_til: number | null;
  readonly post_only: boolean;
  readonly post_only_slide: boolean;
  readonly reduce_only: boolean;
  readonly self_trade: SelfTradeName;
  readonly label: Integer | null;
  readonly state: OrderState;
  /** Why it ended, in one word such as "cancelled", "self_trade", "settled"; null while open. */
  readonly close_reason: string | null;
  readonly price: Decimal;
  /** Filled and remaining together. */
  readonly amount: Decimal;
  readonly filled_amount: Decimal;
  readonly remaining_amount: Decimal;
  readonly average_price: Decimal | null;
  readonly created_ms: number;
  readonly updated_ms: number;
  /** The order that an amend replaced by this one, or this one was replaced by. */
  readonly replaces: Integer | null;
  readonly replaced_by: Integer | null;
}

export interface Position {
  readonly account: number;
  readonly instrument_name: string;
  /** Contracts; negative is short. */
  readonly amount: Decimal;
  readonly open_buy_amount: Decimal;
  readonly open_sell_amount: Decimal;
  readonly mark_price: Decimal | null;
  /** amount x mark price. */
  readonly value: Decimal | null;
  readonly initial_margin: Decimal | null;
  readonly greeks: Greeks | null;
}

export interface AccountKey {
  /** 0 is the owner. */
  readonly slot: number;
  readonly address: HexString;
  readonly epoch: number;
  readonly scopes: readonly ScopeName[];
  /** null for the owner. */
  readonly expiry_ms: number | null;
  readonly nonce_floor: Integer;
  /** One above the highest nonce used: where to count on from. */
  readonly nonce_next: Integer;
}

export interface Account {
  readonly account: number;
  readonly owner: HexString;
  readonly subaccount: number;
  readonly cash: Decimal;
  /** Cash and positions at their marks. */
  readonly equity: Decimal | null;
  readonly initial_margin: Decimal | null;
  /** What may be withdrawn or risked: cash less margin and reserves. */
  readonly free: Decimal | null;
  /** Lifetime totals. */
  readonly withdrawn: Decimal;
  readonly deposited: Decimal;
  readonly open_orders: number;
  /** Slots in use, the owner's first. */
  readonly keys: readonly AccountKey[];
  readonly time_ms: number;
}

export interface IndexPrice {
  readonly underlying: string;
  readonly index_price: Decimal | null;
  readonly time_ms: number;
  readonly round: number;
}

export interface CommandResult {
  readonly sequence: number;
  readonly durable: boolean;
  /** The batch that holds it, once sealed. */
  readonly batch: number | null;
  /** The batch is on L1 (not yet final). */
  readonly landed: boolean;
}

/** The answer to every private method: the command is durable. */
export interface PrivateResult {
  readonly sequence: number;
  readonly time_ms: number;
}

/** The answer to an order, an edit, or a cancel of one order. */
export interface OrderResult extends PrivateResult {
  /** null where the command names no single order (cancel_all). */
  readonly order_id: Integer | null;
  readonly state: OrderState | null;
  readonly filled_amount: Decimal;
  readonly remaining_amount: Decimal;
  readonly cancelled_amount: Decimal;
  /** Name of the result code that says why the rest was cancelled. */
  readonly cancel_reason: string | null;
  readonly average_price: Decimal | null;
  /** Negative is a rebate. */
  readonly fee: Decimal;
  readonly label: Integer | null;
}

// ---- parameters ----------------------------------------------------------------------------------------------

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
  /** The newest first; with `start_seq` those from there on, the oldest first. */
  get_fills: {
    params: { readonly account: number; readonly count?: number; readonly start_seq?: number };
    result: readonly Fill[];
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
  get_fills: true,
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
  submit: true,
};
export const PUBLIC_METHODS = Object.keys(publicNames) as readonly (keyof PublicMethods)[];
export const PRIVATE_METHODS = Object.keys(privateNames) as readonly (keyof PrivateMethods)[];

// ---- channels ----------------------------------------------------------------------------------------------------

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

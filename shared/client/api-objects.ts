import type { ModeReport } from './api-risk.ts';

/** What the API's answers look like; the conventions are in api.ts. */

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
export type ModeName = 'normal' | 'guarded' | 'reduce_only' | 'cancel_only';
export type ScopeName = 'cancel' | 'trade' | 'withdraw';

export interface TimeResult {
  /** The engine's clock: what `valid_until` and `good_til` are compared with. */
  readonly time_ms: number;
}

export interface StatusResult {
  readonly state: 'starting' | 'running' | 'draining' | 'stopped' | 'failed';
  /** Why it stopped, if it failed. */
  readonly failure: { readonly code: string; readonly message: string } | null;
  /** The strictest of all underlyings. */
  readonly mode: ModeName;
  /** Each underlying's, with reasons, multiplier and what is allowed. */
  readonly modes: readonly ModeReport[];
  /** Whether orders that add risk are taken now, and if not why, in words. */
  readonly new_risk: boolean;
  readonly reason: string | null;
  /** The same as stable codes. */
  readonly causes: readonly ('L1_AWAY' | 'LATE_FINALITY' | 'REORG')[];
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
    /** Null before it is known. */
    readonly finalized_block: number | null;
    readonly finalized_time_ms: number | null;
    /** Whether deposits wait until L1 is well again. */
    readonly deposits_held: boolean;
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
  readonly margin_mode: MarginMode;
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

export type MarginMode = 'standard' | 'portfolio';

/** Margin as the engine reckons it: of an account, or of what is only asked about. */
export interface MarginReport {
  readonly margin_mode: MarginMode;
  /** Cash and positions at their marks. Standard margin counts the positions' value in equity and in both margins. */
  readonly equity: Decimal;
  readonly initial_margin: Decimal;
  readonly maintenance_margin: Decimal;
  /** Equity less initial margin and what open orders keep. */
  readonly free: Decimal;
  /** The scenario that is worst for the positions, 0 to 34, and what they lose in it. */
  readonly worst_scenario: number;
  readonly worst_loss: Decimal;
  readonly basis: Decimal;
  /** Net short calls and puts, contracts, over all expiries. */
  readonly naked_amount: Decimal | null;
  /** Change of value in each of the 35 scenarios, extremes as weighted. */
  readonly scenarios: readonly Decimal[];
  /** Whether the scenarios are of all positions: portfolio margin is of one underlying and twelve expiries. */
  readonly complete: boolean;
  /** What initial margin of new risk counts for now. */
  readonly multiplier: number;
  /** Of the prices, 0 to 1. */
  readonly confidence: number;
  readonly time_ms: number;
}

/** The margin after an order is filled, all of it at its limit, and what the engine would say to it. */
export interface OrderMarginReport extends MarginReport {
  readonly accepted: boolean;
  /** Why not: a result code, 0 where it would be accepted. */
  readonly code: number;
  readonly reason: string | null;
}

/** What one contract held long changes in value by in each scenario of portfolio margin. */
export interface RiskArray {
  readonly instrument_name: string;
  readonly mark_price: Decimal | null;
  /** 27 of price -16 % to +16 % in nine steps, each with volatility up, the same and down; then 8 extremes, weighted. */
  readonly scenarios: readonly Decimal[];
  /** At the forward -4.5 % and +4.5 %, each times 0.5 x (1 + 2 x years left). */
  readonly basis: readonly [Decimal, Decimal];
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

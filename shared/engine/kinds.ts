/** Command kinds, inbox message kinds and event kinds. Plain numbers: AssemblyScript and TypeScript read this file alike. */

// ---- commands: low 5 bits of the first byte ---------------------------------------------------------------
/** The next inbox message. One byte, no data; handled by whoever feeds the engine, never by `execute`. */
export const CMD_CONSUME: u32 = 1;
export const CMD_CLOCK: u32 = 2;
export const CMD_INDEX: u32 = 3;
export const CMD_VOLATILITY: u32 = 4;
export const CMD_REPRICE: u32 = 5;
export const CMD_LIST: u32 = 6;
export const CMD_SETTLE_INSTRUMENT: u32 = 7;
export const CMD_SETTLE_ACCOUNT: u32 = 8;
export const CMD_SWEEP: u32 = 9;
export const CMD_DELIST: u32 = 10;
export const CMD_RISK_REQUEST: u32 = 11; // signed by the risk monitor
export const CMD_LIQUIDATE: u32 = 12;
export const CMD_LIQUIDATION_STEP: u32 = 13;
export const CMD_DELEVERAGE: u32 = 14;
// signed by an account from here on
export const CMD_ORDER: u32 = 16;
export const CMD_CANCEL: u32 = 17;
export const CMD_CANCEL_LABEL: u32 = 18;
export const CMD_CANCEL_ALL: u32 = 19;
export const CMD_AMEND: u32 = 20;
export const CMD_WITHDRAW: u32 = 21;
export const CMD_TRANSFER: u32 = 22;
export const CMD_SET_KEY: u32 = 23;
export const CMD_REVOKE_KEY: u32 = 24;
export const CMD_SET_MARGIN_MODE: u32 = 25;
export const CMD_BID: u32 = 26; // for a share of an account in auction

// ---- order flags (u16) ---------------------------------------------------------------------------------------
export const FLAG_SELL: u32 = 1;
export const FLAG_TIF_SHIFT: u32 = 1; // two bits
export const TIF_GTC: u32 = 0;
export const TIF_GTT: u32 = 1;
export const TIF_IOC: u32 = 2;
export const TIF_FOK: u32 = 3;
export const FLAG_POST_ONLY: u32 = 8; // rejected if it would take
export const FLAG_POST_SLIDE: u32 = 16; // slides to one tick behind the other side
export const FLAG_REDUCE_ONLY: u32 = 32;
export const FLAG_STP_SHIFT: u32 = 6; // two bits
export const STP_CANCEL_TAKER: u32 = 0;
export const STP_CANCEL_MAKER: u32 = 1;
export const STP_CANCEL_BOTH: u32 = 2;
export const STP_ALLOW: u32 = 3; // only where genesis allows it
export const FLAG_MARKET: u32 = 256; // price is the bound; immediate or fill or kill
export const FLAG_LABEL: u32 = 512; // a label follows

// ---- session key scopes (bits) -----------------------------------------------------------------------------------
export const SCOPE_CANCEL: u32 = 1;
export const SCOPE_TRADE: u32 = 2; // includes cancelling
export const SCOPE_WITHDRAW: u32 = 4; // to the owner only

// ---- inbox messages: first byte -----------------------------------------------------------------------------------
export const MSG_GENESIS: u32 = 0;
export const MSG_DEPOSIT: u32 = 1;
export const MSG_FORCED: u32 = 2;
export const MSG_SYSTEM: u32 = 3;
export const MSG_LATE_BATCH: u32 = 4;

// ---- modes ------------------------------------------------------------------------------------------------------------
export const MODE_NORMAL: u32 = 0;
export const MODE_GUARDED: u32 = 1;
export const MODE_REDUCE_ONLY: u32 = 2;
export const MODE_CANCEL_ONLY: u32 = 3;

// ---- why an underlying is not in its normal mode, or new risk pays more (bits) --------------------------------------------
export const REASON_INDEX_OLD: u32 = 1;
export const REASON_CONFIDENCE: u32 = 2; // the signers' prices lie apart
export const REASON_VOLATILE: u32 = 4; // realized volatility
export const REASON_INSURANCE: u32 = 8; // the fund is small against the open risk
export const REASON_VOLATILITY_OLD: u32 = 16; // of the surfaces
export const REASON_MARKS_OLD: u32 = 32;
export const REASON_LATE_BATCH: u32 = 64;
export const REASON_JUMP: u32 = 128; // a price that waits for its confirmation
export const REASON_RESTART: u32 = 256; // fresh rounds still to see before a worse mode ends
export const REASON_POST_ONLY: u32 = 512; // just reopened: nothing takes but what reduces
export const REASON_MONITOR: u32 = 1024; // the risk monitor asked for it
export const REASON_DECAYING: u32 = 2048; // a multiplier on its way down

// ---- where a settlement price comes from (EVT_SETTLEMENT_PRICE) ---------------------------------------------------------------
export const SETTLED_BY_AVERAGE: u32 = 0; // the last 30 minutes
export const SETTLED_BY_LONGER_AVERAGE: u32 = 1; // a window grown backwards
export const SETTLED_BY_L1: u32 = 2; // a price message dated at the expiry
export const SETTLED_BY_LAST_PRICE: u32 = 3;

// ---- events: what `emit` says; layouts in shared/protocol/README.md ------------------------------------------------------
export const EVT_FILL: u32 = 1;
export const EVT_ORDER_OPENED: u32 = 2;
export const EVT_ORDER_CLOSED: u32 = 3;
export const EVT_ORDER_AMENDED: u32 = 4;
export const EVT_ORDERS_ALL_CANCELLED: u32 = 5;
export const EVT_DEPOSITED: u32 = 6;
export const EVT_WITHDRAWN: u32 = 7;
export const EVT_TRANSFERRED: u32 = 8;
export const EVT_KEY_SET: u32 = 9;
export const EVT_KEY_REVOKED: u32 = 10;
export const EVT_INDEX: u32 = 11;
export const EVT_VOLATILITY: u32 = 12;
export const EVT_MARK: u32 = 13;
export const EVT_EPOCH: u32 = 14;
export const EVT_LISTED: u32 = 15;
export const EVT_INSTRUMENT_SETTLED: u32 = 16;
export const EVT_ACCOUNT_SETTLED: u32 = 17;
export const EVT_DELISTED: u32 = 18;
export const EVT_MODE: u32 = 19;
export const EVT_DEFICIT_COVERED: u32 = 20;
export const EVT_INDEX_HELD: u32 = 22; // a jump that waits for the next round
export const EVT_GUARD: u32 = 23; // mode, reasons and multiplier of an underlying
export const EVT_RISK_REQUESTED: u32 = 24;
export const EVT_SETTLEMENT_PRICE: u32 = 25;
export const EVT_MARGIN_MODE: u32 = 26;
export const EVT_LIQUIDATION_STARTED: u32 = 29;
export const EVT_LIQUIDATION_STAGE: u32 = 30;
export const EVT_LIQUIDATION_SLICE: u32 = 31;
export const EVT_AUCTION_SOLD: u32 = 32;
export const EVT_POSITION_TAKEN: u32 = 33; // by a bidder or the insurance fund, at the mark
export const EVT_DELEVERAGED: u32 = 34;
export const EVT_LIQUIDATION_ENDED: u32 = 35;

// ---- stages of a liquidation (records/liquidation.ts) -------------------------------------------------------------------------
export const STAGE_NONE: u32 = 0;
export const STAGE_REDUCING: u32 = 1; // slices on the book
export const STAGE_AUCTION: u32 = 2;
export const STAGE_TAKEOVER: u32 = 3; // by the insurance fund
export const STAGE_DELEVERAGE: u32 = 4;
/** Why a liquidation ended (EVT_LIQUIDATION_ENDED). */
export const ENDED_WELL: u32 = 0; // initial margin holds
export const ENDED_FLAT: u32 = 1; // nothing is held any more

// ---- why an order left the book (EVT_ORDER_CLOSED) -------------------------------------------------------------------------
export const CLOSE_FILLED: u32 = 0; // a maker completely filled
export const CLOSE_CANCELLED: u32 = 1; // by its account
export const CLOSE_EXPIRED: u32 = 2; // good-till-time passed
export const CLOSE_DEAD: u32 = 3; // generation ended earlier by cancel-all, now swept
export const CLOSE_SELF_TRADE: u32 = 4;
export const CLOSE_UNAFFORDABLE: u32 = 5;
export const CLOSE_REDUCE_ONLY: u32 = 6; // nothing left to reduce
export const CLOSE_SETTLED: u32 = 7; // its instrument expired
export const CLOSE_REPLACED: u32 = 8; // amended to a place behind; a new id follows

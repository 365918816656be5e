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
export const MODE_REDUCE_ONLY: u32 = 2;
export const MODE_CANCEL_ONLY: u32 = 3;

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
export const EVT_MARGIN_MODE: u32 = 26;

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

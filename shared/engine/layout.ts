/**
 * The whole memory map of the engine. Each region is the previous one plus its size.
 *
 * Plain arithmetic on plain numbers only: AssemblyScript compiles this file into the engine, TypeScript
 * imports it as it is, and `contracts/script/layout.ts` generates the Solidity constants from it. Nothing
 * about the layout is typed anywhere else; the record files check their `offsetof` against it at compile time.
 *
 * All integers in memory are little-endian, addresses (20 bytes) and hashes (32 bytes) are raw bytes.
 */

// ---- capacities (named limits: reaching one is a rejection) ------------------------------------------
export const MAX_ACCOUNTS: u32 = 1 << 20;
export const MAX_POSITIONS: u32 = 64;
export const MAX_KEYS: u32 = 8; // slot 0 is the owner, 1..7 are session keys
export const MAX_INSTRUMENTS: u32 = 1024;
export const MAX_ORDERS: u32 = 1 << 20;
export const MAX_TICKS: u32 = 1 << 17; // prices are 1 .. MAX_TICKS - 1 ticks
export const MAX_UNDERLYINGS: u32 = 4;
export const MAX_SIGNERS: u32 = 16; // oracle committee
export const MAX_EXPIRIES: u32 = 32; // volatilities kept per underlying
/** No price reaches this for one lot, whole USDC: with MAX_LOTS it keeps all sums within 64 bits (margin.ts). */
export const LOT_LIMIT_USDC: u32 = 10_000;
export const MAX_FEE: u32 = 1_000_000; // of the notional, 1e-6: all of it
export const MAX_SUBACCOUNTS: u32 = 16;
export const MAX_LOTS: u32 = 5_000_000; // of one order, and of one position either way; margin.ts needs the bound
export const MAX_AN_EXPIRY: u32 = 128; // instruments of one underlying and expiry
export const LABELS_PER_BUCKET: u32 = 8;
export const LABEL_BUCKETS: u32 = 1 << 18;
export const HISTORY_ENTRIES: u32 = 32; // one a minute: the last 30 minutes and a bit of a mark
export const INSTRUMENT_BUCKETS: u32 = 1024; // of 8 instruments (+1) each, found by hash of what is listed

// ---- protocol limits ----------------------------------------------------------------------------------
export const MAX_COMMAND_BYTES: u32 = 4096;
export const SEGMENT_COMMANDS: u32 = 16;
export const SEGMENT_BYTES: u32 = 16384; // commands with their length prefixes and the root
export const BATCH_BYTES: u32 = 122880;
export const MAX_TOUCHES: u32 = 16; // resting orders one match may touch
export const MAX_SWEEP: u32 = 8; // orders one sweep may name
export const SETTLE_POSITIONS: u32 = 16; // positions one settleAccount pays

// ---- globals: two pages ----------------------------------------------------------------------------------
export const GLOBALS: usize = 0;
/** Leaf 0, the facts a batch header must agree with: four u64. */
export const FACT_CLOCK: usize = 0; // ms, never backwards
export const FACT_INDEX_TIME: usize = 8; // ms, the oldest of the underlyings' last accepted index times
export const FACT_VOLATILITY_TIME: usize = 16; // ms, the same for volatility
export const FACT_INBOX_COUNT: usize = 24; // messages consumed
/** Leaf 1, the facts an exit starts from: i64 money, 1e-6 USDC. */
export const FACT_COLLATERAL: usize = 32; // C: deposits consumed - withdrawn
export const FACT_FLAT_CASH: usize = 40; // F: positive cash of accounts without positions, the fund aside
export const FACT_WITHDRAWN: usize = 48; // lifetime total of withdrawals
export const FACT_ACCOUNTS: usize = 56; // u32 accounts in use, then u32 mode
export const FACT_MODE: usize = 60;
/** The engine's own globals, from byte 64 on; see globals.ts. */
export const GLOBALS_OWN: usize = 64;
/** Bytes 768 to 1023 are margin's: how often each underlying's marks have changed, u32 each. */
export const RISK_EPOCHS: usize = 768;
export const UNDERLYINGS: usize = 1024;
/** Bytes 512 to 767 are liquidation's: where the walk of deleveraging goes on, u32. */
export const DELEVERAGE_CURSOR: usize = 512;
/** The risk monitor's address (20 bytes), what the insurance fund's ratio asks for, the open risk; records/guard.ts. */
export const OVERSIGHT: usize = 256;
export const UNDERLYING_SIZE: usize = 1024;
export const SIGNERS: usize = UNDERLYINGS + UNDERLYING_SIZE * <usize>MAX_UNDERLYINGS; // 5120
export const SIGNER_SIZE: usize = 32; // address (20), padding
/** How many instruments each expiry day has: 16 x (day u32, count u32) an underlying. */
export const EXPIRY_COUNTS: usize = SIGNERS + SIGNER_SIZE * <usize>MAX_SIGNERS; // 5632
export const EXPIRY_COUNTS_SIZE: usize = 128;
export const GLOBALS_SIZE: usize = 8192;

// ---- scratch: nothing here outlives a command ----------------------------------------------------------
export const SCRATCH: usize = GLOBALS + GLOBALS_SIZE;
export const INPUT: usize = SCRATCH; // the current command, MAX_COMMAND_BYTES
export const RESULT: usize = INPUT + 4096; // what the last command did, 64 bytes; see result.ts
export const EVENT: usize = RESULT + 64; // the event being emitted, 128 bytes
export const DIGEST: usize = EVENT + 128; // 32: EIP-712 digest of the current command
export const RECOVERED: usize = DIGEST + 32; // 32: recovered address, left-aligned 20 bytes
export const HASH: usize = RECOVERED + 32; // 256: what is being hashed into the digest
export const TEXT: usize = HASH + 256; // 512: the sentence that is signed
export const WORK_AREA: usize = TEXT + 512; // 3072: sorting and margin
export const WHAT_IF: usize = SCRATCH + 8192; // 64: an account's margin after a fill that is only tried
export const TRIAL: usize = WHAT_IF + 128; // 40: the fill
export const ASSESSMENT: usize = WHAT_IF + 256; // what `assess` answers
export const ASSESSMENT_SIZE: usize = 384;
export const SCRATCH_PORTFOLIO: usize = WHAT_IF + 1024; // the scenario vector of the account below
export const SCRATCH_ACCOUNT: usize = WHAT_IF + 2048; // an account that does not exist, for `assess`
export const ENTRY_OF: usize = SCRATCH_ACCOUNT + 2048; // 1024: which entry of an account's table is of an instrument, plus one (u8)
export const STANDING: usize = ENTRY_OF + 1024; // 24: what an account in liquidation is worth and needs
export const CHOSEN_HOLDERS: usize = STANDING + 64; // 32: holders chosen for deleveraging
export const SCRATCH_SIZE: usize = 16384;

// ---- volatility: MAX_UNDERLYINGS x MAX_EXPIRIES x 96; records/surface.ts -------------------------------------------------------
export const SURFACES: usize = SCRATCH + SCRATCH_SIZE;
export const SURFACE_SIZE: usize = 96;
export const SURFACES_SIZE: usize = SURFACE_SIZE * <usize>MAX_EXPIRIES * <usize>MAX_UNDERLYINGS;

// ---- exit marks: what an exit values positions at, i64 money per lot ----------------------------------------
export const EXIT_MARKS_SIZE: usize = 8 * <usize>MAX_INSTRUMENTS; // 8192
/** Aligned to its size: L1 reads it as one subtree. */
export const EXIT_MARKS: usize =
  SURFACES +
  SURFACES_SIZE +
  ((EXIT_MARKS_SIZE - ((SURFACES + SURFACES_SIZE) % EXIT_MARKS_SIZE)) % EXIT_MARKS_SIZE);

// ---- instruments ------------------------------------------------------------------------------------------
export const INSTRUMENTS: usize = EXIT_MARKS + EXIT_MARKS_SIZE;
export const INSTRUMENT_SIZE: usize = 256;
export const INSTRUMENTS_SIZE: usize = INSTRUMENT_SIZE * <usize>MAX_INSTRUMENTS;

// ---- mark history: HISTORY_ENTRIES x (time u64, cumulated mark x ms i64) an instrument ------------------------
export const HISTORIES: usize = INSTRUMENTS + INSTRUMENTS_SIZE;
export const HISTORY_SIZE: usize = 16 * <usize>HISTORY_ENTRIES;
export const HISTORIES_SIZE: usize = HISTORY_SIZE * <usize>MAX_INSTRUMENTS;

// ---- what is listed: buckets of 8 instruments (u32, slot + 1), one leaf each --------------------------------
export const LISTINGS: usize = HISTORIES + HISTORIES_SIZE;
export const LISTING_BUCKET_SIZE: usize = 32;
export const LISTINGS_SIZE: usize = LISTING_BUCKET_SIZE * <usize>INSTRUMENT_BUCKETS;

// ---- occupied price levels, a bitmap of three floors an instrument ---------------------------------------------
export const BITS2: usize = LISTINGS + LISTINGS_SIZE; // 1 word
export const BITS2_STRIDE: usize = 8;
export const BITS2_SIZE: usize = BITS2_STRIDE * <usize>MAX_INSTRUMENTS;
export const BITS1: usize = BITS2 + BITS2_SIZE; // 32 words
export const BITS1_STRIDE: usize = 256;
export const BITS1_SIZE: usize = BITS1_STRIDE * <usize>MAX_INSTRUMENTS;
export const BITS0: usize = BITS1 + BITS1_SIZE; // 2048 words
export const BITS0_STRIDE: usize = 16384;
export const BITS0_SIZE: usize = BITS0_STRIDE * <usize>MAX_INSTRUMENTS;

// ---- labels: buckets of 8 order slots (+1), found by hash of account and label ------------------------------------
export const LABELS: usize = BITS0 + BITS0_SIZE;
export const LABEL_BUCKET_SIZE: usize = 4 * <usize>LABELS_PER_BUCKET; // 32, one leaf
export const LABELS_SIZE: usize = LABEL_BUCKET_SIZE * <usize>LABEL_BUCKETS;

// ---- orders -------------------------------------------------------------------------------------------------------
export const ORDERS: usize = LABELS + LABELS_SIZE;
export const ORDER_SIZE: usize = 64;
export const ORDERS_SIZE: usize = ORDER_SIZE * <usize>MAX_ORDERS;

// ---- price levels: head u32, tail u32 (order slot + 1), MAX_TICKS an instrument ------------------------------------
export const LEVELS: usize = ORDERS + ORDERS_SIZE;
export const LEVEL_SIZE: usize = 8;
export const LEVELS_STRIDE: usize = LEVEL_SIZE * <usize>MAX_TICKS;
export const LEVELS_SIZE: usize = LEVELS_STRIDE * <usize>MAX_INSTRUMENTS;

// ---- accounts: aligned to their size, so that one Merkle path reads one ------------------------------------------------
export const ACCOUNT_SIZE: usize = 2048;
export const ACCOUNTS: usize =
  LEVELS + LEVELS_SIZE + ACCOUNT_SIZE - ((LEVELS + LEVELS_SIZE) % ACCOUNT_SIZE);
export const ACCOUNTS_SIZE: usize = ACCOUNT_SIZE * <usize>MAX_ACCOUNTS;

// ---- risk arrays: two sets (underlying.buffer) of 40 x i64 an instrument, money per lot held long; records/risk.ts -------
export const RISKS: usize = ACCOUNTS + ACCOUNTS_SIZE;
export const RISK_ENTRIES: u32 = 40;
export const RISK_SET_SIZE: usize = 8 * <usize>RISK_ENTRIES; // 320
export const RISK_SIZE: usize = 2 * RISK_SET_SIZE; // 640
export const RISKS_SIZE: usize = RISK_SIZE * <usize>MAX_INSTRUMENTS;

// ---- scenario vectors of accounts with portfolio margin; records/portfolio.ts ---------------------------------------------
export const PORTFOLIOS: usize = RISKS + RISKS_SIZE;
export const MAX_PORTFOLIO_EXPIRIES: u32 = 12;
export const PORTFOLIO_EXPIRY_SIZE: usize = 32;
export const PORTFOLIO_VECTOR: usize = PORTFOLIO_EXPIRY_SIZE * <usize>MAX_PORTFOLIO_EXPIRIES; // 384: 35 x i64
export const PORTFOLIO_OWED: usize = 664; // i64
export const PORTFOLIO_SIZE: usize = 672; // a whole number of leaves
export const PORTFOLIOS_SIZE: usize = PORTFOLIO_SIZE * <usize>MAX_ACCOUNTS;

export const STATE_END: usize = PORTFOLIOS + PORTFOLIOS_SIZE;
export const PAGE: usize = 65536;
export const STATE_PAGES: u32 = <u32>((STATE_END - (STATE_END % PAGE)) / PAGE + 1);

// ---- the state tree -------------------------------------------------------------------------------------------------------
export const LEAF_BYTES: u32 = 32;
export const TREE_DEPTH: u32 = 27; // 2^27 leaves of 32 bytes: the whole 4 GiB address space

// ---- account record, 2048 bytes: what L1 and other readers need ------------------------------------------------------------
//   0        64              576        1024                2048
//   | hot     | keys 8 x 64   | reserved | positions 64 x 16 |     key 0 is the owner's: its address is the owner
export const ACCOUNT_SUBACCOUNT: usize = 0; // u8
export const ACCOUNT_FLAGS: usize = 1; // u8, bit 0: in use
export const ACCOUNT_HELD: usize = 2; // u16 instruments with a quantity other than zero
export const ACCOUNT_OPEN_ORDERS: usize = 4; // u32
export const ACCOUNT_CASH: usize = 8; // i64
export const ACCOUNT_OCCUPIED: usize = 16; // u64 bitmap of position entries in use
export const ACCOUNT_PREMIUM_RESERVE: usize = 24; // i64 what open buy orders would pay
export const ACCOUNT_SHORT_MARGIN: usize = 32; // i64 sum of isolated short margins, at ACCOUNT_MARGIN_EPOCH
export const ACCOUNT_MARGIN_EPOCH: usize = 40; // u32
export const ACCOUNT_GENERATION: usize = 44; // u32 orders of an older one are dead
export const ACCOUNT_WITHDRAWN: usize = 48; // u64 lifetime
export const ACCOUNT_DEPOSITED: usize = 56; // u64 lifetime
export const ACCOUNT_OWNER: usize = 64; // 20 bytes
export const ACCOUNT_KEYS: usize = 64;
export const ACCOUNT_KEY_COUNTER: usize = 124; // u32 epochs given to keys so far, in the last bytes of key 0
export const KEY_SIZE: usize = 64;
export const KEY_ADDRESS: usize = 0; // 20 bytes; in slot 0 the owner
export const KEY_EPOCH: usize = 20; // u32
export const KEY_EXPIRY: usize = 24; // u64 ms, 0 in slot 0
export const KEY_NONCE_FLOOR: usize = 32; // u64
export const KEY_NONCE_BITS: usize = 40; // 2 x u64: nonces floor .. floor + 127 that are used
export const KEY_SCOPE: usize = 56; // u8
export const NONCE_WINDOW: u32 = 128;
export const NONCE_MAX_JUMP: u32 = 65536;
/** Bytes 576 to 639 are margin's (records/portfolio.ts). Those up to 703 are liquidation's. */
export const ACCOUNT_RISK: usize = 576;
export const ACCOUNT_RISK_MODE: usize = ACCOUNT_RISK; // u32: 0 standard, 1 portfolio
export const ACCOUNT_LIQUIDATION: usize = 640; // 64 bytes, records/liquidation.ts; stage u32 first
export const ACCOUNT_POSITIONS: usize = 1024;
export const POSITION_SIZE: usize = 16;
export const POSITION_INSTRUMENT: usize = 0; // u16
export const POSITION_LOTS: usize = 4; // i32
export const POSITION_OPEN_BUY: usize = 8; // u32 lots in live buy orders
export const POSITION_OPEN_SELL: usize = 12; // u32 lots in live sell orders

export const INSURANCE_ACCOUNT: u32 = 0;
export const FEE_ACCOUNT: u32 = 1;
export const FIRST_ACCOUNT: u32 = 2; // L1 numbers users from here

/**
 * Result codes of the engine: one table, banded by layer, stable on the wire. 0 is success.
 * AssemblyScript and TypeScript read this file alike; `shared/protocol/codes.ts` has the names and sentences.
 */
export const OK: i32 = 0;
// ---- 1xx: the bytes ---------------------------------------------------------------------------------------
export const MALFORMED: i32 = 100; // not a command: truncated, trailing bytes, or an integer not in its shortest form
export const UNKNOWN_KIND: i32 = 101;
export const NOT_ALLOWED_HERE: i32 = 102; // this kind cannot come by this way (clock or genesis through the inbox, consume)
export const NOT_INITIALIZED: i32 = 103; // the genesis message has not been consumed
export const ALREADY_INITIALIZED: i32 = 104;
export const SEGMENT_FULL: i32 = 105; // the work budget of this segment is used up: goes into the next one
// ---- 2xx: who says so --------------------------------------------------------------------------------------
export const NO_SUCH_ACCOUNT: i32 = 200;
export const NO_SUCH_KEY: i32 = 201; // the key slot is empty
export const KEY_EXPIRED: i32 = 202;
export const SCOPE_TOO_SMALL: i32 = 203; // the key may not do this
export const COMMAND_EXPIRED: i32 = 204; // validUntil has passed
export const VALID_TOO_LONG: i32 = 205; // validUntil is further away than 30 days
export const NONCE_TOO_LOW: i32 = 206; // below the window's floor
export const NONCE_USED: i32 = 207;
export const NONCE_TOO_HIGH: i32 = 208; // more than 65,536 above the floor
export const BAD_SIGNATURE: i32 = 209; // r or s out of range, s high, or no address recovers
export const WRONG_SIGNER: i32 = 210; // a good signature by somebody else, or over other words
export const BAD_KEY: i32 = 211; // slot 0 or above 7, zero address, owner's address, or unknown scope
export const KEY_EXPIRY_PAST: i32 = 212;
// ---- 3xx: money and margin ------------------------------------------------------------------------------------
export const BAD_AMOUNT: i32 = 300; // zero, or too large to be money
export const INSUFFICIENT_CASH: i32 = 301;
export const INSUFFICIENT_MARGIN: i32 = 302; // free collateral would fall below zero
export const TOO_MANY_POSITIONS: i32 = 303; // positions and instruments with open orders, 64 together
export const TOO_MANY_ORDERS: i32 = 304; // of this account
export const POSITION_TOO_LARGE: i32 = 305;
export const DIFFERENT_OWNER: i32 = 306; // transfers stay with one owner
export const SAME_ACCOUNT: i32 = 307;
export const INSUFFICIENT_COLLATERAL: i32 = 308; // the exchange as a whole holds less: somebody is in debt
export const BAD_MARGIN_MODE: i32 = 309; // neither standard nor portfolio
export const SAME_MARGIN_MODE: i32 = 310; // the account has it already
export const ONE_UNDERLYING: i32 = 311; // portfolio margin is of one underlying an account
export const TOO_MANY_EXPIRIES: i32 = 312; // portfolio margin covers at most 12 expiries
export const MARGIN_NOT_IN_BOTH: i32 = 313; // the margin mode changes only where initial margin holds in both
// ---- 4xx: instruments -----------------------------------------------------------------------------------------------
export const NO_SUCH_INSTRUMENT: i32 = 400;
export const INSTRUMENT_EXPIRED: i32 = 401;
export const NOT_EXPIRED: i32 = 402; // cannot settle before expiry
export const ALREADY_LISTED: i32 = 403;
export const BAD_EXPIRY: i32 = 404; // not in the listing calendar
export const BAD_STRIKE: i32 = 405; // off the grid or outside the band
export const TOO_MANY_INSTRUMENTS: i32 = 406;
export const NO_SUCH_UNDERLYING: i32 = 407;
export const NO_MARK: i32 = 408; // not priced yet
export const STILL_HELD: i32 = 409; // open interest or orders keep the slot
export const NOTHING_TO_DO: i32 = 410; // settle, sweep or reprice found nothing
export const ALREADY_SETTLED: i32 = 411;
export const BAD_OPTION_KIND: i32 = 412;
export const NO_SETTLEMENT_PRICE: i32 = 413; // no index was ever accepted
// ---- 5xx: orders --------------------------------------------------------------------------------------------------------
export const BAD_FLAGS: i32 = 500; // contradictory or unknown order flags
export const BAD_PRICE: i32 = 501; // zero, or above the ladder
export const BAD_QUANTITY: i32 = 502; // zero, or above the limit
export const PRICE_OUTSIDE_BAND: i32 = 503;
export const WOULD_TAKE: i32 = 504; // post-only
export const NOT_FILLABLE: i32 = 505; // fill-or-kill
export const TOO_MANY_TOUCHES: i32 = 506; // fill-or-kill or post-only would have to pass more than 16 resting orders
export const NO_SUCH_ORDER: i32 = 507;
export const NOT_YOUR_ORDER: i32 = 508;
export const BOOK_FULL: i32 = 509; // 1,000,000 resting orders
export const NOTHING_TO_REDUCE: i32 = 510; // reduce-only without an opposite position
export const DUPLICATE_LABEL: i32 = 511; // one of your live orders has this label
export const LABELS_FULL: i32 = 512; // this label's bucket is full: choose another label
export const EXPIRY_PAST: i32 = 513; // good-till-time in the past
export const MODE_REDUCES_ONLY: i32 = 514;
export const MODE_CANCELS_ONLY: i32 = 515;
export const SELF_TRADE: i32 = 516; // fill-or-kill that would meet its own account
export const REOPENING_POST_ONLY: i32 = 517; // just reopened: only post-only and reduce-only orders for some rounds
// ---- 6xx: prices -----------------------------------------------------------------------------------------------------------
export const NO_QUORUM: i32 = 600; // not more than two thirds of the committee
export const BAD_SIGNER: i32 = 601; // unknown, repeated or out of order
export const ROUND_NOT_NEW: i32 = 602;
export const OBSERVATIONS_APART: i32 = 603; // not within two seconds
export const OBSERVATION_STALE: i32 = 604; // older than the last accepted, or than a minute
export const OBSERVATION_AHEAD: i32 = 605; // later than the clock
export const BAD_OBSERVATION: i32 = 606; // zero, or beyond what the engine prices
export const CLOCK_BACKWARDS: i32 = 607;
export const NO_SURFACE: i32 = 608; // repricing needs an index and a volatility first
export const SMILE_CORRELATION: i32 = 609; // rho not between -1 and 1
export const SMILE_CURVATURE: i32 = 610; // sigma zero
export const SMILE_NEGATIVE: i32 = 611; // a variance below zero somewhere
export const SMILE_WINGS: i32 = 612; // wings that rise by more than 2
export const NO_RISK_MONITOR: i32 = 613; // genesis names none
export const BAD_MULTIPLIER: i32 = 614; // not above 1.0, or above 2.0
export const NOT_TIGHTER: i32 = 615; // a request already in force asks for more, now or later
export const BAD_REQUEST_TIME: i32 = 616; // ends in the past, or more than an hour ahead
export const REQUEST_NOT_NEW: i32 = 617; // its sequence number is not above the last one's
export const SETTLEMENT_WAITS: i32 = 618; // prices are missing: an L1 price message decides, or after 25 hours the last price
// ---- 7xx: the machine ----------------------------------------------------------------------------------------------------------
/** Never returned by the engine: what a host reports for a command that trapped and was undone. */
export const TRAPPED: i32 = 700;
// ---- 8xx: liquidation ----------------------------------------------------------------------------------------------------------
export const IN_LIQUIDATION: i32 = 800; // the account is being liquidated: it places no orders, and cannot be liquidated twice
export const NOT_BELOW_MAINTENANCE: i32 = 801; // equity is not below the maintenance margin that the witnessed scenario asks for
export const BAD_SCENARIO: i32 = 802; // there are 35
export const NOT_IN_LIQUIDATION: i32 = 803;
export const SETTLE_FIRST: i32 = 804; // it holds settled positions: settleAccount pays them
export const TOO_EARLY: i32 = 805; // the next slice or tick is due later
export const DELEVERAGE_DUE: i32 = 806; // neither book, auction nor fund: what is left is deleveraged
export const NOT_DELEVERAGING: i32 = 807;
export const NOT_IN_AUCTION: i32 = 808;
export const OWN_AUCTION: i32 = 809; // nobody bids for an account of their own
export const BAD_SHARE: i32 = 810; // below a hundredth of the account, or above all of it
export const PRICE_ABOVE_LIMIT: i32 = 811; // the auction has not come down to the bid's limit
export const WELL_AGAIN: i32 = 812; // initial margin holds again: nothing is for sale; or its equity is above what it was given up at
export const NOTHING_LEFT: i32 = 813; // its equity is used up: the insurance fund is next, not a bidder
export const TOO_LARGE_FOR_A_BID: i32 = 814; // both accounts together hold more than a message through the inbox may move

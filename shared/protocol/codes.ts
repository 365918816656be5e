import * as codes from '#shared/engine/codes.ts';

/** A result code's stable name and one sentence: what happened, and what to do about it. */
export interface CodeWords {
  readonly name: string;
  readonly sentence: string;
}

/** By the names of `shared/engine/codes.ts`, which has the numbers. */
const SENTENCES: { readonly [Name in keyof typeof codes]: string } = {
  OK: 'The command was executed.',
  MALFORMED:
    'The bytes are no command: encode it with the SDK, or compare with shared/protocol/README.md.',
  UNKNOWN_KIND: 'There is no command of this kind: check the low five bits of the first byte.',
  NOT_ALLOWED_HERE:
    'This kind of command cannot come by this way: send signed commands to the API, forced ones to L1.',
  NOT_INITIALIZED:
    'The exchange has not read its genesis message from L1 yet: try again in a moment.',
  ALREADY_INITIALIZED:
    'The genesis message was read before: it is only ever the first inbox message.',
  SEGMENT_FULL:
    'The open segment has no room left for this command: it goes into the next one; send it again.',
  NO_SUCH_ACCOUNT:
    'There is no account of this number: deposit on L1 first, and use the number from that deposit.',
  NO_SUCH_KEY:
    'No key is registered in this slot: register one with set_key, or sign as the owner with slot 0.',
  KEY_EXPIRED: 'The session key has expired: register it again, or sign as the owner.',
  SCOPE_TOO_SMALL:
    'The session key may not do this: sign as the owner, or register a key with a larger scope.',
  COMMAND_EXPIRED: 'valid_until has passed: compare your clock with get_time and sign again.',
  VALID_TOO_LONG: 'valid_until is more than 30 days ahead: choose an earlier one and sign again.',
  NONCE_TOO_LOW:
    'The nonce is below the floor of the window: take one from nonce_next of get_account and sign again.',
  NONCE_USED:
    'The nonce was used before: this command may have been executed already; else sign it with a new nonce.',
  NONCE_TOO_HIGH:
    'The nonce is more than 65,536 above the floor: take one from nonce_next of get_account.',
  BAD_SIGNATURE:
    'The signature is no valid one (r and s in range, low s, a recoverable address): sign again.',
  WRONG_SIGNER:
    'The signature is by another address or over other words: check key, key epoch, chain id, contract and sentence.',
  BAD_KEY:
    'The key cannot be registered: slots are 1 to 7, the address neither zero nor the owner, scopes of known bits.',
  KEY_EXPIRY_PAST: 'The expiry of the new key has passed already: choose a later one.',
  BAD_AMOUNT: 'The amount is zero or too large to be money: choose another.',
  INSUFFICIENT_CASH: 'The account has less cash than this needs: deposit, or ask for less.',
  INSUFFICIENT_MARGIN:
    'Free collateral would fall below zero: deposit, cancel orders, or trade a smaller quantity.',
  TOO_MANY_POSITIONS:
    'Positions and instruments with open orders are 64 together at most: close some, or use a subaccount.',
  TOO_MANY_ORDERS: 'The account has as many open orders as are allowed: cancel some first.',
  POSITION_TOO_LARGE: 'The position could grow beyond its limit: trade a smaller quantity.',
  DIFFERENT_OWNER:
    'Transfers stay with one owner: withdraw, and deposit for the other owner on L1.',
  SAME_ACCOUNT: 'The transfer goes to the account it comes from: name another.',
  INSUFFICIENT_COLLATERAL:
    'Other accounts are in debt and the exchange holds less than this: withdraw a smaller amount, or later.',
  BAD_MARGIN_MODE: 'There is no such margin mode: ask for standard or portfolio.',
  SAME_MARGIN_MODE: 'The account has this margin mode already: there is nothing to change.',
  ONE_UNDERLYING:
    'Portfolio margin is of one underlying an account: use another subaccount, or close what the account has in the other one first.',
  TOO_MANY_EXPIRIES:
    'Portfolio margin covers at most 12 expiries an account: close or cancel one, or use another subaccount.',
  MARGIN_NOT_IN_BOTH:
    'The margin mode changes only where initial margin holds in both modes: deposit or reduce positions first.',
  NO_SUCH_INSTRUMENT: 'There is no such instrument: take one from get_instruments.',
  INSTRUMENT_EXPIRED: 'The instrument has expired: choose a later expiry.',
  NOT_EXPIRED: 'The instrument cannot settle before its expiry: try again then.',
  ALREADY_LISTED: 'The instrument is listed already: trade it under its name.',
  BAD_EXPIRY:
    'The expiry is not in the listing calendar (2 daily, 3 weekly, 3 monthly, 4 quarterly): choose one that is.',
  BAD_STRIKE: 'The strike is off the grid or outside the band around the index: choose one inside.',
  TOO_MANY_INSTRUMENTS:
    'As many instruments are listed as there is room for: delist settled ones first.',
  NO_SUCH_UNDERLYING: 'There is no underlying of this number: take one from get_contract.',
  NO_MARK: 'The instrument has no price yet: wait for the next repricing.',
  STILL_HELD:
    'Somebody still holds the instrument, or orders in it rest: settle accounts and sweep orders first.',
  NOTHING_TO_DO: 'There was nothing to settle, sweep or reprice: no need to send it again.',
  ALREADY_SETTLED: 'The instrument has been settled already: settle its holders next.',
  BAD_OPTION_KIND: 'The option kind is neither 0 (call) nor 1 (put): use one of these.',
  NO_SETTLEMENT_PRICE:
    'No index price was ever accepted for this underlying: submit a signed round first.',
  BAD_FLAGS:
    'The order flags contradict each other or are unknown: see type, time_in_force, post_only and self_trade.',
  BAD_PRICE: 'The price is zero or above the ladder of 131,071 ticks: choose one inside.',
  BAD_QUANTITY: 'The quantity is zero or above the limit of an order: choose one inside.',
  PRICE_OUTSIDE_BAND:
    'The price is too far from the mark: choose one inside the band (see ticker).',
  WOULD_TAKE: 'A post-only order would have traded at once: choose a price behind the other side.',
  NOT_FILLABLE:
    'The order cannot be filled completely at once: use a smaller quantity or another time in force.',
  TOO_MANY_TOUCHES:
    'The order would have to pass more than 16 resting orders: use a smaller quantity and repeat.',
  NO_SUCH_ORDER:
    'There is no live order of this id or label: it was filled, cancelled or never placed.',
  NOT_YOUR_ORDER: 'The order belongs to another account: only its own account can change it.',
  BOOK_FULL:
    'As many orders rest as there is room for: sweep dead ones, or trade immediate orders.',
  NOTHING_TO_REDUCE: 'A reduce-only order needs a position on the other side: there is none left.',
  DUPLICATE_LABEL: 'One of your live orders has this label: choose another, or cancel that order.',
  LABELS_FULL: 'The bucket of this label is full: choose another label.',
  EXPIRY_PAST: 'Good-till-time lies in the past: choose a later time.',
  MODE_REDUCES_ONLY:
    'The exchange accepts nothing but orders that lower risk now: watch the status channel.',
  MODE_CANCELS_ONLY:
    'The exchange accepts nothing but cancels and withdrawals of flat accounts now: watch the status channel.',
  SELF_TRADE:
    'A fill-or-kill order would meet an order of its own account: cancel that one, or choose another rule.',
  REOPENING_POST_ONLY:
    'The market reopens and fills its book first: send the order post-only or reduce-only, or wait some rounds.',
  NO_QUORUM: 'Not more than two thirds of the oracle committee signed: collect more signatures.',
  BAD_SIGNER:
    'A signer is unknown, repeated or out of ascending order: sort them, and check the committee.',
  ROUND_NOT_NEW: 'The round is not above the last accepted one: use the next number.',
  OBSERVATIONS_APART: 'The observations are not all within two seconds: collect a new round.',
  OBSERVATION_STALE:
    'An observation is older than the last accepted price, or than a minute: observe again.',
  OBSERVATION_AHEAD:
    'An observation is later than the exchange’s clock: wait, or check the signer’s clock.',
  BAD_OBSERVATION:
    'A price or volatility is zero or beyond what the engine prices: check the source.',
  CLOCK_BACKWARDS: 'The clock never goes back: use a time that is not before the last one.',
  NO_SURFACE: 'Repricing needs an index price and a volatility first: submit these.',
  SMILE_CORRELATION: 'A smile’s rho is not between -1 and 1: fit it again.',
  SMILE_CURVATURE: 'A smile’s sigma is zero: fit it again with a rounder one.',
  SMILE_NEGATIVE:
    'A smile’s variance falls below zero somewhere: raise a so that a + b sigma sqrt(1 - rho²) is not below zero.',
  SMILE_WINGS: 'A smile’s wings rise by more than 2: lower b.',
  NO_RISK_MONITOR: 'This deployment names no risk monitor: nobody can ask for a multiplier.',
  BAD_MULTIPLIER: 'A multiplier is above 1.0 and at most 2.0: ask within the bound.',
  NOT_TIGHTER:
    'A request in force asks for more, now or later: ask for at least as much for at least as long.',
  BAD_REQUEST_TIME:
    'The request ends in the past, or more than an hour ahead: sign it with a time in between.',
  REQUEST_NOT_NEW: 'The sequence number is not above the last one’s: use the next number.',
  SETTLEMENT_WAITS:
    'Prices around the expiry are missing: send a price round of its last minute through L1, or wait 25 hours.',
  IN_LIQUIDATION:
    'The account is being liquidated: deposit until its initial margin holds, or wait for the end.',
  NOT_BELOW_MAINTENANCE:
    'The account’s equity is not below the maintenance margin that this scenario proves: name its worst scenario, or leave it alone.',
  BAD_SCENARIO: 'There are scenarios 0 to 34: name the one that proves it.',
  NOT_IN_LIQUIDATION: 'The account is not being liquidated: send liquidate first.',
  SETTLE_FIRST: 'The account holds settled positions: send settleAccount first.',
  TOO_EARLY:
    'The next slice of this liquidation is due later: wait two seconds, or fifteen in an auction.',
  DELEVERAGE_DUE:
    'The insurance fund could not take the account: send deleverage for its positions.',
  NOT_DELEVERAGING: 'The account is not at the stage of deleveraging: send liquidationStep.',
  NOT_IN_AUCTION: 'The account is not in auction: see the liquidation stream for those that are.',
  OWN_AUCTION: 'Bidder and account have the same owner: deposit instead.',
  BAD_SHARE: 'A bid is for at least 1 % of an account and at most all of it.',
  PRICE_ABOVE_LIMIT: 'The auction has not come down to the bid’s limit: wait, or bid more.',
  WELL_AGAIN:
    'The account’s equity has risen since it was given up, or its initial margin holds again: send liquidationStep.',
  NOTHING_LEFT: 'The account’s equity is used up: its positions go to the insurance fund.',
  TOO_LARGE_FOR_A_BID:
    'Both accounts together hold more positions than a bid through L1 may move: bid from an account with fewer, or through the sequencer.',
  TRAPPED:
    'The engine stopped inside this command and undid it: report it with the command’s bytes.',
};

const BY_NUMBER = new Map<number, CodeWords>(
  Object.entries(SENTENCES).map(([name, sentence]) => [
    codes[name as keyof typeof codes],
    { name, sentence },
  ]),
);

/** All result codes, ascending. */
export const RESULT_CODES: readonly number[] = [...BY_NUMBER.keys()].sort((a, b) => a - b);

/** Name and sentence of a result code; of a number that no engine returns, a plain one. */
export function describeCode(code: number): CodeWords {
  return (
    BY_NUMBER.get(code) ?? {
      name: 'UNKNOWN_CODE',
      sentence: `Result code ${code} is not in this version's table: update the SDK.`,
    }
  );
}

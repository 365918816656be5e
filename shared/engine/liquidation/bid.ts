import { Body } from "../body";
import {
  BAD_SHARE, IN_LIQUIDATION, INSUFFICIENT_MARGIN, NO_SUCH_ACCOUNT, NOT_IN_AUCTION, NOTHING_LEFT, OK, ONE_UNDERLYING, OWN_AUCTION,
  PRICE_ABOVE_LIMIT, TOO_LARGE_FOR_A_BID, TOO_MANY_EXPIRIES, WELL_AGAIN,
} from "../codes";
import { put32, put64, send } from "../events";
import { ENDED_FLAT, EVT_AUCTION_SOLD, STAGE_AUCTION, STAGE_NONE } from "../kinds";
import { ACCOUNT_SIZE, INSURANCE_ACCOUNT, MAX_POSITIONS, PORTFOLIO_SIZE, SCRATCH_ACCOUNT, SCRATCH_PORTFOLIO } from "../layout";
import { changeCash } from "../ledger";
import { exactMargin, WITH_OPEN_SELLS } from "../margin";
import { mulDivDown, mulDivUp } from "../math/wide";
import { isPortfolio, recountCharged, recountWork } from "../portfolio/cache";
import { freeOf } from "../portfolio/free";
import { Account } from "../records/account";
import { Instrument } from "../records/instrument";
import { Liquidation } from "../records/liquidation";
import { portfolioRecord } from "../records/portfolio";
import { positionAt } from "../records/position";
import {
  charge, WORK_ADD, WORK_COPY, WORK_EXACT, WORK_MOVE, WORK_RISK_AGAIN, WORK_RISK_CLEAR, WORK_RISK_TERM,
} from "../work";
import { auctionPrice, FEE_PRICE, restoringShare, WHOLE_PRICE, WHOLE_SHARE } from "./auction";
import { addTo, beginMoves, copyWords, endMoves, handOver, mapEntries, takingWork } from "./move";
import { measure, measureWork } from "./standing";
import { accountOf, checkOpen } from "./start";
import { endLiquidation } from "./step";

// Stage 3, a bid: a signed command that takes a share of an account in auction at the price it has come down to. The bidder must be
// well afterwards; that is tried on a copy of its account in scratch, so that a bid that fails has changed nothing. The multiplier of
// new risk does not apply: nothing is new to the exchange about risk that changes hands.

/** No less than this is sold at once, 1e-6: bids for single lots would only pick the hedges out of a portfolio. */
const LEAST_SHARE: u64 = 10_000;
/** What one bid may do, both accounts' margins included; and what a bid through the inbox may, where no more room is sure. */
export const MOST_WORK: u32 = 470_000;
export const MOST_FORCED_WORK: u32 = 286_000;

/** Lots of a position in a share, away from zero, so that no dust is left over. */
export function sharedLots(lots: i32, share: u64): i32 {
  const size = <u64>(lots < 0 ? -<i64>lots : <i64>lots);
  const part = <i32>mulDivUp(size, share, WHOLE_SHARE);
  return lots < 0 ? -part : part;
}

function isSameOwner(one: Account, other: Account): bool {
  return one.owner0 == other.owner0 && one.owner1 == other.owner1 && one.owner2 == other.owner2;
}

/** What the bidder's margin with a share costs, once the account's own has been measured: what both hold was read then. */
function trialWork(account: Account, bidder: Account): u32 {
  const count = <u32>popcnt(account.occupied);
  const both = <u32>popcnt(bidder.occupied) + count;
  const after = both < MAX_POSITIONS ? both : MAX_POSITIONS;
  const copied = WORK_COPY + WORK_ADD * count;
  if (!isPortfolio(bidder)) return copied + WORK_EXACT * after;
  const fresh = recountWork(account) == 0 ? after : after - count;
  return copied + WORK_RISK_CLEAR + WORK_RISK_AGAIN * after + (WORK_RISK_TERM - WORK_RISK_AGAIN) * fresh;
}

/** The most that a bid for this account costs: its margin, the bidder's with the share, and the moves. */
function workOf(account: Account, bidder: Account): u32 {
  const own = isPortfolio(account) ? recountWork(account) : measureWork(account);
  return own + trialWork(account, bidder) + takingWork(account, bidder, <u32>popcnt(account.occupied));
}

function checkAuction(account: Account, bidder: Account, body: Body, most: u32): i32 {
  if (Liquidation.of(bidder).stage != STAGE_NONE) return IN_LIQUIDATION;
  const liquidation = Liquidation.of(account);
  if (liquidation.stage != STAGE_AUCTION) return NOT_IN_AUCTION;
  if (isSameOwner(account, bidder)) return OWN_AUCTION;
  if (body.share > WHOLE_SHARE || <u64>body.share < LEAST_SHARE) return BAD_SHARE;
  if (auctionPrice(liquidation) > body.limit) return PRICE_ABOVE_LIMIT;
  if (workOf(account, bidder) > most) return TOO_LARGE_FOR_A_BID;
  return checkOpen(account);
}

export function applyBid(bidder: Account, mostWork: u32): i32 {
  const body = Body.get();
  const account = accountOf(body.to);
  if (account === null) return NO_SUCH_ACCOUNT;
  let code = checkAuction(account, bidder, body, mostWork);
  if (code != OK) return code;
  const trial = trialWork(account, bidder); // before the account's cache is fresh
  const standing = measure(account);
  const equity = standing.equity;
  if (equity <= 0) return NOTHING_LEFT;
  if (equity >= standing.initial) return WELL_AGAIN;
  const price = auctionPrice(Liquidation.of(account));
  const most = restoringShare(equity, standing.initial, price);
  const share = <u64>body.share < most ? <u64>body.share : most;
  const part = mulDivDown(<u64>equity, share, WHOLE_SHARE);
  const discount = <i64>mulDivDown(part, WHOLE_PRICE - <u64>price, WHOLE_PRICE);
  charge(trial);
  code = tryTaking(account, bidder, share, discount);
  if (code != OK) return code;
  take(account, bidder, share);
  // At a price near nothing discount and fee would be more than all there is.
  let fee = <i64>(part / WHOLE_PRICE) * <i64>FEE_PRICE;
  if (fee > <i64>part - discount) fee = <i64>part - discount;
  changeCash(account, -(discount + fee));
  changeCash(bidder, discount);
  changeCash(Account.at(INSURANCE_ACCOUNT), fee);
  put32(0, account.id);
  put32(4, bidder.id);
  put32(8, <u32>share);
  put32(12, price);
  put64(16, <u64>discount);
  put64(24, <u64>fee);
  send(EVT_AUCTION_SOLD);
  if (account.held == 0) endLiquidation(account, ENDED_FLAT, 0);
  return OK;
}

/** Whether the bidder would be well with its share: on a copy. What it does has been charged. */
function tryTaking(account: Account, bidder: Account, share: u64, discount: i64): i32 {
  const copy = changetype<Account>(SCRATCH_ACCOUNT);
  copyWords(SCRATCH_ACCOUNT, changetype<usize>(bidder), ACCOUNT_SIZE);
  if (isPortfolio(bidder)) copyWords(SCRATCH_PORTFOLIO, portfolioRecord(bidder), PORTFOLIO_SIZE);
  mapEntries(copy);
  let left = account.occupied;
  while (left != 0) {
    const position = positionAt(account, <u32>ctz(left));
    left &= left - 1;
    if (position.lots == 0) continue;
    const code = addTo(copy, position.instrument, sharedLots(position.lots, share));
    if (code != OK) return code;
  }
  copy.cash += discount;
  if (!isPortfolio(copy)) {
    const margin = exactMargin(copy, WITH_OPEN_SELLS);
    return copy.cash - copy.premiumReserve >= margin ? OK : INSUFFICIENT_MARGIN;
  }
  if (!recountCharged(copy)) return isOfOne(copy) ? TOO_MANY_EXPIRIES : ONE_UNDERLYING;
  return freeOf(copy) >= 0 ? OK : INSUFFICIENT_MARGIN;
}

function isOfOne(account: Account): bool {
  let left = account.occupied;
  const first = Instrument.at(positionAt(account, <u32>ctz(left)).instrument).underlying;
  while (left != 0) {
    const position = positionAt(account, <u32>ctz(left));
    left &= left - 1;
    if (Instrument.at(position.instrument).underlying != first) return false;
  }
  return true;
}

/** The share changes hands, every position at its mark. Cannot fail. */
function take(account: Account, bidder: Account, share: u64): void {
  charge(WORK_MOVE * <u32>popcnt(account.occupied));
  beginMoves(account, bidder);
  let left = account.occupied;
  while (left != 0) {
    const position = positionAt(account, <u32>ctz(left));
    left &= left - 1;
    if (position.lots != 0) handOver(account, position, bidder, sharedLots(position.lots, share));
  }
  endMoves(account, bidder);
}

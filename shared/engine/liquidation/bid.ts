import { Body } from "../body";
import {
  BAD_SHARE, IN_LIQUIDATION, INSUFFICIENT_MARGIN, NO_SUCH_ACCOUNT, NOT_IN_AUCTION, NOTHING_LEFT, OK, ONE_UNDERLYING, OWN_AUCTION,
  POSITION_TOO_LARGE, PRICE_ABOVE_LIMIT, SEGMENT_FULL, TOO_LARGE_FOR_A_BID, TOO_MANY_EXPIRIES, TOO_MANY_POSITIONS, WELL_AGAIN,
} from "../codes";
import { put32, put64, send } from "../events";
import { EVT_AUCTION_SOLD, STAGE_AUCTION, STAGE_NONE } from "../kinds";
import {
  ACCOUNT_SIZE, INSURANCE_ACCOUNT, MAX_LOTS, MAX_POSITIONS, PORTFOLIO_SIZE, SCRATCH_ACCOUNT, SCRATCH_PORTFOLIO,
} from "../layout";
import { changeCash } from "../ledger";
import { exactWork, freeExact, prepareWork } from "../margin";
import { mulDivDown, mulDivUp } from "../math/wide";
import { isPortfolio, recount } from "../portfolio/cache";
import { portfolioFree } from "../portfolio/free";
import { Account } from "../records/account";
import { Instrument } from "../records/instrument";
import { Liquidation } from "../records/liquidation";
import { portfolioRecord } from "../records/portfolio";
import { collectPositions, findPosition, openPosition, positionAt } from "../records/position";
import { Underlying } from "../records/underlying";
import { equityOf, initialOf } from "../risk";
import { charge, fits, WORK_MOVE, WORK_PROBE, WORK_RISK_CLEAR, WORK_RISK_TERM } from "../work";
import { auctionPrice, FEE_PRICE, restoringShare, WHOLE_PRICE, WHOLE_SHARE } from "./auction";
import { handOver, prepareMove } from "./move";
import { accountOf, checkOpen } from "./start";

// Stage 3, a bid: a signed command that takes a share of an account in auction at the price it has come down to. The bidder must be
// well afterwards; that is tried on a copy of its account in scratch, so that a bid that fails has changed nothing. The multiplier of
// new risk does not apply: nothing is new to the exchange about risk that changes hands.

/** No less than this is sold at once, 1e-6: bids for single lots would only pick the hedges out of a portfolio. */
const LEAST_SHARE: u64 = 10_000;
/** What one bid may do, both accounts' margins included. */
const MOST_WORK: u32 = 470_000;

/** Lots of a position in a share, away from zero, so that no dust is left over. */
export function sharedLots(lots: i32, share: u64): i32 {
  const size = <u64>(lots < 0 ? -<i64>lots : <i64>lots);
  const part = <i32>mulDivUp(size, share, WHOLE_SHARE);
  return lots < 0 ? -part : part;
}

function isSameOwner(one: Account, other: Account): bool {
  return one.owner0 == other.owner0 && one.owner1 == other.owner1 && one.owner2 == other.owner2;
}

function entriesAfter(account: Account, bidder: Account): u32 {
  const both = <u32>popcnt(account.occupied) + <u32>popcnt(bidder.occupied);
  return both < MAX_POSITIONS ? both : MAX_POSITIONS;
}

/** The moves alone: each position is searched in the copy, and in the bidder's table. */
function movesWork(account: Account, bidder: Account): u32 {
  return <u32>popcnt(account.occupied) * (WORK_MOVE + 2 * WORK_PROBE * entriesAfter(account, bidder));
}

/** What a bid for this account may cost at most, margins and moves together. */
function workOf(account: Account, bidder: Account): u32 {
  const after = entriesAfter(account, bidder);
  const own = prepareWork(account) + (isPortfolio(account) ? 0 : 3 * exactWork(account));
  const trial = WORK_RISK_CLEAR + WORK_RISK_TERM * after;
  return own + trial + movesWork(account, bidder);
}

function checkAuction(account: Account, bidder: Account, body: Body): i32 {
  if (Liquidation.of(bidder).stage != STAGE_NONE) return IN_LIQUIDATION;
  const liquidation = Liquidation.of(account);
  if (liquidation.stage != STAGE_AUCTION) return NOT_IN_AUCTION;
  if (isSameOwner(account, bidder)) return OWN_AUCTION;
  if (body.share > WHOLE_SHARE || <u64>body.share < LEAST_SHARE) return BAD_SHARE;
  if (auctionPrice(liquidation) > body.limit) return PRICE_ABOVE_LIMIT;
  const work = workOf(account, bidder);
  if (work > MOST_WORK) return TOO_LARGE_FOR_A_BID;
  if (!fits(work)) return SEGMENT_FULL; // through the inbox, where less room is sure
  return checkOpen(account);
}

export function applyBid(bidder: Account): i32 {
  const body = Body.get();
  const account = accountOf(body.to);
  if (account === null) return NO_SUCH_ACCOUNT;
  let code = checkAuction(account, bidder, body);
  if (code != OK) return code;
  const equity = equityOf(account);
  if (equity <= 0) return NOTHING_LEFT;
  const initial = initialOf(account);
  if (equity >= initial) return WELL_AGAIN;
  const price = auctionPrice(Liquidation.of(account));
  const most = restoringShare(equity, initial, price);
  const share = <u64>body.share < most ? <u64>body.share : most;
  const part = mulDivDown(<u64>equity, share, WHOLE_SHARE);
  const discount = <i64>mulDivDown(part, WHOLE_PRICE - <u64>price, WHOLE_PRICE);
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
  return OK;
}

function copyWords(to: usize, from: usize, size: usize): void {
  for (let at: usize = 0; at < size; at += 8) store<u64>(to + at, load<u64>(from + at));
}

/** Whether the bidder would be well with its share: on a copy. */
function tryTaking(account: Account, bidder: Account, share: u64, discount: i64): i32 {
  const copy = changetype<Account>(SCRATCH_ACCOUNT);
  copyWords(SCRATCH_ACCOUNT, changetype<usize>(bidder), ACCOUNT_SIZE);
  copyWords(SCRATCH_PORTFOLIO, portfolioRecord(bidder), PORTFOLIO_SIZE);
  let cash = copy.cash + discount;
  let left = account.occupied;
  while (left != 0) {
    const position = positionAt(account, <u32>ctz(left));
    left &= left - 1;
    if (position.lots == 0) continue;
    const lots = sharedLots(position.lots, share);
    const known = findPosition(copy, position.instrument) !== null;
    if (!known && popcnt(copy.occupied) == MAX_POSITIONS) return TOO_MANY_POSITIONS;
    const taken = openPosition(copy, position.instrument);
    const now = <i64>taken.lots + <i64>lots;
    if (now + <i64>taken.openBuy > <i64>MAX_LOTS || <i64>taken.openSell - now > <i64>MAX_LOTS) return POSITION_TOO_LARGE;
    taken.lots = <i32>now;
    const instrument = Instrument.at(position.instrument);
    cash -= <i64>lots * instrument.mark(Underlying.at(instrument.underlying).buffer);
  }
  copy.cash = cash;
  if (!isPortfolio(copy)) return freeExact(copy) >= 0 ? OK : INSUFFICIENT_MARGIN;
  if (!recount(copy)) return isOfOne(copy) ? TOO_MANY_EXPIRIES : ONE_UNDERLYING;
  return portfolioFree(copy) >= 0 ? OK : INSUFFICIENT_MARGIN;
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
  charge(movesWork(account, bidder));
  prepareMove(account);
  prepareMove(bidder);
  let left = account.occupied;
  while (left != 0) {
    const position = positionAt(account, <u32>ctz(left));
    left &= left - 1;
    if (position.lots != 0) handOver(account, position, bidder, sharedLots(position.lots, share));
  }
  collectPositions(account); // only now, since entries move when others go
}

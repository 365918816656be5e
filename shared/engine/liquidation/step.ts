import { DELEVERAGE_DUE, MALFORMED, NOTHING_TO_DO, NO_SUCH_ACCOUNT, NOT_IN_LIQUIDATION, OK, TOO_EARLY } from "../codes";
import { put32, put64, send } from "../events";
import {
  ENDED_FLAT, ENDED_WELL, EVT_LIQUIDATION_ENDED, EVT_LIQUIDATION_STAGE, STAGE_AUCTION, STAGE_DELEVERAGE, STAGE_NONE,
  STAGE_REDUCING, STAGE_TAKEOVER,
} from "../kinds";
import { INSURANCE_ACCOUNT } from "../layout";
import { readAll, readVarint32 } from "../reader";
import { Account } from "../records/account";
import { Globals } from "../records/globals";
import { Liquidation } from "../records/liquidation";
import { auctionPrice, TICK_MS, tickAuction } from "./auction";
import { reduceOnBook } from "./slice";
import { measure, Standing } from "./standing";
import { accountOf, checkOpen } from "./start";
import { helpOut, takeOver } from "./takeover";

// What is due next in the liquidation of an account, for anyone to send: a slice on the book, a tick of its auction, the insurance
// fund's takeover, or its end. One small thing a command.

/** One slice of an account in so many milliseconds of the engine's clock. */
const SLICE_MS: u64 = 2_000;
/** So many slices in a row that the book takes nothing of, and the auction begins. */
const FAILURES: u32 = 3;

export function enterStage(account: Account, stage: u32, equity: i64): void {
  Liquidation.of(account).stage = stage;
  put32(0, account.id);
  put32(4, stage);
  put64(8, <u64>equity);
  send(EVT_LIQUIDATION_STAGE);
}

/** The account is its owner's again. `toFund`: what of its cash the insurance fund took, or paid where it is negative. */
export function endLiquidation(account: Account, why: u32, toFund: i64): void {
  Liquidation.of(account).clear();
  put32(0, account.id);
  put32(4, why);
  put64(8, <u64>account.cash);
  put64(16, <u64>toFund);
  send(EVT_LIQUIDATION_ENDED);
}

export function applyLiquidationStep(): i32 {
  const id = readVarint32();
  if (!readAll()) return MALFORMED;
  const account = accountOf(id);
  if (account === null) return NO_SUCH_ACCOUNT;
  const liquidation = Liquidation.of(account);
  if (liquidation.stage == STAGE_NONE) return NOT_IN_LIQUIDATION;
  if (account.held == 0) return endFlat(account);
  const code = checkOpen(account);
  if (code != OK) return code;
  if (liquidation.stage == STAGE_TAKEOVER) return takeOver(account);
  const standing = measure(account);
  const equity = standing.equity;
  if (equity >= standing.initial) {
    endLiquidation(account, ENDED_WELL, 0);
    return OK;
  }
  if (liquidation.stage == STAGE_DELEVERAGE) {
    if (equity <= liquidation.decided) return DELEVERAGE_DUE;
    liquidation.decided = equity;
    return OK;
  }
  if (equity < 0) {
    callFund(account, equity);
    return OK;
  }
  if (liquidation.stage == STAGE_REDUCING) return reduce(account, standing);
  return tick(account, equity);
}

/** Nothing is held any more. A debt that is left is the fund's as far as it goes, and waits for it where it does not. */
export function endFlat(account: Account): i32 {
  const debt = -account.cash;
  if (debt > 0) {
    const helped = helpOut(account, debt);
    if (account.cash < 0 && account.id != INSURANCE_ACCOUNT) {
      if (Liquidation.of(account).stage != STAGE_DELEVERAGE) enterStage(account, STAGE_DELEVERAGE, account.cash);
      else if (!helped) return NOTHING_TO_DO;
      return OK;
    }
  }
  endLiquidation(account, ENDED_FLAT, 0);
  return OK;
}

function callFund(account: Account, equity: i64): void {
  Liquidation.of(account).decided = equity;
  enterStage(account, STAGE_TAKEOVER, equity);
}

function reduce(account: Account, standing: Standing): i32 {
  const liquidation = Liquidation.of(account);
  const clock = Globals.get().clock;
  if (clock < liquidation.nextTime) return TOO_EARLY;
  liquidation.nextTime = clock + SLICE_MS;
  if (reduceOnBook(account, standing)) {
    liquidation.failures = 0;
    return OK;
  }
  liquidation.failures++;
  if (liquidation.failures < FAILURES) return OK;
  liquidation.tickTime = clock;
  liquidation.elapsed = 0;
  enterStage(account, STAGE_AUCTION, standing.equity);
  return OK;
}

/** The auction's time goes on; where it has come down to nothing, the fund is called. */
function tick(account: Account, equity: i64): i32 {
  const liquidation = Liquidation.of(account);
  if (Globals.get().clock < liquidation.tickTime + TICK_MS) return TOO_EARLY;
  tickAuction(liquidation);
  if (auctionPrice(liquidation) == 0) callFund(account, equity);
  return OK;
}

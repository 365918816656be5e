import { OK } from "../codes";
import { put32, put64, send } from "../events";
import { ENDED_FLAT, EVT_DEFICIT_COVERED, STAGE_AUCTION, STAGE_DELEVERAGE, STAGE_NONE } from "../kinds";
import { ACCOUNT_SIZE, INSURANCE_ACCOUNT, SCRATCH_ACCOUNT } from "../layout";
import { changeCash } from "../ledger";
import { exactMargin, exactWork, MAINTENANCE } from "../margin";
import { Account } from "../records/account";
import { Globals } from "../records/globals";
import { Liquidation } from "../records/liquidation";
import { positionAt } from "../records/position";
import { positionsValue } from "../risk";
import { charge, WORK_ADD, WORK_COPY, WORK_MOVE, WORK_TERM } from "../work";
import { addTo, beginMoves, copyWords, endMoves, handOver, mapEntries } from "./move";
import { endLiquidation, enterStage } from "./step";

// Stage 4: what nobody wanted, and what is worth less than nothing, is the insurance fund's, some positions a command, at their marks;
// with the last of them the account's cash, whatever its sign. The fund takes nothing that would leave it below its own maintenance
// margin, debts counted: it is never made insolvent by helping. What it cannot take is deleveraged.

/** Positions that one command hands over. */
const TAKEN: u32 = 16;

export function takeOver(account: Account): i32 {
  charge(WORK_TERM * <u32>popcnt(account.occupied));
  const equity = account.cash + positionsValue(account);
  const liquidation = Liquidation.of(account);
  if (equity >= 0 && equity > liquidation.decided) {
    // Prices or a deposit have brought it back above what it was given up at.
    liquidation.tickTime = Globals.get().clock;
    enterStage(account, STAGE_AUCTION, equity);
    return OK;
  }
  const fund = Account.at(INSURANCE_ACCOUNT);
  if (account.id == INSURANCE_ACCOUNT || !mayTake(account, fund, equity < 0 ? equity : 0)) {
    if (equity < 0) helpOut(account, -equity);
    liquidation.decided = account.cash + positionsValue(account);
    enterStage(account, STAGE_DELEVERAGE, liquidation.decided);
    return OK;
  }
  take(account, fund);
  if (account.held != 0) return OK;
  const rest = account.cash;
  changeCash(account, -rest);
  changeCash(fund, rest);
  endLiquidation(account, ENDED_FLAT, rest);
  return OK;
}

/** Whether the fund keeps its maintenance margin with the next positions and a debt, on a copy of its account. */
function mayTake(account: Account, fund: Account, debt: i64): bool {
  if (Liquidation.of(fund).stage != STAGE_NONE) return false;
  charge(WORK_COPY + WORK_ADD * TAKEN);
  const copy = changetype<Account>(SCRATCH_ACCOUNT);
  copyWords(SCRATCH_ACCOUNT, changetype<usize>(fund), ACCOUNT_SIZE);
  mapEntries(copy);
  let count: u32 = 0;
  let left = account.occupied;
  while (left != 0 && count < TAKEN) {
    const position = positionAt(account, <u32>ctz(left));
    left &= left - 1;
    if (position.lots == 0) continue;
    if (addTo(copy, position.instrument, position.lots) != OK) return false;
    count++;
  }
  charge(exactWork(copy));
  return copy.cash + debt >= exactMargin(copy, MAINTENANCE);
}

function take(account: Account, fund: Account): void {
  charge(WORK_MOVE * TAKEN);
  beginMoves(account, fund);
  let count: u32 = 0;
  let left = account.occupied;
  while (left != 0 && count < TAKEN) {
    const position = positionAt(account, <u32>ctz(left));
    left &= left - 1;
    if (position.lots == 0) continue;
    handOver(account, position, fund, position.lots);
    count++;
  }
  endMoves(account, fund);
}

/** Before others have to: the fund pays of a debt what it can spare. Whether that was anything. */
export function helpOut(account: Account, debt: i64): bool {
  const fund = Account.at(INSURANCE_ACCOUNT);
  if (account.id == INSURANCE_ACCOUNT) return false;
  charge(exactWork(fund));
  const spare = fund.cash - exactMargin(fund, MAINTENANCE);
  const paid = spare < debt ? spare : debt;
  if (paid <= 0) return false;
  changeCash(fund, -paid);
  changeCash(account, paid);
  put32(0, account.id);
  put64(8, <u64>paid);
  send(EVT_DEFICIT_COVERED);
  return true;
}

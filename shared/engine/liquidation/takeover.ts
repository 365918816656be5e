import { OK } from "../codes";
import { put32, put64, send } from "../events";
import { ENDED_FLAT, EVT_DEFICIT_COVERED, STAGE_AUCTION, STAGE_DELEVERAGE } from "../kinds";
import { ACCOUNT_SIZE, INSURANCE_ACCOUNT, MAX_LOTS, MAX_POSITIONS, SCRATCH_ACCOUNT } from "../layout";
import { changeCash } from "../ledger";
import { exactMargin, exactWork, MAINTENANCE } from "../margin";
import { Account } from "../records/account";
import { Globals } from "../records/globals";
import { Instrument } from "../records/instrument";
import { Liquidation } from "../records/liquidation";
import { collectPositions, findPosition, openPosition, Position, positionAt } from "../records/position";
import { Underlying } from "../records/underlying";
import { positionsValue } from "../risk";
import { charge, WORK_COLLECT, WORK_MOVE, WORK_PROBE } from "../work";
import { handOver, prepareMove } from "./move";
import { endLiquidation, enterStage } from "./step";

// Stage 4: what nobody wanted, and what is worth less than nothing, is the insurance fund's, a few positions a command, at their marks;
// with the last of them the account's cash, whatever its sign. The fund takes nothing that would leave it below its own maintenance
// margin, debts counted: it is never made insolvent by helping. What it cannot take is deleveraged.

/** Positions that one command hands over. */
const TAKEN: u32 = 8;

export function takeOver(account: Account): i32 {
  charge(exactWork(account));
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
    if (account.id != INSURANCE_ACCOUNT && equity < 0) helpOut(account, fund, -equity);
    enterStage(account, STAGE_DELEVERAGE, equity);
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
  charge(WORK_COLLECT);
  for (let at: usize = 0; at < ACCOUNT_SIZE; at += 8) {
    store<u64>(SCRATCH_ACCOUNT + at, load<u64>(changetype<usize>(fund) + at));
  }
  const copy = changetype<Account>(SCRATCH_ACCOUNT);
  let count: u32 = 0;
  let left = account.occupied;
  while (left != 0 && count < TAKEN) {
    const position = positionAt(account, <u32>ctz(left));
    left &= left - 1;
    if (position.lots == 0) continue;
    count++;
    charge(WORK_PROBE * (<u32>popcnt(copy.occupied) + 1));
    const known = findPosition(copy, position.instrument) !== null;
    if (!known && popcnt(copy.occupied) == MAX_POSITIONS) return false;
    if (!add(copy, position)) return false;
  }
  charge(exactWork(copy));
  return copy.cash + debt >= exactMargin(copy, MAINTENANCE);
}

function add(copy: Account, position: Position): bool {
  const taken = openPosition(copy, position.instrument);
  const now = <i64>taken.lots + <i64>position.lots;
  if (now > <i64>MAX_LOTS || now < -<i64>MAX_LOTS) return false;
  const instrument = Instrument.at(position.instrument);
  copy.cash -= <i64>position.lots * instrument.mark(Underlying.at(instrument.underlying).buffer);
  taken.lots = <i32>now;
  return true;
}

function take(account: Account, fund: Account): void {
  prepareMove(account);
  prepareMove(fund);
  let count: u32 = 0;
  let left = account.occupied;
  while (left != 0 && count < TAKEN) {
    const position = positionAt(account, <u32>ctz(left));
    left &= left - 1;
    if (position.lots == 0) continue;
    charge(WORK_MOVE + WORK_PROBE * (<u32>popcnt(fund.occupied) + 1));
    handOver(account, position, fund, position.lots);
    count++;
  }
  charge(WORK_COLLECT * <u32>popcnt(account.occupied));
  collectPositions(account);
}

/** Before others have to: the fund pays of a debt what it can spare. */
function helpOut(account: Account, fund: Account, debt: i64): void {
  charge(exactWork(fund));
  const spare = fund.cash - exactMargin(fund, MAINTENANCE);
  const paid = spare < debt ? spare : debt;
  if (paid <= 0) return;
  changeCash(fund, -paid);
  changeCash(account, paid);
  put32(0, account.id);
  put64(8, <u64>paid);
  send(EVT_DEFICIT_COVERED);
}

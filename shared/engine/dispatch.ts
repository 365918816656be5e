import { CLOCK_BACKWARDS, MALFORMED, OK, UNKNOWN_KIND } from "./codes";
import { applyDelist, applyList, applySettleAccount, applySettleInstrument } from "./commands/instruments";
import { applySetMarginMode } from "./commands/margin-mode";
import { applyRevokeKey, applySetKey, applyTransfer, applyWithdraw } from "./commands/money";
import {
  applyAmend, applyCancel, applyCancelAll, applyCancelLabel, applyOrder, applySweep,
} from "./commands/orders";
import {
  CMD_AMEND, CMD_BID, CMD_CANCEL, CMD_CANCEL_ALL, CMD_CANCEL_LABEL, CMD_CLOCK, CMD_DELEVERAGE, CMD_DELIST, CMD_INDEX, CMD_LIQUIDATE, CMD_LIQUIDATION_STEP, CMD_LIST, CMD_ORDER,
  CMD_REPRICE, CMD_RISK_REQUEST, CMD_SETTLE_ACCOUNT, CMD_SETTLE_INSTRUMENT, CMD_SET_KEY, CMD_SET_MARGIN_MODE, CMD_SWEEP, CMD_TRANSFER,
  CMD_VOLATILITY, CMD_WITHDRAW,
} from "./kinds";
import { applyBid, MOST_WORK } from "./liquidation/bid";
import { applyDeleverage } from "./liquidation/deleverage";
import { applyLiquidate } from "./liquidation/start";
import { applyLiquidationStep } from "./liquidation/step";
import { applyIndex } from "./oracle/index";
import { applyReprice } from "./oracle/reprice";
import { applyRiskRequest } from "./oracle/request";
import { applyVolatility } from "./oracle/volatility";
import { readAll, readU64 } from "./reader";
import { Account } from "./records/account";
import { Globals } from "./records/globals";

/** No later than the year 10889: times in milliseconds stay far from 64 bits. */
const CLOCK_LIMIT: u64 = (<u64>1) << 48;

/** An authenticated command of an account, its body already read. */
export function applySigned(kind: u32, account: Account): i32 {
  if (kind == CMD_ORDER) return applyOrder(account);
  if (kind == CMD_CANCEL) return applyCancel(account);
  if (kind == CMD_CANCEL_LABEL) return applyCancelLabel(account);
  if (kind == CMD_CANCEL_ALL) return applyCancelAll(account);
  if (kind == CMD_AMEND) return applyAmend(account);
  if (kind == CMD_WITHDRAW) return applyWithdraw(account);
  if (kind == CMD_TRANSFER) return applyTransfer(account);
  if (kind == CMD_SET_KEY) return applySetKey(account);
  if (kind == CMD_SET_MARGIN_MODE) return applySetMarginMode(account);
  if (kind == CMD_BID) return applyBid(account, MOST_WORK);
  return applyRevokeKey(account);
}

/**
 * A command that anyone may send; reads its own body. `forced`: it came through the inbox, where a signed price may have waited for a day,
 * and where the sequencer must not be able to make it stale by waiting, nor early by holding the clock back.
 */
export function applySystem(kind: u32, forced: bool): i32 {
  if (kind == CMD_CLOCK) return applyClock();
  if (kind == CMD_INDEX) return applyIndex(forced);
  if (kind == CMD_VOLATILITY) return applyVolatility(forced);
  if (kind == CMD_REPRICE) return applyReprice();
  if (kind == CMD_LIST) return applyList();
  if (kind == CMD_SETTLE_INSTRUMENT) return applySettleInstrument();
  if (kind == CMD_SETTLE_ACCOUNT) return applySettleAccount();
  if (kind == CMD_SWEEP) return applySweep();
  if (kind == CMD_DELIST) return applyDelist();
  if (kind == CMD_RISK_REQUEST) return applyRiskRequest();
  if (kind == CMD_LIQUIDATE) return applyLiquidate();
  if (kind == CMD_LIQUIDATION_STEP) return applyLiquidationStep();
  if (kind == CMD_DELEVERAGE) return applyDeleverage();
  return UNKNOWN_KIND;
}

function applyClock(): i32 {
  const time = readU64();
  if (!readAll() || time >= CLOCK_LIMIT) return MALFORMED;
  const globals = Globals.get();
  if (time < globals.clock) return CLOCK_BACKWARDS;
  globals.clock = time;
  return OK;
}

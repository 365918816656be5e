import { Body } from "../body";
import {
  BAD_MARGIN_MODE, IN_LIQUIDATION, MARGIN_NOT_IN_BOTH, MODE_CANCELS_ONLY, MODE_REDUCES_ONLY, OK, ONE_UNDERLYING, SAME_MARGIN_MODE,
  TOO_MANY_EXPIRIES,
} from "../codes";
import { put32, send } from "../events";
import { EVT_MARGIN_MODE, MODE_CANCEL_ONLY, MODE_REDUCE_ONLY, STAGE_NONE } from "../kinds";
import { MAX_UNDERLYINGS } from "../layout";
import { isWell, prepareMargin } from "../margin";
import { restrictionOf } from "../oracle/mode";
import { recount } from "../portfolio/cache";
import { freeOf } from "../portfolio/free";
import { Account, RISK_PORTFOLIO, RISK_STANDARD } from "../records/account";
import { Instrument } from "../records/instrument";
import { Liquidation } from "../records/liquidation";
import { positionAt } from "../records/position";
import { Underlying } from "../records/underlying";

// Which of the two margins holds for an account. It changes only where initial margin holds in both, so that changing it
// is never a way out, and only while prices are fresh enough to open positions at.

export function applySetMarginMode(account: Account): i32 {
  const mode = Body.get().marginMode;
  if (mode > RISK_PORTFOLIO) return BAD_MARGIN_MODE;
  const old = account.riskMode;
  if (mode == old) return SAME_MARGIN_MODE;
  if (Liquidation.of(account).stage != STAGE_NONE) return IN_LIQUIDATION;
  let code = checkPositions(account);
  if (code != OK) return code;
  if (!holds(account)) return MARGIN_NOT_IN_BOTH;
  account.riskMode = mode;
  account.marginEpoch = 0; // nobody has kept the sum of isolated margins meanwhile
  code = mode == RISK_PORTFOLIO ? enter(account) : OK;
  if (code == OK && !holds(account)) code = MARGIN_NOT_IN_BOTH;
  if (code != OK) {
    account.riskMode = old;
    return code;
  }
  put32(0, account.id);
  put32(4, mode);
  send(EVT_MARGIN_MODE);
  return OK;
}

/** Whether initial margin holds in the mode that the account has. */
function holds(account: Account): bool {
  prepareMargin(account);
  return account.riskMode == RISK_STANDARD ? isWell(account) : freeOf(account) >= 0;
}

/** Every underlying it holds must be open for new risk. At most 64. */
function checkPositions(account: Account): i32 {
  let left = account.occupied;
  while (left != 0) {
    const instrument = Instrument.at(positionAt(account, <u32>ctz(left)).instrument);
    left &= left - 1;
    const mode = restrictionOf(Underlying.at(instrument.underlying));
    if (mode == MODE_CANCEL_ONLY) return MODE_CANCELS_ONLY;
    if (mode == MODE_REDUCE_ONLY) return MODE_REDUCES_ONLY;
  }
  return OK;
}

/** Counts the scenario vector for the first time. */
function enter(account: Account): i32 {
  let left = account.occupied;
  let underlying: u32 = MAX_UNDERLYINGS;
  while (left != 0) {
    const instrument = Instrument.at(positionAt(account, <u32>ctz(left)).instrument);
    left &= left - 1;
    if (underlying == MAX_UNDERLYINGS) underlying = instrument.underlying;
    if (instrument.underlying != underlying) return ONE_UNDERLYING;
  }
  return recount(account) ? OK : TOO_MANY_EXPIRIES;
}

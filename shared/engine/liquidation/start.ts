import { releaseOrders } from "../commands/orders";
import {
  BAD_SCENARIO, IN_LIQUIDATION, MALFORMED, MODE_CANCELS_ONLY, NO_SUCH_ACCOUNT, NOT_BELOW_MAINTENANCE, OK, SETTLE_FIRST,
} from "../codes";
import { put32, put64, send } from "../events";
import { EVT_LIQUIDATION_STARTED, MODE_CANCEL_ONLY, STAGE_NONE, STAGE_REDUCING } from "../kinds";
import { PORTFOLIO_VECTOR } from "../layout";
import { exactMargin, MAINTENANCE } from "../margin";
import { restrictionOf } from "../oracle/mode";
import { isPortfolio, refreshPortfolio } from "../portfolio/cache";
import { portfolioEquity } from "../portfolio/free";
import { nakedMaintenance } from "../portfolio/terms";
import { readAll, readU8, readVarint32 } from "../reader";
import { Account } from "../records/account";
import { Globals } from "../records/globals";
import { Instrument, SETTLED } from "../records/instrument";
import { Liquidation } from "../records/liquidation";
import { Portfolio, portfolioRecord } from "../records/portfolio";
import { positionAt } from "../records/position";
import { SCENARIOS } from "../records/risk";
import { Underlying } from "../records/underlying";
import { positionsValue } from "../risk";
import { charge, WORK_TERM } from "../work";
import { measureWork } from "./standing";

// Stage 1: anyone names an account below its maintenance margin and a scenario that proves it. Its orders are dead at once.

/** An account that exists, or null. */
export function accountOf(id: u32): Account | null {
  if (id >= Globals.get().accounts) return null;
  const account = Account.at(id);
  return account.flags == 0 ? null : account;
}

/**
 * Whether an account may be liquidated at all now: not while prices are too doubtful to cancel anything else, and not before what has
 * settled is paid.
 */
export function checkOpen(account: Account): i32 {
  charge(WORK_TERM * <u32>popcnt(account.occupied));
  let seen: u32 = 0;
  let left = account.occupied;
  while (left != 0) {
    const position = positionAt(account, <u32>ctz(left));
    left &= left - 1;
    if (position.lots == 0) continue;
    const instrument = Instrument.at(position.instrument);
    if (instrument.state == SETTLED) return SETTLE_FIRST;
    const bit = (<u32>1) << <u32>instrument.underlying;
    if ((seen & bit) != 0) continue;
    seen |= bit;
    if (restrictionOf(Underlying.at(instrument.underlying)) == MODE_CANCEL_ONLY) return MODE_CANCELS_ONLY;
  }
  return OK;
}

/**
 * Portfolio maintenance margin as far as the witnessed scenario proves it. The largest loss over all scenarios is never less than this
 * one's, so whoever is below this is below maintenance: no other scenario needs a look.
 */
function witnessed(account: Account, scenario: u32): i64 {
  const change = load<i64>(portfolioRecord(account) + PORTFOLIO_VECTOR + ((<usize>scenario) << 3));
  const loss: i64 = change < 0 ? -change : 0;
  const portfolio = Portfolio.of(account);
  return loss - loss / 5 + nakedMaintenance(Underlying.at(portfolio.underlying), portfolio.naked);
}

export function applyLiquidate(): i32 {
  const id = readVarint32();
  const scenario = readU8();
  if (!readAll()) return MALFORMED;
  const account = accountOf(id);
  if (account === null) return NO_SUCH_ACCOUNT;
  if (scenario >= SCENARIOS) return BAD_SCENARIO;
  const liquidation = Liquidation.of(account);
  if (liquidation.stage != STAGE_NONE) return IN_LIQUIDATION;
  if (account.held == 0) return NOT_BELOW_MAINTENANCE;
  const code = checkOpen(account);
  if (code != OK) return code;
  let equity: i64 = 0;
  let maintenance: i64 = 0;
  if (isPortfolio(account)) {
    refreshPortfolio(account);
    equity = portfolioEquity(account);
    maintenance = witnessed(account, scenario);
  } else {
    // Standard margin has no scenarios: it is counted whole, and the witness is only told.
    charge(measureWork(account));
    const value = positionsValue(account);
    equity = account.cash + value;
    maintenance = exactMargin(account, MAINTENANCE) + value;
  }
  if (equity >= maintenance) return NOT_BELOW_MAINTENANCE;
  if (account.openOrders != 0) releaseOrders(account);
  liquidation.stage = STAGE_REDUCING;
  liquidation.scenario = scenario;
  put32(0, id);
  put32(4, scenario);
  put64(8, <u64>equity);
  put64(16, <u64>maintenance);
  send(EVT_LIQUIDATION_STARTED);
  return OK;
}

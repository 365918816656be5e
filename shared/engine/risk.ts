import { exactMargin, exactWork, INITIAL, MAINTENANCE } from "./margin";
import { PORTFOLIO_VECTOR } from "./layout";
import { isPortfolio, refreshPortfolio } from "./portfolio/cache";
import { portfolioEquity, portfolioInitial, portfolioMaintenance } from "./portfolio/free";
import { Account } from "./records/account";
import { Instrument, SETTLED } from "./records/instrument";
import { portfolioRecord } from "./records/portfolio";
import { positionAt } from "./records/position";
import { riskAt } from "./records/risk";
import { Underlying } from "./records/underlying";
import { charge } from "./work";

// What an account is worth and what it must be worth, for both margin modes: an account is below maintenance when
// equityOf < maintenanceOf. Each function charges what it does: for standard margin at most two exact margins of the account,
// for portfolio margin nothing but the recount of a stale cache.
//
// Standard margin is reckoned on cash, longs having no credit (margin.ts). Here the value of the positions is added to both
// sides, so that equity means the same in both modes and the difference is what it was.

// SAFETY: 5e6 lots x 1e10 money a lot x 64 positions = 3.2e18 fits.

/** Value of the positions at the complete set's marks, settled ones at their payoff. */
export function positionsValue(account: Account): i64 {
  let sum: i64 = 0;
  let left = account.occupied;
  while (left != 0) {
    const position = positionAt(account, <u32>ctz(left));
    left &= left - 1;
    if (position.lots == 0) continue;
    const instrument = Instrument.at(position.instrument);
    sum += <i64>position.lots * instrument.mark(Underlying.at(instrument.underlying).buffer);
  }
  return sum;
}

/** Cash and positions at their marks, money. Reserves of open orders are not taken off. */
export function equityOf(account: Account): i64 {
  if (isPortfolio(account)) {
    refreshPortfolio(account);
    return portfolioEquity(account);
  }
  charge(exactWork(account));
  return account.cash + positionsValue(account);
}

/** Maintenance margin of the positions, money, to be compared with `equityOf`. Exact. */
export function maintenanceOf(account: Account): i64 {
  if (isPortfolio(account)) {
    refreshPortfolio(account);
    return portfolioMaintenance(account);
  }
  charge(2 * exactWork(account));
  return exactMargin(account, MAINTENANCE) + positionsValue(account);
}

/** Initial margin of the positions, money, to be compared with `equityOf`. Exact; open orders aside. */
export function initialOf(account: Account): i64 {
  if (isPortfolio(account)) {
    refreshPortfolio(account);
    return portfolioInitial(account);
  }
  charge(2 * exactWork(account));
  return exactMargin(account, INITIAL) + positionsValue(account);
}

/** What the positions lose in one of the 35 scenarios, money (negative: gain), extremes as weighted. */
export function scenarioLoss(account: Account, scenario: u32): i64 {
  if (isPortfolio(account)) {
    refreshPortfolio(account);
    return -load<i64>(portfolioRecord(account) + PORTFOLIO_VECTOR + ((<usize>scenario) << 3));
  }
  charge(exactWork(account));
  let sum: i64 = 0;
  let left = account.occupied;
  while (left != 0) {
    const position = positionAt(account, <u32>ctz(left));
    left &= left - 1;
    if (position.lots == 0) continue;
    const instrument = Instrument.at(position.instrument);
    if (instrument.state == SETTLED) continue;
    const risk = riskAt(position.instrument, Underlying.at(instrument.underlying).buffer);
    sum -= <i64>position.lots * load<i64>(risk + ((<usize>scenario) << 3));
  }
  return sum;
}

import { exactMargin, exactWork, INITIAL, MAINTENANCE } from "./margin";
import { Account } from "./records/account";
import { Instrument } from "./records/instrument";
import { positionAt } from "./records/position";
import { riskAt } from "./records/risk";
import { Underlying } from "./records/underlying";
import { charge } from "./work";

// What an account is worth and what it must be worth, for both margin modes: an account is below maintenance when
// equityOf < maintenanceOf. Each function charges what it does, at most 64 terms of WORK_EXACT.
//
// Standard margin is reckoned on cash, longs having no credit (margin.ts). Here the value of the positions is added to both
// sides, so that equity means the same in both modes and the difference is what it was.

// SAFETY: 5e6 lots x 1e10 money a lot x 64 positions = 3.2e18 fits.

/** Value of the positions at the complete set's marks, settled ones at their payoff. */
function positionsValue(account: Account): i64 {
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
  charge(exactWork(account));
  return account.cash + positionsValue(account);
}

/** Maintenance margin of the positions, money, to be compared with `equityOf`. Exact. */
export function maintenanceOf(account: Account): i64 {
  charge(2 * exactWork(account));
  return exactMargin(account, MAINTENANCE) + positionsValue(account);
}

/** Initial margin of the positions, money, to be compared with `equityOf`. Exact; open orders aside. */
export function initialOf(account: Account): i64 {
  charge(2 * exactWork(account));
  return exactMargin(account, INITIAL) + positionsValue(account);
}

/** What the positions lose in one of the 35 scenarios, money (negative: gain), extremes as weighted. */
export function scenarioLoss(account: Account, scenario: u32): i64 {
  charge(exactWork(account));
  let sum: i64 = 0;
  let left = account.occupied;
  while (left != 0) {
    const position = positionAt(account, <u32>ctz(left));
    left &= left - 1;
    if (position.lots == 0) continue;
    const buffer = Underlying.at(Instrument.at(position.instrument).underlying).buffer;
    sum -= <i64>position.lots * load<i64>(riskAt(position.instrument, buffer) + ((<usize>scenario) << 3));
  }
  return sum;
}

import { Account } from "./records/account";
import { Globals } from "./records/globals";
import { Instrument } from "./records/instrument";
import { Position } from "./records/position";
import { Underlying } from "./records/underlying";
import { isolated } from "./margin";
import { isPortfolio, moveLots, moveOpen } from "./portfolio/cache";

// Every change of cash, positions and reserves goes through here, so that the totals an exit needs and the
// cached margin never come apart from the records. Accounts with standard margin must be at the current margin epoch; a
// stale portfolio stays stale.

/** Changes cash; the sum of flat cash follows. */
export function changeCash(account: Account, delta: i64): void {
  const before = account.flat;
  account.cash += delta;
  Globals.get().flatCash += account.flat - before;
}

/** A trade or settlement: cash and lots of one account at once. `initial` is the instrument's margin a lot. */
export function changePosition(
  account: Account,
  position: Position,
  instrument: Instrument,
  lots: i32,
  cash: i64,
  initial: i64,
): void {
  const flatBefore = account.flat;
  const riskBefore = isolated(position, initial);
  const old = position.lots;
  const now = old + lots;
  position.lots = now;
  if (old == 0) {
    if (now != 0) {
      account.held++;
      instrument.holders++;
    }
  } else if (now == 0) {
    account.held--;
    instrument.holders--;
  }
  const opened = <u64>(<i64>(now > 0 ? now : 0) - <i64>(old > 0 ? old : 0));
  instrument.openInterest += opened;
  if (opened != 0) Underlying.at(instrument.underlying).openLots += opened;
  account.cash += cash;
  if (isPortfolio(account)) moveLots(account, instrument, old, lots);
  else account.shortMargin += isolated(position, initial) - riskBefore;
  Globals.get().flatCash += account.flat - flatBefore;
}

/** Lots in open sell orders change by `delta`. */
@inline
export function changeOpenSell(
  account: Account,
  position: Position,
  delta: i32,
  initial: i64,
): void {
  const before = isolated(position, initial);
  position.openSell = <u32>(<i32>position.openSell + delta);
  if (isPortfolio(account)) moveOpen(account, Instrument.at(position.instrument), 0, delta);
  else account.shortMargin += isolated(position, initial) - before;
}

/** Lots in open buy orders change by `delta`, their premium and fee reserve by `money`. */
@inline
export function changeOpenBuy(account: Account, position: Position, delta: i32, money: i64): void {
  position.openBuy = <u32>(<i32>position.openBuy + delta);
  if (isPortfolio(account)) moveOpen(account, Instrument.at(position.instrument), delta, 0);
  account.premiumReserve += money;
}

import { STANDING } from "../layout";
import { exactMargin, exactWork, INITIAL } from "../margin";
import { isPortfolio, refreshPortfolio } from "../portfolio/cache";
import { freeOf, portfolioEquity } from "../portfolio/free";
import { Account } from "../records/account";
import { Portfolio } from "../records/portfolio";
import { positionsValue } from "../risk";
import { charge, WORK_TERM } from "../work";

/** What an account in liquidation is worth and what it needs, money, measured once a command. */
@unmanaged
export class Standing {
  equity: i64;
  initial: i64;
  value: i64; // of the positions

  @inline
  static get(): Standing {
    return changetype<Standing>(STANDING);
  }
}

/** What `measure` costs at most. */
export function measureWork(account: Account): u32 {
  return exactWork(account) + WORK_TERM * <u32>popcnt(account.occupied);
}

/** Measures an account: its equity and initial margin, both with the value of its positions. */
export function measure(account: Account): Standing {
  const standing = Standing.get();
  if (isPortfolio(account)) {
    refreshPortfolio(account);
    standing.equity = portfolioEquity(account);
    // No orders are open: what is missing of free collateral is missing of initial margin, also where it is paid in full.
    standing.initial = standing.equity - freeOf(account);
    standing.value = Portfolio.of(account).value;
    return standing;
  }
  charge(measureWork(account));
  const value = positionsValue(account);
  standing.value = value;
  standing.equity = account.cash + value;
  standing.initial = exactMargin(account, INITIAL) + value;
  return standing;
}

if (offsetof<Standing>() > 64) ERROR("layout");

import {
  ACCOUNT_RISK, ACCOUNT_RISK_MODE, ACCOUNT_SIZE, ACCOUNTS, MAX_PORTFOLIO_EXPIRIES, PORTFOLIO_EXPIRY_SIZE, PORTFOLIO_OWED, PORTFOLIO_SIZE,
  PORTFOLIO_VECTOR, PORTFOLIOS, RISK_EPOCHS, SCRATCH_ACCOUNT, SCRATCH_PORTFOLIO,
} from "../layout";
import { Account } from "./account";
import { SCENARIOS } from "./risk";

/**
 * What is kept of an account with portfolio margin, in two places. All of it but the mode is a cache: it can be counted anew
 * from the positions, and is, when the account is next looked at after its underlying's marks have changed.
 *
 * In the account, 64 bytes:
 *   0     4      8           12     16     24       32    40     48     52      56          60
 *   mode  epoch  underlying  worst  value  reserve  loss  basis  naked  shorts  open sells  expiries
 *
 * In the region PORTFOLIOS, 672 bytes:
 *   0                          384               664
 *   | 12 expiries x 32 bytes   | 35 x i64 vector | owed i64 |
 *
 * Owed is what lots held short of settled options are to pay, money: the part of `value` that no option can take back.
 */
@unmanaged
export class Portfolio {
  mode: u32; // RISK_STANDARD or RISK_PORTFOLIO
  epoch: u32; // of the underlying's risk epochs: the cache is of this one
  underlying: u32;
  worst: u32; // the scenario of the largest loss
  value: i64; // positions at their marks, settled ones at their payoff; money
  reserve: i64; // margin kept for open orders, their premiums aside
  loss: i64; // L: the largest weighted loss over the scenarios, not negative
  basis: i64;
  naked: u32; // lots, over all expiries
  shorts: u32; // lots held short
  openSells: u32; // lots in open sell orders
  expiries: u32; // entries in use

  @inline
  static of(account: Account): Portfolio {
    return changetype<Portfolio>(changetype<usize>(account) + ACCOUNT_RISK);
  }
}

/** What an account holds in one expiry, 32 bytes: one leaf. */
@unmanaged
export class PortfolioExpiry {
  day: u32;
  pad: u32;
  calls: i32; // net lots
  puts: i32;
  down: i64; // change of value at each of the two forwards of the basis, weighted for its time
  up: i64;

  @inline
  static at(record: usize, index: u32): PortfolioExpiry {
    return changetype<PortfolioExpiry>(record + <usize>index * PORTFOLIO_EXPIRY_SIZE);
  }

  /** Net short calls and net short puts, lots. */
  @inline
  get naked(): u32 {
    return <u32>(this.calls < 0 ? -this.calls : 0) + <u32>(this.puts < 0 ? -this.puts : 0);
  }
}

/** Where an account's expiries are; its vector is PORTFOLIO_VECTOR bytes on. */
@inline
export function portfolioRecord(account: Account): usize {
  const at = changetype<usize>(account);
  if (at == SCRATCH_ACCOUNT) return SCRATCH_PORTFOLIO;
  return PORTFOLIOS + ((at - ACCOUNTS) / ACCOUNT_SIZE) * PORTFOLIO_SIZE;
}

/** Advances whenever a mark or risk array of an underlying changes. */
@inline
export function riskEpochOf(underlying: u32): u32 {
  return load<u32>(RISK_EPOCHS + ((<usize>underlying) << 2));
}

export function bumpRiskEpoch(underlying: u32): void {
  store<u32>(RISK_EPOCHS + ((<usize>underlying) << 2), riskEpochOf(underlying) + 1);
}

if (offsetof<Portfolio>() != 64 || ACCOUNT_RISK_MODE != ACCOUNT_RISK) ERROR("layout");
if (offsetof<PortfolioExpiry>() != PORTFOLIO_EXPIRY_SIZE) ERROR("layout");
if (PORTFOLIO_VECTOR != <usize>MAX_PORTFOLIO_EXPIRIES * PORTFOLIO_EXPIRY_SIZE) ERROR("layout");
if (PORTFOLIO_VECTOR + 8 * SCENARIOS > PORTFOLIO_OWED || PORTFOLIO_OWED + 8 > PORTFOLIO_SIZE) ERROR("layout");

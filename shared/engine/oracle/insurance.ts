import { INSURANCE_ACCOUNT } from "../layout";
import { mulDivUp } from "../math/wide";
import { Account } from "../records/account";
import { Globals } from "../records/globals";
import { Oversight } from "../records/guard";
import { Underlying } from "../records/underlying";
import { MULTIPLIER_NONE, rampUp } from "./multiplier";

// The insurance fund against the open risk. Open risk is a tenth of the index for every contract held, the least that the standard
// margin asks of a short: a measure that a fill changes by one addition. The fund should be 2 % of it (exchange.md). The first million
// needs no fund: it is small against any committee's bond, and an exchange that opens has had nothing to fill a fund from.

const RISK_BPS: u64 = 1_000;
const FREE_RISK: u64 = 1_000_000_000_000;
const FUND_BPS: u64 = 200;

/** Measures an underlying's open risk at its index, and returns what the fund's ratio now asks new risk to pay, 1e-4. */
export function measureRisk(underlying: Underlying): u32 {
  const globals = Globals.get();
  const oversight = Oversight.get();
  const perLot = underlying.indexPrice / underlying.lotsPerContract;
  // SAFETY: a lot is below 1e10 (LOT_LIMIT) and 1e9 lots count, so an underlying's risk is at most 1e18 and four of them fit.
  underlying.openRisk = mulDivUp(capped(underlying.openLots), perLot * RISK_BPS, 10_000);
  let sum: u64 = 0;
  for (let which: u32 = 0; which < globals.underlyings; which++) sum += Underlying.at(which).openRisk;
  oversight.openRisk = sum;
  oversight.insuranceMultiplier = askOf(sum);
  return oversight.insuranceMultiplier;
}

function capped(lots: u64): u64 {
  const most: u64 = 1_000_000_000;
  return lots < most ? lots : most;
}

function askOf(risk: u64): u32 {
  if (risk <= FREE_RISK) return MULTIPLIER_NONE;
  const needed = mulDivUp(risk - FREE_RISK, FUND_BPS, 10_000);
  const cash = Account.at(INSURANCE_ACCOUNT).cash;
  const fund: u64 = cash > 0 ? <u64>cash : 0;
  if (fund >= needed) return MULTIPLIER_NONE;
  // rampUp multiplies by 1e4, so both are brought to 1e-9 of what is needed first.
  return rampUp(mulDivUp(needed - fund, 1_000_000_000, needed), 1_000_000_000);
}

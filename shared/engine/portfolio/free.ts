import { PORTFOLIO_OWED } from "../layout";
import { confidenceOf } from "../oracle/mode";
import { Account } from "../records/account";
import { Portfolio, portfolioRecord } from "../records/portfolio";
import { Underlying } from "../records/underlying";
import { nakedInitial, nakedMaintenance, surcharge } from "./terms";

// Portfolio margin of a fresh cache (design, exchange.md "Portfolio"), money:
//
//   initial     = L + 1.0 % x index x naked + basis + surcharge of the shorts
//   maintenance = 0.8 x L + 0.6 % x index x naked
//   equity      = cash + positions at their marks
//   free        = equity - initial - what open orders keep: their premiums and fees, and the margin of what they would open
//
// and for an account that holds and offers nothing short, at least its cash less the premiums and fees of open buys (README.md, "Paid in full").

/** More than any account can have to its credit: a larger requirement is all the same. Keeps differences within 64 bits. */
const BEYOND: u64 = 1 << 62;

/** Equity, money. */
@inline
export function portfolioEquity(account: Account): i64 {
  return account.cash + Portfolio.of(account).value;
}

/** Initial margin of the parts: the largest loss, naked lots, basis, and lots that pay for unsure prices. */
export function initialOfParts(underlying: Underlying, loss: i64, naked: u32, basis: i64, shorts: u32): i64 {
  const sum =
    <u64>loss + <u64>nakedInitial(underlying, naked) + <u64>basis +
    <u64>surcharge(underlying, confidenceOf(underlying), shorts);
  return <i64>(sum < BEYOND ? sum : BEYOND);
}

/** Initial margin of the positions. */
export function portfolioInitial(account: Account): i64 {
  const portfolio = Portfolio.of(account);
  const underlying = Underlying.at(portfolio.underlying);
  return initialOfParts(underlying, portfolio.loss, portfolio.naked, portfolio.basis, portfolio.shorts);
}

/** Maintenance margin of the positions. */
export function portfolioMaintenance(account: Account): i64 {
  const portfolio = Portfolio.of(account);
  const underlying = Underlying.at(portfolio.underlying);
  return portfolio.loss - portfolio.loss / 5 + nakedMaintenance(underlying, portfolio.naked);
}

/** What is free of an account's equity by its scenarios, after open orders are kept for. */
export function portfolioFree(account: Account): i64 {
  const portfolio = Portfolio.of(account);
  const underlying = Underlying.at(portfolio.underlying);
  const shorts = portfolio.shorts + portfolio.openSells;
  const initial = initialOfParts(underlying, portfolio.loss, portfolio.naked, portfolio.basis, shorts);
  const kept = <u64>initial + <u64>portfolio.reserve + <u64>account.premiumReserve;
  return portfolioEquity(account) - <i64>(kept < BEYOND ? kept : BEYOND);
}

/** Whether an account has no short lots, held or offered. */
@inline
export function isAllLong(account: Account): bool {
  const portfolio = Portfolio.of(account);
  return portfolio.shorts == 0 && portfolio.openSells == 0;
}

/** Cash that neither open buys nor settled shorts are to take. */
@inline
export function unspent(account: Account): i64 {
  return account.cash - account.premiumReserve - load<i64>(portfolioRecord(account) + PORTFOLIO_OWED);
}

/** What is free of an account. Below zero it is not well. */
export function freeOf(account: Account): i64 {
  const free = portfolioFree(account);
  if (!isAllLong(account)) return free;
  const paid = unspent(account);
  return paid > free ? paid : free;
}

import type { AccountWorth } from './rebuild.ts';

/** The insurance fund. */
const FUND = 0;

/**
 * What every account gets at an exit, by the table of the design (section 9), worked out from all accounts instead of from
 * the contract's figures: equity with positions times (P - min(S, P)) / P, cash without times (F - max(0, S - P)) / F,
 * rounded down; S is what the fund cannot carry of the deficits.
 */
export function exitShares(accounts: readonly AccountWorth[]): Map<number, bigint> {
  const users = accounts.filter((one) => one.account !== FUND);
  const positive = (amount: bigint): bigint => (amount > 0n ? amount : 0n);
  const sum = (list: readonly AccountWorth[], sign: bigint): bigint =>
    list.reduce((total, one) => total + positive(sign * one.equity), 0n);
  const holders = users.filter((one) => one.positions > 0);
  const flat = users.filter((one) => one.positions === 0);
  const fund = positive(accounts.find((one) => one.account === FUND)?.equity ?? 0n);
  const p = sum(holders, 1n);
  const f = sum(flat, 1n);
  const shortfall = positive(sum(accounts, -1n) - fund);
  const beyond = positive(shortfall - p);
  const shares = new Map<number, bigint>();
  for (const one of holders) {
    shares.set(one.account, shareOf(positive(one.equity), p - (shortfall - beyond), p));
  }
  for (const one of flat) shares.set(one.account, shareOf(positive(one.equity), f - beyond, f));
  return shares;
}

function shareOf(equity: bigint, budget: bigint, whole: bigint): bigint {
  return whole === 0n || budget <= 0n ? 0n : (equity * budget) / whole;
}

import { FACT_COLLATERAL, FACT_FLAT_CASH, INSURANCE_ACCOUNT } from '#shared/engine/layout.ts';
import { type AccountState, allAccounts } from './account.ts';

/** What an exit is worked out from (protocol.md, section 9). Money, never negative. */
export interface ExitInputs {
  /** C: deposits consumed less withdrawn. */
  readonly collateral: bigint;
  /** F: cash of accounts without positions, the fund aside. */
  readonly flatCash: bigint;
  /** I: equity of the insurance fund. */
  readonly fund: bigint;
  /** D: deficits. */
  readonly deficits: bigint;
}

/** What follows: the equity of accounts with positions (P), and what each kind and the beneficiary get of it. */
export interface ExitShares extends ExitInputs {
  readonly heldEquity: bigint;
  readonly heldBudget: bigint;
  readonly flatBudget: bigint;
  readonly fundLeft: bigint;
}

/** The contract's `exitTotals`, to the unit. */
export function exitShares(inputs: ExitInputs): ExitShares {
  const { collateral, flatCash, fund } = inputs;
  // Deficits that nobody reported count where C and the reported ones could not carry I and F.
  const implied = fund + flatCash - collateral;
  const deficits = inputs.deficits + positive(implied - inputs.deficits);
  const heldEquity = positive(collateral + deficits - fund - flatCash);
  const shortfall = positive(deficits - fund);
  const beyond = positive(shortfall - heldEquity);
  return {
    ...inputs,
    deficits,
    heldEquity,
    heldBudget: heldEquity - (shortfall - beyond),
    flatBudget: positive(flatCash - beyond),
    fundLeft: positive(fund - deficits),
  };
}

/** What an account is paid of its equity, rounded down as the contract does; withdrawals come on top. */
export function shareOf(account: AccountState, shares: ExitShares): bigint {
  const equity = positive(account.equity);
  const flat = account.positions.length === 0;
  const whole = flat ? shares.flatCash : shares.heldEquity;
  if (equity === 0n || whole === 0n) return 0n;
  return (equity * (flat ? shares.flatBudget : shares.heldBudget)) / whole;
}

/** The figures of a state in which every deficit is reported. */
export function inputsOf(
  view: DataView,
): ExitInputs & { readonly inDeficit: readonly AccountState[] } {
  let fund = 0n;
  let deficits = 0n;
  const inDeficit: AccountState[] = [];
  for (const account of allAccounts(view)) {
    if (account.id === INSURANCE_ACCOUNT) fund = positive(account.equity);
    if (account.equity >= 0n) continue;
    deficits -= account.equity;
    if (account.id !== INSURANCE_ACCOUNT) inDeficit.push(account);
  }
  return {
    collateral: positive(view.getBigInt64(FACT_COLLATERAL, true)),
    flatCash: positive(view.getBigInt64(FACT_FLAT_CASH, true)),
    fund,
    deficits,
    inDeficit,
  };
}

function positive(amount: bigint): bigint {
  return amount > 0n ? amount : 0n;
}

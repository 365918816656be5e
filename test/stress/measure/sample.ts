import type { Step } from './stages.ts';

/** What is measured at one time of a run. Money is USDC as a number, for plots; what must be exact is a string of 1e-6 USDC. */
export interface Sample {
  /** Since the end of the opening. */
  readonly minute: number;
  /** The market's price and the engine's index of each underlying, USDC. */
  readonly prices: readonly number[];
  readonly indexes: readonly number[];
  /** Mode (MODE_*) and margin multiplier of each underlying. */
  readonly modes: readonly number[];
  readonly multipliers: readonly number[];
  /** Confidence and freshness of each index, 0 to 1, and why the mode is what it is (REASON_* bits). */
  readonly confidences: readonly number[];
  readonly reasons: readonly number[];
  /** Cash and positions at marks of everybody with positions, and the cash of everybody without. */
  readonly heldEquity: number;
  readonly flatCash: number;
  readonly fund: number;
  readonly collateral: number;
  /** Equity below zero, added up, and how many have it; the fund's own counts apart. */
  readonly deficit: number;
  readonly insolvent: number;
  /** Accounts below their maintenance margin, as the engine has it. */
  readonly unwell: number;
  /** What deficits exceed the fund by: what an exit now would take from those who won. */
  readonly shortfall: number;
  /** Claims less collateral, 1e-6 USDC: "0" or the exchange is not solvent to the unit. */
  readonly gap: string;
  /** What accounts without positions lost since the sample before, 1e-6 USDC: must be "0". */
  readonly flatLoss: string;
  readonly openInterest: number;
  readonly fills: number;
  readonly accepted: number;
  readonly refused: number;
  /** Batches that are sealed and not on L1; 0 where there is no L1. */
  readonly waiting: number;
  /** Accounts in each of `STAGES` of a liquidation now. */
  readonly inStages: readonly number[];
  /** Steps of liquidations since the sample before, by their words (`STEPS`). */
  readonly steps: Readonly<Partial<Record<Step, number>>>;
  /** Since the sample before: auctions that began; fees to the fund, discounts to bidders, debts paid by the fund, what holders gave up; accounts closed against. */
  readonly auctions: number;
  readonly fees: number;
  readonly discounts: number;
  readonly paid: number;
  readonly haircuts: number;
  readonly holders: number;
}

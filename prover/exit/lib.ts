/** What the demo and other programs use of the exit tool; `main.ts` is its command line. */
export { type ChainOptions, readChainOptions } from '../watch/options.ts';
export { type AccountState, allAccounts, findInstrument, readAccount } from './account.ts';
export { type AutoStep, auto, autoStep } from './auto.ts';
export {
  describeCredits,
  ownersWithCredit,
  redirectCredit,
  retryCredits,
} from './credits.ts';
export {
  closeExit,
  exitAccounts,
  freezeExchange,
  openExit,
  reportDeficits,
  settleExit,
} from './escape.ts';
export { type ExitShares, exitShares, inputsOf, shareOf } from './figures.ts';
export { type ForcedCommand, forceCommand, parseForced } from './forced.ts';
export { fundInsurance } from './fund.ts';
export {
  accountOutlook,
  chosenAccounts,
  expectedShares,
  showAccounts,
  type Whose,
} from './outlook.ts';
export { type ExchangeStatus, type FreezeReason, readStatus } from './status.ts';
export { forceSystem, parseSystem } from './system.ts';
export { ExitTool, type ExitToolDependencies } from './tool.ts';
export {
  claimable,
  claimWithdrawal,
  collectBounty,
  refundDeposits,
  strandedDeposits,
} from './withdrawals.ts';

import type { Hex } from 'viem';
import { ProverError } from '../errors.ts';
import type { AccountState } from './account.ts';
import { type ExitShares, exitShares, inputsOf } from './figures.ts';
import { reportsEndAt } from './status.ts';
import type { ExitTool } from './tool.ts';
import { claimable } from './withdrawals.ts';
import { type AccountOutlook, describeAccount, describeStatus } from './words.ts';

/** Whose accounts a command is about. */
export type Whose =
  | { readonly kind: 'account'; readonly id: number }
  | { readonly kind: 'owner'; readonly owner: Hex }
  | { readonly kind: 'everybody' };

/** The accounts of the tip's state that are meant. @throws ProverError NO_SUCH_ACCOUNT */
export async function chosenAccounts(tool: ExitTool, whose: Whose): Promise<AccountState[]> {
  if (whose.kind === 'account') return [await tool.account(whose.id)];
  const all = await tool.everybody();
  if (whose.kind === 'everybody') return all;
  const owner = whose.owner.toLowerCase();
  const own = all.filter((account) => account.owner === owner);
  if (own.length > 0) return own;
  throw new ProverError(
    'NO_SUCH_ACCOUNT',
    `The state has no account of ${whose.owner}. A deposit that no batch has consumed yet has no account either; \`refund\` takes it back after a freeze.`,
  );
}

/**
 * What everybody would get by an exit under the tip: once the time for reports is over by the contract's own figures, before as if
 * every deficit were reported.
 */
export async function expectedShares(tool: ExitTool): Promise<ExitShares> {
  const state = await tool.state('tip');
  const status = await tool.status();
  const counted = status.exit.openedAt !== 0n && status.now >= reportsEndAt(status);
  return exitShares(counted ? status.exit : inputsOf(state.replica.engine.view));
}

/** What an account holds, has withdrawn and would get. */
export async function accountOutlook(
  tool: ExitTool,
  account: AccountState,
): Promise<AccountOutlook> {
  // The claim first: a state at a final batch is then only continued to the tip.
  const claimableNow = await claimable(tool, account.id);
  return {
    account,
    shares: await expectedShares(tool),
    paid: await tool.paid(account.id),
    claimable: claimableNow,
    exited: await tool.hasExited(account.id),
    credit: await tool.creditOf(account.owner),
  };
}

/** Everything `show` says. */
export async function showAccounts(tool: ExitTool, whose: Whose): Promise<string[]> {
  const lines = describeStatus(await tool.status());
  for (const account of await chosenAccounts(tool, whose)) {
    lines.push(...describeAccount(await accountOutlook(tool, account)));
  }
  return lines;
}

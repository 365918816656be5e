import { INSURANCE_ACCOUNT } from '#shared/engine/layout.ts';
import { formatMoney } from '#shared/protocol/units.ts';
import { proveAccount, proveExitMarks, proveFacts } from '#shared/state/proofs.ts';
import { ProverError } from '../errors.ts';
import type { AccountState } from './account.ts';
import { sayRefused } from './credits.ts';
import { inputsOf } from './figures.ts';
import {
  type ExchangeStatus,
  type FreezeReason,
  freezableAt,
  reportsEndAt,
  tipFinalAt,
} from './status.ts';
import { asCalldata, type ExitTool } from './tool.ts';
import { atTime, FREEZE_WORDS } from './words.ts';

/** Freezes the exchange if it may be. Returns the reason. */
export async function freezeExchange(tool: ExitTool): Promise<FreezeReason> {
  const status = await tool.status();
  if (status.frozen !== 'NONE') {
    throw new ProverError(
      'ALREADY_FROZEN',
      `The exchange is frozen already: ${FREEZE_WORDS[status.frozen]}.`,
    );
  }
  if (status.couldFreeze === 'NONE') {
    const next = freezableAt(status);
    throw new ProverError(
      'CANNOT_FREEZE',
      `No reason to freeze holds. If the sequencer does nothing, one will at ${atTime(next.at)}: ${FREEZE_WORDS[next.reason]}. Force a command (\`force\`) to start its clock.`,
    );
  }
  await tool.sender.send({ functionName: 'freeze', args: [] });
  const frozen = (await tool.status()).frozen;
  tool.say(`frozen: ${FREEZE_WORDS[frozen]}`);
  return frozen;
}

/** Opens the exit under the last standing batch: facts, fund and marks are proved, and the time for reports starts. */
export async function openExit(tool: ExitTool): Promise<void> {
  const status = await tool.status();
  mustBeFrozen(status);
  if (status.exit.openedAt !== 0n) {
    throw new ProverError(
      'EXIT_ALREADY_OPEN',
      'The exit is open already. Go on with `deficits` or `exit`.',
    );
  }
  if (status.now < tipFinalAt(status)) {
    throw new ProverError(
      'NOT_FINAL',
      `The last batch (${status.tip.number}) can be disputed until ${atTime(tipFinalAt(status))}. Open the exit then.`,
    );
  }
  const { tree } = (await tool.tipAsOnL1()).replica;
  const facts = asCalldata(proveFacts(tree));
  const fund = asCalldata(proveAccount(tree, INSURANCE_ACCOUNT));
  const marks = asCalldata(proveExitMarks(tree));
  await tool.sender.send({
    functionName: 'openExit',
    args: [facts.record, facts.path, fund.record, fund.path, marks.record, marks.path],
  });
  const { exit, delays } = await tool.status();
  tool.say(
    `exit open under batch ${status.tip.number}: ${formatMoney(exit.collateral)} USDC of collateral, ${formatMoney(exit.flatCash)} of it with accounts without positions; deficits can be reported until ${atTime(exit.openedAt + delays.report)}`,
  );
}

/** Reports every account with negative equity that nobody has reported. Returns them. */
export async function reportDeficits(tool: ExitTool): Promise<AccountState[]> {
  const status = await tool.status();
  mustBeOpen(status);
  const state = await tool.tipAsOnL1();
  const { inDeficit } = inputsOf(state.replica.engine.view);
  const unreported: AccountState[] = [];
  for (const account of inDeficit) {
    if (!(await tool.isReported(account.id))) unreported.push(account);
  }
  if (unreported.length === 0) {
    tool.say(`no deficit is left to report (${inDeficit.length} in all)`);
    return [];
  }
  if (status.now >= reportsEndAt(status)) {
    throw new ProverError(
      'REPORT_PERIOD_OVER',
      `The time for reports ended at ${atTime(reportsEndAt(status))}; ${unreported.length} deficits were not reported. Go on with \`exit\`.`,
    );
  }
  const urgency = { from: status.exit.openedAt, by: reportsEndAt(status) };
  const calls = unreported.map(({ id }) => {
    const { record, path } = tool.prove(state, id);
    const args = [id, record, path] as const;
    return { functionName: 'reportDeficit' as const, args, urgency };
  });
  await tool.sender.sendAll(calls, (index) => {
    const { id, equity } = unreported[index] as AccountState;
    tool.say(`reported account ${id}: ${formatMoney(-equity)} USDC in deficit`);
  });
  return unreported;
}

/** Draws up what everybody gets, if nobody has; pays the fund's rest to its beneficiary. */
export async function settleExit(tool: ExitTool): Promise<void> {
  const status = await tool.status();
  mustBeOpen(status);
  if (status.exit.settled) return;
  if (status.now < reportsEndAt(status)) {
    throw new ProverError(
      'REPORT_PERIOD_RUNNING',
      `Deficits can be reported until ${atTime(reportsEndAt(status))}; exits begin then.`,
    );
  }
  await tool.sender.send({ functionName: 'settleExit', args: [] });
  tool.say('the shares are drawn up');
}

/**
 * Takes accounts out: each owner is paid its share and its open withdrawals. Accounts that have left, and those with nothing to be paid,
 * are passed over. Returns those that left now.
 */
export async function exitAccounts(
  tool: ExitTool,
  accounts: readonly AccountState[],
): Promise<AccountState[]> {
  await settleExit(tool);
  const state = await tool.tipAsOnL1();
  const leaving: AccountState[] = [];
  for (const account of accounts) {
    if (account.id === INSURANCE_ACCOUNT || (await tool.hasExited(account.id))) continue;
    const owed = account.withdrawn - (await tool.paid(account.id));
    if (account.equity > 0n || owed > 0n) leaving.push(account);
  }
  const calls = leaving.map(({ id }) => {
    const { record, path } = tool.prove(state, id);
    return { functionName: 'exit' as const, args: [id, record, path] as const };
  });
  let gone = 0;
  await tool.sender.sendAll(calls, (index, receipt) => {
    const { id, owner } = leaving[index] as AccountState;
    gone += 1;
    tool.say(`account ${id} has left (${gone} of ${leaving.length}), paid to ${owner}`);
    sayRefused(tool, receipt);
  });
  return leaving;
}

/** Once everybody has left, sends the dust to the fund's beneficiary. */
export async function closeExit(tool: ExitTool): Promise<void> {
  await tool.sender.send({ functionName: 'closeExit', args: [] });
  tool.say('everybody has left; the dust went to the beneficiary of the fund');
}

function mustBeFrozen({ frozen }: ExchangeStatus): void {
  if (frozen !== 'NONE') return;
  throw new ProverError(
    'NOT_FROZEN',
    'The exchange is not frozen. Use `freeze` if it may be, else `claim`.',
  );
}

function mustBeOpen(status: ExchangeStatus): void {
  mustBeFrozen(status);
  if (status.exit.openedAt !== 0n) return;
  throw new ProverError('EXIT_NOT_OPEN', 'The exit is not open yet. Use `open`.');
}

import { setTimeout as sleep } from 'node:timers/promises';
import { MSG_FORCED } from '#shared/engine/kinds.ts';
import { INSURANCE_ACCOUNT, MAX_ACCOUNTS } from '#shared/engine/layout.ts';
import { formatMoney } from '#shared/protocol/units.ts';
import { ProverError } from '../errors.ts';
import type { AccountState } from './account.ts';
import { describeCredits, ownersWithCredit, retryCredits } from './credits.ts';
import { closeExit, exitAccounts, freezeExchange, openExit, reportDeficits } from './escape.ts';
import { inputsOf } from './figures.ts';
import { forceCommand, parseForced } from './forced.ts';
import { chosenAccounts, type Whose } from './outlook.ts';
import { type ExchangeStatus, freezableAt, reportsEndAt, tipFinalAt } from './status.ts';
import type { ExitTool } from './tool.ts';
import { claimable, claimWithdrawal, refundDeposits } from './withdrawals.ts';
import { atTime, FREEZE_WORDS } from './words.ts';

export type AutoStep =
  /** Something was done; there may be more. */
  | { readonly kind: 'did'; readonly what: string }
  /** Nothing can be done before this time, seconds of L1. */
  | { readonly kind: 'wait'; readonly until: bigint; readonly what: string }
  /** Only the owner can decide what comes next. */
  | { readonly kind: 'stuck'; readonly what: string }
  | { readonly kind: 'done'; readonly what: string };

/** Does the one thing that brings the accounts' money nearer, if there is one now. */
export async function autoStep(tool: ExitTool, whose: Whose): Promise<AutoStep> {
  const status = await tool.status();
  if (status.frozen !== 'NONE') return escapeStep(tool, whose, status);
  if (status.couldFreeze !== 'NONE') {
    await freezeExchange(tool);
    return did(`froze the exchange: ${FREEZE_WORDS[status.couldFreeze]}`);
  }
  return runningStep(tool, whose, status);
}

/**
 * Goes on until everything is paid, or nothing can be done for now.
 *
 * @param waits whether to wait, looking at L1's clock every `pollMs`, instead of ending with what to wait for
 */
export async function auto(
  tool: ExitTool,
  whose: Whose,
  options: { readonly waits: boolean; readonly pollMs: number },
): Promise<AutoStep> {
  let told = '';
  for (;;) {
    const step = await autoStep(tool, whose);
    if (step.kind === 'did') continue;
    if (step.kind !== 'wait' || !options.waits) {
      tool.say(step.what);
      return step;
    }
    if (step.what !== told) tool.say(step.what);
    told = step.what;
    await sleep(options.pollMs);
  }
}

/** While the exchange runs: claim, or ask for the money and start the inbox's clock. */
async function runningStep(
  tool: ExitTool,
  whose: Whose,
  status: ExchangeStatus,
): Promise<AutoStep> {
  const accounts = await chosenAccounts(tool, whose);
  for (const { id } of accounts) {
    if ((await claimable(tool, id)) > 0n) {
      await claimWithdrawal(tool, id);
      return did(`claimed for account ${id}`);
    }
  }
  const next = freezableAt(status);
  const until = `If the sequencer does nothing, the exchange can be frozen at ${atTime(next.at)}: ${FREEZE_WORDS[next.reason]}.`;
  const mine = accounts.filter(({ owner }) => owner === tool.sender.account.address.toLowerCase());
  const asked = await askedFor(tool);
  const flat = mine.find(
    ({ id, cash, positions }) => cash > 0n && positions.length === 0 && !asked.has(id),
  );
  if (flat !== undefined) {
    await forceCommand(tool, flat.id, parseForced(['withdraw', 'all'], flat));
    return did(`forced the withdrawal of account ${flat.id}`);
  }
  if (mine.some(({ id }) => asked.has(id))) {
    return {
      kind: 'wait',
      until: next.at,
      what: `The forced command waits in the inbox. ${until}`,
    };
  }
  const open = await unpaid(tool, accounts);
  if (open > 0n) {
    const at = tipFinalAt(status);
    return {
      kind: 'wait',
      until: at,
      what: `${formatMoney(open)} USDC are withdrawn and wait for their batch to be final, at ${atTime(at)} at the latest.`,
    };
  }
  const holding = mine.filter(({ positions }) => positions.length > 0);
  if (holding.length > 0) {
    const ids = holding.map(({ id }) => id).join(', ');
    return {
      kind: 'stuck',
      what: `The exchange runs and account ${ids} holds positions: close them there, or force it with \`force close\`. ${until}`,
    };
  }
  return unlessRefused(tool, whose, 'Nothing is left to take out.');
}

/** After a freeze: open, report, exit, refund, close, each when its time has come. */
async function escapeStep(tool: ExitTool, whose: Whose, status: ExchangeStatus): Promise<AutoStep> {
  if (status.exit.openedAt === 0n) {
    const at = tipFinalAt(status);
    if (status.now < at) {
      return wait(
        at,
        `Frozen: ${FREEZE_WORDS[status.frozen]}. The last batch can be disputed until ${atTime(at)}; the exit is opened then.`,
      );
    }
    await openExit(tool);
    return did('opened the exit');
  }
  if (!status.exit.settled && status.now < reportsEndAt(status)) {
    if ((await unreported(tool)).length > 0) {
      await reportDeficits(tool);
      return did('reported the deficits');
    }
    const at = reportsEndAt(status);
    return wait(
      at,
      `Every deficit is reported. Others may report until ${atTime(at)}; exits begin then.`,
    );
  }
  const left = await exitAccounts(tool, await escaping(tool, whose));
  const ids = new Set((await escaping(tool, whose)).map(({ id }) => id));
  const back = await refundDeposits(tool, ({ account, owner }) =>
    belongs(whose, account, owner, ids),
  );
  if (left.length > 0 || back > 0n) return did('took accounts out');
  const { flatLeft, heldLeft, flatBudget, heldBudget } = (await tool.status()).exit;
  if (flatLeft === 0n && heldLeft === 0n && flatBudget + heldBudget > 0n) {
    await closeExit(tool);
    return did('closed the exit');
  }
  return unlessRefused(tool, whose, 'Everything is paid out.');
}

/** The chosen accounts; none if the owner's only deposit was never consumed. */
async function escaping(tool: ExitTool, whose: Whose): Promise<AccountState[]> {
  const all = await tool.everybody();
  if (whose.kind === 'everybody') return all;
  return all.filter(({ id, owner }) =>
    whose.kind === 'account' ? id === whose.id : owner === whose.owner.toLowerCase(),
  );
}

function belongs(whose: Whose, account: number, owner: string, ids: ReadonlySet<number>): boolean {
  if (whose.kind === 'everybody' || ids.has(account)) return true;
  return whose.kind === 'account' ? account === whose.id : owner === whose.owner.toLowerCase();
}

/** Accounts with a forced command in the inbox. */
async function askedFor(tool: ExitTool): Promise<Set<number>> {
  const { waiting } = await tool.state('tip');
  const forced = waiting.filter(({ message }) => message[0] === MSG_FORCED && message.length >= 5);
  const numbers = forced.map(({ message }) =>
    new DataView(message.buffer, message.byteOffset).getUint32(1),
  );
  return new Set(numbers.filter((id) => id < MAX_ACCOUNTS));
}

async function unpaid(tool: ExitTool, accounts: readonly AccountState[]): Promise<bigint> {
  let sum = 0n;
  for (const { id, withdrawn } of accounts) sum += withdrawn - (await tool.paid(id));
  return sum;
}

async function unreported(tool: ExitTool): Promise<number[]> {
  const state = await tool.state('tip');
  const ids: number[] = [];
  for (const { id } of inputsOf(state.replica.engine.view).inDeficit) {
    if (id !== INSURANCE_ACCOUNT && !(await tool.isReported(id))) ids.push(id);
  }
  return ids;
}

/** The end, but for what the token refused to pay: that is tried once more, and else left to its owner. */
async function unlessRefused(tool: ExitTool, whose: Whose, what: string): Promise<AutoStep> {
  if ((await ownersWithCredit(tool, whose)).length === 0) return { kind: 'done', what };
  try {
    await retryCredits(tool, whose);
    return did('paid what the token had refused');
  } catch (error) {
    if (!(error instanceof ProverError) || error.code !== 'CREDIT_REFUSED') throw error;
    return { kind: 'stuck', what: (await describeCredits(tool, whose)).join(' ') };
  }
}

function did(what: string): AutoStep {
  return { kind: 'did', what };
}

function wait(until: bigint, what: string): AutoStep {
  return { kind: 'wait', until, what };
}

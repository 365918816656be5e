import { getAddress, type Hex, parseEventLogs, type TransactionReceipt } from 'viem';
import { settlementAbi } from '#contracts/abi/index.ts';
import { formatMoney } from '#shared/protocol/units.ts';
import { ProverError } from '../errors.ts';
import { chosenAccounts, type Whose } from './outlook.ts';
import type { ExitTool } from './tool.ts';

/** What can be done about a credit, for the help. */
export const CREDIT_FORMS = ['(nothing: shows it)', 'retry', 'redirect <address>'] as const;

/** Owners with a credit among those meant. An owner counts also if none of its deposits was ever consumed. */
export async function ownersWithCredit(
  tool: ExitTool,
  whose: Whose,
): Promise<{ readonly owner: Hex; readonly amount: bigint }[]> {
  const owners =
    whose.kind === 'owner'
      ? [whose.owner]
      : (await chosenAccounts(tool, whose)).map(({ owner }) => owner);
  const found: { owner: Hex; amount: bigint }[] = [];
  for (const owner of new Set(owners.map((one) => one.toLowerCase() as Hex))) {
    const amount = await tool.creditOf(owner);
    if (amount > 0n) found.push({ owner, amount });
  }
  return found;
}

/** What waits, in words; empty if nothing does. */
export async function describeCredits(tool: ExitTool, whose: Whose): Promise<string[]> {
  return (await ownersWithCredit(tool, whose)).map(
    ({ owner, amount }) =>
      `The token refused to pay ${formatMoney(amount)} USDC to ${owner}: it waits as a credit. \`credit retry\` tries again (anyone may), \`credit redirect <address>\` sends it elsewhere (only its owner).`,
  );
}

/** Pays credits to their owners after all, if the token has changed its mind. Anyone may. Returns what was paid. @throws ProverError NO_CREDIT, CREDIT_REFUSED */
export async function retryCredits(tool: ExitTool, whose: Whose): Promise<bigint> {
  const waiting = await ownersWithCredit(tool, whose);
  if (waiting.length === 0) throw noCredit();
  await tool.sender.sendAll(
    waiting.map(({ owner }) => ({ functionName: 'retryCredit' as const, args: [owner] as const })),
    (index) => {
      const { owner, amount } = waiting[index] as (typeof waiting)[number];
      tool.say(`paid the credit of ${formatMoney(amount)} USDC to ${owner}`);
    },
  );
  return waiting.reduce((sum, { amount }) => sum + amount, 0n);
}

/** Sends the credit of the key's own address elsewhere. Returns it. @throws ProverError NO_CREDIT, CREDIT_REFUSED */
export async function redirectCredit(tool: ExitTool, to: Hex): Promise<bigint> {
  const owner = tool.sender.account.address;
  const amount = await tool.creditOf(owner);
  if (amount === 0n) throw noCredit();
  await tool.sender.send({ functionName: 'redirect', args: [to] });
  tool.say(`sent the credit of ${formatMoney(amount)} USDC of ${owner} to ${to}`);
  return amount;
}

/** Says of a payment if the token refused it. */
export function sayRefused(tool: ExitTool, receipt: TransactionReceipt): void {
  const { logs } = receipt;
  for (const { args } of parseEventLogs({ abi: settlementAbi, logs, eventName: 'Credited' })) {
    tool.say(
      `the token refused ${formatMoney(args.amount)} USDC to ${getAddress(args.owner)}: it is a credit now, see \`credit\``,
    );
  }
}

function noCredit(): ProverError {
  return new ProverError('NO_CREDIT', 'There is no credit: the token refused nothing here.');
}

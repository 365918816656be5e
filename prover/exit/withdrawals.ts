import { settlementAbi } from '#contracts/abi/index.ts';
import { MSG_DEPOSIT } from '#shared/engine/kinds.ts';
import { INSURANCE_ACCOUNT } from '#shared/engine/layout.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { decodeInboxMessage } from '#shared/protocol/inbox.ts';
import { formatMoney } from '#shared/protocol/units.ts';
import { ProverError } from '../errors.ts';
import type { MessageEvent } from '../follower/events.ts';
import { readAccount } from './account.ts';
import { sayRefused } from './credits.ts';
import type { ExitTool } from './tool.ts';

/** Pays what an account withdrew and was not paid, under the newest final root. Returns the money. */
export async function claimWithdrawal(tool: ExitTool, id: number): Promise<bigint> {
  const state = await tool.state('final');
  const { header } = state.last as NonNullable<typeof state.last>;
  const account = readAccount(state.replica.engine.view, id);
  const paid = await tool.paid(id);
  const amount = (account?.withdrawn ?? 0n) - paid;
  if (account === null || amount <= 0n) {
    throw new ProverError(
      'NOTHING_TO_CLAIM',
      `Under the newest final batch (${header.number}) account ${id} has withdrawn ${formatMoney(account?.withdrawn ?? 0n)} USDC and was paid as much. Withdraw first, or wait until the batch with the withdrawal is final.`,
    );
  }
  const { record, path } = tool.prove(state, id);
  const args = [header, id, record, path] as const;
  const receipt = await tool.sender.send({ functionName: 'claim', args });
  tool.say(`claimed ${formatMoney(amount)} USDC for account ${id}, paid to ${account.owner}`);
  sayRefused(tool, receipt);
  return amount;
}

/** What could be claimed now; 0 if nothing is final yet. */
export async function claimable(tool: ExitTool, id: number): Promise<bigint> {
  try {
    const state = await tool.state('final');
    const account = readAccount(state.replica.engine.view, id);
    const amount = (account?.withdrawn ?? 0n) - (await tool.paid(id));
    return amount > 0n ? amount : 0n;
  } catch (error) {
    if (error instanceof ProverError && error.code === 'NOTHING_FINAL') return 0n;
    throw error;
  }
}

/** A deposit that the exit root has not consumed. */
export interface StrandedDeposit {
  readonly index: bigint;
  /** 0: a gift to the insurance fund, whose owner is address zero; it goes back to its giver. */
  readonly account: number;
  readonly owner: `0x${string}`;
  readonly amount: bigint;
  readonly message: MessageEvent;
}

/** Deposits that wait in the inbox. After a freeze they are refunded, not consumed. */
export async function strandedDeposits(tool: ExitTool): Promise<StrandedDeposit[]> {
  const state = await tool.state('tip');
  const stranded: StrandedDeposit[] = [];
  for (const message of state.waiting) {
    if (message.message[0] !== MSG_DEPOSIT) continue;
    const decoded = decodeInboxMessage(message.message);
    if (!decoded.ok || decoded.value.kind !== 'deposit') continue;
    const { account, owner, amount } = decoded.value;
    stranded.push({ index: message.index, account, owner: bytesToHex(owner), amount, message });
  }
  return stranded;
}

/** Gives stranded deposits back to whoever paid them, once each. `wanted` picks. Returns how much went back. */
export async function refundDeposits(
  tool: ExitTool,
  wanted: (deposit: StrandedDeposit) => boolean = () => true,
): Promise<bigint> {
  const { openedAt } = (await tool.status()).exit;
  if (openedAt === 0n) {
    throw new ProverError(
      'EXIT_NOT_OPEN',
      'Deposits are refunded once the exit is open: until then a batch may still consume them.',
    );
  }
  const deposits: StrandedDeposit[] = [];
  for (const deposit of (await strandedDeposits(tool)).filter(wanted)) {
    const done = await tool.l1.client.readContract({
      address: tool.l1.settlement,
      abi: settlementAbi,
      functionName: 'isRefunded',
      args: [deposit.index],
    });
    if (!done) deposits.push(deposit);
  }
  await tool.sender.sendAll(
    deposits.map(({ index, message }) => ({
      functionName: 'refundDeposit' as const,
      args: [index, bytesToHex(message.message)] as const,
    })),
    (at, receipt) => {
      const { index, amount, owner, account } = deposits[at] as StrandedDeposit;
      const meant = account === INSURANCE_ACCOUNT ? 'the insurance fund' : owner;
      tool.say(`refunded deposit ${index} of ${formatMoney(amount)} USDC, meant for ${meant}`);
      sayRefused(tool, receipt);
    },
  );
  return deposits.reduce((sum, { amount }) => sum + amount, 0n);
}

/** ETH earned by reports and proofs. */
export async function collectBounty(tool: ExitTool): Promise<void> {
  await tool.sender.send({ functionName: 'withdrawEth', args: [] });
  tool.say(`sent what ${tool.sender.account.address} earned in ETH`);
}

import { formatLots, formatMoney } from '#shared/protocol/units.ts';
import type { AccountState, HeldPosition } from './account.ts';
import { type ExitShares, shareOf } from './figures.ts';
import {
  type ExchangeStatus,
  type FreezeReason,
  freezableAt,
  reportsEndAt,
  tipFinalAt,
} from './status.ts';

/** Why an exchange is, or may be, frozen. */
export const FREEZE_WORDS: Readonly<Record<FreezeReason, string>> = {
  NONE: 'it is not frozen',
  INBOX: 'a message in the inbox was ignored for too long',
  LIVENESS: 'no batch came for too long',
  PRICES: 'prices are too old',
  FRAUD: 'a batch was proved wrong',
  RETIRED: 'the sequencer retired as announced',
};

/** `2026-11-27 08:00:00 UTC` of L1's seconds. */
export function atTime(seconds: bigint): string {
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

export interface AccountOutlook {
  readonly account: AccountState;
  readonly shares: ExitShares;
  /** What the contract has paid of its withdrawals. */
  readonly paid: bigint;
  /** What `claim` would pay now. */
  readonly claimable: bigint;
  readonly exited: boolean;
  /** What the token refused to pay to its owner. */
  readonly credit: bigint;
}

/** What an account holds and would get, for people. */
export function describeAccount(outlook: AccountOutlook): string[] {
  const { account, shares, paid, claimable, exited, credit } = outlook;
  const share = shareOf(account, shares);
  const equity = account.equity > 0n ? account.equity : 0n;
  const open = account.withdrawn - paid;
  const total = share + open;
  const lines = [
    `Account ${account.id}, subaccount ${account.subaccount} of ${account.owner}`,
    `  cash                 ${usdc(account.cash)}`,
    ...positionTable(account.positions),
    `  equity at exit marks ${usdc(account.equity)}${account.equity < 0n ? ', a deficit' : ''}`,
    `  withdrawn so far     ${usdc(account.withdrawn)}, paid ${usdc(paid)}, claimable now ${usdc(claimable)}`,
  ];
  if (credit > 0n) {
    lines.push(
      `  credit of its owner  ${usdc(credit)}, which the token refused to pay: \`credit retry\`, or \`credit redirect <address>\``,
    );
  }
  if (exited) return [...lines, '  It has left the exchange: nothing more is owed to it.'];
  lines.push(
    equity === share
      ? '  haircut expected     none'
      : `  haircut expected     ${usdc(equity - share)} (losses nobody else covers)`,
    `  An exit now would pay ${usdc(share)}${open > 0n ? ` and ${usdc(open)} of withdrawals: ${usdc(total)}` : ''}.`,
  );
  return lines;
}

/** Where the exchange stands and what can be done about it. */
export function describeStatus(status: ExchangeStatus): string[] {
  const { tip, frozen, couldFreeze, exit, messages } = status;
  const waiting = messages - tip.inboxCount;
  const lines = [
    `Batch ${tip.number} is the last, landed ${atTime(tip.landedAt)}; ${waiting} inbox messages wait.`,
  ];
  if (frozen === 'NONE') {
    const next = freezableAt(status);
    return [
      ...lines,
      couldFreeze === 'NONE'
        ? `The exchange runs. Should the sequencer do nothing, it can be frozen at ${atTime(next.at)}: ${FREEZE_WORDS[next.reason]}.`
        : `The exchange can be frozen now: ${FREEZE_WORDS[couldFreeze]}.`,
    ];
  }
  lines.push(`The exchange is frozen: ${FREEZE_WORDS[frozen]}.`);
  if (exit.openedAt === 0n)
    lines.push(`The exit can be opened from ${atTime(tipFinalAt(status))} on.`);
  else if (!exit.settled && status.now < reportsEndAt(status)) {
    lines.push(`Deficits can be reported until ${atTime(reportsEndAt(status))}; exits begin then.`);
  } else lines.push('Everybody can leave.');
  return lines;
}

/** Positions side by side; nothing if there are none. */
function positionTable(positions: readonly HeldPosition[]): string[] {
  if (positions.length === 0) return ['  positions            none'];
  const rows = positions.map(({ name, lots, lotsPerContract, exitMark, value }) => [
    name,
    signed(lots, lotsPerContract),
    formatMoney(exitMark * BigInt(lotsPerContract)),
    formatMoney(value),
  ]);
  const head = ['instrument', 'contracts', 'exit mark', 'value'];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    `    ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}`;
  return ['  positions', line(head), ...rows.map(line)];
}

function signed(lots: number, lotsPerContract: number): string {
  return `${lots < 0 ? '-' : ''}${formatLots(Math.abs(lots), lotsPerContract)}`;
}

function usdc(amount: bigint): string {
  return `${formatMoney(amount)} USDC`;
}

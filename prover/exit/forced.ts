import { parseEventLogs } from 'viem';
import { settlementAbi } from '#contracts/abi/index.ts';
import { FLAG_REDUCE_ONLY, FLAG_SELL, FLAG_TIF_SHIFT, TIF_IOC } from '#shared/engine/kinds.ts';
import { bytesToHex, hexToBytes } from '#shared/protocol/bytes.ts';
import { type Action, encodeForcedAction } from '#shared/protocol/commands.ts';
import { PlimsollError } from '#shared/protocol/errors.ts';
import {
  formatLots,
  formatMoney,
  lots,
  money,
  parseLots,
  parseMoney,
  parsePrice,
} from '#shared/protocol/units.ts';
import { ProverError } from '../errors.ts';
import type { AccountState } from './account.ts';
import type { ExitTool, Receipt } from './tool.ts';

/** What can be forced, for the help. */
export const FORCED_FORMS = [
  'withdraw <USDC | all>',
  'cancel-all',
  'cancel <order id>',
  'close <instrument> <price in USDC> [contracts]',
  'raw <hex: kind byte and body>',
] as const;

export interface ForcedCommand {
  /** Kind byte and body. */
  readonly body: Uint8Array;
  readonly words: string;
}

/**
 * Reads a command to be forced, such as `withdraw all` or `close BTC_USDC-27NOV26-90000-C 1250`.
 *
 * @param account as the replayed state has it
 * @throws ProverError BAD_COMMAND
 */
export function parseForced(words: readonly string[], account: AccountState): ForcedCommand {
  try {
    return parse(words, account);
  } catch (error) {
    if (error instanceof ProverError || !(error instanceof PlimsollError)) throw error;
    throw bad(error.message);
  }
}

/** Puts the command into the inbox. @throws ProverError NOT_THE_OWNER, KEY_MISSING, and what the contract refuses */
export async function forceCommand(
  tool: ExitTool,
  account: number,
  command: ForcedCommand,
): Promise<{ readonly index: bigint; readonly receipt: Receipt }> {
  const { l1, sender } = tool;
  const contract = { address: l1.settlement, abi: settlementAbi } as const;
  const owner = await l1.client.readContract({
    ...contract,
    functionName: 'ownerOf',
    args: [account],
  });
  if (owner !== sender.account.address) {
    throw new ProverError(
      'NOT_THE_OWNER',
      `Account ${account} belongs to ${owner}, PLIMSOLL_KEY is ${sender.account.address}'s. Only the owner may force commands.`,
    );
  }
  const fee = await l1.client.readContract({
    ...contract,
    functionName: 'forcedFee',
    args: [account, false],
  });
  // The fee may rise before the transaction lands; the change comes back.
  const receipt = await sender.send({
    functionName: 'forceCommand',
    args: [account, bytesToHex(command.body)],
    value: fee * 2n,
  });
  return { index: enqueuedIn(tool, receipt, command.words), receipt };
}

/** The number of the inbox message that a transaction wrote; says it. */
export function enqueuedIn(tool: ExitTool, receipt: Receipt, words: string): bigint {
  const { logs } = receipt;
  const [enqueued] = parseEventLogs({ abi: settlementAbi, logs, eventName: 'MessageEnqueued' });
  if (enqueued === undefined) throw new Error('A forced command enqueued nothing.');
  tool.say(`forced: ${words}, as inbox message ${enqueued.args.index}`);
  return enqueued.args.index;
}

function parse(words: readonly string[], account: AccountState): ForcedCommand {
  const [name, ...rest] = words;
  switch (name) {
    case 'withdraw':
      return withdraw(rest, account);
    case 'cancel-all':
      count(rest, 0, 0);
      return action({ kind: 'cancelAll' }, 'cancel all orders');
    case 'cancel': {
      count(rest, 1, 1);
      if (!/^\d+$/.test(rest[0] ?? '')) throw bad(`'${rest[0]}' is no order id.`);
      const orderId = BigInt(rest[0] as string);
      return action({ kind: 'cancel', orderId }, `cancel order ${orderId}`);
    }
    case 'close':
      return close(rest, account);
    case 'raw': {
      count(rest, 1, 1);
      const hex = (rest[0] as string).replace(/^0x/, '');
      if (!/^([0-9a-fA-F]{2})+$/.test(hex)) throw bad('raw takes whole bytes in hexadecimal.');
      return { body: hexToBytes(`0x${hex}`), words: `raw command 0x${hex}` };
    }
    default:
      throw bad(name === undefined ? 'there is no command.' : `'${name}' is none of them.`);
  }
}

function withdraw(rest: readonly string[], account: AccountState): ForcedCommand {
  count(rest, 1, 1);
  const amount = rest[0] === 'all' ? money(account.cash) : parseMoney(rest[0] as string);
  if (amount <= 0n) throw bad('there is nothing to withdraw: the amount must be above zero.');
  return action({ kind: 'withdraw', amount }, `withdraw ${formatMoney(amount)} USDC`);
}

/** An immediate order that can only make the position smaller. */
function close(rest: readonly string[], account: AccountState): ForcedCommand {
  count(rest, 2, 3);
  const [name, priceText, quantityText] = rest;
  const position = account.positions.find((one) => one.name === name);
  if (position === undefined) {
    const held = account.positions.map((one) => one.name).join(', ') || 'nothing';
    throw bad(`account ${account.id} has no position in ${name}; it holds ${held}.`);
  }
  const price = parsePrice(priceText as string, position);
  const whole = lots(Math.abs(position.lots));
  const quantity =
    quantityText === undefined ? whole : parseLots(quantityText, position.lotsPerContract);
  const sell = position.lots > 0 ? FLAG_SELL : 0;
  const flags = sell | FLAG_REDUCE_ONLY | (TIF_IOC << FLAG_TIF_SHIFT);
  const order: Action = {
    kind: 'order',
    instrument: position.instrument,
    flags,
    price,
    lots: quantity,
  };
  const contracts = formatLots(quantity, position.lotsPerContract);
  return action(
    order,
    `${sell ? 'sell' : 'buy'} ${contracts} ${name} at ${priceText} USDC or better, at once, reducing only`,
  );
}

function action(what: Action, words: string): ForcedCommand {
  return { body: encodeForcedAction(what), words };
}

function count(rest: readonly string[], least: number, most: number): void {
  if (rest.length < least || rest.length > most) throw bad('it has too few or too many words.');
}

function bad(what: string): ProverError {
  return new ProverError(
    'BAD_COMMAND',
    `This cannot be forced: ${what} Forms: ${FORCED_FORMS.join('; ')}.`,
  );
}

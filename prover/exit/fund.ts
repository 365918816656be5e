import { encodeFunctionData, erc20Abi, parseEventLogs } from 'viem';
import { settlementAbi } from '#contracts/abi/index.ts';
import { PlimsollError } from '#shared/protocol/errors.ts';
import { formatMoney, parseMoney } from '#shared/protocol/units.ts';
import { ProverError } from '../errors.ts';
import type { ExitTool } from './tool.ts';

/**
 * Gives tokens of the key's own to the insurance fund: a gift, for good once a batch has consumed it. Approves exactly the amount, where
 * less is approved.
 *
 * @param words the amount in USDC
 * @returns the number of the inbox message
 * @throws ProverError BAD_COMMAND, KEY_MISSING, NO_FUNDS, and what the contract refuses
 */
export async function fundInsurance(tool: ExitTool, words: readonly string[]): Promise<bigint> {
  const { l1, sender } = tool;
  const amount = amountOf(words);
  const contract = { address: l1.settlement, abi: settlementAbi } as const;
  const minimum = await l1.client.readContract({ ...contract, functionName: 'minimumDeposit' });
  if (amount < minimum) {
    throw bad(`The contract takes no less than ${formatMoney(minimum)} USDC at once.`);
  }
  const giver = sender.account.address;
  const address = await l1.client.readContract({ ...contract, functionName: 'token' });
  const token = { address, abi: erc20Abi } as const;
  const [has, approved] = await Promise.all([
    l1.client.readContract({ ...token, functionName: 'balanceOf', args: [giver] }),
    l1.client.readContract({
      ...token,
      functionName: 'allowance',
      args: [giver, l1.settlement],
    }),
  ]);
  if (has < amount) {
    throw new ProverError(
      'NO_FUNDS',
      `${giver} has ${formatMoney(has)} USDC of the token ${address}, and ${formatMoney(amount)} were to be given.`,
    );
  }
  if (approved < amount) {
    const args = [l1.settlement, amount] as const;
    const data = encodeFunctionData({ ...token, functionName: 'approve', args });
    await sender.sendTo(address, data, 'approve');
  }
  const receipt = await sender.send({ functionName: 'fundInsurance', args: [amount] });
  const { logs } = receipt;
  const [enqueued] = parseEventLogs({ abi: settlementAbi, logs, eventName: 'MessageEnqueued' });
  if (enqueued === undefined) throw new Error('A gift to the fund enqueued nothing.');
  const { index } = enqueued.args;
  tool.say(`gave ${formatMoney(amount)} USDC to the insurance fund, as inbox message ${index}`);
  return index;
}

function amountOf([amount, ...rest]: readonly string[]): bigint {
  if (amount === undefined || rest.length > 0) throw bad('fund takes an amount in USDC.');
  try {
    return parseMoney(amount);
  } catch (error) {
    if (error instanceof PlimsollError) throw bad(error.message);
    throw error;
  }
}

function bad(message: string): ProverError {
  return new ProverError('BAD_COMMAND', message);
}

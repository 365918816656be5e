import type { Address } from 'viem';
import { judgeAbi, settlementAbi } from '#contracts/abi/index.ts';
import type { DevnetKey } from '#infra/devnet/keys.ts';
import type { Stack } from '#infra/devnet/stack.ts';
import type { BatchHeader } from '#shared/protocol/batch.ts';

/** What the demo asks the settlement contract, to compare it with what should be. */
export class Vault {
  readonly address: Address;
  readonly token: Address;
  readonly #stack: Stack;

  constructor(stack: Stack) {
    this.#stack = stack;
    this.address = stack.deployment.settlement;
    this.token = stack.deployment.token;
  }

  /** What the contract holds of the token, 1e-6 USDC. */
  balance(): Promise<bigint> {
    return this.balanceOf(this.address);
  }

  balanceOf(holder: Address): Promise<bigint> {
    return this.#stack.l1.balanceOf(this.token, holder);
  }

  held(): Promise<bigint> {
    return this.#read('held');
  }

  bond(): Promise<bigint> {
    return this.#read('bond');
  }

  freezeReason(): Promise<number> {
    return this.#read('freezeReason');
  }

  /** The reason that a freeze would have now; 0 is none. */
  async possibleReason(): Promise<number> {
    const [reason] = await this.#stack.l1.client.readContract({
      address: this.address,
      abi: settlementAbi,
      functionName: 'freezeStatus',
    });
    return reason;
  }

  isFinal(header: BatchHeader): Promise<boolean> {
    return this.#stack.l1.client.readContract({
      address: this.address,
      abi: settlementAbi,
      functionName: 'isFinal',
      args: [header],
    });
  }

  tip() {
    const { address } = this;
    return this.#stack.l1.client.readContract({ address, abi: settlementAbi, functionName: 'tip' });
  }

  /** The batches that the judge felled. Throws if there are none. */
  async fallen(): Promise<{ number: bigint; last: bigint; block: bigint }> {
    const [log] = await this.#stack.l1.client.getContractEvents({
      ...{ address: this.address, abi: settlementAbi, eventName: 'BatchesFell' },
      ...{ fromBlock: this.#stack.deployment.fromBlock, strict: true },
    });
    if (log === undefined) throw new Error('no batch fell');
    const { number, lastFallen } = log.args;
    return { number, last: lastFallen, block: log.blockNumber };
  }

  /** To whom the judge has credited the reward of the fraud, and how much, wei; undefined: it has not yet. */
  async rewarded(): Promise<{ prover: Address; amount: bigint } | undefined> {
    const judge = await this.#read('judge');
    const [log] = await this.#stack.l1.client.getContractEvents({
      ...{ address: judge, abi: judgeAbi, eventName: 'RewardSettled' },
      ...{ fromBlock: this.#stack.deployment.fromBlock, strict: true },
    });
    return log?.args;
  }

  /** What an account was ever paid of its withdrawals, 1e-6 USDC. */
  paid(account: number): Promise<bigint> {
    return this.#stack.l1.client.readContract({
      address: this.address,
      abi: settlementAbi,
      functionName: 'paid',
      args: [BigInt(account)],
    });
  }

  /** Whether a call would be refused now. */
  async refuses(key: DevnetKey, functionName: 'freeze' | 'settleExit'): Promise<boolean> {
    const { address } = this;
    const account = key.account;
    return this.#stack.l1.client
      .simulateContract({ address, abi: settlementAbi, functionName, account })
      .then(
        () => false,
        () => true,
      );
  }

  #read<F extends 'held' | 'bond' | 'freezeReason' | 'judge'>(functionName: F) {
    const { address } = this;
    return this.#stack.l1.client.readContract({ address, abi: settlementAbi, functionName });
  }
}

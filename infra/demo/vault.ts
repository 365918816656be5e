import type { Address } from 'viem';
import { settlementAbi } from '#contracts/abi/index.ts';
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

  #read<F extends 'held' | 'bond' | 'freezeReason'>(functionName: F) {
    const { address } = this;
    return this.#stack.l1.client.readContract({ address, abi: settlementAbi, functionName });
  }
}

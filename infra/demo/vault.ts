import {
  type Address,
  bytesToHex,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type EncodeFunctionDataParameters,
  encodeFunctionData,
  type Hash,
  type Hex,
  type TransactionReceipt,
} from 'viem';
import { settlementAbi } from '#contracts/abi/index.ts';
import type { DevnetKey } from '#infra/devnet/keys.ts';
import type { Stack } from '#infra/devnet/stack.ts';
import type { BatchHeader } from '#shared/protocol/batch.ts';
import { proveAccount, proveExitMarks, proveFacts, type RangeProof } from '#shared/state/proofs.ts';
import type { StateTree } from '#shared/state/tree.ts';

/** More than any of these calls needs: what one costs depends on which of them comes first. */
const GAS = 1_200_000n;
const OPEN_GAS = 6_000_000n;

type Write = ContractFunctionName<typeof settlementAbi, 'nonpayable' | 'payable'>;

/** The settlement contract as users call it once the exchange's servers are gone. */
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

  forcedFee(account: number): Promise<bigint> {
    return this.#stack.l1.client.readContract({
      address: this.address,
      abi: settlementAbi,
      functionName: 'forcedFee',
      args: [account, false],
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

  async force(key: DevnetKey, account: number, body: Hex): Promise<TransactionReceipt> {
    const value = await this.forcedFee(account);
    const [receipt] = await this.send(key, 'forceCommand', [[account, body]], GAS, value);
    if (receipt === undefined) throw new Error('there is no receipt');
    return receipt;
  }

  claim(key: DevnetKey, header: BatchHeader, tree: StateTree, account: number) {
    return this.send(key, 'claim', [[header, account, ...recordOf(tree, account)]]);
  }

  openExit(key: DevnetKey, tree: StateTree) {
    const proofs = [proveFacts(tree), proveAccount(tree, 0), proveExitMarks(tree)] as const;
    const [facts, fund, marks] = proofs.map(hexProof) as [HexProof, HexProof, HexProof];
    return this.send(key, 'openExit', [[...facts, ...fund, ...marks]], OPEN_GAS);
  }

  reportDeficits(key: DevnetKey, tree: StateTree, accounts: readonly number[]) {
    const calls = accounts.map((account) => [account, ...recordOf(tree, account)] as const);
    return this.send(key, 'reportDeficit', calls);
  }

  exit(key: DevnetKey, tree: StateTree, accounts: readonly number[]) {
    const calls = accounts.map((account) => [account, ...recordOf(tree, account)] as const);
    return this.send(key, 'exit', calls);
  }

  /** Sends one transaction for each of `calls` and waits for all. @throws ChildError if one is reverted */
  async send<F extends Write>(
    key: DevnetKey,
    functionName: F,
    calls: readonly ContractFunctionArgs<typeof settlementAbi, 'nonpayable' | 'payable', F>[],
    gas = GAS,
    value = 0n,
  ): Promise<TransactionReceipt[]> {
    const { l1 } = this.#stack;
    const wallet = l1.wallet(key.account);
    let nonce = await l1.client.getTransactionCount({ address: key.account.address });
    const hashes: Hash[] = [];
    for (const args of calls) {
      const call = { abi: settlementAbi, functionName, args } as EncodeFunctionDataParameters;
      const data = encodeFunctionData(call);
      const to = this.address;
      hashes.push(await wallet.sendTransaction({ to, data, gas, value, nonce: nonce++ }));
    }
    return l1.receipts(hashes);
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

type HexProof = [bytes: Hex, path: Hex[]];

function recordOf(tree: StateTree, account: number): HexProof {
  return hexProof(proveAccount(tree, account));
}

function hexProof(proof: RangeProof): HexProof {
  return [bytesToHex(proof.bytes), proof.path.map((sibling) => bytesToHex(sibling))];
}

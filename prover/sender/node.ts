import {
  type Address,
  BaseError,
  type Chain,
  type Hex,
  HttpRequestError,
  keccak256,
  type PublicClient,
  type TransactionReceipt,
  type Transport,
} from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import type { Fees } from '#shared/l1/fees.ts';
import { MAX_TRANSACTION_GAS } from '#shared/l1/gas.ts';
import type { Intent } from './types.ts';

/** L1's latest block. */
export interface Block {
  readonly number: bigint;
  readonly hash: Hex;
  /** Seconds. */
  readonly timestamp: bigint;
  /** Wei. */
  readonly baseFee: bigint;
}

export interface Signed {
  readonly hash: Hex;
  readonly raw: Hex;
}

/** The questions that a sender asks of L1 for one account. Each may fail when L1 is away. */
export class Node {
  readonly #client: PublicClient<Transport, Chain>;
  readonly #account: PrivateKeyAccount;

  constructor(client: PublicClient<Transport, Chain>, account: PrivateKeyAccount) {
    this.#client = client;
    this.#account = account;
  }

  get address(): Address {
    return this.#account.address;
  }

  async latest(): Promise<Block> {
    const block = await twice(() => this.#client.getBlock({ blockTag: 'latest' }));
    const { number, hash, timestamp } = block;
    return { number, hash, timestamp, baseFee: block.baseFeePerGas ?? 0n };
  }

  /** Transactions of the account up to and in a block. */
  async minedNonce(blockNumber: bigint): Promise<number> {
    return twice(() => this.#client.getTransactionCount({ address: this.address, blockNumber }));
  }

  /** The first nonce that the node has no transaction for. */
  async pendingNonce(): Promise<number> {
    return twice(() =>
      this.#client.getTransactionCount({ address: this.address, blockTag: 'pending' }),
    );
  }

  async balance(): Promise<bigint> {
    return twice(() => this.#client.getBalance({ address: this.address }));
  }

  /** What a tip for the block's builder is going for, wei. */
  async priorityFee(): Promise<bigint> {
    return twice(() => this.#client.estimateMaxPriorityFeePerGas());
  }

  /** Gas that the call uses now. Throws what the contract says against it. */
  async estimate({ to, data, value }: Intent): Promise<bigint> {
    const call = { account: this.address, to, data, value: value ?? 0n, gas: MAX_TRANSACTION_GAS };
    return twice(() => this.#client.estimateGas(call));
  }

  /** Runs the call on the state after a block. Throws what the contract says against it. */
  async simulate({ to, data, value }: Intent, gas: bigint, blockNumber: bigint): Promise<void> {
    const account = this.address;
    const call = { account, to, data, value: value ?? 0n, gas, blockNumber };
    await twice(() => this.#client.call(call));
  }

  /** The receipt on the present branch, or null. */
  async receipt(hash: Hex): Promise<TransactionReceipt | null> {
    return unlessMissing('TransactionReceiptNotFoundError', () =>
      this.#client.getTransactionReceipt({ hash }),
    );
  }

  /** Whether the node has the transaction, waiting or mined. */
  async knows(hash: Hex): Promise<boolean> {
    const found = await unlessMissing('TransactionNotFoundError', () =>
      this.#client.getTransaction({ hash }),
    );
    return found !== null;
  }

  /** Signatures are deterministic: the same terms have the same hash. */
  async sign(intent: Intent, terms: Fees & { nonce: number; gas: bigint }): Promise<Signed> {
    const { to, data, value } = intent;
    const { maxFeePerGas, maxPriorityFeePerGas, nonce, gas } = terms;
    const raw = await this.#account.signTransaction({
      type: 'eip1559',
      chainId: this.#client.chain.id,
      ...{ to, data, value: value ?? 0n },
      ...{ maxFeePerGas, maxPriorityFeePerGas, nonce, gas },
    });
    return { hash: keccak256(raw), raw };
  }

  async broadcast({ raw }: Signed): Promise<void> {
    await this.#client.sendRawTransaction({ serializedTransaction: raw });
  }
}

/** A lost answer to a question is no reason to wait: it is asked once more at once. Never for what changes something. */
async function twice<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const isLost =
      error instanceof BaseError && error.walk((one) => one instanceof HttpRequestError);
    if (!isLost) throw error;
    return ask();
  }
}

async function unlessMissing<T>(name: string, ask: () => Promise<T>): Promise<T | null> {
  try {
    return await twice(ask);
  } catch (error) {
    if (error instanceof BaseError && error.name === name) return null;
    throw error;
  }
}

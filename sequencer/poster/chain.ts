import {
  type Address,
  BaseError,
  createPublicClient,
  defineChain,
  encodeFunctionData,
  type Hex,
  http,
  keccak256,
  type PublicClient,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { settlementAbi } from '#contracts/abi/index.ts';
import { textOf } from '#shared/l1/errors.ts';
import type { Fees } from '#shared/l1/fees.ts';
import { MAX_TRANSACTION_GAS } from '#shared/l1/gas.ts';
import type { BatchHeader } from '#shared/protocol/batch.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';

export interface ChainOptions {
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly settlement: Address;
  readonly privateKey: Hex | null;
}

export interface L1Block {
  readonly number: bigint;
  readonly timeMs: number;
  /** Wei. */
  readonly baseFee: bigint;
}

export interface L1Tip {
  readonly number: bigint;
  readonly hash: Hex;
  readonly inboxCount: bigint;
  readonly finalRoot: Hex;
  readonly landedAt: bigint;
}

export interface SignedTransaction {
  readonly hash: Hex;
  readonly raw: Hex;
}

const REQUEST_TIMEOUT_MS = 10_000;

/** A client whose requests are not repeated behind our back: the callers have their own ways of waiting. */
export function l1Client(rpcUrl: string, chainId: number): PublicClient {
  const chain = defineChain({
    id: chainId,
    name: 'L1',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  });
  const transport = http(rpcUrl, { retryCount: 0, timeout: REQUEST_TIMEOUT_MS });
  return createPublicClient({ chain, transport, cacheTime: 0 });
}

/** What the poster asks of L1 and tells it. Every method fails when L1 is away. */
export class Chain {
  readonly #client: PublicClient;
  readonly #options: ChainOptions;
  readonly #account: ReturnType<typeof privateKeyToAccount> | null;

  constructor(options: ChainOptions) {
    this.#options = options;
    this.#client = l1Client(options.rpcUrl, options.chainId);
    this.#account = options.privateKey ? privateKeyToAccount(options.privateKey) : null;
  }

  async latestBlock(): Promise<L1Block> {
    const block = await this.#client.getBlock({ blockTag: 'latest' });
    return {
      number: block.number,
      timeMs: Number(block.timestamp) * 1000,
      baseFee: block.baseFeePerGas ?? 0n,
    };
  }

  /** The tip with the batch hash that the next header must name, read at one block. */
  async tip(block: L1Block): Promise<L1Tip> {
    const at = { ...this.#contract, blockNumber: block.number };
    const tip = await this.#client.readContract({ ...at, functionName: 'tip' });
    const args = [tip.number] as const;
    const hash = await this.#client.readContract({ ...at, functionName: 'batchHash', args });
    const { number, inboxCount, finalRoot, landedAt } = tip;
    return { number, hash, inboxCount, finalRoot, landedAt };
  }

  async batchHash(number: bigint): Promise<Hex> {
    const args = [number] as const;
    return this.#client.readContract({ ...this.#contract, functionName: 'batchHash', args });
  }

  /** 0: open. */
  async freezeReason(): Promise<number> {
    return this.#client.readContract({ ...this.#contract, functionName: 'freezeReason' });
  }

  /** How much ETH is missing from the bond, wei. */
  async missingBond(): Promise<bigint> {
    const [bond, needed] = await Promise.all([
      this.#client.readContract({ ...this.#contract, functionName: 'bond' }),
      this.#client.readContract({ ...this.#contract, functionName: 'bondAmount' }),
    ]);
    return bond >= needed ? 0n : needed - bond;
  }

  /** Transactions of the poster's account that are mined. */
  async minedNonce(): Promise<number> {
    const address = this.#sender.address;
    return this.#client.getTransactionCount({ address, blockTag: 'latest' });
  }

  /** Whether L1 knows the transaction, waiting or mined. */
  async knows(hash: Hex): Promise<boolean> {
    try {
      await this.#client.getTransaction({ hash });
      return true;
    } catch (error) {
      if (error instanceof BaseError && error.name === 'TransactionNotFoundError') return false;
      throw error;
    }
  }

  /** What a tip for the block's builder is going for, wei. */
  async priorityFee(): Promise<bigint> {
    return this.#client.estimateMaxPriorityFeePerGas();
  }

  /** Gas for the batch with a margin. Throws what the contract says against it: see `revertName`. */
  async estimateGas(header: BatchHeader, data: Uint8Array): Promise<bigint> {
    const gas = await this.#client.estimateContractGas({
      ...this.#contract,
      functionName: 'postBatch',
      args: [header, bytesToHex(data)],
      account: this.#sender.address,
    });
    const generous = gas + gas / 8n;
    return generous < MAX_TRANSACTION_GAS ? generous : MAX_TRANSACTION_GAS;
  }

  async sign(
    header: BatchHeader,
    data: Uint8Array,
    terms: Fees & { readonly gas: bigint; readonly nonce: number },
  ): Promise<SignedTransaction> {
    const raw = await this.#sender.signTransaction({
      type: 'eip1559',
      chainId: this.#options.chainId,
      to: this.#options.settlement,
      data: encodeFunctionData({
        abi: settlementAbi,
        functionName: 'postBatch',
        args: [header, bytesToHex(data)],
      }),
      ...terms,
    });
    return { hash: keccak256(raw), raw };
  }

  /** Hands a transaction to L1; one that is there already is fine. */
  async send(transaction: SignedTransaction): Promise<void> {
    try {
      await this.#client.sendRawTransaction({ serializedTransaction: transaction.raw });
    } catch (error) {
      if (!/already (known|imported)/i.test(textOf(error))) throw error;
    }
  }

  get #contract() {
    return { address: this.#options.settlement, abi: settlementAbi } as const;
  }

  get #sender() {
    if (this.#account === null) throw new Error('This chain client has no key to send with.');
    return this.#account;
  }
}

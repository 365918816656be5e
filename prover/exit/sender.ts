import {
  type Address,
  type ContractFunctionArgs,
  encodeFunctionData,
  type Hex,
  keccak256,
  type TransactionReceipt,
} from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { settlementAbi } from '#contracts/abi/index.ts';
import { ProverError } from '../errors.ts';
import type { L1 } from '../follower/l1.ts';
import type { Sender } from '../sender/sender.ts';
import type { Intent, Urgency } from '../sender/types.ts';

/** Functions of the contract that this tool sends. */
export type Sent =
  | 'claim'
  | 'closeExit'
  | 'exit'
  | 'forceCommand'
  | 'forceSystem'
  | 'freeze'
  | 'fundInsurance'
  | 'openExit'
  | 'redirect'
  | 'refundDeposit'
  | 'reportDeficit'
  | 'retryCredit'
  | 'settleExit'
  | 'withdrawEth';

export interface Call<N extends Sent = Sent> {
  readonly functionName: N;
  readonly args: ContractFunctionArgs<typeof settlementAbi, 'nonpayable' | 'payable', N>;
  /** Wei. */
  readonly value?: bigint;
  /** Raises the fee ceiling; see `prover/sender`. */
  readonly urgency?: Urgency;
}

export interface SettlementSenderDependencies {
  readonly l1: L1;
  /** Null: only looking. */
  readonly account: PrivateKeyAccount | null;
  /** Made when the first transaction is sent. */
  readonly makeSender: (account: PrivateKeyAccount) => Sender;
  readonly say: (line: string) => void;
}

/** Sends calls to the settlement contract, after it has brought to an end what an earlier run of the tool began. */
export class SettlementSender {
  readonly #deps: SettlementSenderDependencies;
  #sender: Promise<Sender> | null = null;
  /** Receipts of an earlier run's calls, by key, until they are asked for again. */
  #earlier = new Map<string, TransactionReceipt>();

  constructor(deps: SettlementSenderDependencies) {
    this.#deps = deps;
  }

  /** Who sends. @throws ProverError KEY_MISSING */
  get account(): PrivateKeyAccount {
    const { account } = this.#deps;
    if (account !== null) return account;
    throw new ProverError(
      'KEY_MISSING',
      'This needs a transaction, so a private key with some ETH: put it into the environment variable PLIMSOLL_KEY. `show` needs none.',
    );
  }

  get hasKey(): boolean {
    return this.#deps.account !== null;
  }

  /** Sends one call and waits until it is mined. */
  async send<N extends Sent>(call: Call<N>): Promise<TransactionReceipt> {
    const [receipt] = await this.sendAll([call]);
    return receipt as TransactionReceipt;
  }

  /**
   * Sends calls that do not depend on each other, some at a time; one that fails does not hold up the others. A call that an earlier
   * run had sent, with `--data`, is not sent again.
   *
   * @param onMined hears of each as it is mined
   * @throws ProverError KEY_MISSING, NO_FUNDS, L1_UNREACHABLE, TRANSACTION_FAILED, or what the contract says against it
   */
  async sendAll<N extends Sent>(
    calls: readonly Call<N>[],
    onMined: (index: number, receipt: TransactionReceipt) => void = () => {},
  ): Promise<TransactionReceipt[]> {
    return this.#sendIntents(
      calls.map((call) => this.#intentOf(call)),
      onMined,
    );
  }

  /** Sends a call to another contract, such as the token, and waits until it is mined. `what` names it. */
  async sendTo(to: Address, data: Hex, what: string): Promise<TransactionReceipt> {
    const key = `${this.#deps.l1.settlement} ${what} ${keccak256(data).slice(2, 18)}`;
    const [receipt] = await this.#sendIntents([{ key, what, to, data, value: 0n }], () => {});
    return receipt as TransactionReceipt;
  }

  async #sendIntents(
    intents: readonly Intent[],
    onMined: (index: number, receipt: TransactionReceipt) => void,
  ): Promise<TransactionReceipt[]> {
    if (intents.length === 0) return [];
    this.#sender ??= this.#start();
    const sender = await this.#sender;
    const sent = intents.map(async (intent, index) => {
      const { key } = intent;
      const receipt = this.#earlier.get(key) ?? (await sender.send(intent));
      this.#earlier.delete(key);
      sender.finish(key);
      onMined(index, receipt);
      return receipt;
    });
    const ended = await Promise.allSettled(sent);
    const failed = ended.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return Promise.all(sent);
  }

  async #start(): Promise<Sender> {
    const { makeSender, say } = this.#deps;
    const sender = makeSender(this.account);
    for (const { intent, result } of await sender.resume()) {
      if (result instanceof Error) {
        say(`an earlier run had begun: ${intent.what}, which failed: ${result.message}`);
        continue;
      }
      say(`an earlier run had begun: ${intent.what}, mined in ${result.transactionHash}`);
      this.#earlier.set(intent.key, result);
      sender.finish(intent.key);
    }
    return sender;
  }

  #intentOf({ functionName, args, value, urgency }: Call): Intent {
    const data: Hex = encodeFunctionData({ abi: settlementAbi, functionName, args } as never);
    const what = keccak256(data).slice(2, 18);
    return {
      key: `${this.#deps.l1.settlement} ${functionName} ${what}`,
      what: functionName,
      to: this.#deps.l1.settlement,
      data,
      value: value ?? 0n,
      ...(urgency === undefined ? {} : { urgency }),
    };
  }
}

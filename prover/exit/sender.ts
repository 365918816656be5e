import {
  BaseError,
  type ContractFunctionArgs,
  ContractFunctionRevertedError,
  createWalletClient,
  encodeFunctionData,
  type Hex,
  http,
  type TransactionReceipt,
} from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { settlementAbi } from '#contracts/abi/index.ts';
import { ProverError, type ProverErrorCode, textOf } from '../errors.ts';
import type { L1 } from '../follower/l1.ts';

/** Functions of the contract that this tool sends. */
export type Sent =
  | 'claim'
  | 'closeExit'
  | 'exit'
  | 'forceCommand'
  | 'forceSystem'
  | 'freeze'
  | 'openExit'
  | 'redirect'
  | 'refundDeposit'
  | 'reportDeficit'
  | 'settleExit'
  | 'withdrawEth';

export interface Call<N extends Sent = Sent> {
  readonly functionName: N;
  readonly args: ContractFunctionArgs<typeof settlementAbi, 'nonpayable' | 'payable', N>;
  /** Wei. */
  readonly value?: bigint;
}

const RECEIPT_TIMEOUT_MS = 300_000;
/** Transactions in flight: what a node's pool takes from one account without complaint. */
const IN_FLIGHT = 16;
/** EIP-7825: no transaction may use more. */
const MAX_TRANSACTION_GAS = 16_777_216n;

/** What the contract's own errors mean here, and what to do about them. */
const REVERTS: Readonly<Record<string, readonly [ProverErrorCode, string]>> = {
  Closed: [
    'ALREADY_FROZEN',
    'The exchange is closed: it takes no commands any more. Use `auto` to leave it.',
  ],
  NotStanding: ['NOT_FINAL', 'The batch does not stand any more. Run the command again.'],
  NotFinal: [
    'NOT_FINAL',
    'The batch is not final yet. Wait until its challenge period has passed.',
  ],
  NothingToClaim: [
    'NOTHING_TO_CLAIM',
    'Everything withdrawn under this root has been paid already.',
  ],
  NothingToFreeze: ['CANNOT_FREEZE', 'No reason to freeze holds now. `show` says when one will.'],
  AlreadyFrozen: [
    'ALREADY_FROZEN',
    'The exchange is frozen already. Go on with `open`, or `auto`.',
  ],
  NotFrozen: ['NOT_FROZEN', 'The exchange is not frozen. Freeze it first, if it may be.'],
  ExitAlreadyOpen: [
    'EXIT_ALREADY_OPEN',
    'The exit is open already. Go on with `deficits` or `exit`.',
  ],
  ExitNotOpen: [
    'EXIT_NOT_OPEN',
    'The exit is not open or not settled yet. Use `auto` to see what comes next.',
  ],
  ReportPeriodOver: ['REPORT_PERIOD_OVER', 'The time for reports is over. Go on with `exit`.'],
  ReportPeriodRunning: [
    'REPORT_PERIOD_RUNNING',
    'Deficits may still be reported; exits begin afterwards.',
  ],
  AlreadyExited: ['ALREADY_EXITED', 'The account has left already.'],
  NotEverybodyHasLeft: [
    'NOT_EVERYBODY_LEFT',
    'Some accounts have not left. Take them out with `exit --all`.',
  ],
  NoCredit: ['NO_CREDIT', 'This address has no credit: the token refused it nothing.'],
  NotAccountOwner: [
    'NOT_THE_OWNER',
    "Only the owner may force commands. Use the owner's key in PLIMSOLL_KEY.",
  ],
  EthNotSent: ['NO_ETH', 'This address has earned no ETH here, or does not accept it.'],
};

/** Sends transactions to the settlement contract and says in words why one is refused. */
export class Sender {
  readonly #l1: L1;
  readonly #account: PrivateKeyAccount | null;

  constructor(l1: L1, account: PrivateKeyAccount | null) {
    this.#l1 = l1;
    this.#account = account;
  }

  /** Who sends. @throws ProverError KEY_MISSING */
  get account(): PrivateKeyAccount {
    if (this.#account === null) {
      throw new ProverError(
        'KEY_MISSING',
        'This needs a transaction, so a private key with some ETH: put it into the environment variable PLIMSOLL_KEY. `show` needs none.',
      );
    }
    return this.#account;
  }

  get hasKey(): boolean {
    return this.#account !== null;
  }

  /** Sends one call and waits until it is mined. */
  async send<N extends Sent>(call: Call<N>): Promise<TransactionReceipt> {
    const [receipt] = await this.sendAll([call]);
    return receipt as TransactionReceipt;
  }

  /**
   * Sends calls that do not depend on each other, some at a time.
   *
   * @param onMined hears of each as it is mined
   * @throws ProverError KEY_MISSING, TRANSACTION_FAILED, or what the contract says against it
   */
  async sendAll<N extends Sent>(
    calls: readonly Call<N>[],
    onMined: (index: number) => void = () => {},
  ): Promise<TransactionReceipt[]> {
    const receipts: TransactionReceipt[] = [];
    for (let from = 0; from < calls.length; from += IN_FLIGHT) {
      const { address } = this.account;
      let nonce = await this.#l1.client.getTransactionCount({ address, blockTag: 'pending' });
      const hashes: Hex[] = [];
      for (const call of calls.slice(from, from + IN_FLIGHT)) {
        hashes.push(await this.#submit(call, nonce));
        nonce += 1;
      }
      for (const [index, hash] of hashes.entries()) {
        receipts.push(await this.#mined(hash));
        onMined(from + index);
      }
    }
    return receipts;
  }

  async #submit(call: Call, nonce: number): Promise<Hex> {
    const { account } = this;
    const { client, settlement, chain, rpcUrl } = this.#l1;
    const value = call.value ?? 0n;
    try {
      const estimate = await client.estimateContractGas({
        address: settlement,
        abi: settlementAbi,
        account,
        functionName: call.functionName,
        args: call.args,
        value,
      } as never);
      const generous = estimate + estimate / 4n;
      const wallet = createWalletClient({ account, chain, transport: http(rpcUrl) });
      return await wallet.sendTransaction({
        to: settlement,
        data: encodeFunctionData({
          abi: settlementAbi,
          functionName: call.functionName,
          args: call.args,
        } as never),
        value,
        gas: generous < MAX_TRANSACTION_GAS ? generous : MAX_TRANSACTION_GAS,
        nonce,
      });
    } catch (error) {
      throw plain(call.functionName, error);
    }
  }

  async #mined(hash: Hex): Promise<TransactionReceipt> {
    const { client } = this.#l1;
    let receipt: TransactionReceipt;
    try {
      receipt = await client.waitForTransactionReceipt({ hash, timeout: RECEIPT_TIMEOUT_MS });
    } catch (cause) {
      throw new ProverError(
        'TRANSACTION_FAILED',
        `Transaction ${hash} was not seen mined (${textOf(cause)}). Look it up before you run the command again, which is safe.`,
        { cause },
      );
    }
    if (receipt.status === 'success') return receipt;
    throw new ProverError(
      'TRANSACTION_FAILED',
      `Transaction ${hash} was mined but reverted: something changed between. Run the command again.`,
    );
  }
}

function plain(functionName: string, error: unknown): unknown {
  if (!(error instanceof BaseError)) return error;
  const revert = error.walk((cause) => cause instanceof ContractFunctionRevertedError);
  if (!(revert instanceof ContractFunctionRevertedError)) {
    const message = `${functionName} could not be sent: ${textOf(error)}. Check the key's ETH and --rpc.`;
    return new ProverError('TRANSACTION_FAILED', message, { cause: error });
  }
  const name = revert.data?.errorName ?? revert.signature ?? 'unknown';
  const values = revert.data?.args?.length ? `(${revert.data.args.join(', ')})` : '';
  const known = REVERTS[name];
  const code = known?.[0] ?? 'REFUSED_BY_CONTRACT';
  const advice = known?.[1] ?? 'contracts/src says what the error means.';
  const message = `The contract refuses ${functionName} with ${name}${values}. ${advice}`;
  return new ProverError(code, message, { cause: error });
}

import {
  type Account,
  type Address,
  type Chain,
  createPublicClient,
  createWalletClient,
  type Hash,
  type Hex,
  http,
  type PublicClient,
  parseEther,
  type TransactionReceipt,
  type Transport,
  toHex,
  type WalletClient,
} from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { foundry } from 'viem/chains';
import { settlementAbi, testTokenAbi } from '#contracts/abi/index.ts';
import { deploy } from '#contracts/deploy.ts';
import { devnetParams, type SettlementParams } from '#contracts/params.ts';
import { ChildError } from './errors.ts';
import type { DevnetKey, DevnetRoles } from './keys.ts';

const POLL_MS = 100;
const DEPOSIT_GAS = 400_000n;
const RECEIPT_TIMEOUT_MS = 60_000;

export interface Deployment {
  readonly chainId: number;
  readonly token: Address;
  readonly settlement: Address;
  /** Block of the settlement contract: nothing of ours is earlier. */
  readonly fromBlock: bigint;
}

export type Wallet = WalletClient<Transport, Chain, Account>;

/** The devnet's side of L1: clients, the deployment, and the transactions that users would send themselves. */
export class L1 {
  readonly url: string;
  readonly client: PublicClient;

  constructor(url: string) {
    this.url = url;
    const transport = http(url, { retryCount: 3, timeout: 20_000 });
    this.client = createPublicClient({ chain: foundry, transport, pollingInterval: POLL_MS });
  }

  wallet(account: PrivateKeyAccount): Wallet {
    const transport = http(this.url, { retryCount: 3, timeout: 20_000 });
    return createWalletClient({ account, chain: foundry, transport, pollingInterval: POLL_MS });
  }

  /** Gives test ETH, which only a devnet's L1 can do. */
  async giveEther(addresses: readonly Address[], ether: string): Promise<void> {
    const value = toHex(parseEther(ether));
    await Promise.all(
      addresses.map((address) =>
        this.client.request({
          method: 'anvil_setBalance',
          params: [address, value],
        } as unknown as Parameters<typeof this.client.request>[0]),
      ),
    );
  }

  /** Test USDC and the settlement contract with its bond. `change` adjusts the devnet's parameters. */
  async deploy(
    roles: DevnetRoles,
    oracleSigners: readonly Address[],
    change: (params: SettlementParams) => SettlementParams = (params) => params,
  ): Promise<Deployment> {
    const clients = { wallet: this.wallet(roles.deployer.account), client: this.client };
    const { token, settlement } = await deploy(clients, (address) =>
      change(
        devnetParams({
          token: address,
          sequencer: roles.sequencer.account.address,
          feeRecipient: roles.feeRecipient.account.address,
          riskMonitor: roles.riskMonitor.account.address,
          insuranceBeneficiary: roles.beneficiary.account.address,
          oracleSigners,
        }),
      ),
    );
    const chainId = await this.client.getChainId();
    const fromBlock = settlement.blockNumber;
    return { chainId, token: token.address, settlement: settlement.address, fromBlock };
  }

  /** Mints `amount` (1e-6 USDC) of the test token to each. */
  async mint(payer: DevnetKey, token: Address, to: readonly Address[], amount: bigint) {
    const wallet = this.wallet(payer.account);
    let nonce = await this.client.getTransactionCount({ address: payer.account.address });
    const hashes: Hash[] = [];
    for (const address of to) {
      const hash = await wallet.writeContract({
        address: token,
        abi: testTokenAbi,
        functionName: 'mint',
        args: [address, amount],
        nonce: nonce++,
      });
      hashes.push(hash);
    }
    await this.receipts(hashes);
  }

  /**
   * Approves and deposits `amount` (1e-6 USDC) from each key's own wallet into its own first subaccount.
   * @returns account numbers, in the order of the keys
   */
  async deposit(
    deployment: Deployment,
    keys: readonly DevnetKey[],
    amount: bigint,
  ): Promise<number[]> {
    const { token, settlement } = deployment;
    await this.fromEach(keys, (wallet) =>
      wallet.writeContract({
        address: token,
        abi: testTokenAbi,
        functionName: 'approve',
        args: [settlement, amount],
      }),
    );
    await this.fromEach(keys, (wallet, key) =>
      wallet.writeContract({
        address: settlement,
        abi: settlementAbi,
        functionName: 'deposit',
        args: [key.account.address, 0, amount],
        // Not estimated: what a deposit costs depends on how many others land in its block.
        gas: DEPOSIT_GAS,
      }),
    );
    return Promise.all(keys.map((key) => this.accountOf(settlement, key.account.address)));
  }

  /** Gives `amount` (1e-6 USDC) of a key's tokens to the insurance fund. */
  async fundInsurance(deployment: Deployment, giver: DevnetKey, amount: bigint): Promise<void> {
    const { token, settlement } = deployment;
    const wallet = this.wallet(giver.account);
    const approve = { address: token, abi: testTokenAbi, functionName: 'approve' } as const;
    await this.receipts([await wallet.writeContract({ ...approve, args: [settlement, amount] })]);
    const fund = { address: settlement, abi: settlementAbi } as const;
    const hash = await wallet.writeContract({
      ...fund,
      functionName: 'fundInsurance',
      args: [amount],
      gas: DEPOSIT_GAS,
    });
    await this.receipts([hash]);
  }

  accountOf(settlement: Address, owner: Address): Promise<number> {
    return this.client.readContract({
      address: settlement,
      abi: settlementAbi,
      functionName: 'accountOf',
      args: [owner, 0],
    });
  }

  balanceOf(token: Address, holder: Address): Promise<bigint> {
    return this.client.readContract({
      address: token,
      abi: testTokenAbi,
      functionName: 'balanceOf',
      args: [holder],
    });
  }

  /** Sends one transaction from every key at once and waits until all succeeded. */
  async fromEach(
    keys: readonly DevnetKey[],
    send: (wallet: Wallet, key: DevnetKey) => Promise<Hash>,
  ): Promise<TransactionReceipt[]> {
    const hashes = await Promise.all(keys.map((key) => send(this.wallet(key.account), key)));
    return this.receipts(hashes);
  }

  /** @throws ChildError L1_REVERTED if one of them failed */
  async receipts(hashes: readonly Hex[]): Promise<TransactionReceipt[]> {
    const receipts = await Promise.all(
      hashes.map((hash) =>
        this.client.waitForTransactionReceipt({ hash, timeout: RECEIPT_TIMEOUT_MS }),
      ),
    );
    const failed = receipts.find((receipt) => receipt.status !== 'success');
    if (failed === undefined) return receipts;
    const message = `transaction ${failed.transactionHash} was reverted`;
    throw new ChildError('L1_REVERTED', message, 'This is a bug of the devnet: please report it.');
  }
}

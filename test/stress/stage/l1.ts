import type { Logger } from 'pino';
import {
  type Account,
  type Address,
  type Chain as ChainOf,
  createPublicClient,
  createWalletClient,
  http,
  type PublicClient,
  type Transport,
  type WalletClient,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { foundry } from 'viem/chains';
import { settlementAbi, testTokenAbi } from '#contracts/abi/index.ts';
import { deploy } from '#contracts/deploy.ts';
import { productionParams } from '#contracts/params.ts';
import { InboxFollower } from '#sequencer/inbox/follower.ts';
import type { JournalReader, SendRow } from '#sequencer/journal/store.ts';
import { Chain } from '#sequencer/poster/chain.ts';
import { Poster } from '#sequencer/poster/poster.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { Anvil, freePort } from '#test/support/anvil.ts';
import { StressError } from '../errors.ts';

/** Anvil's first keys: known to everybody. */
const DEPLOYER = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
const POSTER = '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d';
const FROM_BLOCK = 0n;
const CHUNK_BLOCKS = 5000n;
const MAX_FEE = 1_000_000_000_000n;
/** Batches posted in one turn at most, so that what waits after an outage lands as fast as L1 takes it. */
const POSTS_A_TURN = 200;
const RICH = 1n << 60n;

/** What a poster needs of the exchange. */
export interface PostingSource {
  readonly reader: JournalReader;
  readonly nowMs: () => number;
  readonly store: (send: SendRow) => Promise<void>;
}

/**
 * A real L1 (anvil) with the real contracts and production's parameters: deposits go through it, batches are posted to it, and its inbox is
 * the only one. Its blocks come when `slot` says so, at the exchange's time; an outage is that they do not.
 */
export class StageL1 {
  readonly settlement: Address;
  readonly url: string;
  readonly #anvil: Anvil;
  readonly #client: PublicClient;
  readonly #wallet: WalletClient<Transport, ChainOf, Account>;
  readonly #token: Address;
  readonly #log: Logger;
  #poster: Poster | null = null;
  #follower: InboxFollower | null = null;
  #away = false;
  #timeMs: number;

  private constructor(parts: {
    anvil: Anvil;
    client: PublicClient;
    wallet: WalletClient<Transport, ChainOf, Account>;
    token: Address;
    settlement: Address;
    startMs: number;
    log: Logger;
  }) {
    this.#anvil = parts.anvil;
    this.#client = parts.client;
    this.#wallet = parts.wallet;
    this.#token = parts.token;
    this.#log = parts.log;
    this.#timeMs = parts.startMs;
    this.settlement = parts.settlement;
    this.url = parts.anvil.url;
  }

  /** Starts an anvil whose time begins an hour before `startMs`, and puts everything on it. */
  static async start(options: {
    startMs: number;
    signers: readonly Uint8Array[];
    log: Logger;
  }): Promise<StageL1> {
    const { log } = options;
    const startMs = options.startMs - 3_600_000;
    const anvil = await Anvil.start({ port: await freePort(), startMs });
    try {
      const transport = http(anvil.url, { retryCount: 0, timeout: 30_000 });
      const client = createPublicClient({ chain: foundry, transport, pollingInterval: 20 });
      const account = privateKeyToAccount(DEPLOYER);
      const wallet = createWalletClient({
        account,
        chain: foundry,
        transport,
        pollingInterval: 20,
      });
      const { token, settlement } = await deploy({ wallet, client }, (tokenAddress) =>
        productionParams({
          token: tokenAddress,
          sequencer: privateKeyToAccount(POSTER).address,
          feeRecipient: account.address,
          insuranceBeneficiary: account.address,
          riskMonitor: account.address,
          oracleSigners: options.signers.map(bytesToHex),
        }),
      );
      const at = { token: token.address, settlement: lower(settlement.address) };
      return new StageL1({ anvil, client, wallet, ...at, startMs, log });
    } catch (error) {
      await anvil.stop();
      throw error;
    }
  }

  get chainId(): number {
    return foundry.id;
  }

  /** Batches that stand on L1. */
  get landed(): number {
    return this.#poster?.report.landedBatch ?? 0;
  }

  /** Why posting waits, in words; null: it does not. */
  get trouble(): string | null {
    return this.#poster?.report.trouble ?? null;
  }

  /** Brings the inbox to `consume`, and posts what `source` has. */
  connect(
    source: PostingSource,
    inbox: { consume: (message: Uint8Array) => void; next: () => number },
  ): void {
    const { settlement, chainId, url } = this;
    const clock = { nowMs: () => performance.now() };
    this.#poster = new Poster(
      { bumpAfterMs: 60_000, maxFeePerGas: MAX_FEE, readOnly: false },
      {
        chain: new Chain({ rpcUrl: url, chainId, settlement, privateKey: POSTER }),
        reader: source.reader,
        clock,
        exchangeClock: { nowMs: source.nowMs },
        log: this.#log,
        store: source.store,
      },
    );
    this.#follower = new InboxFollower(
      { settlement, confirmations: 0, fromBlock: FROM_BLOCK, chunkBlocks: CHUNK_BLOCKS },
      {
        client: this.#client,
        log: this.#log,
        nextMessage: inbox.next,
        onMessage: inbox.consume,
        onProgress: () => {},
      },
    );
  }

  /** Deposits for each owner, in order: accounts are numbered so. */
  async deposit(owners: readonly { address: Uint8Array; deposit: bigint }[]): Promise<void> {
    const payer = this.#wallet.account.address;
    const token = { address: this.#token, abi: testTokenAbi } as const;
    const settlement = { address: this.settlement, abi: settlementAbi } as const;
    await this.#landed(
      await this.#wallet.writeContract({ ...token, functionName: 'mint', args: [payer, RICH] }),
    );
    await this.#landed(
      await this.#wallet.writeContract({
        ...token,
        functionName: 'approve',
        args: [this.settlement, RICH],
      }),
    );
    let nonce = await this.#client.getTransactionCount({ address: payer });
    let last: `0x${string}` = '0x';
    for (const { address, deposit } of owners) {
      last = await this.#wallet.writeContract({
        ...settlement,
        functionName: 'deposit',
        args: [bytesToHex(address), 0, deposit],
        gas: 500_000n,
        nonce: nonce++,
      });
    }
    await this.#landed(last);
  }

  /** One turn of L1 at the exchange's time: a block, unless it is `away`, then posting, then the inbox. */
  async slot(timeMs: number, options: { away: boolean; checkedBatch: number }): Promise<void> {
    const poster = this.#poster;
    if (poster === null) throw new StressError('NOT_CONNECTED', 'Nothing was connected to L1.');
    if (options.away !== this.#away) {
      await this.#anvil.request('evm_setAutomine', [!options.away]);
      this.#away = options.away;
    }
    if (!options.away) await this.#mine(timeMs);
    poster.checkedBatch = options.checkedBatch;
    for (let turn = 0; turn < POSTS_A_TURN; turn++) {
      await poster.step();
      if (options.away || poster.report.landedBatch >= options.checkedBatch) break;
    }
    await this.#follower?.poll();
  }

  async stop(): Promise<void> {
    await this.#anvil.stop();
  }

  /** Never behind a block that is there: catching up takes real time, which anvil's clock counts, too. */
  async #mine(timeMs: number) {
    const { timestamp } = await this.#client.getBlock({ blockTag: 'latest' });
    this.#timeMs = Math.max(timeMs, Number(timestamp) * 1000 + 1000);
    const seconds = Math.floor(this.#timeMs / 1000);
    await this.#anvil.request('evm_setNextBlockTimestamp', [seconds]);
    await this.#anvil.request('evm_mine');
  }

  async #landed(hash: `0x${string}`) {
    const { status } = await this.#client.waitForTransactionReceipt({ hash });
    if (status !== 'success')
      throw new StressError('L1_REVERTED', `The transaction ${hash} failed.`);
  }
}

function lower(address: Address): Address {
  return address.toLowerCase() as Address;
}

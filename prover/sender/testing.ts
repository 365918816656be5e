/** For this folder's tests: an anvil whose blocks are made by hand, a token that anybody may mint, and senders that may die. */
import pino from 'pino';
import {
  type Address,
  createPublicClient,
  createWalletClient,
  encodeFunctionData,
  type Hex,
  http,
  parseEther,
  parseGwei,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { foundry } from 'viem/chains';
import { settlementAbi, testTokenAbi } from '#contracts/abi/index.ts';
import { deployTestToken } from '#contracts/deploy.ts';
import { Anvil, freePort } from '#test/support/anvil.ts';
import { L1Proxy } from '#test/support/l1-proxy.ts';
import { DEFAULT_SENDER, Sender, type SenderOptions } from './sender.ts';
import { MemoryStore, type TransactionStore } from './store.ts';
import type { Intent } from './types.ts';

const DEPLOYER = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
const KEY: Hex = `0x${'5e'.repeat(32)}`;
export const OWNER = privateKeyToAccount(KEY);
const GWEI = parseGwei('1');

export interface Started {
  readonly sender: Sender;
  readonly store: TransactionStore;
  /** What it logged, as pino's objects. */
  readonly logs: { readonly msg: string }[];
  /** Ends it as a kill would: whatever was on its way stays there. */
  readonly kill: () => void;
}

export class SenderWorld {
  readonly anvil: Anvil;
  readonly proxy: L1Proxy;
  readonly token: Address;
  readonly client;

  private constructor(anvil: Anvil, proxy: L1Proxy, token: Address) {
    this.anvil = anvil;
    this.proxy = proxy;
    this.token = token;
    this.client = clientOf(anvil.url);
  }

  /** Automining is off afterwards. */
  static async create(): Promise<SenderWorld> {
    const anvil = await Anvil.start({ port: await freePort(), startMs: 1_790_000_000_000 });
    const proxy = await L1Proxy.start(anvil.url);
    const wallet = createWalletClient({
      account: privateKeyToAccount(DEPLOYER),
      chain: foundry,
      transport: http(anvil.url),
    });
    const { address } = await deployTestToken({ wallet, client: clientOf(anvil.url) });
    const world = new SenderWorld(anvil, proxy, address);
    await world.giveEth(parseEther('100'));
    await anvil.request('evm_setAutomine', [false]);
    return world;
  }

  async close(): Promise<void> {
    this.proxy.stop();
    await this.anvil.stop();
  }

  async giveEth(wei: bigint): Promise<void> {
    await this.anvil.request('anvil_setBalance', [OWNER.address, `0x${wei.toString(16)}`]);
  }

  /** A sender of OWNER's, through the proxy. */
  start(
    options: Partial<SenderOptions> = {},
    store: TransactionStore = new MemoryStore(),
  ): Started {
    const ending = new AbortController();
    const logs: { readonly msg: string }[] = [];
    const log = pino({ level: 'debug' }, { write: (line: string) => logs.push(JSON.parse(line)) });
    const ceilings = { calm: 200n * GWEI, urgent: 2000n * GWEI };
    const sender = new Sender(
      { ...DEFAULT_SENDER, ceilings, pollMs: 10, longestPollMs: 20, ...options },
      {
        client: clientOf(this.proxy.url),
        account: OWNER,
        store,
        words: { abi: [...settlementAbi, ...testTokenAbi], advice: ADVICE },
        patience: { attempts: 8, firstWaitMs: 5, longestWaitMs: 40, signal: ending.signal },
        log,
      },
    );
    return { sender, store, logs, kill: () => ending.abort(new Error('killed')) };
  }

  /** Mints one unit to an address of its own: what is there in the end is how often it was executed. */
  mint(number: number, more: Partial<Intent> = {}): Intent {
    return {
      key: `mint ${number}`,
      what: `mint ${number}`,
      to: this.token,
      data: encodeFunctionData({
        abi: testTokenAbi,
        functionName: 'mint',
        args: [holder(number), 1n],
      }),
      ...more,
    };
  }

  /** A transfer of money that OWNER does not have. */
  hopeless(more: Partial<Intent> = {}): Intent {
    const data = encodeFunctionData({
      abi: testTokenAbi,
      functionName: 'transfer',
      args: [holder(1), 7n],
    });
    return { key: 'hopeless', what: 'the transfer', to: this.token, data, ...more };
  }

  async minted(number: number): Promise<bigint> {
    return this.client.readContract({
      address: this.token,
      abi: testTokenAbi,
      functionName: 'balanceOf',
      args: [holder(number)],
    });
  }

  async mine(blocks = 1): Promise<void> {
    for (let index = 0; index < blocks; index++) await this.anvil.request('evm_mine');
  }

  async setBaseFee(gwei: number): Promise<void> {
    const wei = BigInt(Math.round(gwei * 1e9));
    await this.anvil.request('anvil_setNextBlockBaseFeePerGas', [`0x${wei.toString(16)}`]);
  }

  /** Mines blocks at a base fee, with time for a sender between them, until something holds. */
  async mineUntil(
    holds: () => boolean | Promise<boolean>,
    what: string,
    baseFeeGwei: () => number | undefined = () => undefined,
  ): Promise<void> {
    for (let block = 0; !(await holds()); block++) {
      if (block > 100) throw new Error(`Waited in vain for ${what}.`);
      const fee = baseFeeGwei();
      if (fee !== undefined) await this.setBaseFee(fee);
      await this.mine();
      await rest(60);
    }
  }

  /** Mines blocks until a transaction is mined. */
  async mineUntilEnded(sent: Promise<unknown>, baseFeeGwei?: () => number): Promise<void> {
    let ended = false;
    const note = () => {
      ended = true;
    };
    void sent.then(note, note);
    await this.mineUntil(() => ended, 'the transaction', baseFeeGwei);
    await sent;
  }

  /** OWNER's transactions in the pool, by nonce. */
  async pool(): Promise<Record<string, { hash: Hex; gas: Hex; maxFeePerGas: Hex }>> {
    const content = (await this.anvil.request('txpool_content')) as Record<
      'pending' | 'queued',
      Record<string, Record<string, { hash: Hex; gas: Hex; maxFeePerGas: Hex }>>
    >;
    const mine = (part: 'pending' | 'queued') => content[part][OWNER.address.toLowerCase()] ?? {};
    return { ...mine('pending'), ...mine('queued') };
  }

  async pooled(count: number): Promise<void> {
    await until(
      async () => Object.keys(await this.pool()).length === count,
      `${count} in the pool`,
    );
  }

  /** Something else that OWNER sends, straight to L1. */
  async foreign(nonce: number, feeGwei: number): Promise<Hex> {
    const raw = await OWNER.signTransaction({
      type: 'eip1559',
      chainId: foundry.id,
      to: OWNER.address,
      nonce,
      gas: 21_000n,
      maxFeePerGas: BigInt(Math.round(feeGwei * 1e9)),
      maxPriorityFeePerGas: 1n,
    });
    return this.client.sendRawTransaction({ serializedTransaction: raw });
  }
}

const ADVICE = {
  BalanceTooLow: ['NO_CREDIT', 'Mint some first.'],
} as const;

export function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const giveUpAt = performance.now() + 60_000; !(await holds()); ) {
    if (performance.now() > giveUpAt) throw new Error(`Waited in vain for ${what}.`);
    await rest(10);
  }
}

function holder(number: number): Address {
  return `0x${(0xabc000 + number).toString(16).padStart(40, '0')}`;
}

function clientOf(url: string) {
  const transport = http(url, { retryCount: 0, timeout: 3000 });
  return createPublicClient({ chain: foundry, transport, cacheTime: 0, pollingInterval: 20 });
}

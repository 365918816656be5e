import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Account,
  type Address,
  type Chain,
  createPublicClient,
  createWalletClient,
  type Hex,
  http,
  type PublicClient,
  parseEther,
  parseEventLogs,
  type Transport,
  type WalletClient,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { foundry } from 'viem/chains';
import { settlementAbi, testTokenAbi } from '#contracts/abi/index.ts';
import { deploy } from '#contracts/deploy.ts';
import { devnetParams, type SettlementParams, underlyings } from '#contracts/params.ts';
import {
  ACCOUNT_CASH,
  ACCOUNT_SIZE,
  ACCOUNTS,
  FACT_CLOCK,
  FACT_INBOX_COUNT,
  FACT_INDEX_TIME,
  FACT_VOLATILITY_TIME,
} from '#shared/engine/layout.ts';
import { BLOCK_BYTES } from '#shared/machine/wasm/areas.ts';
import {
  type BatchHeader,
  decodeBatch,
  encodeBatch,
  hashHeader,
  type SegmentContent,
} from '#shared/protocol/batch.ts';
import { bytesToHex, hexToBytes } from '#shared/protocol/bytes.ts';
import { domainSeparator } from '#shared/protocol/typed-data.ts';
import {
  CHAIN_ID,
  MONITOR,
  SIGNERS,
  START_MS,
  type Wallet,
  World,
  wallet,
} from '#test/engine/world.ts';
import { Anvil, freePort } from '#test/support/anvil.ts';
import { Recorder } from './recorder.ts';

/** Anvil's first keys: known to everybody. */
export const DEPLOYER: Hex = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
const POSTER: Hex = '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d';
export const BENEFICIARY: Address = '0x00000000000000000000000000000000000b0b0b';
const ZERO_HASH: Hex = `0x${'00'.repeat(32)}`;

type Sender = WalletClient<Transport, Chain, Account>;

/** The test kit's engine world, in the domain of a contract that is really there. */
class ContractWorld extends World {
  override readonly domain: Uint8Array;

  constructor(contract: Uint8Array, module: WebAssembly.Module | undefined) {
    super(module === undefined ? {} : { module });
    this.domain = domainSeparator({ chainId: CHAIN_ID, contract });
  }
}

export interface ExchangeOptions {
  readonly params?: Partial<SettlementParams>;
  /** Keeps L1 over a stop of anvil. */
  readonly keepL1?: boolean;
  /** With the real judge and the engine's program on L1; else the deployer takes the judge's place. */
  readonly judged?: boolean;
  /** The operator's engine, with marks and undo: another one than everybody's, for an operator that lies. */
  readonly module?: WebAssembly.Module;
}

export interface Posted {
  readonly header: BatchHeader;
  readonly hash: Hex;
}

/**
 * A real L1 with the real contracts, a real engine that is fed real signed commands, and a poster that lands what the engine did, or
 * what a lying operator would like it to have done.
 */
export class TestExchange {
  readonly directory: string;
  anvil: Anvil;
  readonly client: PublicClient;
  readonly world: ContractWorld;
  readonly recorder: Recorder;
  readonly settlement: Address;
  readonly token: Address;
  readonly #deployer: Sender;
  readonly #poster: Sender;
  readonly #keepL1: boolean;
  #tip: Posted;
  #nextMessage = 0;

  private constructor(parts: {
    directory: string;
    anvil: Anvil;
    client: PublicClient;
    deployer: Sender;
    settlement: Address;
    token: Address;
    genesis: Posted;
    keepL1: boolean;
    module: WebAssembly.Module | undefined;
  }) {
    this.directory = parts.directory;
    this.anvil = parts.anvil;
    this.client = parts.client;
    this.settlement = parts.settlement;
    this.token = parts.token;
    this.#deployer = parts.deployer;
    this.#poster = senderOf(POSTER, parts.anvil.url);
    this.#tip = parts.genesis;
    this.#keepL1 = parts.keepL1;
    this.world = new ContractWorld(hexToBytes(parts.settlement), parts.module);
    this.recorder = new Recorder(this.world.engine);
  }

  static async create(options: ExchangeOptions = {}): Promise<TestExchange> {
    const directory = mkdtempSync(join(tmpdir(), 'plimsoll-prover-'));
    const keepL1 = options.keepL1 ?? false;
    const port = await freePort();
    const anvil = await Anvil.start(anvilOptions(port, directory, keepL1));
    const deployer = senderOf(DEPLOYER, anvil.url);
    const client = createPublicClient({
      chain: foundry,
      transport: http(anvil.url, { retryCount: 0 }),
      pollingInterval: 20,
      cacheTime: 0,
    });
    const params = (token: Address): SettlementParams => ({
      ...devnetParams({
        token,
        sequencer: privateKeyToAccount(POSTER).address,
        // None: then the deployment makes one.
        ...(options.judged === true ? {} : { judge: deployer.account.address }),
        feeRecipient: bytesToHex(wallet(800).address),
        insuranceBeneficiary: BENEFICIARY,
        riskMonitor: bytesToHex(MONITOR.address),
        oracleSigners: SIGNERS.map((signer) => bytesToHex(signer.address)),
      }),
      underlyings,
      genesisFlags: 1,
      ...options.params,
    });
    const { token, settlement } = await deploy({ wallet: deployer, client }, params);
    const contract = { address: settlement.address, abi: settlementAbi } as const;
    const zeroRoot = await client.readContract({ ...contract, functionName: 'zeroRoot' });
    const landedAt = await client.readContract({ ...contract, functionName: 'startedAt' });
    const header = { ...emptyHeader(), previousRoot: zeroRoot, finalRoot: zeroRoot, landedAt };
    const exchange = new TestExchange({
      ...{ directory, anvil, client, deployer, keepL1 },
      ...{ settlement: settlement.address, token: token.address },
      genesis: { header, hash: hashHeader(header) },
      module: options.module,
    });
    exchange.world.expect(await exchange.consume());
    await exchange.clockToL1();
    return exchange;
  }

  async close(): Promise<void> {
    await this.anvil.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async restartL1(): Promise<void> {
    this.anvil = await Anvil.start(anvilOptions(this.anvil.port, this.directory, this.#keepL1));
  }

  get tip(): Posted {
    return this.#tip;
  }

  /** Seconds of L1's latest block. */
  async now(): Promise<bigint> {
    return (await this.client.getBlock()).timestamp;
  }

  /** Lets time pass on L1 and mines a block. */
  async pass(seconds: number): Promise<void> {
    await this.anvil.request('evm_increaseTime', [seconds]);
    await this.anvil.request('evm_mine');
  }

  /** The engine's clock follows L1. */
  async clockToL1(): Promise<void> {
    this.world.clock(Number(await this.now()) * 1000);
  }

  /** Deposits real tokens for a wallet, and has the engine consume the message. Returns the account's number. */
  async deposit(owner: Wallet, amount: bigint, consumed = true): Promise<number> {
    const { address } = this.#deployer.account;
    const token = { address: this.token, abi: testTokenAbi } as const;
    const settlement = { address: this.settlement, abi: settlementAbi } as const;
    const ownerAddress = bytesToHex(owner.address);
    await this.#done(
      this.#deployer.writeContract({ ...token, functionName: 'mint', args: [address, amount] }),
    );
    const approve = [this.settlement, amount] as const;
    await this.#done(
      this.#deployer.writeContract({ ...token, functionName: 'approve', args: approve }),
    );
    const args = [ownerAddress, 0, amount] as const;
    await this.#done(
      this.#deployer.writeContract({ ...settlement, functionName: 'deposit', args }),
    );
    const account = await this.client.readContract({
      ...settlement,
      functionName: 'accountOf',
      args: [ownerAddress, 0],
    });
    this.world.owners.set(account, owner);
    this.world.nextAccount = account + 1;
    if (consumed) this.world.expect(await this.consume());
    return account;
  }

  /** Gives a holder real tokens. */
  async mint(holder: Address, amount: bigint): Promise<void> {
    const token = { address: this.token, abi: testTokenAbi, functionName: 'mint' } as const;
    await this.#done(this.#deployer.writeContract({ ...token, args: [holder, amount] }));
  }

  /** Any transaction, paid for by the deployer. */
  async sendFromDeployer(to: Address, data: Hex): Promise<void> {
    await this.#done(this.#deployer.sendTransaction({ to, data }));
  }

  /** Gives a wallet ETH, for transactions of its own. */
  async giveEth(owner: Wallet): Promise<void> {
    const balance = `0x${parseEther('100').toString(16)}`;
    await this.anvil.request('anvil_setBalance', [bytesToHex(owner.address), balance]);
  }

  /** The engine consumes the next message that L1 has. Returns its result code. */
  async consume(): Promise<number> {
    const logs = await this.client.getLogs({ address: this.settlement, fromBlock: 0n });
    const messages = parseEventLogs({ abi: settlementAbi, logs, eventName: 'MessageEnqueued' });
    const next = messages[this.#nextMessage];
    if (next === undefined) throw new Error(`L1 has no message ${this.#nextMessage}.`);
    this.#nextMessage += 1;
    return this.world.message(hexToBytes(next.args.message));
  }

  /** Segments since the last batch, and a header that is true of them. */
  async draft(): Promise<{ segments: SegmentContent[]; header: BatchHeader }> {
    const segments = this.recorder.take();
    const fact = (at: number) => this.world.engine.view.getBigUint64(at, true);
    const inboxCount = fact(FACT_INBOX_COUNT);
    const { header, hash } = this.#tip;
    return {
      segments,
      header: {
        ...emptyHeader(),
        number: header.number + 1n,
        parentHash: hash,
        previousRoot: header.finalRoot,
        finalRoot: bytesToHex(segments.at(-1)?.root ?? hexToBytes(header.finalRoot)),
        inboxCount,
        inboxAccumulator: await this.accumulatorAt(inboxCount),
        clockMs: fact(FACT_CLOCK),
        indexTimeMs: fact(FACT_INDEX_TIME),
        volatilityTimeMs: fact(FACT_VOLATILITY_TIME),
      },
    };
  }

  /** Posts what the engine did since the last batch. */
  async postHonest(): Promise<Posted> {
    const { segments, header } = await this.draft();
    return this.post(header, encodeBatch(segments));
  }

  /** Posts any data; the header's final root is made to fit it, as the contract demands. */
  async post(header: BatchHeader, data: Uint8Array): Promise<Posted> {
    const last = decodeBatch(data).at(-1);
    const finalRoot = last === undefined ? header.previousRoot : bytesToHex(last.root);
    const hash = await this.#poster.writeContract({
      address: this.settlement,
      abi: settlementAbi,
      functionName: 'postBatch',
      args: [{ ...header, finalRoot }, bytesToHex(data)],
    });
    const receipt = await this.client.waitForTransactionReceipt({ hash });
    const [posted] = parseEventLogs({
      abi: settlementAbi,
      logs: receipt.logs,
      eventName: 'BatchPosted',
    });
    if (posted === undefined) throw new Error(`The batch was refused (transaction ${hash}).`);
    this.#tip = { header: posted.args.header, hash: posted.args.batchHash };
    return this.#tip;
  }

  /** The judge fells a standing batch. */
  async fell(header: BatchHeader, parent: BatchHeader, prover: Address): Promise<void> {
    await this.#done(
      this.#deployer.writeContract({
        address: this.settlement,
        abi: settlementAbi,
        functionName: 'fell',
        args: [header, parent, prover],
      }),
    );
  }

  /** The inbox accumulator at a count, as L1 has it. */
  accumulatorAt(count: bigint): Promise<Hex> {
    return this.client.readContract({
      address: this.settlement,
      abi: settlementAbi,
      functionName: 'accumulatorAt',
      args: [count],
    });
  }

  /** State address of an account's cash. */
  cashAddress(account: number): number {
    return ACCOUNTS + account * ACCOUNT_SIZE + ACCOUNT_CASH;
  }

  /** Changes the operator's own memory behind the engine's back, within a segment. `change` returns the address it wrote to. */
  forge(change: () => number): number {
    this.world.clock(this.world.nowMs);
    const address = change();
    this.recorder.tree.updateBlocks(Uint32Array.of(Math.floor(address / BLOCK_BYTES)));
    return address;
  }

  async balanceOf(holder: Address): Promise<bigint> {
    return this.client.readContract({
      address: this.token,
      abi: testTokenAbi,
      functionName: 'balanceOf',
      args: [holder],
    });
  }

  async #done(sent: Promise<Hex>): Promise<void> {
    const receipt = await this.client.waitForTransactionReceipt({ hash: await sent });
    if (receipt.status !== 'success')
      throw new Error(`Transaction ${receipt.transactionHash} failed.`);
  }
}

function anvilOptions(port: number, directory: string, keepL1: boolean) {
  const stateFile = keepL1 ? { stateFile: join(directory, 'l1.json') } : {};
  return { port, startMs: START_MS, ...stateFile };
}

function senderOf(key: Hex, url: string): Sender {
  const transport = http(url, { retryCount: 0 });
  return createWalletClient({ account: privateKeyToAccount(key), chain: foundry, transport });
}

function emptyHeader(): BatchHeader {
  return {
    number: 0n,
    parentHash: ZERO_HASH,
    previousRoot: ZERO_HASH,
    finalRoot: ZERO_HASH,
    inboxCount: 0n,
    inboxAccumulator: ZERO_HASH,
    clockMs: 0n,
    indexTimeMs: 0n,
    volatilityTimeMs: 0n,
    dataHash: ZERO_HASH,
    segmentsRoot: ZERO_HASH,
    landedAt: 0n,
  };
}

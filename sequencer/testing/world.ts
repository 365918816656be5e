import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import secp256k1 from 'secp256k1';
import {
  type Account,
  type Address,
  type Chain,
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
import { devnetParams, type SettlementParams } from '#contracts/params.ts';
import { FLAG_SELL } from '#shared/engine/kinds.ts';
import { bytesToHex, hexToBytes } from '#shared/protocol/bytes.ts';
import type { SignableCommand, SignedCommand } from '#shared/protocol/command-types.ts';
import { encodeCommand } from '#shared/protocol/commands.ts';
import { keccak256 } from '#shared/protocol/keccak.ts';
import { flatSmile } from '#shared/protocol/smile.ts';
import {
  commandDigest,
  domainSeparator,
  indexDigest,
  surfaceDigest,
} from '#shared/protocol/typed-data.ts';
import { lots, ticks } from '#shared/protocol/units.ts';
import { Anvil, freePort } from '#test/support/anvil.ts';
import { type Clock, systemClock } from '../clock.ts';
import { readConfig, type SequencerConfig } from '../config.ts';
import { type EngineMemory, StateReader } from '../gateway/state/reader.ts';
import { Sequencer } from '../sequencer.ts';

/** Anvil's first keys: known to everybody. */
const DEPLOYER = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
const POSTER = '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d';
const DAY_MS = 86_400_000;
const USDC = 1_000_000n;

type Wallet = WalletClient<Transport, Chain, Account>;

interface Key {
  readonly secret: Uint8Array;
  readonly address: Address;
}

function keyOf(name: string): Key {
  const secret = keccak256(new TextEncoder().encode(`plimsoll sequencer test ${name}`));
  const point = secp256k1.publicKeyCreate(secret, false);
  return { secret, address: bytesToHex(keccak256(point.subarray(1)).slice(12)) };
}

function signDigest(digest: Uint8Array, secret: Uint8Array): Uint8Array {
  const { signature, recid } = secp256k1.ecdsaSign(digest, secret);
  const compact = Uint8Array.from(signature);
  compact[32] = (compact[32] ?? 0) | (recid << 7);
  return compact;
}

const ORACLE = Array.from({ length: 5 }, (_, index) => keyOf(`oracle ${index}`));

/** What signing needs to know; the state only for orders. */
export interface SigningSource {
  readonly clock: Clock;
  readonly exchange?: EngineMemory;
}

/** Takes prices: a sequencer, or what stands for one in another process. */
export interface PriceTaker {
  readonly exchange: { submit(command: Uint8Array): Promise<{ readonly code: number }> };
}

export interface WorldOptions {
  readonly blockTime: number;
  /** Keeps L1 over a stop of anvil. */
  readonly keepL1?: boolean;
  readonly params?: Partial<SettlementParams>;
}

/** A real L1 with the real contracts, traders with real keys, and a data directory: what a test of the sequencer needs. */
export class World {
  readonly directory: string;
  readonly port: number;
  readonly posterKey = POSTER;
  anvil: Anvil;
  /** Expiry that the committee prices; null: the one after the next. */
  listedExpiryDay: number | null = null;
  settlement: Address = '0x';
  token: Address = '0x';
  client: PublicClient;
  #wallet: Wallet;
  #domain: Uint8Array = new Uint8Array(32);
  #round = 0;
  readonly #options: WorldOptions;
  readonly #nonces = new Map<number, bigint>();
  readonly #running = new Set<Sequencer>();

  private constructor(options: WorldOptions, directory: string, port: number, anvil: Anvil) {
    this.#options = options;
    this.directory = directory;
    this.port = port;
    this.anvil = anvil;
    const transport = http(anvil.url, { retryCount: 0 });
    this.client = createPublicClient({ chain: foundry, transport, pollingInterval: 50 });
    const account = privateKeyToAccount(DEPLOYER);
    this.#wallet = createWalletClient({ account, chain: foundry, transport });
  }

  static async create(options: WorldOptions): Promise<World> {
    const directory = mkdtempSync(join(tmpdir(), 'plimsoll-sequencer-'));
    const port = await freePort();
    const anvil = await Anvil.start(anvilOptions(options, port, directory));
    const world = new World(options, directory, port, anvil);
    await world.#deploy();
    return world;
  }

  async close(): Promise<void> {
    for (const sequencer of this.#running) await sequencer.abandon();
    await this.anvil.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Starts anvil again, on the same port and (with `keepL1`) the same chain. */
  async restartL1(): Promise<void> {
    this.anvil = await Anvil.start(anvilOptions(this.#options, this.port, this.directory));
  }

  /** Secret key of trader `name`, 0x hex. */
  keyOf(name: string): `0x${string}` {
    return bytesToHex(keyOf(name).secret);
  }

  get dataDirectory(): string {
    return join(this.directory, 'data');
  }

  /** Arguments of the command line that fit this world, quick ones. */
  arguments(extra: Record<string, string | number> = {}): string[] {
    const values: Record<string, string | number> = {
      'l1-url': this.anvil.url,
      settlement: this.settlement,
      'poster-key': this.posterKey,
      data: this.dataDirectory,
      port: 0,
      'batch-interval': 300,
      'flush-interval': 50,
      'l1-poll': 50,
      'recovery-threads': 1,
      'reprice-interval': 1000,
      'list-strikes': 1,
      'list-expiries': 1,
      'log-level': 'silent',
      ...extra,
    };
    return Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)]);
  }

  config(extra: Record<string, string | number> = {}): SequencerConfig {
    return readConfig(this.arguments(extra), {});
  }

  /** A sequencer in this process; `fatal` collects what it gave up for. */
  async start(
    extra: Record<string, string | number> = {},
    machineClock: Clock = systemClock,
  ): Promise<{ sequencer: Sequencer; fatal: Error[] }> {
    const fatal: Error[] = [];
    const config = this.config(extra);
    const log = pino({ level: config.logLevel });
    const onFatal = (error: Error) => fatal.push(error);
    const sequencer = await Sequencer.start(config, { log, onFatal, machineClock });
    this.#running.add(sequencer);
    await until(() => sequencer.exchange.status().inboxConsumed > 0, 'genesis to be consumed');
    return { sequencer, fatal };
  }

  /** A clean end. */
  async stop(sequencer: Sequencer): Promise<void> {
    this.#running.delete(sequencer);
    await sequencer.stop();
  }

  /** Deposits real tokens for trader `name` through L1. Accounts are numbered from 2 in the order of first deposits. */
  async deposit(name: string, usdc: number): Promise<void> {
    const amount = BigInt(usdc) * USDC;
    const to = this.#wallet.account.address;
    const token = { address: this.token, abi: testTokenAbi } as const;
    const steps = [
      () => this.#wallet.writeContract({ ...token, functionName: 'mint', args: [to, amount] }),
      () =>
        this.#wallet.writeContract({
          ...token,
          functionName: 'approve',
          args: [this.settlement, amount],
        }),
      () =>
        this.#wallet.writeContract({
          address: this.settlement,
          abi: settlementAbi,
          functionName: 'deposit',
          args: [keyOf(name).address, 0, amount],
        }),
    ];
    for (const step of steps) {
      const hash = await step();
      await this.client.waitForTransactionReceipt({ hash });
    }
  }

  /** Sends index and volatility of both underlyings, for the next expiry that may be listed. */
  async sendPrices(to: PriceTaker, nowMs = Date.now()): Promise<number[]> {
    this.#round += 1;
    const codes: number[] = [];
    for (const [underlying, name, price] of [
      [0, 'BTC', 100_000],
      [1, 'ETH', 4000],
    ] as const) {
      for (const command of this.#priceCommands(underlying, name, price, nowMs)) {
        codes.push((await to.exchange.submit(command)).code);
      }
    }
    return codes;
  }

  /** A signed command's bytes, with the next nonce of that trader. */
  signed(source: SigningSource, name: string, action: Record<string, unknown>): Uint8Array {
    const account = Number(action.account);
    const nonce = this.#nonces.get(account) ?? 0n;
    this.#nonces.set(account, nonce + 1n);
    const validUntil = Math.floor(source.clock.nowMs() / 1000) + 600;
    const command = { keySlot: 0, nonce, validUntil, ...action } as unknown as SignableCommand;
    const context = { domain: this.#domain, keyEpoch: 0, ...this.#words(source, action) };
    const signature = signDigest(commandDigest(command, context), keyOf(name).secret);
    return encodeCommand({ ...command, signature } as SignedCommand);
  }

  /** A limit order, good till cancelled. */
  order(
    sequencer: Sequencer,
    name: string,
    terms: { account: number; instrument: number; sell: boolean; price: number; lots: number },
  ): Uint8Array {
    const { account, instrument, sell } = terms;
    const flags = sell ? FLAG_SELL : 0;
    const price = ticks(terms.price);
    const quantity = lots(terms.lots);
    const action = { kind: 'order', account, instrument, flags, price, lots: quantity };
    return this.signed(sequencer, name, action);
  }

  #words(source: SigningSource, action: Record<string, unknown>) {
    if (action.kind !== 'order' || !source.exchange) return {};
    const reader = new StateReader(source.exchange);
    const instrument = reader.instrument(Number(action.instrument));
    if (instrument === null) throw new Error(`no instrument ${action.instrument}`);
    const { tick, lotsPerContract } = reader.underlying(instrument.underlying);
    return { instrument: { name: instrument.name, tick, lotsPerContract } };
  }

  #priceCommands(underlying: number, name: string, usdc: number, nowMs: number): Uint8Array[] {
    const round = this.#round;
    const price = BigInt(usdc) * USDC;
    const timeMs = BigInt(nowMs);
    const observations = ORACLE.map(({ secret }, signer) => {
      const digest = indexDigest({ underlying: name, round, price, timeMs }, this.#domain);
      return { signer, price, timeMs, signature: signDigest(digest, secret) };
    });
    const first = Math.floor((nowMs - 8 * 3_600_000) / DAY_MS) + 1;
    const expiryDay = this.listedExpiryDay ?? first + 1;
    const entries = [{ expiryDay, forward: price, ...flatSmile(600_000) }];
    const digest = surfaceDigest({ underlying: name, round, timeMs, entries }, this.#domain);
    const signatures = ORACLE.map(({ secret }, signer) => ({
      signer,
      signature: signDigest(digest, secret),
    }));
    return [
      encodeCommand({ kind: 'index', underlying, round, observations }),
      encodeCommand({ kind: 'volatility', underlying, round, timeMs, entries, signatures }),
    ];
  }

  async #deploy() {
    const { address } = this.#wallet.account;
    const { token, settlement } = await deploy(
      { wallet: this.#wallet, client: this.client },
      (tokenAddress) => ({
        ...devnetParams({
          token: tokenAddress,
          sequencer: privateKeyToAccount(POSTER).address,
          feeRecipient: address,
          insuranceBeneficiary: address,
          oracleSigners: ORACLE.map((signer) => signer.address),
        }),
        ...this.#options.params,
      }),
    );
    this.token = token.address;
    this.settlement = settlement.address.toLowerCase() as Address;
    const contract = hexToBytes(this.settlement);
    this.#domain = domainSeparator({ chainId: BigInt(foundry.id), contract });
  }
}

function anvilOptions(options: WorldOptions, port: number, directory: string) {
  const stateFile = options.keepL1 ? { stateFile: join(directory, 'l1.json') } : {};
  return { port, blockTime: options.blockTime, ...stateFile };
}

/** Waits until `holds` does, real time; fails after `timeoutMs` saying what it waited for. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 60_000,
): Promise<void> {
  const giveUpAt = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error(`Waited in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

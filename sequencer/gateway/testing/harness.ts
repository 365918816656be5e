import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { PlimsollClient } from '#shared/client/index.ts';
import { deriveModule, Engine } from '#shared/host/engine.ts';
import { readEngine } from '#shared/host/wasm-file.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { encodeCommand, type SystemCommand } from '#shared/protocol/commands.ts';
import { encodeInboxMessage, type InboxMessage } from '#shared/protocol/inbox.ts';
import { flatSmile } from '#shared/protocol/smile.ts';
import { domainSeparator, indexDigest, surfaceDigest } from '#shared/protocol/typed-data.ts';
import { money } from '#shared/protocol/units.ts';
import { Journal } from '../../journal/journal.ts';
import { Exchange } from '../../matching/exchange.ts';
import { EngineHooks } from '../../matching/hooks.ts';
import type { DurableGroup, DurableListener, ExchangeApi, Outcome } from '../../matching/types.ts';
import { Progress } from '../../progress.ts';
import { RecoveryPool } from '../../recovery/pool.ts';
import { CHAIN_ID, CONTRACT, genesisMessage } from '../../testing/genesis.ts';
import { Gateway } from '../gateway.ts';
import type { GatewayOptions } from '../options.ts';
import { signDigest, type Wallet, wallet } from './wallets.ts';

export const NOW_MS = Date.UTC(2026, 10, 22, 12);
export const DAY = Date.UTC(2026, 10, 27) / 86_400_000;
export const CALL = 'BTC_USDC-27NOV26-90000-C';
export const PUT = 'BTC_USDC-27NOV26-90000-P';
export const FIRST = 2;

const DOMAIN = domainSeparator({ chainId: BigInt(CHAIN_ID), contract: CONTRACT });
const COMMITTEE = [1, 2, 3, 4].map(wallet);
const INDEX = 90_000_000_000n;

/** A real engine, journal and exchange in a folder of their own, and the gateway in front of them. */
export class Harness {
  readonly registry = new Registry();
  readonly progress = new Progress();
  readonly folder: string;
  readonly fatal: Error[] = [];
  nowMs = NOW_MS;
  exchange!: Exchange;
  gateway!: Gateway;
  url = '';
  private journal!: Journal;
  private round = 0;
  private lastIndex = INDEX;
  private readonly listeners: DurableListener[] = [];
  private readonly clients: PlimsollClient[] = [];

  private constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'plimsoll-gateway-'));
  }

  /** @param accounts numbered from 2, each of its own wallet (`owner(2)`, …) with a million USDC */
  static async start(options: Partial<GatewayOptions> = {}, accounts = 4): Promise<Harness> {
    const harness = await Harness.bare(options);
    harness.begin();
    for (let account = FIRST; account < FIRST + accounts; account++) harness.deposit(account);
    await harness.price();
    await harness.run({
      kind: 'list',
      underlying: 0,
      expiryDay: DAY,
      strike: 90_000,
      optionKind: 0,
    });
    await harness.run({
      kind: 'list',
      underlying: 0,
      expiryDay: DAY,
      strike: 90_000,
      optionKind: 1,
    });
    await harness.reprice();
    return harness;
  }

  /** Everything is up, but no message from L1 was seen yet. */
  static async bare(options: Partial<GatewayOptions> = {}): Promise<Harness> {
    const harness = new Harness();
    await harness.startExchange();
    await harness.openGateway(options);
    return harness;
  }

  /** Reads genesis from the inbox. */
  begin(): void {
    this.consume(genesisMessage(COMMITTEE.map((signer) => signer.address)));
  }

  async openGateway(options: Partial<GatewayOptions>): Promise<void> {
    this.gateway = new Gateway(
      { port: 0, bookIntervalMs: 5, tickerIntervalMs: 20, ...options },
      {
        exchange: this.inject(this.exchange),
        registry: this.registry,
        logger: pino({ level: 'silent' }),
        nowMs: () => performance.now(),
        randomSeed: 12_345,
        onFatal: (error) => this.fatal.push(error),
      },
    );
    const { port } = await this.gateway.listen();
    this.url = `http://127.0.0.1:${port}`;
  }

  /** A client that signs as the owner of an account. */
  async client(account: number, transport: 'websocket' | 'rest' = 'websocket') {
    const signer = bytesToHex(wallet(account).key);
    const options = { url: this.url, signer, account, transport };
    const client = await PlimsollClient.create(options, { now: () => this.nowMs });
    this.clients.push(client);
    return client;
  }

  consume(message: InboxMessage): void {
    this.exchange.consume(encodeInboxMessage(message));
  }

  /** @param usdc whole USDC */
  deposit(account: number, usdc = 1_000_000n): void {
    const amount = money(usdc * 1_000_000n);
    this.consume({
      kind: 'deposit',
      account,
      owner: wallet(account).address,
      subaccount: 0,
      amount,
    });
  }

  run(command: SystemCommand): Promise<Outcome> {
    return this.exchange.submit(encodeCommand(command));
  }

  /** A round of index and volatility at the harness's time. */
  async price(index = INDEX): Promise<void> {
    const round = ++this.round;
    this.lastIndex = index;
    const timeMs = BigInt(this.nowMs);
    const digest = indexDigest({ underlying: 'BTC', round, price: index, timeMs }, DOMAIN);
    const observations = COMMITTEE.slice(0, 3).map((signer, i) => ({
      signer: i,
      price: index,
      timeMs,
      signature: signDigest(digest, signer),
    }));
    const entries = [{ expiryDay: DAY, forward: index, ...flatSmile(600_000) }];
    const surface = surfaceDigest({ underlying: 'BTC', round, timeMs, entries }, DOMAIN);
    const signatures = COMMITTEE.slice(0, 3).map((signer, i) => ({
      signer: i,
      signature: signDigest(surface, signer),
    }));
    await accepted(this.run({ kind: 'index', underlying: 0, round, observations }));
    await accepted(
      this.run({ kind: 'volatility', underlying: 0, round, timeMs, entries, signatures }),
    );
  }

  async reprice(): Promise<void> {
    while ((await this.run({ kind: 'reprice', underlying: 0 })).code === 0);
  }

  /** Time passes; the index comes to so many USDC in steps that need no confirmation, a second each, and marks follow. */
  async move(usdc: bigint, afterMs = 1000): Promise<void> {
    const wanted = usdc * 1_000_000n;
    for (let first = true; first || this.lastIndex !== wanted; first = false) {
      this.nowMs += first ? afterMs : 1000;
      const most = this.lastIndex / 25n;
      const left = wanted - this.lastIndex;
      await this.price(this.lastIndex + (left > most ? most : left < -most ? -most : left));
      await this.reprice();
    }
  }

  async stop(): Promise<void> {
    for (const client of this.clients) client.close();
    await this.gateway.close();
    await this.exchange.drain();
    await this.journal.close();
    rmSync(this.folder, { recursive: true });
  }

  /** Shows the gateway a journal commit that never was; for what must not happen. */
  pretend(group: DurableGroup): void {
    for (const listener of this.listeners) listener(group);
  }

  private inject(exchange: Exchange): ExchangeApi {
    return new Proxy(exchange, {
      get: (target, name) => {
        if (name === 'onDurable') {
          return (listener: DurableListener) => {
            this.listeners.push(listener);
            return target.onDurable(listener);
          };
        }
        const value = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  private async startExchange(): Promise<void> {
    const { wasm, hash: engineHash } = readEngine();
    const settlement = bytesToHex(CONTRACT);
    const identity = { chainId: CHAIN_ID, settlement, engineHash };
    const onFailure = (error: Error): void => this.exchange.fail(error);
    this.journal = await Journal.open(
      { file: join(this.folder, 'journal.db'), identity },
      { onFailure },
    );
    const hooks = new EngineHooks();
    const module = deriveModule(wasm, { marks: false, undo: true });
    const engine = Engine.create({ module, onEvent: hooks.onEvent, recover: hooks.onRecover });
    this.progress.l1Connected = true;
    this.exchange = new Exchange(
      {
        identity,
        maxQueued: 10_000,
        maxUnacknowledged: 10_000,
        maxQueuedPerClient: 10_000,
        maxQueuedPerAddress: 10_000,
        clockIntervalMs: 1,
        flushIntervalMs: 50,
      },
      {
        engine,
        hooks,
        journal: this.journal,
        clock: { nowMs: () => this.nowMs },
        progress: this.progress,
        log: pino({ level: 'silent' }),
        position: { sequence: 0, segment: 1 },
        segmentStarted: false,
        pool: (onDone) => new RecoveryPool({ threads: 0 }, { onDone }),
        onFatal: () => {},
      },
    );
    this.exchange.start();
  }
}

export const owner = (account: number): Wallet => wallet(account);

async function accepted(running: Promise<Outcome>): Promise<void> {
  const { code } = await running;
  if (code !== 0) throw new Error(`The engine refused a command of the set-up with ${code}.`);
}

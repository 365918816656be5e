/** A small world around one engine: genesis, committee, accounts and instruments, all through real commands. */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import {
  ACCOUNT_SIZE,
  ACCOUNTS,
  INSTRUMENT_SIZE,
  INSTRUMENTS,
  MAX_ORDERS,
  ORDER_SIZE,
  ORDERS,
  RESULT,
  UNDERLYING_SIZE,
  UNDERLYINGS,
} from '#shared/engine/layout.ts';
import { deriveModule, Engine, type EngineEvents } from '#shared/host/engine.ts';
import { readEngine } from '#shared/host/wasm-file.ts';
import { hexToBytes } from '#shared/protocol/bytes.ts';
import {
  type Action,
  encodeCommand,
  type SurfaceEntry,
  type SystemCommand,
} from '#shared/protocol/commands.ts';
import { encodeInboxMessage, type GenesisMessage } from '#shared/protocol/inbox.ts';
import { keccak256 } from '#shared/protocol/keccak.ts';
import type { InstrumentWords } from '#shared/protocol/sentence.ts';
import { flatSmile } from '#shared/protocol/smile.ts';
import {
  commandDigest,
  domainSeparator,
  indexDigest,
  surfaceDigest,
} from '#shared/protocol/typed-data.ts';
import { lots, money, ticks } from '#shared/protocol/units.ts';

export interface Wallet {
  readonly key: Uint8Array;
  readonly address: Uint8Array;
}

/** A wallet from a small number: the same every time. */
export function wallet(number: number): Wallet {
  const key = hexToBytes(`0x${(number + 0x1000).toString(16).padStart(64, '0')}`);
  const address = keccak256(secp256k1.getPublicKey(key, false).subarray(1)).slice(12);
  return { key, address };
}

export function sign(digest: Uint8Array, key: Uint8Array): Uint8Array {
  const bytes = secp256k1.sign(digest, key, { prehash: false, format: 'recovered', lowS: true });
  const compact = bytes.slice(1, 65);
  compact[32] = (compact[32] as number) | ((bytes[0] as number) << 7);
  return compact;
}

export const CONTRACT = hexToBytes('0x00000000000000000000000000000000000000c0');
export const CHAIN_ID = 31337n;
export const DAY_MS = 86_400_000;
/** Of a guard in its underlying's record (shared/engine/records/guard.ts checks it). */
const GUARD = 896;
/** Monday 2026-11-23, 00:00 UTC. */
export const START_MS = Date.UTC(2026, 10, 23);
export const SIGNERS = [1, 2, 3, 4, 5].map((index) => wallet(900 + index));

/** The risk monitor. */
export const MONITOR = wallet(700);

export interface WorldOptions {
  readonly genesis?: Partial<GenesisMessage>;
  readonly onEvent?: EngineEvents;
  readonly derivation?: { marks: boolean; undo: boolean } | null;
  /** Another derivation of the engine, and what it imports. */
  readonly module?: WebAssembly.Module;
  readonly imports?: WebAssembly.Imports;
  /** The oracle committee, all of which signs. */
  readonly signers?: readonly Wallet[];
}

let derived: WebAssembly.Module | undefined;

export class World {
  readonly engine: Engine;
  readonly domain: Uint8Array;
  readonly genesis: GenesisMessage;
  readonly signers: readonly Wallet[];
  readonly nonces = new Map<string, bigint>();
  nowMs = START_MS;
  /** Runs every command in a segment of its own, so that none meets the end of a work budget. */
  freshSegments = false;
  nextAccount = 2;
  rounds = new Map<number, number>();
  owners = new Map<number, Wallet>();

  constructor(options: WorldOptions = {}) {
    const { wasm } = readEngine();
    let module: WebAssembly.Module;
    if (options.module) module = options.module;
    else if (options.derivation === null)
      module = new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>);
    else if (options.derivation) module = deriveModule(wasm, options.derivation);
    else module = derived ??= deriveModule(wasm, { marks: true, undo: true });
    this.engine = Engine.create({ module, onEvent: options.onEvent, imports: options.imports });
    this.signers = options.signers ?? SIGNERS;
    this.genesis = {
      kind: 'genesis',
      version: 1,
      chainId: CHAIN_ID,
      contract: CONTRACT,
      feeRecipient: wallet(800).address,
      riskMonitor: MONITOR.address,
      makerFee: 300,
      takerFee: 300,
      maxOpenOrders: 1000,
      flags: 1,
      signers: this.signers.map((signer) => signer.address),
      underlyings: [
        {
          name: 'BTC',
          tick: 5_000_000n,
          lotsPerContract: 100,
          strikeStep: 500,
          strikeBandBps: 10_000,
          priceBandBps: 1_000,
        },
        {
          name: 'ETH',
          tick: 100_000n,
          lotsPerContract: 10,
          strikeStep: 25,
          strikeBandBps: 10_000,
          priceBandBps: 1_000,
        },
      ],
      ...options.genesis,
    };
    this.domain = domainSeparator(this.genesis);
  }

  /** Runs a command in a segment of its own when the open one is full. */
  run(command: SystemCommand | Uint8Array): number {
    const bytes = command instanceof Uint8Array ? command : encodeCommand(command);
    if (this.freshSegments) this.engine.segmentStart();
    let code = this.engine.execute(bytes);
    if (code === 105) {
      this.engine.segmentStart();
      code = this.engine.execute(bytes);
    }
    return code;
  }

  message(bytes: Uint8Array): number {
    this.engine.segmentStart();
    if (!this.engine.advance()) throw new Error('no room for an inbox message');
    return this.engine.executeInbox(bytes);
  }

  start(): this {
    this.expect(this.message(encodeInboxMessage(this.genesis)));
    this.clock(START_MS);
    return this;
  }

  clock(timeMs: number): void {
    this.nowMs = timeMs;
    this.expect(this.run({ kind: 'clock', timeMs: BigInt(timeMs) }));
  }

  deposit(owner: Wallet, amount: bigint, subaccount = 0, account = this.nextAccount): number {
    if (account === this.nextAccount) this.nextAccount++;
    this.owners.set(account, owner);
    this.expect(
      this.message(
        encodeInboxMessage({
          kind: 'deposit',
          account,
          owner: owner.address,
          subaccount,
          amount: money(amount),
        }),
      ),
    );
    return account;
  }

  round(key: number): number {
    const next = (this.rounds.get(key) ?? 0) + 1;
    this.rounds.set(key, next);
    return next;
  }

  underlyingName(index: number): string {
    return (this.genesis.underlyings[index] as { name: string }).name;
  }

  /** A round that nobody has sent yet; `change` says how a signer differs from the others. */
  observed(
    underlying: number,
    price: bigint,
    timeMs = this.nowMs,
    change: (signer: number) => { price?: bigint; timeMs?: number; key?: Uint8Array } = () => ({}),
    signers = this.signers.length,
  ): SystemCommand {
    const round = this.round(underlying);
    const observations = this.signers.slice(0, signers).map((signer, index) => {
      const own = { price, timeMs, key: signer.key, ...change(index) };
      const terms = { round, price: own.price, timeMs: BigInt(own.timeMs) };
      const digest = indexDigest(
        { underlying: this.underlyingName(underlying), ...terms },
        this.domain,
      );
      return {
        signer: index,
        price: own.price,
        timeMs: BigInt(own.timeMs),
        signature: sign(digest, own.key),
      };
    });
    return { kind: 'index', underlying, round, observations };
  }

  index(
    underlying: number,
    price: bigint,
    timeMs = this.nowMs,
    signers = this.signers.length,
  ): number {
    return this.run(this.observed(underlying, price, timeMs, undefined, signers));
  }

  /** What guards an underlying (shared/engine/records/guard.ts). */
  guard(underlying: number) {
    const at = UNDERLYINGS + underlying * UNDERLYING_SIZE + GUARD;
    const view = this.engine.view;
    return {
      confidence: view.getUint32(at, true),
      gateMode: view.getUint32(at + 4, true),
      gateRounds: view.getUint32(at + 8, true),
      postOnlyRounds: view.getUint32(at + 12, true),
      jumpPrice: view.getBigUint64(at + 16, true),
      roundMultiplier: view.getUint32(at + 36, true),
      variance: view.getBigUint64(at + 56, true),
    };
  }

  /** Index rounds until a worse mode is left and the market is open again, as far as rounds can do it. */
  reopen(underlying: number, price: bigint): void {
    for (let round = 0; round < 14; round++) {
      const { gateRounds, postOnlyRounds, jumpPrice } = this.guard(underlying);
      if (gateRounds === 0 && postOnlyRounds === 0 && jumpPrice === 0n) return;
      this.expect(this.index(underlying, price));
    }
  }

  volatility(underlying: number, entries: readonly SurfaceEntry[], timeMs = this.nowMs): number {
    const round = this.round(underlying + 100);
    const terms = {
      underlying: this.underlyingName(underlying),
      round,
      timeMs: BigInt(timeMs),
      entries,
    };
    const digest = surfaceDigest(terms as never, this.domain);
    return this.run({
      kind: 'volatility',
      underlying,
      round,
      timeMs: BigInt(timeMs),
      entries,
      signatures: this.signers.map((signer, index) => ({
        signer: index,
        signature: sign(digest, signer.key),
      })),
    });
  }

  /** Price epochs until nothing is left to do. */
  reprice(underlying: number): void {
    for (let count = 0; count < 2000; count++) {
      const code = this.run({ kind: 'reprice', underlying });
      if (code === 410) return;
      this.expect(code);
    }
    throw new Error('repricing does not end');
  }

  expect(code: number, expected = 0): void {
    if (code !== expected) throw new Error(`expected result ${expected}, got ${code}`);
  }

  /** Index (twice where it jumps), volatility of every listable near day, marks; and the rounds that reopen a closed market. */
  prices(btc = 90_000_000_000n, eth = 3_000_000_000n): void {
    for (const [underlying, price] of [btc, eth].entries()) {
      this.expect(this.index(underlying, price));
      const today = Math.floor(this.nowMs / DAY_MS);
      const entries = [1, 2, 4, 11, 18].map((days) => ({
        expiryDay: today + days,
        forward: price,
        ...flatSmile(600_000),
      }));
      this.expect(this.volatility(underlying, entries));
      if (this.guard(underlying).jumpPrice !== 0n) this.expect(this.index(underlying, price));
      this.reprice(underlying);
      this.reopen(underlying, price);
    }
  }

  words(instrument: number): InstrumentWords {
    const at = INSTRUMENTS + instrument * INSTRUMENT_SIZE;
    const view = this.engine.view;
    const length = view.getUint8(at + 3);
    const underlying = this.genesis.underlyings[
      view.getUint8(at + 1)
    ] as GenesisMessage['underlyings'][number];
    const name = new TextDecoder().decode(this.engine.bytes.slice(at + 32, at + 32 + length));
    return { name, tick: underlying.tick, lotsPerContract: underlying.lotsPerContract } as never;
  }

  /** A signed command's bytes. */
  signed(
    account: number,
    action: Action,
    options: {
      nonce?: bigint;
      validUntil?: number;
      keySlot?: number;
      signer?: Wallet;
      keyEpoch?: number;
    } = {},
  ): Uint8Array {
    const keySlot = options.keySlot ?? 0;
    const nonceKey = `${account}/${keySlot}`;
    const nonce = options.nonce ?? this.nonces.get(nonceKey) ?? 0n;
    if (options.nonce === undefined) this.nonces.set(nonceKey, nonce + 1n);
    const validUntil = options.validUntil ?? Math.floor(this.nowMs / 1000) + 600;
    const command = { ...action, account, nonce, validUntil, keySlot } as never as Parameters<
      typeof commandDigest
    >[0];
    const instrument =
      action.kind === 'order'
        ? this.words(action.instrument)
        : action.kind === 'amend'
          ? this.words(this.orderInstrument(action.orderId))
          : undefined;
    const digest = commandDigest(command, {
      domain: this.domain,
      keyEpoch: options.keyEpoch ?? 0,
      ...(instrument ? { instrument } : {}),
    });
    const signer = options.signer ?? (this.owners.get(account) as Wallet);
    return encodeCommand({ ...command, signature: sign(digest, signer.key) } as never);
  }

  orderInstrument(id: bigint): number {
    return this.engine.view.getUint16(
      ORDERS + Number(id & BigInt(MAX_ORDERS - 1)) * ORDER_SIZE + 56,
      true,
    );
  }

  order(
    account: number,
    instrument: number,
    side: 'buy' | 'sell',
    price: number,
    quantity: number,
    flags = 0,
    extra: object = {},
  ): number {
    const action = {
      kind: 'order',
      instrument,
      flags: flags | (side === 'sell' ? 1 : 0),
      price: ticks(price),
      lots: lots(quantity),
      ...extra,
    } as Action;
    return this.run(this.signed(account, action));
  }

  get result() {
    const view = this.engine.view;
    return {
      orderId: view.getBigUint64(RESULT, true),
      filled: view.getUint32(RESULT + 8, true),
      resting: view.getUint32(RESULT + 12, true),
      cancelled: view.getUint32(RESULT + 16, true),
      why: view.getInt32(RESULT + 20, true),
      value: view.getBigInt64(RESULT + 24, true),
      fees: view.getBigInt64(RESULT + 32, true),
    };
  }

  cash(account: number): bigint {
    return this.engine.view.getBigInt64(ACCOUNTS + account * ACCOUNT_SIZE + 8, true);
  }
}

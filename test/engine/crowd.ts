/**
 * A market as crowded as the rules allow, to find the dearest commands in: 1,016 instruments of eight expiries, accounts with 64
 * positions that collide in their table or share nothing, and labels of one bucket. Can be put back to an earlier moment.
 */
import {
  ACCOUNT_SIZE,
  ACCOUNTS,
  INSTRUMENTS,
  UNDERLYING_SIZE,
  UNDERLYINGS,
} from '#shared/engine/layout.ts';
import { readEngine } from '#shared/host/wasm-file.ts';
import { type Action, encodeForcedAction } from '#shared/protocol/commands.ts';
import { encodeInboxMessage } from '#shared/protocol/inbox.ts';
import { flatSmile } from '#shared/protocol/smile.ts';
import { lots, money, ticks } from '#shared/protocol/units.ts';
import { countingModule, PAGE_BYTES, WorkMeter } from './count.ts';
import { DAY_MS, START_MS, World, wallet } from './world.ts';

/** Calls of 60,000 that expire tomorrow: deep in the money, so that prices have a wide band. Everybody meets here. */
export const X = 0;
const COUNT = 1016;
const BTC_DAYS = [1, 4, 11, 18, 32];
const ETH_DAYS = [1, 4, 11];
const IOC = 2 << 1;
const DEPOSIT = 10n ** 13n;

/** Where an instrument's entry would be in a position table: records/position.ts. */
const home = (instrument: number) => Math.imul(instrument, 0x9e3779b9) >>> 26;

/** 63 instruments whose entries fill the table so that X, opened last, is found in the last of 64 probes. */
export const COLLIDING = Array.from({ length: COUNT - 1 }, (_, index) => index + 1)
  .sort((a, b) => home(a) - home(b))
  .slice(0, 63);

/** 63 instruments of the `which`th account of at most 16; no two accounts share one. */
export const disjoint = (which: number) =>
  Array.from({ length: 63 }, (_, index) => 1 + which * 63 + index);

const MASK = (1n << 64n) - 1n;

/** Eight labels of an account that share a bucket: book/labels.ts. */
export function labelsOfOneBucket(account: number): bigint[] {
  const buckets = new Map<number, bigint[]>();
  for (let label = 1n; ; label++) {
    let hash = label ^ ((BigInt(account) * 0x9e3779b97f4a7c15n) & MASK);
    hash = ((hash ^ (hash >> 33n)) * 0xff51afd7ed558ccdn) & MASK;
    hash = ((hash ^ (hash >> 33n)) * 0xc4ceb9fe1a85ec53n) & MASK;
    const bucket = Number((hash ^ (hash >> 33n)) & ((1n << 18n) - 1n));
    const found = buckets.get(bucket) ?? [];
    buckets.set(bucket, found);
    found.push(label);
    if (found.length === 8) return found;
  }
}

interface Moment {
  readonly pages: Map<number, Uint8Array>;
  readonly nonces: Map<string, bigint>;
  readonly rounds: Map<number, number>;
  readonly nextAccount: number;
  readonly nowMs: number;
}

export class Crowd {
  readonly meter = new WorkMeter();
  readonly world: World;

  constructor(signers = 5) {
    this.world = new World({
      module: countingModule(readEngine().wasm),
      imports: this.meter.imports,
      signers: Array.from({ length: signers }, (_, index) => wallet(901 + index)),
    }).start();
  }

  /** Lists the instruments and prices them. */
  open(): this {
    const { world } = this;
    const today = Math.floor(START_MS / DAY_MS);
    world.expect(world.index(0, 90_000_000_000n));
    world.expect(world.index(1, 3_000_000_000n));
    let listed = 0;
    for (const [underlying, days] of [BTC_DAYS, ETH_DAYS].entries())
      for (const day of days)
        for (let index = 0; index < 128 && listed < COUNT; index++, listed++) {
          const step = index >> 1;
          const strike = underlying === 0 ? 60_000 + 500 * step : 2_000 + 25 * step;
          const expiryDay = today + day;
          world.expect(
            world.run({ kind: 'list', underlying, expiryDay, strike, optionKind: index & 1 }),
          );
        }
    this.epoch();
    return this;
  }

  /** New prices; everybody's cached margin is stale afterwards. */
  epoch(btc = 90_000_000_000n, eth = 3_000_000_000n): void {
    const { world } = this;
    world.clock(world.nowMs + 1000);
    const today = Math.floor(START_MS / DAY_MS);
    for (const [underlying, forward] of [btc, eth].entries()) {
      world.expect(world.index(underlying, forward));
      if (world.guard(underlying).jumpPrice !== 0n) world.expect(world.index(underlying, forward));
      const days = underlying === 0 ? BTC_DAYS : ETH_DAYS;
      world.expect(
        world.volatility(
          underlying,
          days.map((day) => ({ expiryDay: today + day, forward, ...flatSmile(600_000) })),
        ),
      );
      world.reprice(underlying);
      world.reopen(underlying, forward);
    }
  }

  account(amount = DEPOSIT): number {
    return this.world.deposit(wallet(this.world.nextAccount + 50), amount);
  }

  /** An action of the account's owner through the inbox: no signature to make. */
  force(account: number, action: Action): bigint {
    this.world.expect(this.world.message(forced(account, action)));
    return this.world.result.orderId;
  }

  order(
    account: number,
    instrument: number,
    side: 'buy' | 'sell',
    price: number,
    more: More = {},
  ): bigint {
    return this.force(account, orderAction(instrument, side, price, more));
  }

  /** Instruments that an account has entries of. */
  entriesOf(account: number): number {
    const at = ACCOUNTS + account * ACCOUNT_SIZE;
    let bits = this.world.engine.view.getBigUint64(at + 16, true);
    let count = 0;
    for (; bits !== 0n; bits >>= 1n) count += Number(bits & 1n);
    return count;
  }

  /** The mark, money a lot. */
  markOf(instrument: number): bigint {
    const { view } = this.world.engine;
    const at = INSTRUMENTS + instrument * 256;
    const underlying = UNDERLYINGS + view.getUint8(at + 1) * UNDERLYING_SIZE;
    return view.getBigInt64(at + 80 + 8 * view.getUint32(underlying + 44, true), true);
  }

  /** The mark, in ticks, rounded up. */
  price(instrument: number): number {
    const tick = this.world.engine.view.getBigUint64(INSTRUMENTS + instrument * 256 + 72, true);
    return Number(this.markOf(instrument) / tick) + 1;
  }

  /** Open sells of a lot in each instrument. */
  offer(account: number, instruments: readonly number[]): void {
    for (const each of instruments) this.order(account, each, 'sell', this.price(each));
  }

  /** Lots short in each instrument, sold to `buyer`. */
  short(account: number, buyer: number, instruments: readonly number[]): void {
    for (const each of instruments) {
      const price = this.price(each);
      this.order(account, each, 'sell', price);
      this.order(buyer, each, 'buy', price, { flags: IOC });
    }
  }

  /** Call spreads, long the lower strike, over expiries of 128 slots: an exact margin of nothing, an isolated one of much. */
  spreads(account: number, seller: number, groups: readonly number[], each: number): void {
    for (const group of groups)
      for (let index = 0; index < each; index++) {
        const slot = group * 128 + 2 + 2 * index;
        const price = this.price(slot);
        if (index < each / 2) {
          this.order(seller, slot, 'sell', price);
          this.order(account, slot, 'buy', price, { flags: IOC });
        } else this.order(account, slot, 'sell', price);
      }
  }

  /** Leaves the account this much cash. */
  leave(account: number, cash: bigint): void {
    this.force(account, { kind: 'withdraw', amount: money(this.world.cash(account) - cash) });
  }

  now(): Moment {
    const { world } = this;
    const pages = new Map<number, Uint8Array>();
    for (const page of this.meter.pages)
      pages.set(page, world.engine.bytes.slice(page * PAGE_BYTES, (page + 1) * PAGE_BYTES));
    const { nextAccount, nowMs } = world;
    return {
      pages,
      nonces: new Map(world.nonces),
      rounds: new Map(world.rounds),
      nextAccount,
      nowMs,
    };
  }

  back({ pages, nonces, rounds, nextAccount, nowMs }: Moment): void {
    const { bytes } = this.world.engine;
    for (const page of this.meter.pages) {
      const saved = pages.get(page);
      if (saved) bytes.set(saved, page * PAGE_BYTES);
      else bytes.fill(0, page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
    }
    this.world.nonces.clear();
    for (const [key, nonce] of nonces) this.world.nonces.set(key, nonce);
    this.world.rounds.clear();
    for (const [key, round] of rounds) this.world.rounds.set(key, round);
    Object.assign(this.world, { nextAccount, nowMs });
  }
}

export interface More {
  readonly lots?: number;
  readonly flags?: number;
  readonly label?: bigint;
  readonly expiry?: number;
}

export function orderAction(
  instrument: number,
  side: 'buy' | 'sell',
  price: number,
  { lots: quantity = 1, flags = 0, label, expiry }: More = {},
): Action {
  return {
    kind: 'order',
    instrument,
    flags:
      flags | (side === 'sell' ? 1 : 0) | (label === undefined ? 0 : 512) | (expiry ? 1 << 1 : 0),
    price: ticks(price),
    lots: lots(quantity),
    ...(label === undefined ? {} : { label }),
    ...(expiry === undefined ? {} : { expiry }),
  } as Action;
}

export const forced = (account: number, action: Action): Uint8Array =>
  encodeInboxMessage({ kind: 'forced', account, action: encodeForcedAction(action) });

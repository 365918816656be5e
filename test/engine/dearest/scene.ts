/** What the dearest commands are made of: makers, spreads, accounts below their margin, dead orders. */
import * as K from '#shared/engine/kinds.ts';
import { ACCOUNT_SIZE, ACCOUNTS } from '#shared/engine/layout.ts';
import { type Action, encodeCommand, type SystemCommand } from '#shared/protocol/commands.ts';
import { money } from '#shared/protocol/units.ts';
import { COLLIDING, type Crowd, labelsOfOneBucket, type More, orderAction, X } from '../crowd.ts';
import { DAY_MS, START_MS } from '../world.ts';

export interface Dear {
  readonly name: string;
  readonly kind: number;
  /** The result code that shows it did what it is meant to do. */
  readonly code: number;
  /** Sets the scene; returns bytes to execute, or to consume from the inbox. */
  readonly build: (crowd: Crowd) => Uint8Array;
  readonly inbox?: boolean;
  /** Lots to be filled, in an empty segment. */
  readonly filled?: number;
  /** What else shows it, there. */
  readonly after?: (crowd: Crowd) => boolean;
}

export const FOK = K.TIF_FOK << 1;
export const IOC = K.TIF_IOC << 1;
/** Makers offer X at these, in words of the level map of their own. */
export const level = (index: number) => 6_100 + 280 * index;
export const TOP = level(15);
/** More than premium and fee of a few deep calls, less than isolated margins of many shorts. */
export const LITTLE = 5_000_000_000n;

/** `count` accounts that offer a lot of X each, the other positions of each as given. */
export function makers(
  crowd: Crowd,
  others: (index: number) => readonly number[],
  { count = 16, more = {} as More } = {},
): number[] {
  return Array.from({ length: count }, (_, index) => {
    const account = crowd.account();
    crowd.offer(account, others(index));
    crowd.order(account, X, 'sell', level(index), { label: BigInt(index + 1), ...more });
    return account;
  });
}

/** Short three lots of X among 63 other positions, in the order given, and bidding for as many. */
export function bidder(crowd: Crowd, instruments: readonly number[], index: number): void {
  const account = crowd.account();
  const buyer = crowd.account();
  for (const each of instruments) {
    if (each !== X) crowd.offer(account, [each]);
    else {
      crowd.order(account, X, 'sell', TOP, { lots: 3 });
      crowd.order(buyer, X, 'buy', TOP, { lots: 3, flags: IOC });
    }
  }
  crowd.order(account, X, 'buy', 5_900 - 100 * index, { lots: 3, label: 2n });
}

export const none = () => [];
export const colliding = () => COLLIDING;

/** An account with 64 positions or so that only its exact margin keeps well, and little cash. */
export function spreader(crowd: Crowd, groups: readonly number[], each: number): number {
  const account = crowd.account();
  crowd.spreads(account, crowd.account(), groups, each);
  crowd.leave(account, LITTLE);
  return account;
}

/** Short of X and of 63 more, bidding for X what it was worth; then the price rises and none is above its margin. */
export function unwell(
  crowd: Crowd,
  positions: readonly number[],
  flags: number,
  full = false,
): { account: number; id: bigint } {
  const account = crowd.account();
  crowd.offer(account, positions);
  const labels = full ? labelsOfOneBucket(account) : [];
  for (const label of labels.slice(1))
    crowd.order(account, positions[0] as number, 'sell', 30_000, { label });
  const buyer = crowd.account();
  crowd.order(account, X, 'sell', 6_100, { lots: 2 });
  crowd.order(buyer, X, 'buy', 6_100, { lots: 2, flags: IOC });
  const label = labels[0];
  const id = crowd.order(account, X, 'buy', 6_000, {
    flags,
    ...(label === undefined ? {} : { label }),
  });
  const at = crowd.world.engine.view;
  const base = accountAt(account);
  const free =
    at.getBigInt64(base + 8, true) -
    at.getBigInt64(base + 24, true) -
    at.getBigInt64(base + 32, true);
  crowd.force(account, { kind: 'withdraw', amount: money(free) });
  return { account, id };
}

const accountAt = (account: number) => ACCOUNTS + account * ACCOUNT_SIZE;
export const HIGHER = 92_000_000_000n;

export const signedBy = (crowd: Crowd, account: number, action: Action) =>
  crowd.world.signed(account, action);
export const system = (command: SystemCommand) => encodeCommand(command);
export const buyX = (crowd: Crowd, account: number, price: number, more: More) =>
  signedBy(crowd, account, orderAction(X, 'buy', price, more));
export const sellX = (crowd: Crowd, account: number, price: number, more: More) =>
  signedBy(crowd, account, orderAction(X, 'sell', price, more));

/** An account whose label and seven others' fill one bucket. */
export function labelled(
  crowd: Crowd,
  positions: readonly number[],
): { account: number; labels: bigint[] } {
  const account = crowd.account();
  crowd.offer(account, positions);
  const labels = labelsOfOneBucket(account);
  for (const label of labels.slice(1))
    crowd.order(account, X, 'sell', 30_000 + Number(label % 90_000n), { label });
  return { account, labels };
}

/** Orders whose time is over: ids of `count` accounts' offers of X. */
export function deadOrders(
  crowd: Crowd,
  count: number,
  others: (index: number) => readonly number[],
): bigint[] {
  const expiry = Math.floor(crowd.world.nowMs / 1000) + 5;
  const ids = Array.from({ length: count }, (_, index) => {
    const account = crowd.account();
    crowd.offer(account, others(index));
    return crowd.order(account, X, 'sell', level(index), { expiry, label: 1n });
  });
  crowd.world.clock(crowd.world.nowMs + 6_000);
  return ids;
}

/** Prices go on until the first expiries have passed. */
export function pass(crowd: Crowd, days: number): void {
  crowd.world.clock(START_MS + days * DAY_MS + 34 * 3_600_000); // 08:00, and 25 hours in which L1 might have said a price
}

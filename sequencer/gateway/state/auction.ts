import type { LiquidationRecord } from './records.ts';

/**
 * What an auction asks now, for display: the engine decides (shared/engine/liquidation/auction.ts). liquidations.test.ts compares with
 * what bids then went for.
 */
const SLOW_MS = 900_000n;
const FAST_MS = 900_000n;
const TICK_AT_MOST_MS = 300_000;
export const TICK_MS = 15_000;
export const WHOLE_PRICE = 10_000n;
export const WHOLE_SHARE = 1_000_000n;
const FEE_PRICE = 100n;
const PRICE_FIRST = 9_500n;
const PRICE_SLOW = 7_000n;

export interface Offer {
  /** How long the price has fallen, ms. */
  readonly elapsedMs: number;
  /** 1e-4 of the equity. */
  readonly price: bigint;
  /** The most that is sold, 1e-6 of the account; 0 where nothing is for sale. */
  readonly share: bigint;
  /** With all of it: cash to the bidder, and to the insurance fund; money. */
  readonly discount: bigint;
  readonly fee: bigint;
}

/** What is on sale of an account in auction whose equity and initial margin are these, at this time of the engine's clock. */
export function offerOf(
  { elapsedMs, tickMs }: Pick<LiquidationRecord, 'elapsedMs' | 'tickMs'>,
  { equity, initial }: { readonly equity: bigint; readonly initial: bigint },
  clockMs: number,
): Offer {
  const elapsed = elapsedMs + Math.min(clockMs - tickMs, TICK_AT_MOST_MS);
  const price = priceAt(BigInt(elapsed));
  const nothing = { elapsedMs: elapsed, price, share: 0n, discount: 0n, fee: 0n };
  if (equity <= 0n || equity >= initial) return nothing;
  const given = smaller(WHOLE_PRICE - price + FEE_PRICE, WHOLE_PRICE);
  const base = initial - (equity / WHOLE_PRICE) * given;
  const share = smaller(ceilDiv((initial - equity) * WHOLE_SHARE, base), WHOLE_SHARE);
  const part = (equity * share) / WHOLE_SHARE;
  const discount = (part * (WHOLE_PRICE - price)) / WHOLE_PRICE;
  const fee = smaller((part / WHOLE_PRICE) * FEE_PRICE, part - discount);
  return { elapsedMs: elapsed, price, share, discount, fee };
}

/** Lots of a position that go with a share, away from zero. */
export function sharedLots(lots: number, share: bigint): number {
  const part = Number(ceilDiv(BigInt(Math.abs(lots)) * share, WHOLE_SHARE));
  return lots < 0 ? -part : part;
}

function priceAt(elapsed: bigint): bigint {
  if (elapsed < SLOW_MS) return PRICE_FIRST - ((PRICE_FIRST - PRICE_SLOW) * elapsed) / SLOW_MS;
  const fast = elapsed - SLOW_MS;
  return fast < FAST_MS ? PRICE_SLOW - (PRICE_SLOW * fast) / FAST_MS : 0n;
}

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const ceilDiv = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;

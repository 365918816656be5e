import { mulDivUp } from "../math/wide";
import { Globals } from "../records/globals";
import { Liquidation } from "../records/liquidation";

// Stage 3, the price. What is for sale is a pro-rata slice of the whole account, its cash included, so that what it is worth is a share
// of the account's equity: positive as long as there is anything to sell, whatever the sign of its options. Derive's auctions price
// the same (lyra-v2 DutchAuction.sol, "mark to market" of the subaccount with its cash). A bidder who takes the share f at the price
// p of equity E is given its positions at their marks, and a discount of (1 - p) x f x E with them.
//
//   p = 95 % falling to 70 % in 15 minutes, then to nothing in 15 more
//
// Of the discount's kind is the fund's fee, 1 % of f x E. The account is back at its initial margin I after the share
//
//   f = (I - E) / (I - (1 - p + 1 %) x E)
//
// since the margin is homogeneous: a share less of every position needs a share less of it.

const PRICE_FIRST: u64 = 9_500; // 1e-4 of the equity
const PRICE_SLOW: u64 = 7_000;
const SLOW_MS: u64 = 15 * 60_000;
const FAST_MS: u64 = 15 * 60_000;
export const TICK_MS: u64 = 15_000;
/** What counts at most of the time since the last tick: while prices are too doubtful for anyone to tick, the price stands still. Enough
 *  that an auction through the inbox alone, a message every few minutes, does not last for ever. */
const TICK_AT_MOST_MS: u64 = 300_000;

export const WHOLE_PRICE: u64 = 10_000;
export const WHOLE_SHARE: u64 = 1_000_000;
export const FEE_PRICE: u64 = 100; // the fund's fee, 1e-4 of the equity

function runningSince(liquidation: Liquidation): u64 {
  const passed = Globals.get().clock - liquidation.tickTime;
  return passed < TICK_AT_MOST_MS ? passed : TICK_AT_MOST_MS;
}

/** The auction's time goes on to the clock. */
export function tickAuction(liquidation: Liquidation): void {
  liquidation.elapsed += runningSince(liquidation);
  liquidation.tickTime = Globals.get().clock;
}

/** The price now, 1e-4 of the equity: 9,500 to 0. */
export function auctionPrice(liquidation: Liquidation): u32 {
  const time = liquidation.elapsed + runningSince(liquidation);
  if (time < SLOW_MS) return <u32>(PRICE_FIRST - ((PRICE_FIRST - PRICE_SLOW) * time) / SLOW_MS);
  const fast = time - SLOW_MS;
  return fast < FAST_MS ? <u32>(PRICE_SLOW - (PRICE_SLOW * fast) / FAST_MS) : 0;
}

/** What the account gives up of its equity for each share sold, 1e-4: discount and fee, all of it at most. */
export function givenUp(price: u32): u64 {
  const given = WHOLE_PRICE - <u64>price + FEE_PRICE;
  return given < WHOLE_PRICE ? given : WHOLE_PRICE;
}

/** The share that restores the account, 1e-6, rounded up. Needs 0 < equity < initial. */
export function restoringShare(equity: i64, initial: i64, price: u32): u64 {
  const missing = <u64>(initial - equity);
  const lost = (<u64>equity / WHOLE_PRICE) * givenUp(price);
  const base = <u64>initial - lost;
  const share = mulDivUp(missing, WHOLE_SHARE, base);
  return share < WHOLE_SHARE ? share : WHOLE_SHARE;
}

import { LOT_LIMIT_USDC, MAX_UNDERLYINGS, UNDERLYINGS, UNDERLYING_SIZE } from "../layout";

/**
 * One underlying: its units and listing rules, its index, its price epochs, its settled days, its price history. 1024 bytes.
 *
 *   0      48          104             160           224       288              512             896         1024
 *   | rules | index     | price epoch   | open risk   | fees..  | settled 14x16  | history 24x16 | guard.ts  |
 */
@unmanaged
export class Underlying {
  name: u64; // 8 bytes ASCII, zero-padded
  nameLength: u32;
  lotsPerContract: u32;
  tick: u64; // money per contract
  tickPerLot: u64; // money per lot: tick / lotsPerContract, exact
  strikeStep: u32; // whole USDC
  strikeBandBps: u32;
  priceBandBps: u32;
  /** Which of the two sets of marks is the complete one. */
  buffer: u32;
  // ---- last accepted prices
  indexPrice: u64; // 1e-6 USDC
  indexTime: u64; // ms
  indexRound: u32;
  volatilityRound: u32;
  volatilityTime: u64;
  // ---- price epochs
  epoch: u32; // complete ones
  building: u32; // 1 while the other set is being filled
  cursor: u32; // instrument to price next, slot + 1
  surfaces: u32; // entries in use
  epochIndex: u64; // the index of the complete set
  epochTime: u64;
  buildIndex: u64;
  buildTime: u64;
  buildIndexRound: u32; // rounds the set being built, or last built, was started from
  buildVolatilityRound: u32;
  firstInstrument: u32; // slot + 1, in listing order
  lastInstrument: u32;
  // ---- what is open, and what was left over in the price history
  sumCarry: u32; // price x ms below one price x second, carried on (settlement.ts)
  sumPad: u32;
  openLots: u64; // held long in all instruments
  openRisk: u64; // money, at the last round's index (guard.ts)
  // ---- fees a lot at the complete set's index, rounded up
  takerFeePerLot: u64;
  makerFeePerLot: u64;
  /** How far from half the mark an order's price may be, money a lot, at the complete set's index. */
  bandPerLot: i64;
  settledNext: u32; // where in the ring the next settled day goes
  settledPad: u32;
  // ---- the settlement average under way as the set being built, or last built, prices with it: offset 200
  buildWindowDay: u32;
  buildWindowPad: u32;
  buildWindowCovered: u64; // ms
  buildWindowAverage: u64; // 1e-6 USDC

  @inline
  static at(index: u32): Underlying {
    return changetype<Underlying>(UNDERLYINGS + <usize>index * UNDERLYING_SIZE);
  }
}

/** LOT_LIMIT_USDC as money. */
export const LOT_LIMIT: u64 = <u64>LOT_LIMIT_USDC * 1_000_000;

/** Whether a price in money per contract is more than the engine reckons with. */
export function isTooHigh(underlying: Underlying, price: u64): bool {
  return price / underlying.lotsPerContract >= LOT_LIMIT;
}

/**
 * The last fourteen settled days at this offset of the record, each day u32, waiting u32, price u64. A day that waits holds the
 * last valid price before its expiry, which settles it if no L1 message does.
 */
export const SETTLED_RING: usize = 288;
export const SETTLED_ENTRIES: u32 = 14;

if (offsetof<Underlying>("indexPrice") != 48) ERROR("layout");
if (offsetof<Underlying>("epoch") != 80) ERROR("layout");
/** The index of the last two hours at this offset, five minutes an entry: number u32, covered ms u32, sum u64 (price x s). */
export const HISTORY_RING: usize = 512;
export const HISTORY_BUCKETS: u32 = 24;

if (SETTLED_RING + 16 * <usize>SETTLED_ENTRIES != HISTORY_RING) ERROR("layout");
if (offsetof<Underlying>() > SETTLED_RING) ERROR("layout");
if (MAX_UNDERLYINGS != 4) ERROR("layout");

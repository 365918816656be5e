import { put32, put64, send } from "../events";
import { EVT_INDEX_HELD } from "../kinds";
import { Guard } from "../records/guard";

// A round that leaves the band around the last price is held, and cancel-only while it is. The next round decides: near the held
// price it confirms it, near the last one it drops it, and anywhere else it is held in its place. A round that never comes does not
// help anybody: the last price grows old meanwhile, which is cancel-only by itself when CONFIRM_MS have passed.

// Between two minutes of the crashes of May and November 2022 BTC moved up to 4.6 %, ETH once 6.3 %: an honest round of seconds never gets here.
const BAND_DIVISOR: u64 = 20; // 5 %
const CONFIRM_MS: u64 = 60_000;

/** Whether a price is further from another than one round may move it. */
export function isOutOfBand(from: u64, price: u64): bool {
  const moved = price > from ? price - from : from - price;
  return moved > from / BAND_DIVISOR;
}

/** Whether a round confirms the jump that is held. Its time is not before the jump's. */
export function confirmsJump(guard: Guard, price: u64, time: u64): bool {
  return guard.jumpPrice != 0 && time <= guard.jumpTime + CONFIRM_MS && !isOutOfBand(guard.jumpPrice, price);
}

export function holdJump(guard: Guard, which: u32, round: u32, price: u64, time: u64): void {
  guard.jumpPrice = price;
  guard.jumpTime = time;
  guard.jumpRound = round;
  hold(which, round, price, time);
}

/** Tells of a round that does not move the index: a jump, or one in which too few agree. */
export function hold(which: u32, round: u32, price: u64, time: u64): void {
  put32(0, which);
  put32(4, round);
  put64(8, price);
  put64(16, time);
  send(EVT_INDEX_HELD);
}

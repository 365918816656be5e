import { GLOBALS, OVERSIGHT, UNDERLYINGS, UNDERLYING_SIZE } from "../layout";
import { HISTORY_BUCKETS, HISTORY_RING } from "./underlying";

/** Where an underlying's guard begins in its record. */
export const GUARD: usize = 896;

/**
 * What guards one underlying against its own prices: confidence, restart gate, a jump under question, realized volatility,
 * multipliers. The last 128 bytes of the underlying's record.
 *
 *   896    912    936          960    972       992    1000
 *   | gate | jump | volatility | held | request | told |
 */
@unmanaged
export class Guard {
  /** Of the last accepted round, from the spread between its signers: 10,000 is full. */
  confidence: u32;
  gateMode: u32; // the worse mode that is being left
  gateRounds: u32; // fresh rounds still to see before it is left
  postOnlyRounds: u32; // fresh rounds of post-only after that
  // ---- a jump that waits for its confirmation
  jumpPrice: u64; // 0: none
  jumpTime: u64;
  jumpRound: u32;
  /** What the last accepted round asks for: confidence, volatility, the insurance fund; 1e-4. */
  roundMultiplier: u32;
  // ---- realized volatility
  samplePrice: u64;
  sampleTime: u64;
  variance: u64; // 1e-18 a millisecond
  // ---- a multiplier on its way down
  heldTime: u64; // clock ms
  heldMultiplier: u32; // 1e-4
  // ---- the risk monitor's request
  requestMultiplier: u32;
  requestUntil: u64; // clock ms; decays from here on
  requestSequence: u32;
  requestReason: u32;
  /** The state that was last told in an event: mode, reasons, multiplier. */
  told: u64;

  @inline
  static at(underlying: u32): Guard {
    return changetype<Guard>(UNDERLYINGS + <usize>underlying * UNDERLYING_SIZE + GUARD);
  }
}

/**
 * What concerns all underlyings at once, at OVERSIGHT.
 *
 *   0           20             24          32
 *   | monitor   | multiplier   | open risk  |
 */
@unmanaged
export class Oversight {
  /** The risk monitor's address, 20 bytes; zero: nobody. */
  monitor0: u64;
  monitor1: u64;
  monitor2: u32;
  /** What the insurance fund's ratio asks for, 1e-4. */
  insuranceMultiplier: u32;
  /** Sum of the underlyings' open risk, money. */
  openRisk: u64;

  @inline
  static get(): Oversight {
    return changetype<Oversight>(GLOBALS + OVERSIGHT);
  }
}

if (HISTORY_RING + 16 * <usize>HISTORY_BUCKETS != GUARD) ERROR("layout");
if (GUARD + offsetof<Guard>() > UNDERLYING_SIZE) ERROR("layout");

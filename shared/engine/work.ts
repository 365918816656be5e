import {
  CMD_AMEND, CMD_BID, CMD_CANCEL_ALL, CMD_DELEVERAGE, CMD_DELIST, CMD_INDEX, CMD_LIQUIDATE, CMD_LIQUIDATION_STEP, CMD_LIST, CMD_ORDER, CMD_REPRICE, CMD_RISK_REQUEST, CMD_SETTLE_ACCOUNT,
  CMD_SETTLE_INSTRUMENT, CMD_SET_MARGIN_MODE, CMD_SWEEP, CMD_TRANSFER, CMD_VOLATILITY, CMD_WITHDRAW,
} from "./kinds";
import { Globals } from "./records/globals";

// The segment's work budget, in units of at most 100 gas on L1: half a machine step, or a thirtieth of a scattered leaf.
// Measured on the Solidity machine; test/engine/work.test.ts holds what commands are charged to what they cost there. A
// full segment is below 77 million gas, and below 100 million with what each of its transactions costs by itself. A
// command that might not fit is refused in constant time and runs in the next segment; inside a command, what is done
// for each order touched is charged as it is done, and a match that has no room for the next touch ends.

export const SEGMENT_WORK: u32 = 768_000;
/** One resting order touched, traded with, and gone, its account at the current marks and without other positions. */
export const WORK_TOUCH: u32 = 4_500;
/** One more position in a table that is searched: whoever chooses the instruments chooses that they collide. */
export const WORK_PROBE: u32 = 100;
/** One position of a table that is laid anew, by cancel-all. */
export const WORK_COLLECT: u32 = 800;
/** A label: its bucket and the orders of it. */
export const WORK_LABEL: u32 = 2_000;
/** One position of an account brought to the current marks: its entry, its instrument. */
export const WORK_TERM: u32 = 500;
/** One position in an exact margin. */
export const WORK_EXACT: u32 = 750;
/** The cache of a portfolio's margin counted anew: its fixed part, and each position (its risk array is eleven leaves). */
export const WORK_RISK_CLEAR: u32 = 6_000;
export const WORK_RISK_TERM: u32 = 2_800;
/** A fill tried on a scenario vector. */
export const WORK_RISK_TRY: u32 = 4_000;
/** A fill of an account with portfolio margin, besides WORK_TOUCH: its vector changes term by term. */
export const WORK_RISK_FILL: u32 = 7_000;
/** One position that changes hands in a liquidation, its account's tables known, besides what searching them costs. */
export const WORK_MOVE: u32 = 1_000;
/** One position added to the copy that a taker is tried on, or weighed again; and one counted anew whose risk array has been read already. */
export const WORK_ADD: u32 = 300;
export const WORK_RISK_AGAIN: u32 = 600;
/** An account and its scenario vector copied, to try something on. */
export const WORK_COPY: u32 = 6_000;
/** One account looked at for the other side of a position. */
export const WORK_LOOK: u32 = 250;
/** The most an inbox message may do: a forced change of the margin mode, 64 positions counted in both. */
export const WORST_MESSAGE: u32 = 300_000;

/** Room that a command of this kind must find. */
export function worstWork(kind: u32): u32 {
  if (kind >= CMD_ORDER) {
    if (kind == CMD_ORDER) return 215_000; // 64 positions: searched, and their scenario vector counted anew
    if (kind == CMD_AMEND) return 235_000;
    if (kind == CMD_CANCEL_ALL) return 96_000;
    if (kind == CMD_BID) return 480_000; // two accounts' margins, and all positions of one change hands
    if (kind == CMD_SET_MARGIN_MODE) return 290_000; // 64 positions: both margins counted anew
    return kind == CMD_WITHDRAW || kind == CMD_TRANSFER ? 205_000 : 48_000;
  }
  if (kind == CMD_INDEX) return 48_000;
  if (kind == CMD_VOLATILITY) return 64_000;
  if (kind == CMD_REPRICE) return 100_000; // one instrument: 37 values of Black-76
  if (kind == CMD_RISK_REQUEST) return 20_000;
  if (kind == CMD_LIQUIDATE || kind == CMD_LIQUIDATION_STEP || kind == CMD_DELEVERAGE) return 295_000;
  if (kind == CMD_SWEEP) return 48_000;
  if (kind == CMD_SETTLE_ACCOUNT) return 94_000;
  return kind == CMD_LIST || kind == CMD_DELIST || kind == CMD_SETTLE_INSTRUMENT ? 10_000 : 4_000;
}

/** What every command of this kind is charged before it starts; touches, refreshes and exact margins come on top. */
export function baseWork(kind: u32): u32 {
  if (kind >= CMD_ORDER) return kind == CMD_AMEND ? 16_000 : 9_000;
  if (kind == CMD_LIQUIDATE || kind == CMD_LIQUIDATION_STEP || kind == CMD_DELEVERAGE) return 9_000;
  if (kind == CMD_SWEEP) return 3_000;
  if (kind == CMD_SETTLE_ACCOUNT) return 62_000;
  return worstWork(kind);
}

@inline
export function charge(units: u32): void {
  Globals.get().work += units;
}

/** Whether this segment has room for so much more. */
@inline
export function fits(units: u32): bool {
  return Globals.get().work + units <= SEGMENT_WORK;
}

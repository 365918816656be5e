import { Globals } from "./records/globals";
import {
  CMD_DELIST, CMD_INDEX, CMD_LIST, CMD_ORDER, CMD_AMEND, CMD_REPRICE, CMD_SETTLE_ACCOUNT, CMD_SETTLE_INSTRUMENT, CMD_SWEEP,
  CMD_VOLATILITY,
} from "./kinds";

// The segment's work budget, in weighted units of about one machine step; a scattered leaf counts as 160.
// First bounds of the design's section 12, calibrated when the machine on L1 exists: a segment is full at
// 256,000. A command that might not fit is refused in constant time and runs in the next segment.

export const SEGMENT_WORK: u32 = 256_000;
/** One resting order touched by a match, with its account. */
export const WORK_TOUCH: u32 = 3_000;
/** One evaluation of the exact standard margin. */
export const WORK_EXACT: u32 = 12_000;
export const MAX_EXACT: u32 = 4;
/** The most an inbox message may do: a forced order. */
export const WORST_MESSAGE: u32 = 110_000;

/** The most a command of this kind may do, or 0 for kinds that do not exist. */
export function worstWork(kind: u32): u32 {
  if (kind >= CMD_ORDER) return kind == CMD_ORDER || kind == CMD_AMEND ? 110_000 : 16_000;
  if (kind == CMD_INDEX) return 40_000;
  if (kind == CMD_VOLATILITY) return 48_000;
  if (kind == CMD_REPRICE) return 24_000;
  if (kind == CMD_SWEEP) return 40_000;
  if (kind == CMD_SETTLE_ACCOUNT) return 20_000;
  if (kind == CMD_SETTLE_INSTRUMENT) return 6_000;
  if (kind == CMD_LIST || kind == CMD_DELIST) return 8_000;
  return 16_000;
}

/** What every command of this kind is charged before it starts. */
export function baseWork(kind: u32): u32 {
  if (kind == CMD_ORDER || kind == CMD_AMEND) return 8_000;
  return worstWork(kind);
}

@inline
export function charge(units: u32): void {
  Globals.get().work += units;
}

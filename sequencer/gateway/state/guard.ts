import * as K from '#shared/engine/kinds.ts';
import { OVERSIGHT, UNDERLYING_SIZE, UNDERLYINGS } from '#shared/engine/layout.ts';
import { GUARD, GUARD_START } from './offsets.ts';
import type { GlobalsRecord, UnderlyingRecord } from './records.ts';

/** The ages of shared/engine/oracle/mode.ts; offsets.test.ts compares. */
export const MODE_AGES = {
  INDEX_GUARDED_MS: 10_000,
  INDEX_REDUCE_MS: 30_000,
  INDEX_CANCEL_MS: 60_000,
  VOLATILITY_REDUCE_MS: 300_000,
  MARKS_REDUCE_MS: 120_000,
  MARKS_CANCEL_MS: 300_000,
};

const NONE = 10_000;
const MOST = 20_000;
const REDUCE = 15_000;
const DECAY_MS = 60;
const CONFIDENCE_LOW = 5_500;
const VARIANCE_HIGH = 71_298_197n;
const INSURANCE_MULTIPLIER = OVERSIGHT + 20;

/** What the engine's oracle/mode.ts says about an underlying at the engine's clock; guard.test.ts compares the two. */
export interface GuardState {
  /** `MODE_*`. */
  readonly mode: number;
  /** `REASON_*` bits. */
  readonly reasons: number;
  /** Of the initial margin of new risk, 1e-4. */
  readonly multiplier: number;
  /** Confidence and freshness of the index, 1e-4. */
  readonly confidence: number;
  /** Rounds still to see before a worse mode ends, and before orders may take again. */
  readonly gateRounds: number;
  readonly postOnlyRounds: number;
}

export function guardState(
  view: DataView,
  { clockMs, lateRounds }: GlobalsRecord,
  underlying: UnderlyingRecord,
): GuardState {
  const at = UNDERLYINGS + underlying.index * UNDERLYING_SIZE + GUARD_START;
  const u32 = (offset: number) => view.getUint32(at + offset, true);
  const u64 = (offset: number) => view.getBigUint64(at + offset, true);
  const age = Math.max(0, clockMs - underlying.indexTimeMs);
  const jump = u64(GUARD.jumpPrice) !== 0n;
  const gateRounds = u32(GUARD.gateRounds);
  const postOnlyRounds = u32(GUARD.postOnlyRounds);
  const trouble = troubleOf(underlying, clockMs, jump, lateRounds);
  const restriction = gateRounds > 0 ? Math.max(trouble, u32(GUARD.gateMode)) : trouble;
  const held = decayed(u32(GUARD.heldMultiplier), Number(u64(GUARD.heldTime)), clockMs);
  const asked = decayed(u32(GUARD.requestMultiplier), Number(u64(GUARD.requestUntil)), clockMs);
  const byAge = Math.ceil(((age - MODE_AGES.INDEX_GUARDED_MS) * NONE) / 20_000) + NONE;
  const floor = restriction === K.MODE_NORMAL ? NONE : REDUCE;
  const most = Math.max(u32(GUARD.roundMultiplier), byAge, held, asked, floor);
  const multiplier = Math.min(MOST, most);
  const guarded = postOnlyRounds > 0 || multiplier > NONE ? K.MODE_GUARDED : K.MODE_NORMAL;
  const reasons = [
    [K.REASON_INDEX_OLD, age > MODE_AGES.INDEX_GUARDED_MS],
    [K.REASON_CONFIDENCE, u32(GUARD.confidence) < CONFIDENCE_LOW],
    [K.REASON_VOLATILE, u64(GUARD.variance) > VARIANCE_HIGH],
    [K.REASON_INSURANCE, view.getUint32(INSURANCE_MULTIPLIER, true) > NONE],
    [
      K.REASON_VOLATILITY_OLD,
      clockMs > underlying.volatilityTimeMs + MODE_AGES.VOLATILITY_REDUCE_MS,
    ],
    [K.REASON_MARKS_OLD, clockMs > underlying.epochTimeMs + MODE_AGES.MARKS_REDUCE_MS],
    [K.REASON_LATE_BATCH, lateRounds > 0],
    [K.REASON_JUMP, jump],
    [K.REASON_RESTART, gateRounds > 0],
    [K.REASON_POST_ONLY, postOnlyRounds > 0],
    [K.REASON_MONITOR, asked > NONE],
    [K.REASON_DECAYING, held > NONE],
  ] as const;
  return {
    mode: restriction === K.MODE_NORMAL ? guarded : restriction,
    reasons: reasons.reduce((bits, [bit, holds]) => (holds ? bits | bit : bits), 0),
    multiplier,
    confidence: jump ? 0 : fresh(u32(GUARD.confidence), age),
    gateRounds,
    postOnlyRounds,
  };
}

function troubleOf(u: UnderlyingRecord, clockMs: number, jump: boolean, late: number): number {
  const older = (timeMs: number, ageMs: number) => clockMs > timeMs + ageMs;
  if (jump || older(u.indexTimeMs, MODE_AGES.INDEX_CANCEL_MS)) return K.MODE_CANCEL_ONLY;
  if (older(u.epochTimeMs, MODE_AGES.MARKS_CANCEL_MS)) return K.MODE_CANCEL_ONLY;
  const reduce =
    late > 0 ||
    older(u.indexTimeMs, MODE_AGES.INDEX_REDUCE_MS) ||
    older(u.epochTimeMs, MODE_AGES.MARKS_REDUCE_MS) ||
    older(u.volatilityTimeMs, MODE_AGES.VOLATILITY_REDUCE_MS);
  return reduce ? K.MODE_REDUCE_ONLY : K.MODE_NORMAL;
}

function decayed(multiplier: number, fromMs: number, nowMs: number): number {
  if (nowMs <= fromMs) return multiplier;
  return Math.max(NONE, multiplier - Math.floor((nowMs - fromMs) / DECAY_MS));
}

function fresh(confidence: number, age: number): number {
  const { INDEX_GUARDED_MS, INDEX_CANCEL_MS } = MODE_AGES;
  if (age >= INDEX_CANCEL_MS) return 0;
  if (age <= INDEX_GUARDED_MS) return confidence;
  return Math.floor((confidence * (INDEX_CANCEL_MS - age)) / (INDEX_CANCEL_MS - INDEX_GUARDED_MS));
}

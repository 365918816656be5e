import {
  MODE_CANCEL_ONLY, MODE_GUARDED, MODE_NORMAL, MODE_REDUCE_ONLY, REASON_CONFIDENCE, REASON_DECAYING, REASON_INDEX_OLD, REASON_INSURANCE,
  REASON_JUMP, REASON_LATE_BATCH, REASON_MARKS_OLD, REASON_MONITOR, REASON_POST_ONLY, REASON_RESTART, REASON_VOLATILE, REASON_VOLATILITY_OLD,
} from "../kinds";
import { UNDERLYINGS, UNDERLYING_SIZE } from "../layout";
import { Globals } from "../records/globals";
import { Guard, Oversight } from "../records/guard";
import { Underlying } from "../records/underlying";
import { decayed, MULTIPLIER_MOST, MULTIPLIER_NONE, rampUp } from "./multiplier";
import { VARIANCE_HIGH } from "./variance";

// exchange.md's table of modes: what each underlying's orders may do now, why, and what new risk costs. Everything here only reads:
// what time alone changes is seen when it is asked for, and what a price round changes was written by gate.ts.

const INDEX_GUARDED_MS: u64 = 10_000;
const INDEX_REDUCE_MS: u64 = 30_000;
const INDEX_CANCEL_MS: u64 = 60_000;
const VOLATILITY_REDUCE_MS: u64 = 300_000;
// Fresh prices that nobody turns into marks are no prices: a sequencer could margin its friends on old ones.
const MARKS_REDUCE_MS: u64 = 120_000;
const MARKS_CANCEL_MS: u64 = 300_000;

/** Confidence and freshness below which prices are not good enough for new risk at its usual price, nor a round to move the index; 1e-4. */
export const CONFIDENCE_LOW: u32 = 5_500;
/** The least multiplier that a reduce-only mode leaves behind. */
const REDUCE_MULTIPLIER: u32 = 15_000;

function guardOf(underlying: Underlying): Guard {
  return Guard.at(<u32>((changetype<usize>(underlying) - UNDERLYINGS) / UNDERLYING_SIZE));
}

/** What forbids orders because of prices now: normal, reduce-only or cancel-only. */
export function priceTrouble(underlying: Underlying): u32 {
  const clock = Globals.get().clock;
  if (clock > underlying.indexTime + INDEX_CANCEL_MS) return MODE_CANCEL_ONLY;
  if (clock > underlying.epochTime + MARKS_CANCEL_MS) return MODE_CANCEL_ONLY;
  if (guardOf(underlying).jumpPrice != 0) return MODE_CANCEL_ONLY;
  if (clock > underlying.indexTime + INDEX_REDUCE_MS) return MODE_REDUCE_ONLY;
  if (clock > underlying.epochTime + MARKS_REDUCE_MS) return MODE_REDUCE_ONLY;
  if (clock > underlying.volatilityTime + VOLATILITY_REDUCE_MS) return MODE_REDUCE_ONLY;
  return MODE_NORMAL;
}

/** What forbids orders now: normal, reduce-only or cancel-only. The cheap part of `modeOf`, for every order. */
export function restrictionOf(underlying: Underlying): u32 {
  let trouble = priceTrouble(underlying);
  if (trouble == MODE_NORMAL && Globals.get().lateRounds != 0) trouble = MODE_REDUCE_ONLY;
  const guard = guardOf(underlying);
  return guard.gateRounds != 0 && guard.gateMode > trouble ? guard.gateMode : trouble;
}

/** The mode that holds for orders in an underlying's instruments. */
export function modeOf(underlying: Underlying): u32 {
  const restriction = restrictionOf(underlying);
  if (restriction != MODE_NORMAL) return restriction;
  const open = guardOf(underlying).postOnlyRounds == 0 && multiplierOf(underlying) == MULTIPLIER_NONE;
  return open ? MODE_NORMAL : MODE_GUARDED;
}

/** Whether only orders that cannot take, or that only reduce, are accepted: the book fills up again before anything trades in it. */
export function isReopening(underlying: Underlying): bool {
  return guardOf(underlying).postOnlyRounds != 0;
}

/** What the initial margin of new risk is multiplied by, 1e-4: 10,000 to 20,000. */
export function multiplierOf(underlying: Underlying): u32 {
  const clock = Globals.get().clock;
  const guard = guardOf(underlying);
  let most = guard.roundMultiplier;
  const byAge = ageMultiplier(underlying);
  if (byAge > most) most = byAge;
  const held = decayed(guard.heldMultiplier, guard.heldTime, clock);
  if (held > most) most = held;
  const asked = decayed(guard.requestMultiplier, guard.requestUntil, clock);
  if (asked > most) most = asked;
  if (most < REDUCE_MULTIPLIER && restrictionOf(underlying) != MODE_NORMAL) most = REDUCE_MULTIPLIER;
  if (most < MULTIPLIER_NONE) return MULTIPLIER_NONE;
  return most < MULTIPLIER_MOST ? most : MULTIPLIER_MOST;
}

/** From 1.0 at 10 s to 2.0 at 30 s without a price. */
function ageMultiplier(underlying: Underlying): u32 {
  const age = ageOf(underlying);
  return age <= INDEX_GUARDED_MS ? MULTIPLIER_NONE : rampUp(age - INDEX_GUARDED_MS, INDEX_REDUCE_MS - INDEX_GUARDED_MS);
}

function ageOf(underlying: Underlying): u64 {
  const clock = Globals.get().clock;
  return clock > underlying.indexTime ? clock - underlying.indexTime : 0;
}

/**
 * How good the index is, 1e-4: the last round's confidence, whole for 10 s, then falling to nothing when the index is so old that
 * only cancels are left, or while a jump is unconfirmed.
 */
export function confidenceOf(underlying: Underlying): u32 {
  const guard = guardOf(underlying);
  if (guard.jumpPrice != 0) return 0;
  const age = ageOf(underlying);
  if (age >= INDEX_CANCEL_MS) return 0;
  if (age <= INDEX_GUARDED_MS) return guard.confidence;
  return <u32>((<u64>guard.confidence * (INDEX_CANCEL_MS - age)) / (INDEX_CANCEL_MS - INDEX_GUARDED_MS));
}

/** Every reason (REASON_*) that holds now. */
export function reasonsOf(underlying: Underlying): u32 {
  const globals = Globals.get();
  const clock = globals.clock;
  const guard = guardOf(underlying);
  let reasons: u32 = 0;
  if (clock > underlying.indexTime + INDEX_GUARDED_MS) reasons |= REASON_INDEX_OLD;
  if (guard.confidence < CONFIDENCE_LOW) reasons |= REASON_CONFIDENCE;
  if (guard.variance > VARIANCE_HIGH) reasons |= REASON_VOLATILE;
  if (Oversight.get().insuranceMultiplier > MULTIPLIER_NONE) reasons |= REASON_INSURANCE;
  if (clock > underlying.volatilityTime + VOLATILITY_REDUCE_MS) reasons |= REASON_VOLATILITY_OLD;
  if (clock > underlying.epochTime + MARKS_REDUCE_MS) reasons |= REASON_MARKS_OLD;
  if (globals.lateRounds != 0) reasons |= REASON_LATE_BATCH;
  if (guard.jumpPrice != 0) reasons |= REASON_JUMP;
  if (guard.gateRounds != 0) reasons |= REASON_RESTART;
  if (guard.postOnlyRounds != 0) reasons |= REASON_POST_ONLY;
  if (decayed(guard.requestMultiplier, guard.requestUntil, clock) > MULTIPLIER_NONE) reasons |= REASON_MONITOR;
  if (decayed(guard.heldMultiplier, guard.heldTime, clock) > MULTIPLIER_NONE) reasons |= REASON_DECAYING;
  return reasons;
}

/** What a confidence asks for: 2.0 at none, 1.0 from 0.55 on. */
export function confidenceMultiplier(confidence: u32): u32 {
  if (confidence >= CONFIDENCE_LOW) return MULTIPLIER_NONE;
  return rampUp(CONFIDENCE_LOW - confidence, CONFIDENCE_LOW);
}

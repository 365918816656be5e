import { put32, send } from "../events";
import { EVT_GUARD, EVT_MODE, MODE_NORMAL } from "../kinds";
import { Globals } from "../records/globals";
import { Guard } from "../records/guard";
import { Underlying } from "../records/underlying";
import { measureRisk } from "./insurance";
import { confidenceMultiplier, confidenceOf, modeOf, multiplierOf, priceTrouble, reasonsOf, restrictionOf } from "./mode";
import { decayed, MULTIPLIER_NONE, rampUp } from "./multiplier";
import { VARIANCE_HIGH, VARIANCE_HIGHEST } from "./variance";

// What a price round changes about modes: the gate that a worse mode is left through, and what the round asks new risk to pay.

/** Fresh rounds in a row before a worse mode ends, the one that ended its cause among them. */
export const GATE_ROUNDS: u32 = 3;
/** Fresh rounds after that in which orders may make a book, and nothing but reductions may take from it. */
export const POST_ONLY_ROUNDS: u32 = 10;
/** A round is fresh when it is no older than what would itself forbid new risk. */
const FRESH_MS: u64 = 30_000;

/**
 * Before anything that may end a trouble (a round, surfaces, a complete set of marks): what held until now is seen once more, and
 * remembered where it was worse.
 */
export function beforePrices(underlying: Underlying, which: u32): void {
  const guard = Guard.at(which);
  // Until its first complete set of prices an underlying was never open: opening is no return from anything.
  if (underlying.epoch == 0) return;
  const clock = Globals.get().clock;
  const multiplier = multiplierOf(underlying);
  if (multiplier > decayed(guard.heldMultiplier, guard.heldTime, clock)) {
    guard.heldMultiplier = multiplier;
    guard.heldTime = clock;
  }
  // A late batch counts its own rounds (index.ts).
  const trouble = priceTrouble(underlying);
  if (trouble == MODE_NORMAL) return;
  const before = guard.gateRounds != 0 ? guard.gateMode : MODE_NORMAL;
  guard.gateMode = trouble > before ? trouble : before;
  guard.gateRounds = GATE_ROUNDS;
  guard.postOnlyRounds = 0;
}

/** A round was accepted: one step through the gate, if it is fresh. */
export function passGate(guard: Guard, time: u64): void {
  const clock = Globals.get().clock;
  const fresh = clock <= time + FRESH_MS;
  if (guard.gateRounds != 0) {
    if (!fresh) {
      guard.gateRounds = GATE_ROUNDS;
      return;
    }
    guard.gateRounds--;
    if (guard.gateRounds == 0) guard.postOnlyRounds = POST_ONLY_ROUNDS;
  } else if (guard.postOnlyRounds != 0 && fresh) guard.postOnlyRounds--;
}

/** What the round asks for by itself: its confidence, the volatility, the insurance fund. */
export function weighRound(underlying: Underlying, which: u32): void {
  const guard = Guard.at(which);
  let most = confidenceMultiplier(guard.confidence);
  if (guard.variance > VARIANCE_HIGH) {
    const byVariance = rampUp(guard.variance - VARIANCE_HIGH, VARIANCE_HIGHEST - VARIANCE_HIGH);
    if (byVariance > most) most = byVariance;
  }
  const byFund = measureRisk(underlying);
  if (byFund > most) most = byFund;
  guard.roundMultiplier = most;
}

/** After a late batch every underlying reopens as after any worse mode. */
export function reopenAll(): void {
  const underlyings = Globals.get().underlyings;
  for (let which: u32 = 0; which < underlyings; which++) Guard.at(which).postOnlyRounds = POST_ONLY_ROUNDS;
}

/** Tells of an underlying's mode, reasons and multiplier where they have changed, and of the worst mode of all. */
export function tell(which: u32): void {
  const underlying = Underlying.at(which);
  const guard = Guard.at(which);
  const mode = modeOf(underlying);
  const reasons = reasonsOf(underlying);
  const multiplier = multiplierOf(underlying);
  const rounds = (guard.gateRounds << 4) | guard.postOnlyRounds; // at most 3 and 10
  const state = ((<u64>multiplier) << 32) | <u64>((reasons << 8) | (rounds << 2) | mode);
  if (state != guard.told) {
    guard.told = state;
    put32(0, which);
    put32(4, mode);
    put32(8, reasons);
    put32(12, multiplier);
    put32(16, confidenceOf(underlying));
    put32(20, guard.gateRounds);
    put32(24, guard.postOnlyRounds);
    send(EVT_GUARD);
  }
  tellWorst();
}

/** FACT_MODE is what forbids orders in the worst underlying, as of the last round or message. */
export function tellWorst(): void {
  const globals = Globals.get();
  let worst = MODE_NORMAL;
  for (let which: u32 = 0; which < globals.underlyings; which++) {
    const mode = restrictionOf(Underlying.at(which));
    if (mode > worst) worst = mode;
  }
  if (worst == globals.mode) return;
  globals.mode = worst;
  put32(0, worst);
  send(EVT_MODE);
}

/** What an underlying's multiplier starts from. */
export function startGuards(): void {
  const underlyings = Globals.get().underlyings;
  for (let which: u32 = 0; which < underlyings; which++) {
    const guard = Guard.at(which);
    guard.confidence = 10_000;
    guard.roundMultiplier = MULTIPLIER_NONE;
  }
}

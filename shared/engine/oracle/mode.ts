import { MODE_CANCEL_ONLY, MODE_NORMAL, MODE_REDUCE_ONLY } from "../kinds";
import { Globals } from "../records/globals";
import { Underlying } from "../records/underlying";

// The part of exchange.md's table that needs no more than ages: what each underlying's orders may do now.

const INDEX_REDUCE_MS: u64 = 30_000;
const INDEX_CANCEL_MS: u64 = 60_000;
const VOLATILITY_REDUCE_MS: u64 = 300_000;
// Fresh prices that nobody turns into marks are no prices: a sequencer could margin its friends on old ones.
const MARKS_REDUCE_MS: u64 = 120_000;
const MARKS_CANCEL_MS: u64 = 300_000;

/** The mode that holds for orders in an underlying's instruments. */
export function modeOf(underlying: Underlying): u32 {
  const globals = Globals.get();
  const clock = globals.clock;
  if (clock > underlying.indexTime + INDEX_CANCEL_MS) return MODE_CANCEL_ONLY;
  if (clock > underlying.epochTime + MARKS_CANCEL_MS) return MODE_CANCEL_ONLY;
  if (clock > underlying.indexTime + INDEX_REDUCE_MS) return MODE_REDUCE_ONLY;
  if (clock > underlying.epochTime + MARKS_REDUCE_MS) return MODE_REDUCE_ONLY;
  if (clock > underlying.volatilityTime + VOLATILITY_REDUCE_MS) return MODE_REDUCE_ONLY;
  return globals.lateRounds != 0 ? MODE_REDUCE_ONLY : MODE_NORMAL;
}

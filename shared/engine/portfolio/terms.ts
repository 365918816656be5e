import { mulDivUp } from "../math/wide";
import { Instrument, SETTLED } from "../records/instrument";
import { RISK_BASIS, RISK_BASIS_DOWN, RISK_BASIS_UP, RISK_SHORT, riskAt, SCENARIOS } from "../records/risk";
import { Underlying } from "../records/underlying";

// The parts of portfolio margin that are sums over lots (design, exchange.md "Margin"). All round against the trader.

const YEAR_MS: u64 = 365 * 86_400_000;

/** A change of value at a forward of the basis, weighted 0.5 x (1 + 2 x years left), rounded away from zero. */
function weighted(change: i64, leftMs: u64): i64 {
  const size = <u64>(change < 0 ? -change : change);
  const weight = <i64>mulDivUp(size, YEAR_MS + 2 * leftMs, 2 * YEAR_MS);
  return change < 0 ? -weight : weight;
}

/**
 * Finishes a risk set whose entries 0 to 36 are plain changes of value: weights the two of the basis by the time left, and
 * notes what one lot needs on its own: held short in the worst scenario, and at most for the basis.
 */
export function sealRisk(at: usize, leftMs: u64): void {
  const down = weighted(load<i64>(at, 8 * RISK_BASIS_DOWN), leftMs);
  const up = weighted(load<i64>(at, 8 * RISK_BASIS_UP), leftMs);
  store<i64>(at, down, 8 * RISK_BASIS_DOWN);
  store<i64>(at, up, 8 * RISK_BASIS_UP);
  let worst: i64 = 0;
  for (let scenario: usize = 0; scenario < 8 * SCENARIOS; scenario += 8) {
    const gain = load<i64>(at + scenario);
    if (gain > worst) worst = gain;
  }
  store<i64>(at, worst, 8 * RISK_SHORT);
  const low = down < 0 ? -down : down;
  const high = up < 0 ? -up : up;
  store<i64>(at, low > high ? low : high, 8 * RISK_BASIS);
}

/** The complete set's index, money a lot, rounded up. */
@inline
export function indexPerLot(underlying: Underlying): u64 {
  const lots = <u64>underlying.lotsPerContract;
  return (underlying.epochIndex + lots - 1) / lots;
}

// SAFETY of the products: 64 positions of 5e6 lots are 3.2e8 lots, an index below 1e10 a lot (LOT_LIMIT), so lots x index
// stays below 3.2e18, and times 0.01 below 3.2e16.

/** 1.0 % of the index for each naked lot. */
@inline
export function nakedInitial(underlying: Underlying, lots: u32): i64 {
  return <i64>((<u64>lots * indexPerLot(underlying) + 99) / 100);
}

/** 0.6 % of the index for each naked lot. */
@inline
export function nakedMaintenance(underlying: Underlying, lots: u32): i64 {
  return <i64>(((<u64>lots * indexPerLot(underlying) + 499) / 500) * 3);
}

export const SURE: u32 = 10_000; // confidence 1.0
const UNSURE: u32 = 5_500; // below 0.55 shorts pay for it

/** (1 - c) of the index for each short lot, while the prices' confidence c is below 0.55. Initial margin only. */
export function surcharge(underlying: Underlying, confidence: u32, shorts: u32): i64 {
  if (confidence >= UNSURE || shorts == 0) return 0;
  return <i64>mulDivUp(<u64>shorts * indexPerLot(underlying), SURE - confidence, SURE);
}

/** Margin kept for a lot in an open sell order: what it would need on its own, as a part of something, at most. */
export function sellReserve(instrument: Instrument): i64 {
  if (instrument.state == SETTLED) return 0;
  const underlying = Underlying.at(instrument.underlying);
  const risk = riskAt(instrument.slot, underlying.buffer);
  return load<i64>(risk, 8 * RISK_SHORT) + load<i64>(risk, 8 * RISK_BASIS) + nakedInitial(underlying, 1);
}

/** Margin kept for a lot in an open buy order besides its premium and fee. */
export function buyMargin(instrument: Instrument): i64 {
  if (instrument.state == SETTLED) return 0;
  return load<i64>(riskAt(instrument.slot, Underlying.at(instrument.underlying).buffer), 8 * RISK_BASIS);
}

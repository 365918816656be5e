import type { InstrumentState, SurfaceState } from './records.ts';

export interface ListingPolicy {
  /** Strikes listed on each side of the one nearest to the forward. */
  readonly strikesEachSide: number;
  /** Expiries listed, nearest first; 0 lists nothing. */
  readonly expiries: number;
  /** Instruments of all underlyings together; the engine holds 1,024. */
  readonly maxInstruments: number;
}

export interface Listing {
  readonly underlying: number;
  readonly expiryDay: number;
  readonly strike: number;
  readonly optionKind: 0 | 1;
}

interface Underlying {
  readonly index: number;
  /** Whole USDC. */
  readonly strikeStep: number;
  readonly strikeBandBps: number;
  readonly indexPrice: bigint;
  readonly surfaces: readonly SurfaceState[];
}

const DAY_MS = 86_400_000;
const EXPIRY_OF_DAY_MS = 8 * 3_600_000;
const MONEY = 1_000_000;

/** Distance of strikes by time to expiry, as a fraction of the forward. */
const SPACING: readonly (readonly [days: number, fraction: number])[] = [
  [2, 0.01],
  [10, 0.02],
  [45, 0.04],
  [Number.POSITIVE_INFINITY, 0.08],
];

export function expiryMsOf(expiryDay: number): number {
  return expiryDay * DAY_MS + EXPIRY_OF_DAY_MS;
}

/** What should be listed around the forwards and is not yet. The engine's own rules decide about each. */
export function missingListings(
  policy: ListingPolicy,
  underlying: Underlying,
  existing: readonly InstrumentState[],
  clockMs: number,
): Listing[] {
  const listed = new Set(existing.map(keyOf));
  const live = underlying.surfaces
    .filter((surface) => expiryMsOf(surface.expiryDay) > clockMs)
    .sort((a, b) => a.expiryDay - b.expiryDay)
    .slice(0, policy.expiries);
  const missing: Listing[] = [];
  for (const surface of live) {
    for (const strike of strikesAround(policy, underlying, surface, clockMs)) {
      for (const optionKind of [0, 1] as const) {
        const { index } = underlying;
        const expiryMs = expiryMsOf(surface.expiryDay);
        if (listed.has(`${index}/${expiryMs}/${strike}/${optionKind}`)) continue;
        missing.push({ underlying: index, expiryDay: surface.expiryDay, strike, optionKind });
      }
    }
  }
  return missing.slice(0, Math.max(0, policy.maxInstruments - existing.length));
}

function keyOf(instrument: InstrumentState): string {
  const { underlying, expiryMs, strike, put } = instrument;
  return `${underlying}/${expiryMs}/${strike}/${put}`;
}

/** Display arithmetic in floating point: the engine checks grid and band again. */
function strikesAround(
  policy: ListingPolicy,
  underlying: Underlying,
  surface: SurfaceState,
  clockMs: number,
): number[] {
  const days = (expiryMsOf(surface.expiryDay) - clockMs) / DAY_MS;
  const fraction = SPACING.find(([limit]) => days <= limit)?.[1] ?? 0.08;
  const forward = Number(surface.forward) / MONEY;
  const { strikeStep } = underlying;
  const spacing = strikeStep * Math.max(1, Math.round((forward * fraction) / strikeStep));
  const center = Math.round(forward / spacing);
  const spot = Number(underlying.indexPrice) / MONEY;
  const band = (spot * underlying.strikeBandBps) / 10_000;
  const strikes: number[] = [];
  for (let i = -policy.strikesEachSide; i <= policy.strikesEachSide; i++) {
    const strike = (center + i) * spacing;
    if (strike > 0 && Math.abs(strike - spot) <= band) strikes.push(strike);
  }
  return strikes;
}

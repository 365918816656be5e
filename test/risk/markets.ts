import { DAY_MS, type Expiry, type Market, type Option, type Smile } from './twin/market.ts';

/** Monday 2026-11-23, 00:00 UTC: when the engine's test world begins. */
export const TIME_MS = Date.UTC(2026, 10, 23);
/** Days ahead that the listing rule has on that Monday: daily, weekly, monthly, quarterly. */
const AHEAD = [0, 1, 4, 11, 18, 32, 67, 123, 214, 305];
const STRIKE_STEP = 500;
export const LOTS_PER_CONTRACT = 100;

/** Numbers below 1 from a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** To a whole number of units, so that the engine's fixed point holds it exactly. */
function whole(value: number, unit: number): number {
  return Math.round(value / unit) * unit;
}

/** A smile without obvious arbitrage, at-the-money volatility of 20 to 180 % a year. */
function randomSmile(random: () => number): Smile {
  const level = (0.2 + 1.6 * random() ** 2) ** 2;
  const rho = whole(-0.7 + 1.2 * random(), 1e-9);
  const sigma = whole(0.05 + 0.4 * random(), 1e-9);
  const b = whole(level * (0.1 + 0.8 * random()), 1e-12);
  return {
    // The least variance, a + b sigma sqrt(1 - rho^2), stays at a quarter of the level or more.
    a: whole(level * (0.25 + 0.75 * random()) - b * sigma * Math.sqrt(1 - rho * rho), 1e-12),
    b,
    rho,
    m: whole(0.1 * (random() - 0.5), 1e-9),
    sigma,
  };
}

/**
 * A market of one underlying from a seed: up to `expiries` expiries with different forwards and smiles, each with calls and puts at
 * the same `strikes` strikes from 50 to 180 % of the spot.
 */
export function randomMarket(seed: number, size: { expiries: number; strikes: number }): Market {
  const random = randomFrom(seed);
  const spot = whole(20_000 + 100_000 * random(), 0.01);
  const first = Math.floor(TIME_MS / DAY_MS);
  const days = AHEAD.map((ahead) => ({ ahead, order: random() }))
    .sort((one, other) => one.order - other.order)
    .slice(0, size.expiries)
    .map(({ ahead }) => ahead)
    .sort((one, other) => one - other);
  const expiries: Expiry[] = days.map((ahead) => ({
    day: first + ahead,
    forward: whole(spot * (1 + (0.06 * random() - 0.02) * Math.sqrt(ahead / 214)), 1e-6),
    smile: randomSmile(random),
  }));
  const options: Option[] = expiries.flatMap((_, expiry) =>
    strikesAround(spot, size.strikes, random).flatMap((strike) =>
      [false, true].map((put) => ({ expiry, strike, put })),
    ),
  );
  return {
    timeMs: TIME_MS,
    spot,
    lotsPerContract: LOTS_PER_CONTRACT,
    confidence: 1,
    expiries,
    options,
  };
}

function strikesAround(spot: number, count: number, random: () => number): number[] {
  const strikes = new Set<number>();
  while (strikes.size < count) {
    strikes.add(whole(spot * (0.5 + 1.3 * random()), STRIKE_STEP));
  }
  return [...strikes].sort((one, other) => one - other);
}

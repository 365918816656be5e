import type { ScenarioTerms } from '#shared/client/api.ts';
import { formatDecimal } from '#shared/protocol/units.ts';

/** Per mille of the forward, as shockOf of shared/engine/oracle/risks.ts has them; scenarios.test.ts compares. */
export const GRID = [840, 880, 920, 960, 1000, 1040, 1080, 1120, 1160];
export const EXTREMES = [340, 670, 1500, 2000, 3000, 4000, 5000, 6000];
/** 1e-5, of the extremes. */
export const WEIGHTS = [21_000, 42_000, 27_720, 13_860, 6930, 4620, 3465, 2772];

const VOLATILITIES = ['up', 'same', 'down'] as const;
const WHOLE = 100_000;
const WEIGHT_DECIMALS = 5;

function change(perMille: number): { price_change: string; percent: string } {
  const moved = perMille - 1000;
  const size = formatDecimal(BigInt(Math.abs(moved)), 3);
  const sign = moved < 0 ? '-' : '';
  const plus = moved > 0 ? '+' : sign;
  return { price_change: `${sign}${size}`, percent: `${plus}${Math.abs(moved) / 10} %` };
}

/** What a scenario of portfolio margin, 0 to 34, supposes. */
export function scenarioTerms(scenario: number): ScenarioTerms {
  const grid = GRID.length * VOLATILITIES.length;
  const extreme = scenario - grid;
  const perMille = extreme < 0 ? GRID[Math.floor(scenario / 3)] : EXTREMES[extreme];
  const volatility = extreme < 0 ? (VOLATILITIES[scenario % 3] ?? 'same') : 'up';
  const weight = formatDecimal(
    BigInt(extreme < 0 ? WHOLE : (WEIGHTS[extreme] ?? 0)),
    WEIGHT_DECIMALS,
  );
  const { price_change, percent } = change(perMille ?? 1000);
  const moves = volatility === 'same' ? 'volatility the same' : `volatility ${volatility}`;
  const counted = extreme < 0 ? '' : `, counted ${weight}`;
  return {
    ...{ scenario, price_change, volatility, weight },
    words: `price ${percent}, ${moves}${counted}`,
  };
}

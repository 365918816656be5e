import {
  daysOf,
  expiryOf,
  type Market,
  markOf,
  type Option,
  valueAt,
  volatilityOf,
  yearsOf,
} from './market.ts';

/** The scenarios of the design's exchange.md, "Margin", in its order: 27 of price and volatility, then 8 extremes. */
export interface Scenario {
  /** Change of the forward, 0.16 = 16 %. */
  readonly price: number;
  readonly volatility: 'up' | 'same' | 'down';
  /** Of the change of value. */
  readonly weight: number;
}

const GRID = [-0.16, -0.12, -0.08, -0.04, 0, 0.04, 0.08, 0.12, 0.16];
const EXTREMES: readonly (readonly [number, number])[] = [
  [-0.66, 0.21],
  [-0.33, 0.42],
  [0.5, 0.2772],
  [1, 0.1386],
  [2, 0.0693],
  [3, 0.0462],
  [4, 0.03465],
  [5, 0.02772],
];

export const SCENARIOS: readonly Scenario[] = [
  ...GRID.flatMap((price) =>
    (['up', 'same', 'down'] as const).map((volatility) => ({ price, volatility, weight: 1 })),
  ),
  ...EXTREMES.map(([price, weight]) => ({ price, volatility: 'up' as const, weight })),
];

/** Moves of the forward that the basis is reckoned at. */
export const BASIS_SHOCKS = [-0.045, 0.045] as const;

/** A volatility shocked: +50 % (to 50 % a year at least) or -25 %, times (30/days)^0.30, from 30 days on ^0.13. */
export function shockedVolatility(
  volatility: number,
  shock: Scenario['volatility'],
  days: number,
): number {
  if (shock === 'same') return volatility;
  const ratio = 30 / Math.max(1, days);
  const factor = ratio ** (days < 30 ? 0.3 : 0.13);
  if (shock === 'up') return Math.max(0.5, volatility * (1 + 0.5 * factor));
  return volatility * (1 - 0.25 * factor);
}

/** Change of value of one contract held long, in each scenario, weighted. */
export function scenarioChanges(market: Market, option: Option): number[] {
  const mark = markOf(market, option);
  const volatility = volatilityOf(market, option);
  const days = daysOf(market, expiryOf(market, option));
  return SCENARIOS.map((scenario) => {
    const shocked = shockedVolatility(volatility, scenario.volatility, days);
    return scenario.weight * (valueAt(market, option, 1 + scenario.price, shocked) - mark);
  });
}

/** Half of the change of value of one contract held long at each basis shock, times 1 + 2 years. */
export function basisChanges(market: Market, option: Option): number[] {
  const mark = markOf(market, option);
  const volatility = volatilityOf(market, option);
  const factor = 0.5 * (1 + 2 * yearsOf(market, expiryOf(market, option)));
  return BASIS_SHOCKS.map(
    (shock) => factor * (valueAt(market, option, 1 + shock, volatility) - mark),
  );
}

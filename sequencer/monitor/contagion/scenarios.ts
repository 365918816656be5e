import { MS_PER_YEAR, type OptionKind, optionValue } from '#sequencer/gateway/market/black76.ts';

/**
 * The 35 scenarios of portfolio margin (the design's exchange.md, "Margin"), in floating point: the monitor only needs to know who
 * falls with whom, and the engine decides about everybody by its own integers.
 */
export interface Scenario {
  /** Relative move of the price, such as -0.16. */
  readonly price: number;
  readonly volatility: 'up' | 'same' | 'down';
  /** What of the loss counts; 1 but for the extremes. */
  readonly weight: number;
}

const STEPS = [-0.16, -0.12, -0.08, -0.04, 0, 0.04, 0.08, 0.12, 0.16];
const EXTREMES: readonly (readonly [price: number, weight: number])[] = [
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
  ...STEPS.flatMap((price) =>
    (['up', 'same', 'down'] as const).map((volatility) => ({ price, volatility, weight: 1 })),
  ),
  ...EXTREMES.map(([price, weight]) => ({ price, volatility: 'up' as const, weight })),
];

const DAY_MS = 86_400_000;
const UP = 0.5;
const DOWN = -0.25;
const LEAST_UP = 0.5;

/** Volatility of an option with so many days left, in a scenario. */
export function shockedVolatility(
  volatility: number,
  daysLeft: number,
  move: Scenario['volatility'],
): number {
  if (move === 'same') return volatility;
  const days = Math.max(1, daysLeft);
  const term = (30 / days) ** (days < 30 ? 0.3 : 0.13);
  const moved = Math.max(0, volatility * (1 + (move === 'up' ? UP : DOWN) * term));
  return move === 'up' ? Math.max(LEAST_UP, moved) : moved;
}

/** What an option needs to be valued anew. */
export interface OptionQuote {
  readonly instrument: string;
  readonly underlying: string;
  readonly kind: OptionKind;
  readonly strike: number;
  readonly expiryMs: number;
  readonly forward: number;
  /** Value of one contract now. */
  readonly mark: number;
  /** A fraction a year; 0 where the exchange shows none. */
  readonly volatility: number;
  /** Of one contract, by the forward. */
  readonly delta: number;
}

/** Value of one contract after the price moved by `price` (relative) and volatility as said, nothing else changed. */
export function valueAfter(
  quote: OptionQuote,
  { price, volatility }: Pick<Scenario, 'price' | 'volatility'>,
  nowMs: number,
): number {
  const leftMs = Math.max(0, quote.expiryMs - nowMs);
  const terms = {
    kind: quote.kind,
    forward: quote.forward * (1 + price),
    strike: quote.strike,
    years: leftMs / MS_PER_YEAR,
  };
  return optionValue(terms, shockedVolatility(quote.volatility, leftMs / DAY_MS, volatility));
}

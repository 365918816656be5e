import type { Holding, Market, Option } from './market.ts';

interface Leg {
  readonly option: Option;
  readonly mark: number;
  readonly lots: number;
  readonly contracts: number;
}

export type Rate = 'initial' | 'maintenance';

/** Of one short contract: initial max(15 % S - out of the money, 10 % S) + M; maintenance 7.5 % S (+ M), of puts max(7.5 % S, 7.5 % M) (+ M). */
export function shortMargin(market: Market, option: Option, mark: number, rate: Rate): number {
  const { spot } = market;
  const floor = option.put ? Math.max(0.075 * spot, 0.075 * mark) : 0.075 * spot;
  if (rate === 'maintenance') return floor + mark;
  const out = Math.max(0, option.put ? spot - option.strike : option.strike - spot);
  // A deep put's maintenance is above the first formula, and initial margin is never the less of the two.
  return Math.max(0.15 * spot - out, 0.1 * spot, floor) + mark;
}

/**
 * Standard margin: per expiry the lesser of the shorts' sum and the largest possible loss at expiry. Longs have no
 * credit but there, so this is to be compared with cash. USDC.
 */
export function standardMargin(
  market: Market,
  marks: readonly number[],
  holdings: readonly Holding[],
  rate: Rate,
): number {
  let total = 0;
  for (const expiry of market.expiries.keys()) {
    const legs = holdings
      .map(({ option, lots }) => ({
        option: market.options[option] as Option,
        mark: marks[option] as number,
        lots,
        contracts: lots / market.lotsPerContract,
      }))
      .filter(({ option }) => option.expiry === expiry);
    const shorts = legs.reduce(
      (sum, { option, mark, contracts }) =>
        sum + Math.max(0, -contracts) * shortMargin(market, option, mark, rate),
      0,
    );
    total += Math.min(shorts, largestLoss(legs));
  }
  return total;
}

/** At expiry, over all prices: the payoff bends at strikes only, and beyond the last one it only falls with net short calls. */
function largestLoss(legs: readonly Leg[]): number {
  // In lots, which are whole: a sum that is zero must be zero.
  const calls = legs.reduce((sum, { option, lots }) => sum + (option.put ? 0 : lots), 0);
  if (calls < 0) return Number.POSITIVE_INFINITY;
  const payoff = (price: number) =>
    legs.reduce(
      (sum, { option, contracts }) =>
        sum + contracts * Math.max(0, option.put ? option.strike - price : price - option.strike),
      0,
    );
  return Math.max(0, ...[0, ...legs.map(({ option }) => option.strike)].map((at) => -payoff(at)));
}

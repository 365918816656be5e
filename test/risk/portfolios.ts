/** Portfolios to hold margin to: any, boxes, rolls. */
import fc from 'fast-check';
import type { Holding, Market } from './twin/market.ts';

export const MAX_LOTS = 4000;

export type Portfolio = readonly Holding[];

/** Options of a market, no two the same. */
export function portfolios(
  market: Market,
  may: { options?: readonly number[]; side?: 'long' | 'short'; most?: number } = {},
): fc.Arbitrary<Portfolio> {
  const options = may.options ?? [...market.options.keys()];
  const short = fc.integer({ min: -MAX_LOTS, max: -1 });
  const long = fc.integer({ min: 1, max: MAX_LOTS });
  const lots = may.side === 'long' ? long : may.side === 'short' ? short : fc.oneof(short, long);
  return fc.uniqueArray(fc.record({ option: fc.constantFrom(...options), lots }), {
    minLength: 1,
    maxLength: Math.min(may.most ?? 12, options.length),
    selector: ({ option }) => option,
  });
}

/** Both together: the same options' lots added. */
export function together(...parts: readonly Portfolio[]): Portfolio {
  const sums = new Map<number, number>();
  for (const { option, lots } of parts.flat()) sums.set(option, (sums.get(option) ?? 0) + lots);
  return [...sums].map(([option, lots]) => ({ option, lots })).filter(({ lots }) => lots !== 0);
}

export function optionsWhere(
  { options }: Market,
  is: { expiry?: number; put?: boolean },
): readonly number[] {
  return [...options.keys()].filter((index) => {
    const option = options[index] as Market['options'][number];
    return (
      (is.expiry === undefined || option.expiry === is.expiry) &&
      (is.put === undefined || option.put === is.put)
    );
  });
}

interface Strikes {
  readonly expiry: number;
  readonly low: number;
  readonly high: number;
}

function strikesOf(market: Market, expiry: number): number[] {
  return [
    ...new Set(optionsWhere(market, { expiry }).map((index) => market.options[index]?.strike ?? 0)),
  ];
}

function find(market: Market, expiry: number, strike: number, put: boolean): number {
  return market.options.findIndex(
    (option) => option.expiry === expiry && option.strike === strike && option.put === put,
  );
}

/** Long call and short put at one strike, the other way round at another: worth the strikes' difference whatever comes. */
export function boxes(market: Market): fc.Arbitrary<Portfolio> {
  const strikes: fc.Arbitrary<Strikes> = fc
    .constantFrom(...market.expiries.keys())
    .chain((expiry) =>
      fc
        .shuffledSubarray(strikesOf(market, expiry), { minLength: 2, maxLength: 2 })
        .map((two) => ({ expiry, low: two[0] as number, high: two[1] as number })),
    );
  return fc
    .tuple(strikes, fc.integer({ min: 1, max: MAX_LOTS }))
    .map(([{ expiry, low, high }, lots]) => [
      { option: find(market, expiry, low, false), lots },
      { option: find(market, expiry, low, true), lots: -lots },
      { option: find(market, expiry, high, false), lots: -lots },
      { option: find(market, expiry, high, true), lots },
    ]);
}

/** What boxes owe at expiry, per expiry; those that are owed to the account are not set against it. */
export function owed(
  { options, expiries, lotsPerContract }: Market,
  several: readonly Portfolio[],
): number {
  const sums = expiries.map(() => 0);
  for (const { option, lots } of several.flat()) {
    const { expiry, strike, put } = options[option] as Market['options'][number];
    if (put) sums[expiry] = (sums[expiry] as number) - (lots / lotsPerContract) * strike;
  }
  return sums.reduce((total, sum) => total + Math.max(0, sum), 0);
}

/** A synthetic forward bought in one expiry and sold in another, all at strikes of their own. */
export function rolls(
  market: Market,
): fc.Arbitrary<{ holdings: Portfolio; apart: number; lots: number }> {
  return fc
    .tuple(
      fc.shuffledSubarray([...market.expiries.keys()], { minLength: 2, maxLength: 2 }),
      fc.nat(1000),
      fc.nat(1000),
      fc.integer({ min: 1, max: MAX_LOTS }),
    )
    .map(([two, first, second, lots]) => {
      const [near, far] = two as [number, number];
      const one = strikesOf(market, near);
      const other = strikesOf(market, far);
      const nearStrike = one[first % one.length] as number;
      const farStrike = other[second % other.length] as number;
      const forward = (expiry: number) => market.expiries[expiry]?.forward ?? 0;
      return {
        lots,
        apart: Math.abs(forward(near) - forward(far)),
        holdings: [
          { option: find(market, near, nearStrike, false), lots },
          { option: find(market, near, nearStrike, true), lots: -lots },
          { option: find(market, far, farStrike, false), lots: -lots },
          { option: find(market, far, farStrike, true), lots },
        ],
      };
    });
}

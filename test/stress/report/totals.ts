import type { Sample } from '../measure/sample.ts';
import type { Step } from '../measure/stages.ts';
import { short } from './scale.ts';

/** What the liquidations of a run came to. Money is USDC. */
export interface Totals {
  readonly liquidations: number;
  readonly slices: number;
  readonly auctions: number;
  /** Shares that bidders took. */
  readonly sold: number;
  readonly ended: number;
  /** Times that an account was closed against a holder. */
  readonly deleveraged: number;
  readonly haircuts: number;
  readonly discounts: number;
  /** To the fund, and from it for debts. */
  readonly fees: number;
  readonly paid: number;
  /** Accounts in liquidation at the end. */
  readonly left: number;
}

export function totalsOf(samples: readonly Sample[]): Totals {
  const sum = (read: (sample: Sample) => number) =>
    samples.reduce((all, one) => all + read(one), 0);
  const count = (step: Step) => sum(({ steps }) => steps[step] ?? 0);
  return {
    liquidations: count('liquidation began'),
    slices: count('slice on the book'),
    auctions: sum(({ auctions }) => auctions),
    sold: count('share sold in an auction'),
    ended: count('liquidation ended'),
    deleveraged: count('closed against a holder'),
    haircuts: sum(({ haircuts }) => haircuts),
    discounts: sum(({ discounts }) => discounts),
    fees: sum(({ fees }) => fees),
    paid: sum(({ paid }) => paid),
    left: (samples.at(-1)?.inStages ?? []).reduce((all, one) => all + one, 0),
  };
}

/** In one line, for the terminal. */
export function totalsLine(samples: readonly Sample[]): string {
  const { liquidations, slices, auctions, sold, deleveraged, paid, fees, left } = totalsOf(samples);
  const [from, to] = [samples[0]?.fund ?? 0, samples.at(-1)?.fund ?? 0];
  return `${liquidations} liquidations (${slices} slices, ${auctions} auctions with ${sold} shares sold, ${deleveraged} times deleveraged, ${left} still open); fund ${short(from)} → ${short(to)} USDC, ${short(fees)} of fees in and ${short(paid)} for debts out`;
}

import type { PortfolioBook } from './portfolio.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';

/** What happens to the accounts of one underlying in one scenario, and to the market when they are closed. */
export interface Fall {
  readonly scenario: Scenario;
  /** Accounts that are to be liquidated at once, and those that follow because closing them moves the price further. */
  readonly first: readonly number[];
  readonly followers: readonly number[];
  /** The move after all were closed; `scenario.price` if nobody followed. */
  readonly finalMove: number;
  /** What they owe beyond what they have, USDC. */
  readonly shortfall: number;
  /** Share of all shorts that they hold. */
  readonly shortShare: number;
}

export interface ContagionReport {
  readonly underlying: string;
  readonly accounts: number;
  /** One a scenario of the nine price steps in which somebody falls, the costliest first. */
  readonly falls: readonly Fall[];
  /** Accounts that fall together: in which price moves, the nearest first. */
  readonly groups: readonly Group[];
  /** Of all shorts, what the largest holder has, and who it is. */
  readonly largestShare: number;
  readonly largestAccount: number | null;
  /** Herfindahl's index of the shorts: 1 is one holder. */
  readonly concentration: number;
}

/** Accounts that all fall once the price has moved this far. */
export interface Group {
  readonly direction: 'up' | 'down';
  /** Smallest step at which they fall, relative. */
  readonly move: number;
  readonly accounts: readonly number[];
}

export interface ContagionOptions {
  /** USDC of the underlying that can be traded while the price moves by 1 %. */
  readonly depthPerPercent: number;
}

/** The price steps only: the extremes are what nobody is asked to survive unweighted. */
const STEPPED = SCENARIOS.filter(({ weight }) => weight === 1);
const LONGEST_CASCADE = 8;
/** Most that closing adds to a move: an empty book has no price, and the scenarios' own widest step is as far as this can be told. */
const MOST_EXTRA = 0.16;

/**
 * Who falls together in which scenario. Accounts fall when what is left is less than the least that margin asks for; closing them moves
 * the price in proportion to what must be traded over the book's depth, and that may fell others (fire sales as in Cont and
 * Schaanning, "Fire Sales, Indirect Contagion and Systemic Stress Testing", Norges Bank 2/2017, with linear impact).
 */
export function contagion(book: PortfolioBook, options: ContagionOptions): ContagionReport {
  const { shortShare } = book.openInterest();
  const falls = STEPPED.map((scenario) => fallIn(book, scenario, shortShare, options))
    .filter((fall) => fall.first.length > 0)
    .sort((a, b) => b.shortfall - a.shortfall || b.shortShare - a.shortShare);
  let largestAccount: number | null = null;
  let largestShare = 0;
  let concentration = 0;
  for (const [account, share] of shortShare) {
    concentration += share * share;
    if (share <= largestShare) continue;
    largestShare = share;
    largestAccount = account;
  }
  return {
    underlying: book.underlying,
    accounts: book.accounts.length,
    falls,
    groups: groupsOf(falls),
    largestShare,
    largestAccount,
    concentration,
  };
}

function fallIn(
  book: PortfolioBook,
  scenario: Scenario,
  shortShare: ReadonlyMap<number, number>,
  { depthPerPercent }: ContagionOptions,
): Fall {
  const { volatility } = scenario;
  let move = scenario.price;
  let fallen = fallenAt(book, { price: move, volatility });
  const first = [...fallen.keys()];
  for (let round = 0; round < LONGEST_CASCADE && fallen.size > 0; round++) {
    const next =
      scenario.price + impact(book.deltaToClose(new Set(fallen.keys())), depthPerPercent);
    // INVARIANT: a cascade only goes on in the direction it began in; trades against it calm the market.
    if (Math.sign(next - scenario.price) !== Math.sign(scenario.price || next)) break;
    if (Math.abs(next) <= Math.abs(move)) break;
    const more = fallenAt(book, { price: next, volatility });
    const grew = [...more.keys()].some((account) => !fallen.has(account));
    move = next;
    for (const [account, owed] of more) {
      fallen = fallen.set(account, Math.max(owed, fallen.get(account) ?? 0));
    }
    if (!grew) break;
  }
  const all = [...fallen.keys()];
  return {
    scenario,
    first,
    followers: all.filter((account) => !first.includes(account)),
    finalMove: move,
    shortfall: [...fallen.values()].reduce((sum, owed) => sum + owed, 0),
    shortShare: all.reduce((sum, account) => sum + (shortShare.get(account) ?? 0), 0),
  };
}

/** Accounts that are to be liquidated there, with what they owe beyond what they have. */
function fallenAt(
  book: PortfolioBook,
  move: Pick<Scenario, 'price' | 'volatility'>,
): Map<number, number> {
  const fallen = new Map<number, number>();
  for (const { account, equity, required } of book.after(move)) {
    if (equity < required || equity < 0) fallen.set(account, Math.max(0, -equity));
  }
  return fallen;
}

/** Relative move that trading this much makes. */
function impact(notional: number, depthPerPercent: number): number {
  // SAFETY: without depth this is infinite, and bounded below.
  const move = notional === 0 ? 0 : notional / depthPerPercent / 100;
  return Math.max(-MOST_EXTRA, Math.min(MOST_EXTRA, move));
}

/** By the smallest price step, volatility the same, at which an account falls at once on each side. */
function groupsOf(falls: readonly Fall[]): Group[] {
  const groups: Group[] = [];
  for (const direction of ['down', 'up'] as const) {
    const sign = direction === 'down' ? -1 : 1;
    const steps = falls
      .filter(({ scenario }) => scenario.volatility === 'same' && scenario.price * sign > 0)
      .sort((a, b) => Math.abs(a.scenario.price) - Math.abs(b.scenario.price));
    const known = new Set<number>();
    for (const { scenario, first } of steps) {
      const accounts = first.filter((account) => !known.has(account));
      for (const account of accounts) known.add(account);
      if (accounts.length > 0) groups.push({ direction, move: scenario.price, accounts });
    }
  }
  return groups.sort((a, b) => Math.abs(a.move) - Math.abs(b.move));
}

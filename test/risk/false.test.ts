/**
 * Sentences about margin that sound true and are not, of the formulas as the design has them. Each is shown by a portfolio, next to
 * what is true instead (`properties.ts`). Whoever changes a formula so that one becomes true will hear of it here.
 */
import { describe, expect, it } from 'vitest';
import { TIME_MS } from './markets.ts';
import { together } from './portfolios.ts';
import { DAY_MS, type Holding, type Market } from './twin/market.ts';
import { Twin } from './twin/twin.ts';

const SPOT = 100_000;
const LOTS = 100;
const TODAY = Math.floor(TIME_MS / DAY_MS);

/** Spot and forwards 100,000, volatility 60 % at every strike, expiries in 8 hours, 32 hours and 32 days. */
const STRIKES = [[101_000, 102_000], [97_000], [90_000, 95_000, 100_000, 120_000]];
const market: Market = {
  timeMs: TIME_MS,
  spot: SPOT,
  lotsPerContract: LOTS,
  confidence: 1,
  expiries: [0, 1, 32].map((ahead) => ({
    day: TODAY + ahead,
    forward: SPOT,
    smile: { a: 0.36, b: 0, rho: 0, m: 0, sigma: 1 },
  })),
  options: STRIKES.flatMap((strikes, expiry) =>
    strikes.flatMap((strike) => [false, true].map((put) => ({ expiry, strike, put }))),
  ),
};
const twin = new Twin(market);

/** Contracts of an option: "8 h", "32 h" or "32 d", a strike in thousands, C or P. */
function leg(contracts: number, expiry: number, strike: number, kind: 'C' | 'P'): Holding {
  const option = market.options.findIndex(
    (one) => one.expiry === expiry && one.strike === 1000 * strike && one.put === (kind === 'P'),
  );
  if (option < 0) throw new Error(`the market has no ${strike} ${kind} in expiry ${expiry}`);
  return { option, lots: contracts * LOTS };
}

const [HOURS_8, HOURS_32, DAYS_32] = [0, 1, 2];
const portfolio = (holdings: readonly Holding[]) => twin.assess('portfolio', 0, holdings);
/** What cash must cover. */
const standard = (holdings: readonly Holding[]) => {
  const { initial, equity } = twin.assess('standard', 0, holdings);
  return initial - equity;
};

describe('what is not true of margin', () => {
  it('portfolio margin may fall when a naked short is added: it earns where the book loses', () => {
    const put = [leg(-1, DAYS_32, 120, 'P')];
    const call = [leg(-1, DAYS_32, 90, 'C')];
    const both = portfolio(together(put, call));
    expect(both.portfolio?.naked).toBe(2);
    // The call is naked (1 % of the spot), but where the put loses most the call's whole premium is gained.
    expect(both.initial).toBeLessThan(0.95 * portfolio(put).initial);
    expect(both.maintenance).toBeLessThan(0.95 * portfolio(put).maintenance);
    // True: L falls by no more than the premium, which equity owes.
    const premium = -portfolio(call).equity;
    const before = portfolio(put).portfolio?.loss ?? 0;
    expect(before).toBeLessThan((both.portfolio?.loss ?? 0) + premium);
  });

  it('options of two expiries may need more than each alone, and longs more than was paid for them', () => {
    const call = [leg(4, HOURS_8, 101, 'C')];
    const put = [leg(1, HOURS_32, 97, 'P')];
    const both = portfolio(together(call, put));
    // One gains and the other loses when the forward moves, and basis is asked of that, though neither can be owed anything.
    expect(both.initial).toBeGreaterThan(1.3 * both.equity);
    expect(both.initial).toBeGreaterThan(1.3 * (portfolio(call).initial + portfolio(put).initial));
    // True: basis is all of the excess, and maintenance knows none.
    expect(both.initial).toBeLessThanOrEqual(both.equity + (both.portfolio?.basis ?? 0));
    expect(both.maintenance).toBeLessThanOrEqual(0.8 * both.equity);
  });

  it('a hedged book of two expiries costs more than its basis: its shorts are naked, each in its expiry', () => {
    const roll = [
      leg(1, DAYS_32, 100, 'C'),
      leg(-1, DAYS_32, 100, 'P'),
      leg(-1, HOURS_32, 97, 'C'),
      leg(1, HOURS_32, 97, 'P'),
    ];
    const { initial, portfolio: parts } = portfolio(roll);
    expect(parts?.loss).toBeLessThan(1e-6);
    expect(parts?.naked).toBe(2);
    expect(initial).toBeCloseTo((parts?.basis ?? 0) + 0.02 * SPOT, 6);
    // True: within an expiry, and without a net short of either kind, it costs nothing (boxes).
  });

  it('standard margin of two books may exceed both: a naked call takes the credit of every spread of its expiry', () => {
    const spread = [leg(1, DAYS_32, 90, 'C'), leg(-1, DAYS_32, 95, 'C')];
    const naked = [leg(-1, DAYS_32, 120, 'C')];
    expect(standard(spread)).toBe(0);
    const alone = standard(naked);
    const both = standard(together(spread, naked));
    expect(both).toBeGreaterThan(2 * alone);
    // True: never more than the legs, each alone; and each spread no more than its legs.
    const legs = [...spread, ...naked].reduce((sum, one) => sum + standard([one]), 0);
    expect(both).toBeLessThanOrEqual(legs + 1e-6);
  });
});

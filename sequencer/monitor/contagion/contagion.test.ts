import { describe, expect, it } from 'vitest';
import { MS_PER_YEAR, optionGreeks, optionValue } from '../../gateway/market/black76.ts';
import { contagion } from './contagion.ts';
import { type AccountHoldings, PortfolioBook } from './portfolio.ts';
import { type OptionQuote, SCENARIOS, shockedVolatility, valueAfter } from './scenarios.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const FORWARD = 100_000;
const DEEP = { depthPerPercent: Number.POSITIVE_INFINITY };

function quote(kind: 'call' | 'put', strike: number, days = 30): OptionQuote {
  const terms = { kind, forward: FORWARD, strike, years: (days * 86_400_000) / MS_PER_YEAR };
  return {
    ...{ instrument: `BTC-${strike}-${kind}`, underlying: 'BTC', kind, strike },
    ...{ expiryMs: NOW + days * 86_400_000, forward: FORWARD, volatility: 0.6 },
    ...{ mark: optionValue(terms, 0.6), delta: optionGreeks(terms, 0.6).delta },
  };
}

const CALL = quote('call', 110_000);
const PUT = quote('put', 90_000);
const QUOTES = [CALL, PUT];

function holder(account: number, cash: number, calls: number, puts = 0): AccountHoldings {
  const positions = new Map<string, number>();
  if (calls !== 0) positions.set(CALL.instrument, calls);
  if (puts !== 0) positions.set(PUT.instrument, puts);
  return { account, cash, positions, initialMargin: null };
}

const bookOf = (...accounts: AccountHoldings[]) => new PortfolioBook('BTC', accounts, QUOTES, NOW);

describe('scenarios', () => {
  it('are the 35 of portfolio margin', () => {
    expect(SCENARIOS).toHaveLength(35);
    expect(SCENARIOS[0]).toEqual({ price: -0.16, volatility: 'up', weight: 1 });
    expect(SCENARIOS[13]).toEqual({ price: 0, volatility: 'same', weight: 1 });
    expect(SCENARIOS[26]).toEqual({ price: 0.16, volatility: 'down', weight: 1 });
    expect(SCENARIOS[34]).toEqual({ price: 5, volatility: 'up', weight: 0.02772 });
  });

  it('shock volatility more for near expiries', () => {
    expect(shockedVolatility(0.6, 30, 'up')).toBeCloseTo(0.9, 12);
    expect(shockedVolatility(0.6, 30, 'down')).toBeCloseTo(0.45, 12);
    expect(shockedVolatility(0.6, 1, 'up')).toBeCloseTo(0.6 * (1 + 0.5 * 30 ** 0.3), 12);
    expect(shockedVolatility(0.6, 0, 'up')).toBe(shockedVolatility(0.6, 1, 'up'));
    expect(shockedVolatility(0.6, 300, 'down')).toBeCloseTo(0.6 * (1 - 0.25 * 0.1 ** 0.13), 12);
    expect(shockedVolatility(0.1, 30, 'up')).toBe(0.5);
    expect(shockedVolatility(0.6, 1, 'same')).toBe(0.6);
  });

  it('value options at the mark where nothing moves, and at the payoff once expired', () => {
    expect(valueAfter(CALL, { price: 0, volatility: 'same' }, NOW)).toBeCloseTo(CALL.mark, 6);
    const late = CALL.expiryMs + 1;
    expect(valueAfter(CALL, { price: 0.2, volatility: 'up' }, late)).toBeCloseTo(10_000, 6);
  });
});

describe('contagion', () => {
  it('finds nobody where nobody can fall', () => {
    const report = contagion(bookOf(holder(2, 1e7, 10), holder(3, 1e7, -10)), DEEP);
    expect(report.falls).toEqual([]);
    expect(report.groups).toEqual([]);
    expect(report).toMatchObject({ accounts: 2, largestAccount: 3, concentration: 1 });
    expect(contagion(bookOf(), DEEP)).toMatchObject({ accounts: 0, largestAccount: null });
  });

  it('finds who falls together, on which side, and what is owed', () => {
    // Five short calls lose what they have upwards, two short puts downwards.
    const callers = [4, 5, 6, 7, 8].map((account) => holder(account, 50_000, -5));
    const putters = [9, 10].map((account) => holder(account, 45_000, 0, -5));
    const report = contagion(bookOf(holder(2, 1e8, 25, 10), ...callers, ...putters), DEEP);
    const up = report.falls.find(
      ({ scenario }) => scenario.price === 0.16 && scenario.volatility === 'up',
    );
    expect(up?.first).toEqual([4, 5, 6, 7, 8]);
    expect(up?.followers).toEqual([]);
    const value = valueAfter(CALL, { price: 0.16, volatility: 'up' }, NOW);
    expect(up?.shortfall).toBeCloseTo(5 * (5 * value - 50_000), 4);
    expect(up?.shortShare).toBeCloseTo(25 / 35, 9);
    expect(report.falls[0]?.scenario).toEqual(up?.scenario);
    const sides = new Map(report.groups.map(({ direction, accounts }) => [direction, accounts]));
    expect(sides.get('up')).toEqual([4, 5, 6, 7, 8]);
    expect(sides.get('down')).toEqual([9, 10]);
    expect(report.largestShare).toBeCloseTo(5 / 35, 9);
    expect(report.concentration).toBeCloseTo((7 * 25) / 35 ** 2, 9);
  });

  it('follows the price as closing the first moves it on, and no further than the bound', () => {
    const weak = holder(3, 160_000, -20);
    const sound = holder(4, 250_000, -20);
    const book = () => bookOf(holder(2, 1e9, 40), weak, sound);
    const at = (report: ReturnType<typeof contagion>, price: number) =>
      report.falls.find(
        ({ scenario }) => scenario.price === price && scenario.volatility === 'same',
      );
    const calm = at(contagion(book(), DEEP), 0.12);
    expect(calm).toMatchObject({ first: [3], followers: [] });
    expect(calm?.finalMove).toBeCloseTo(0.12, 6);
    const thin = at(contagion(book(), { depthPerPercent: 100_000 }), 0.12);
    expect(thin).toMatchObject({ first: [3], followers: [4] });
    expect(thin?.finalMove).toBeGreaterThan(0.16);
    expect(thin?.finalMove).toBeLessThanOrEqual(0.28);
    expect(thin?.shortfall).toBeGreaterThan(calm?.shortfall ?? 0);
    const empty = at(contagion(book(), { depthPerPercent: 0 }), 0.12);
    expect(empty).toMatchObject({ first: [3], followers: [4] });
    expect(empty?.finalMove).toBeCloseTo(0.28, 9);
  });

  it('never finds fewer who fall where cash is less', () => {
    const count = (cash: number) =>
      contagion(bookOf(holder(2, 1e9, 20), holder(3, cash, -10), holder(4, cash * 2, -10)), DEEP)
        .falls.length;
    const counts = [400_000, 200_000, 100_000, 50_000, 10_000].map(count);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(counts.at(-1)).toBeGreaterThan(counts[0] as number);
  });

  it('counts only what it has quotes for, and only its own underlying', () => {
    const other = { ...quote('call', 5000), instrument: 'ETH-5000-call', underlying: 'ETH' };
    const holdings = {
      ...{ account: 7, cash: 1000, initialMargin: null },
      positions: new Map([[other.instrument, -10]]),
    };
    expect(new PortfolioBook('BTC', [holdings], [...QUOTES, other], NOW).accounts).toEqual([]);
    expect(new PortfolioBook('ETH', [holdings], [...QUOTES, other], NOW).accounts).toHaveLength(1);
    expect(new PortfolioBook('ETH', [holdings], QUOTES, NOW).accounts).toEqual([]);
  });
});

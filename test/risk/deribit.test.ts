/**
 * On real surfaces: the twin's values are the marks that Deribit published, and engine and twin agree on portfolios of whole chains,
 * with smiles fitted to their volatilities. Passes with a note where the recordings are not beside the checkout.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compare } from './compare.ts';
import { EngineMargin, listedDays } from './engine.ts';
import { SEED } from './properties.ts';
import { type Chain, chain2026, marketOf, tickers2021 } from './recorded.ts';
import { black76 } from './twin/black76.ts';
import { DAY_MS } from './twin/market.ts';
import { Twin } from './twin/twin.ts';

const NOTE = 'the Deribit recordings are not beside this checkout (shared/data): nothing compared';
const PORTFOLIOS = 150;
/** Of the test world's underlyings. */
const TERMS = {
  BTC: { lotsPerContract: 100, strikeStep: 500 },
  ETH: { lotsPerContract: 10, strikeStep: 25 },
};

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] as number;
}

/** Differences of Black-76 from published marks, in forwards. */
function differences({ timeMs, options }: Chain): number[] {
  return options
    .filter(({ volatility, mark }) => volatility > 0 && mark > 0)
    .map((option) => {
      const years = (option.day * DAY_MS + DAY_MS / 3 - timeMs) / (365 * DAY_MS);
      return Math.abs(black76({ ...option, years }) - option.mark) / option.forward;
    });
}

describe('recorded chains', () => {
  it('have the marks that Black-76 gives', () => {
    const tickers = tickers2021();
    if (!tickers) return console.info(NOTE);
    const off = differences(tickers);
    expect(off.length).toBeGreaterThan(900);
    // Volatilities are published to 0.01 %, and each ticker is of its own second.
    expect(quantile(off, 0.5)).toBeLessThan(1e-5);
    expect(quantile(off, 0.95)).toBeLessThan(1e-4);
    for (const currency of ['BTC', 'ETH'] as const) {
      const crash = differences(chain2026(currency) as Chain);
      expect(crash.length).toBeGreaterThan(500);
      // A chain of a crash, not all of one instant.
      expect(quantile(crash, 0.5)).toBeLessThan(1e-4);
    }
  });

  for (const [underlying, currency] of (['BTC', 'ETH'] as const).entries()) {
    it(`of a crash give one margin to engine and twin: ${currency}`, { timeout: 120_000 }, () => {
      const chain = chain2026(currency);
      if (!chain) return console.info(NOTE);
      const { market, worstFit } = marketOf(chain, {
        ...TERMS[currency],
        strikes: 8,
        listed: (days, spot) => {
          const { strikeStep } = TERMS[currency];
          const strike = Math.round(spot / strikeStep) * strikeStep;
          return listedDays({ timeMs: chain.timeMs, underlying, spot, strike }, days);
        },
      });
      expect(market.expiries.length).toBeGreaterThan(6);
      expect(market.options.length).toBeGreaterThan(80);
      expect(worstFit).toBeLessThan(0.05); // points of volatility, root mean square, in the worst expiry
      const engine = new EngineMargin(market, underlying);
      const twin = new Twin(market);
      const leg = fc.record({
        option: fc.nat(market.options.length - 1),
        lots: fc.integer({ min: 1, max: 50_000 }).chain((size) => fc.constantFrom(size, -size)),
      });
      const portfolio = fc.uniqueArray(leg, { maxLength: 64, selector: ({ option }) => option });
      fc.assert(
        fc.property(portfolio, (holdings) => compare(engine, twin, 0, holdings)),
        { seed: SEED, numRuns: PORTFOLIOS },
      );
    });
  }
});

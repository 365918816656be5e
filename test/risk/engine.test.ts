/**
 * The engine is its twin: both margin modes, part by part, on random portfolios of random markets, within the bound that whole numbers
 * leave; and the engine keeps, by itself, what margin must keep.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compare, lotsOf } from './compare.ts';
import { EngineMargin } from './engine.ts';
import { randomMarket } from './markets.ts';
import { holdMarginProperties, SEED, type Subject } from './properties.ts';
import type { Holding, Market } from './twin/market.ts';
import { Twin } from './twin/twin.ts';

const MARKETS = Number(process.env.PLIMSOLL_RISK_MARKETS ?? 4);
const PORTFOLIOS = Number(process.env.PLIMSOLL_RISK_PORTFOLIOS ?? 150);
const RUNS = 300;
/** USDC a lot between two answers of the engine that should be equal: both are rounded. */
const SLACK_A_LOT = 8e-6;

/** Up to the 64 positions that portfolio margin takes, a few of them large. */
function anyPortfolio(market: Market): fc.Arbitrary<Holding[]> {
  const lots = fc
    .oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2_000_000 }))
    .chain((size) => fc.constantFrom(size, -size));
  return fc.uniqueArray(fc.record({ option: fc.nat(market.options.length - 1), lots }), {
    maxLength: Math.min(64, market.options.length),
    selector: ({ option }) => option,
  });
}

describe('the engine and its twin', () => {
  it('agree on random portfolios of random markets, in both modes', { timeout: 120_000 }, () => {
    for (let seed = 0; seed < MARKETS; seed++) {
      const market = randomMarket(100 + seed, { expiries: 1 + 2 * seed, strikes: 6 });
      const engine = new EngineMargin(market);
      const twin = new Twin(market);
      fc.assert(
        fc.property(anyPortfolio(market), fc.integer({ min: -1e9, max: 1e9 }), (holdings, cash) => {
          compare(engine, twin, cash, holdings);
        }),
        { seed: SEED + seed, numRuns: PORTFOLIOS },
      );
    }
  });

  it('agree option by option, with the largest difference of a lot below two units', () => {
    const market = randomMarket(7, { expiries: 8, strikes: 8 });
    const engine = new EngineMargin(market);
    const twin = new Twin(market);
    for (const option of market.options.keys()) {
      for (const lots of [5_000_000, -5_000_000, 1, -1]) {
        compare(engine, twin, 0, [{ option, lots }]);
      }
    }
  });

  it('agree on the surcharge of prices that grow old, which is of initial margin only', () => {
    const market = randomMarket(9, { expiries: 3, strikes: 5 });
    const engine = new EngineMargin(market);
    const holdings = [...market.options.keys()].map((option) => ({
      option,
      lots: option % 3 === 0 ? 500 : -700,
    }));
    // Signers of one mind: confidence is whole for 10 s, and falls to nothing at 60 s. Below 0.55 it costs.
    for (const [second, confidence] of [
      [10, 1],
      [32, 0.56],
      [33, 0.54],
      [47, 0.26],
      [60, 0],
      [90, 0],
    ] as const) {
      engine.world.clock(market.timeMs + 1000 * second);
      compare(engine, new Twin({ ...market, confidence }), 0, holdings);
    }
  });

  it('agree in the last half hour, when part of the settlement average is known', () => {
    const before = randomMarket(10, { expiries: 10, strikes: 6 });
    const [today] = before.expiries as [Market['expiries'][number]];
    const opens = before.timeMs + 7.5 * 3_600_000;
    const engine = new EngineMargin(before);
    for (const covered of [10, 20, 29]) {
      // The index has stood below the forward all the time, so that it matters what is known.
      const average = Math.round(before.spot * 0.97 * 1e6) / 1e6;
      const from = Math.max(opens, engine.world.nowMs + 60_000);
      for (let at = from; at < opens + covered * 60_000; at += 60_000) {
        engine.world.clock(at);
        engine.world.expect(engine.world.index(0, BigInt(Math.round(average * 1e6))));
      }
      const known = { share: covered / 30, average };
      const market: Market = {
        ...before,
        timeMs: opens + covered * 60_000,
        spot: average,
        expiries: [{ ...today, known }, ...before.expiries.slice(1)],
      };
      engine.move(market);
      const twin = new Twin(market);
      for (const [option, { expiry }] of market.options.entries()) {
        if (expiry < 2)
          for (const lots of [90_000, -90_000]) compare(engine, twin, 0, [{ option, lots }]);
      }
      compare(
        engine,
        twin,
        0,
        market.options
          .slice(0, 64)
          .map((_, option) => ({ option, lots: 100 * (option % 5) - 230 })),
      );
    }
  });

  it('do not agree when one of them is given another smile', () => {
    const market = randomMarket(8, { expiries: 2, strikes: 5 });
    const [first, ...rest] = market.expiries as [Market['expiries'][number]];
    const other = { ...first, smile: { ...first.smile, a: first.smile.a + 1e-4 } };
    const engine = new EngineMargin(market);
    const twin = new Twin({ ...market, expiries: [other, ...rest] });
    const option = market.options.findIndex(({ expiry }) => expiry === 0);
    expect(() => compare(engine, twin, 0, [{ option, lots: -1000 }])).toThrow();
  });
});

describe('the margin of the engine', () => {
  const subjects: Subject[] = [21, 22].map((seed) => {
    const market = randomMarket(seed, { expiries: 4, strikes: 5 });
    return {
      market,
      model: new EngineMargin(market),
      slack: (holdings) => 1e-5 + SLACK_A_LOT * lotsOf(holdings),
    };
  });
  holdMarginProperties(subjects, RUNS);
});

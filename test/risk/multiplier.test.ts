/**
 * New risk pays the multiplier. Old prices raise it (1.0 at 10 s to 2.0 at 30 s), and an empty account may then sell just as many
 * lots as the twin says, in both margin modes: never more at a higher multiplier.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OK } from '#shared/engine/codes.ts';
import { FLAG_SELL } from '#shared/engine/kinds.ts';
import { decodeAssessment, encodeAssessment } from '#shared/protocol/assessment.ts';
import { wallet } from '../engine/world.ts';
import { EngineMargin } from './engine.ts';
import { randomMarket } from './markets.ts';
import { SEED } from './properties.ts';
import type { Mode } from './twin/model.ts';
import { neededForChange, Twin } from './twin/twin.ts';

const CASH = 250_000;
const TICK = 5; // USDC
const MOST_LOTS = 20_000;

/** Most lots of an option that an account with `CASH` alone may offer at about the mark, counted by the twin. */
function mostLots(twin: Twin, mode: Mode, option: number, multiplier: number) {
  const { market, exposures } = twin;
  const exposure = exposures[option] as Twin['exposures'][number];
  const lots = -market.lotsPerContract;
  const { initial, equity } = twin.assess(mode, 0, [{ option, lots }]);
  // Standard margin is of cash and gives no credit for what a sale brings in, of which the fee is an eighth at most.
  if (mode === 'standard') {
    return (CASH / neededForChange(0, initial - equity, multiplier)) * -lots;
  }
  // A resting sale reserves the larger of its basis changes besides its own margin.
  const basis = Math.max(...exposure.basis.map(Math.abs));
  return (CASH / (neededForChange(0, initial, multiplier) + basis)) * -lots;
}

describe('the multiplier of new risk', () => {
  it('never lets more be done when it is higher, and at 1 is initial margin', () => {
    const margin = fc.double({ min: 0, max: 1e9, noNaN: true });
    const multiplier = fc.double({ min: 1, max: 2, noNaN: true });
    fc.assert(
      fc.property(margin, margin, multiplier, multiplier, (before, after, one, other) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        const slack = 1e-6;
        expect(neededForChange(before, after, low)).toBeLessThanOrEqual(
          neededForChange(before, after, high) + slack,
        );
        expect(neededForChange(before, after, 1)).toBeCloseTo(after, 5);
        expect(neededForChange(before, after, high)).toBeGreaterThanOrEqual(after - slack);
      }),
      { seed: SEED },
    );
  });

  it('lets an empty account sell as much as the twin says, in both modes', () => {
    const market = randomMarket(41, { expiries: 3, strikes: 4 });
    const engine = new EngineMargin(market);
    const { world } = engine;
    const twin = new Twin(market);
    const accounts = (['standard', 'portfolio'] as const).map((mode, index) => {
      const account = world.deposit(wallet(index + 1), BigInt(CASH) * 1_000_000n);
      if (mode === 'portfolio') {
        world.expect(world.run(world.signed(account, { kind: 'setMarginMode', mode: 1 })));
      }
      return { mode, account };
    });
    const allowed = (account: number, instrument: number, price: number, lots: number) => {
      const order = { instrument, flags: FLAG_SELL, price, lots };
      const { code, answer } = world.engine.assess(
        encodeAssessment({ kind: 'account', account, order }),
      );
      world.expect(code);
      return decodeAssessment(answer).orderCode === OK;
    };
    const most = new Map<string, number>();
    for (const [second, multiplier] of [
      [10, 1],
      [15, 1.25],
      [20, 1.5],
      [30, 2],
    ] as const) {
      world.clock(market.timeMs + 1000 * second);
      for (const { mode, account } of accounts) {
        for (const option of market.options.keys()) {
          const price = Math.round((twin.exposures[option]?.mark ?? 0) / TICK);
          if (price === 0) continue;
          let [least, beyond] = [0, MOST_LOTS];
          while (beyond - least > 1) {
            const middle = Math.floor((least + beyond) / 2);
            if (allowed(account, option, price, middle)) least = middle;
            else beyond = middle;
          }
          const wanted = mostLots(twin, mode, option, multiplier);
          expect(Math.abs(least - wanted), `${mode} ${option} ${multiplier}`).toBeLessThan(1.01);
          const key = `${mode}/${option}`;
          expect(least).toBeLessThanOrEqual(most.get(key) ?? MOST_LOTS);
          most.set(key, least);
        }
      }
    }
    expect(most.size).toBeGreaterThan(market.options.length);
  });
});

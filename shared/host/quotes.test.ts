import { describe, expect, it } from 'vitest';
import { INSTRUMENT_SIZE, INSTRUMENTS, UNDERLYINGS } from '#shared/engine/layout.ts';
import { flatSmile, smileOf, smileVolatility } from '#shared/protocol/smile.ts';
import { DAY_MS, START_MS, World } from '../../test/engine/world.ts';
import { OptionQuotes } from './quotes.ts';

const smile = smileOf({ a: 0.18, b: 0.6, rho: -0.35, m: 0.02, sigma: 0.22 });
const forward = 90_123_456_789n;
const quotes = new OptionQuotes();

describe('quotes', () => {
  it('are the prices that the engine marks with', () => {
    const world = new World().start();
    const expiryDay = Math.floor(START_MS / DAY_MS) + 11;
    world.expect(world.index(0, 90_000_000_000n));
    world.expect(world.volatility(0, [{ expiryDay, forward, ...smile }]));
    const leftMs = expiryDay * DAY_MS + 8 * 3_600_000 - world.nowMs;
    const strikes = [60_000, 82_500, 90_000, 99_000, 150_000];
    for (const strike of strikes)
      for (const optionKind of [0, 1])
        world.expect(world.run({ kind: 'list', underlying: 0, expiryDay, strike, optionKind }));
    world.reprice(0);
    const { view } = world.engine;
    const buffer = view.getUint32(UNDERLYINGS + 44, true);
    for (const [slot, strike] of strikes.flatMap((each) => [each, each]).entries()) {
      const kind = slot % 2 === 0 ? 'call' : 'put';
      const terms = { smile, forward, strike: BigInt(strike) * 1_000_000n, leftMs, kind } as const;
      const { price, volatility } = quotes.quote(terms);
      const mark = view.getBigInt64(INSTRUMENTS + slot * INSTRUMENT_SIZE + 80 + 8 * buffer, true);
      expect(mark).toBe((BigInt(Math.round(price * 1e6)) + 50n) / 100n);
      expect(volatility).toBeCloseTo(smileVolatility(smile, Number(forward) / 1e6, strike), 5);
    }
  });

  it('have Greeks that are differences of prices, the smile held at the strike', () => {
    const at = (change: { f?: bigint; volatility?: number; leftMs?: number } = {}) =>
      quotes.quote({
        smile: flatSmile(change.volatility ?? 650_000),
        ...{ forward: change.f ?? forward, strike: 95_000_000_000n, kind: 'put' },
        leftMs: change.leftMs ?? 20 * DAY_MS,
      });
    const { delta, gamma, vega, theta, rho, price } = at();
    const [less, more] = [at({ f: forward - 10_000_000n }), at({ f: forward + 10_000_000n })];
    expect(delta).toBeCloseTo((more.price - less.price) / 20, 6);
    expect(gamma).toBeCloseTo((more.delta - less.delta) / 20, 9);
    expect(vega).toBeCloseTo(
      at({ volatility: 655_000 }).price - at({ volatility: 645_000 }).price,
      2,
    );
    const hour = DAY_MS / 24;
    const [later, sooner] = [20 * DAY_MS - hour, 20 * DAY_MS + hour];
    expect(theta).toBeCloseTo((at({ leftMs: later }).price - at({ leftMs: sooner }).price) * 12, 2);
    expect(rho).toBeCloseTo(((Number(forward) / 1e6) * delta - price) * (20 / 365 / 100), 3);
  });

  it('fade with the settlement average, and are what the engine marks with then', () => {
    const expiryDay = Math.floor(START_MS / DAY_MS) + 1;
    const world = new World().start();
    world.expect(world.index(0, 90_000_000_000n));
    const strikes = [45_000, 89_500, 90_000, 97_000];
    for (const strike of strikes)
      for (const optionKind of [0, 1])
        world.expect(world.run({ kind: 'list', underlying: 0, expiryDay, strike, optionKind }));
    const expiryMs = expiryDay * DAY_MS + 8 * 3_600_000;
    for (let left = 31; left >= 10; left--) {
      world.clock(expiryMs - left * 60_000);
      world.expect(world.index(0, 90_000_000_000n + BigInt(left) * 1_000_000n));
    }
    world.expect(world.volatility(0, [{ expiryDay, forward, ...smile }]));
    world.reprice(0);
    const { view } = world.engine;
    const buffer = view.getUint32(UNDERLYINGS + 44, true);
    const known = {
      coveredMs: Number(view.getBigUint64(UNDERLYINGS + 208, true)),
      average: view.getBigUint64(UNDERLYINGS + 216, true),
    };
    expect(known.coveredMs).toBe(1_200_000);
    for (const [slot, strike] of strikes.flatMap((each) => [each, each]).entries()) {
      const kind = slot % 2 === 0 ? 'call' : 'put';
      const terms = {
        smile,
        forward,
        strike: BigInt(strike) * 1_000_000n,
        leftMs: 600_000,
        kind,
      } as const;
      const quote = quotes.quote({ ...terms, known });
      const mark = view.getBigInt64(INSTRUMENTS + slot * INSTRUMENT_SIZE + 80 + 8 * buffer, true);
      expect(Math.abs(Number(mark) - quote.price * 1e4)).toBeLessThan(3);
      expect(Math.abs(quote.delta)).toBeLessThanOrEqual(1 / 3);
      const [less, more] = [-1_000_000n, 1_000_000n].map((step) =>
        quotes.quote({
          ...terms,
          known,
          forward: forward + step,
          smile: flatSmile(Math.round(quote.volatility * 1e6)),
        }),
      ) as [typeof quote, typeof quote];
      expect(quote.delta).toBeCloseTo((more.price - less.price) / 2, 4);
    }
  });

  it('say what is missing where the module is not built', () => {
    expect(() => new OptionQuotes('/nowhere/quotes.wasm')).toThrow(
      expect.objectContaining({ code: 'QUOTES_NOT_BUILT' }),
    );
  });
});

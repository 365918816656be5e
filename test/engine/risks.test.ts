/** Smiles, marks and risk arrays of the engine against a twin with 90 digits that follows exchange.md and nothing else. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as C from '#shared/engine/codes.ts';
import {
  EXIT_MARKS,
  INSTRUMENT_SIZE,
  INSTRUMENTS,
  RISK_SET_SIZE,
  RISK_SIZE,
  RISKS,
  SURFACES,
  UNDERLYINGS,
} from '#shared/engine/layout.ts';
import { Big, black76Call } from '#shared/engine/math/fit/reference.ts';
import type { SurfaceEntry } from '#shared/protocol/commands.ts';
import { flatSmile } from '#shared/protocol/smile.ts';
import { DAY_MS, START_MS, World } from './world.ts';

type Decimal = InstanceType<typeof Big>;
const TODAY = Math.floor(START_MS / DAY_MS);
const YEAR_MS = 365 * DAY_MS;
const FORWARD = 90_000_000_000n;
const GRID = [-0.16, -0.12, -0.08, -0.04, 0, 0.04, 0.08, 0.12, 0.16];
const EXTREMES: readonly [number, number][] = [
  ...([
    [-0.66, 0.21],
    [-0.33, 0.42],
    [0.5, 0.2772],
    [1, 0.1386],
  ] as [number, number][]),
  ...([
    [2, 0.0693],
    [3, 0.0462],
    [4, 0.03465],
    [5, 0.02772],
  ] as [number, number][]),
];
const SMILE = { a: 150_000_000_000n, b: 420_000_000_000n, rho: -350_000_000, m: 15_000_000 };
const entryOf = (days: number): SurfaceEntry => ({
  ...{ expiryDay: TODAY + days, forward: FORWARD + BigInt(days) * 7_654_321n },
  ...{ ...SMILE, sigma: 180_000_000 + days },
});
const big = (word: bigint | number) => new Big(word.toString());

interface Listed {
  readonly days: number;
  readonly strike: number;
  readonly optionKind: 0 | 1;
}

/** What is known of the settlement average: milliseconds covered, and the average over them. */
interface Known {
  readonly covered: number;
  readonly average: Decimal;
}

function volatilityAt(entry: SurfaceEntry, strike: number): Decimal {
  const x = Big.ln(big(strike).times(1e6).div(big(entry.forward))).minus(big(entry.m).div(1e9));
  const root = x.times(x).plus(big(entry.sigma).div(1e9).pow(2)).sqrt();
  const bent = big(entry.rho).div(1e9).times(x).plus(root);
  return big(entry.a).plus(big(entry.b).times(bent)).div(1e12).sqrt();
}

/** Value of one lot (1/100 contract) in 1e-6 USDC, unrounded; `known` is what the settlement average has of it already. */
function lotValue(
  listed: Listed,
  forward: Decimal,
  volatility: Decimal,
  leftMs: number,
  known?: Known,
) {
  const covered = known?.covered ?? 0;
  const strike = big(listed.strike).times(1e6);
  // K' of what is still to come: K (c + l) = c A + l K'.
  const rest = known
    ? strike
        .times(covered + leftMs)
        .minus(known.average.times(covered))
        .div(leftMs)
    : strike;
  const share = big(leftMs)
    .div(leftMs + covered)
    .div(100);
  const call = rest.lte(0)
    ? forward.minus(rest)
    : black76Call(forward, rest, volatility, big(leftMs).div(YEAR_MS)).call;
  const price =
    listed.optionKind === 0 ? call : rest.lte(0) ? big(0) : call.minus(forward).plus(rest);
  return price.times(share);
}

/** Entries 0 to 36 by the rules, unrounded. */
function twin(listed: Listed, entry: SurfaceEntry, mark: bigint, leftMs: number, known?: Known) {
  const volatility = volatilityAt(entry, listed.strike);
  const days = Math.max(1, leftMs / DAY_MS);
  const factor = new Big(30).div(days).pow(days < 30 ? 0.3 : 0.13);
  const up = Big.max(volatility.times(factor.times(0.5).plus(1)), 0.5);
  const down = volatility.times(new Big(1).minus(factor.times(0.25)));
  const change = (shock: number, shocked: Decimal) =>
    lotValue(
      listed,
      big(entry.forward).times(new Big(1).plus(shock)),
      shocked,
      leftMs,
      known,
    ).minus(big(mark));
  return [
    ...GRID.flatMap((shock) => [up, volatility, down].map((shocked) => change(shock, shocked))),
    ...EXTREMES.map(([shock, weight]) => change(shock, up).times(weight)),
    ...[-0.045, 0.045].map((shock) => change(shock, volatility).times(0.5 + leftMs / YEAR_MS)),
  ];
}

const bufferOf = (world: World) => world.engine.view.getUint32(UNDERLYINGS + 44, true);
const markOf = (world: World, slot: number) =>
  world.engine.view.getBigInt64(
    INSTRUMENTS + slot * INSTRUMENT_SIZE + 80 + 8 * bufferOf(world),
    true,
  );
const risksOf = (world: World, slot: number): bigint[] =>
  Array.from({ length: 39 }, (_, entry) =>
    world.engine.view.getBigInt64(
      RISKS + slot * RISK_SIZE + bufferOf(world) * RISK_SET_SIZE + 8 * entry,
      true,
    ),
  );

const CHAIN: readonly Listed[] = [1, 4, 32, 123].flatMap((days) =>
  [45_000, 85_000, 90_000, 97_000, 170_000].flatMap((strike) =>
    ([0, 1] as const).map((optionKind) => ({ days, strike, optionKind })),
  ),
);

/** A world with some chain listed and nothing priced. */
function listedWorld(chain: readonly Listed[]): World {
  const world = new World().start();
  world.expect(world.index(0, FORWARD));
  for (const { days, strike, optionKind } of chain)
    world.expect(
      world.run({ kind: 'list', underlying: 0, expiryDay: TODAY + days, strike, optionKind }),
    );
  return world;
}

/** Compares mark and array of a slot; entries are differences of rounded values, so within 1, and weighted up from there. */
function compare(
  world: World,
  slot: number,
  listed: Listed,
  entry: SurfaceEntry,
  leftMs: number,
  known?: Known,
) {
  const mark = markOf(world, slot);
  const name = `${JSON.stringify(listed)}`;
  const value = lotValue(
    listed,
    big(entry.forward),
    volatilityAt(entry, listed.strike),
    leftMs,
    known,
  );
  expect(value.minus(big(mark)).abs().toNumber(), `${name}: mark`).toBeLessThan(0.52);
  const found = risksOf(world, slot);
  for (const [index, exact] of twin(listed, entry, mark, leftMs, known).entries()) {
    const error = big(found[index] as bigint)
      .minus(exact)
      .toNumber();
    const weighted = index >= 27;
    expect(Math.abs(error), `${name}: entry ${index}`).toBeLessThan(weighted ? 1.52 : 0.52);
    // A loss is never rounded down, but for the half unit of the value itself.
    if (weighted)
      expect(error * Math.sign(exact.toNumber()), `${name}: ${index}`).toBeGreaterThan(
        index < 35 ? -0.22 : -0.52,
      );
    expect((found[index] as bigint) >= -mark, `${name}: entry ${index} above -mark`).toBe(true);
  }
  // What one lot held short loses at worst, and the larger change of the basis.
  const gains = found.slice(0, 35).map(Number);
  expect(Number(found[37]), `${name}: short`).toBe(Math.max(0, ...gains));
  const [down, up] = [found[35], found[36]].map((change) => Math.abs(Number(change)));
  expect(found[38], `${name}: basis`).toBe(BigInt(Math.max(down as number, up as number)));
}

describe('risk arrays', () => {
  const world = listedWorld(CHAIN);
  world.expect(world.volatility(0, [1, 4, 32, 123].map(entryOf)));
  world.reprice(0);

  it.each([1, 4, 32, 123])('follow the rules at %i days', (days) => {
    const leftMs = (TODAY + days) * DAY_MS + 8 * 3_600_000 - world.nowMs;
    for (const [slot, listed] of CHAIN.entries())
      if (listed.days === days) compare(world, slot, listed, entryOf(days), leftMs);
  });

  it('know no change where nothing is shocked, and mirror parity', () => {
    for (let slot = 0; slot < CHAIN.length; slot += 2) {
      const [call, put] = [risksOf(world, slot), risksOf(world, slot + 1)];
      expect(call[13]).toBe(0n);
      for (const [price, shock] of GRID.entries())
        for (let entry = 3 * price; entry < 3 * price + 3; entry++) {
          const forward = Number(entryOf((CHAIN[slot] as Listed).days).forward);
          const difference = Number((call[entry] as bigint) - (put[entry] as bigint));
          expect(Math.abs(difference - (forward * shock) / 100)).toBeLessThan(2.1);
        }
    }
  });

  it('keep the last set where an expiry has no smile any more', () => {
    const before = risksOf(world, 0);
    const copy = new World().start();
    copy.expect(copy.index(0, FORWARD));
    const [first, second] = [CHAIN[0] as Listed, { ...(CHAIN[0] as Listed), days: 4 }];
    for (const { days, strike, optionKind } of [first, second])
      copy.expect(
        copy.run({ kind: 'list', underlying: 0, expiryDay: TODAY + days, strike, optionKind }),
      );
    copy.expect(copy.volatility(0, [entryOf(1)]));
    copy.reprice(0);
    expect(risksOf(copy, 0)).toEqual(before);
    expect(markOf(copy, 1)).toBe(-1n);
    copy.expect(copy.index(0, FORWARD + 1_000_000n));
    copy.reprice(0);
    expect(risksOf(copy, 0)).toEqual(before);
  });
});

describe('forwards', () => {
  const chain = CHAIN.filter(({ days }) => days === 4);
  const moved = (index: bigint | undefined, price: bigint) => {
    const world = listedWorld(chain);
    const entry = { ...entryOf(4), ...(index === undefined ? {} : { index }) };
    world.expect(world.volatility(0, [entry]));
    world.expect(world.index(0, price));
    world.reprice(0);
    return { world, leftMs: (TODAY + 4) * DAY_MS + 8 * 3_600_000 - world.nowMs };
  };

  it('keep their ratio to the index until the next round', () => {
    const price = (FORWARD * 1_037n) / 1_000n;
    const { world, leftMs } = moved(FORWARD - 1_234_567n, price);
    const entry = { ...entryOf(4), forward: (entryOf(4).forward * price) / (FORWARD - 1_234_567n) };
    for (const [slot, listed] of chain.entries()) compare(world, slot, listed, entry, leftMs);
  });

  it('stand still where no index was signed', () => {
    const { world, leftMs } = moved(undefined, FORWARD + 900_000_000n);
    for (const [slot, listed] of chain.entries()) compare(world, slot, listed, entryOf(4), leftMs);
  });
});

describe('the last 30 minutes', () => {
  const chain = [45_000, 89_000, 90_000, 90_500, 97_000].flatMap((strike) =>
    ([0, 1] as const).map((optionKind) => ({ days: 1, strike, optionKind })),
  );

  it.each([29, 11, 1])('shock only what is still to come, %i minutes before the end', (minutes) => {
    const world = listedWorld(chain);
    const expiryMs = (TODAY + 1) * DAY_MS + 8 * 3_600_000;
    for (let left = 31; left >= minutes; left--) {
      world.clock(expiryMs - left * 60_000);
      const price = FORWARD + BigInt(31 - left) * 13_000_000n;
      world.expect(world.index(0, price));
    }
    // Each observation covers the minute after it; the one at 31 minutes ends as the window begins.
    const covered = 30 - minutes;
    let sum = 0n;
    for (let left = 30; left > minutes; left--) sum += FORWARD + BigInt(31 - left) * 13_000_000n;
    const known = {
      covered: covered * 60_000,
      average: big(sum / BigInt(covered)),
    };
    world.expect(world.volatility(0, [entryOf(1)]));
    world.reprice(0);
    for (const [slot, listed] of chain.entries())
      compare(world, slot, listed, entryOf(1), minutes * 60_000, known);
    const far = risksOf(world, 8);
    const whole = Math.abs(Number(FORWARD) * 0.16) / 100;
    for (const change of far.slice(0, 27))
      expect(Math.abs(Number(change))).toBeLessThanOrEqual((whole * minutes) / 30 + 2);
  });

  it('join the time before without a step, and leave nothing to shock at the end', () => {
    const world = listedWorld(chain);
    const expiryMs = (TODAY + 1) * DAY_MS + 8 * 3_600_000;
    const marks = (): bigint[] => {
      world.expect(world.volatility(0, [entryOf(1)]));
      world.reprice(0);
      return chain.map((_, slot) => markOf(world, slot));
    };
    world.clock(expiryMs - 30 * 60_000);
    world.expect(world.index(0, FORWARD));
    const before = marks();
    world.clock(expiryMs - 30 * 60_000 + 10);
    world.expect(world.index(0, FORWARD));
    for (const [slot, mark] of marks().entries())
      expect(Math.abs(Number(mark - (before[slot] as bigint)))).toBeLessThan(60);
    for (let second = 30; second < 1800; second += 30) {
      world.clock(expiryMs - 1_800_000 + second * 1000);
      world.expect(world.index(0, FORWARD));
    }
    world.clock(expiryMs - 500);
    world.expect(world.index(0, FORWARD));
    const last = marks();
    for (const [slot, { strike, optionKind }] of chain.entries()) {
      const inside = (optionKind === 0 ? 1 : -1) * (90_000 - strike);
      expect(last[slot]).toBe(BigInt(Math.max(0, inside)) * 10_000n);
      expect(risksOf(world, slot)).toEqual(Array(39).fill(0n));
    }
  });
});

describe('smiles', () => {
  const world = new World().start();
  world.expect(world.index(0, FORWARD));
  const good = entryOf(4);
  const kept = () => world.engine.bytes.slice(SURFACES, EXIT_MARKS);

  it.each<[string, Partial<SurfaceEntry>, number]>([
    ['as good as any', {}, C.OK],
    ['rho of 1', { rho: 1_000_000_000 }, C.SMILE_CORRELATION],
    ['rho of -1', { rho: -1_000_000_000 }, C.SMILE_CORRELATION],
    ['rho of less', { rho: -2_147_483_648 }, C.SMILE_CORRELATION],
    ['rho just below 1', { rho: 999_999_999 }, C.OK],
    ['sigma of nothing', { sigma: 0 }, C.SMILE_CURVATURE],
    ['negative variance', { a: -80_000_000_000n }, C.SMILE_NEGATIVE],
    ['a negative flat one', { ...flatSmile(1), a: -1n }, C.SMILE_NEGATIVE],
    ['a negative level that the rest makes up for', { a: -60_000_000_000n }, C.OK],
    ['wings too steep', { b: 124_800_000_000_000n }, C.SMILE_WINGS],
    ['wings as steep as may be', { b: 124_700_000_000_000n }, C.OK],
    ['no forward', { forward: 0n }, C.BAD_OBSERVATION],
    ['an index less than half of it', { index: FORWARD / 2n - 1n }, C.BAD_OBSERVATION],
    ['an index more than twice it', { index: FORWARD * 3n }, C.BAD_OBSERVATION],
    ['an index near it', { index: FORWARD }, C.OK],
    ['no volatility at all', { a: 0n, b: 0n }, C.BAD_OBSERVATION],
    ['a flat one above 500 %', { ...flatSmile(5_000_001) }, C.BAD_OBSERVATION],
    ['a flat one of 500 %', { ...flatSmile(5_000_000) }, C.OK],
    ['b beyond what is reckoned with', { b: 1n << 63n }, C.BAD_OBSERVATION],
    ['a beyond it', { a: -(1n << 62n) }, C.BAD_OBSERVATION],
    ['m beyond it', { m: -2_147_483_648 }, C.BAD_OBSERVATION],
    ['sigma beyond it', { sigma: 4_294_967_295 }, C.BAD_OBSERVATION],
    ['a day long past', { expiryDay: TODAY - 3 }, C.BAD_OBSERVATION],
  ])('with %s', (_, change, code) => {
    const before = kept();
    expect(world.volatility(0, [{ ...good, ...change }])).toBe(code);
    if (code !== C.OK) expect(kept()).toEqual(before);
  });

  it('of one command ascend by their days', () => {
    expect(world.volatility(0, [entryOf(4), entryOf(4)])).toBe(C.BAD_OBSERVATION);
    expect(world.volatility(0, [entryOf(4), entryOf(5)])).toBe(C.OK);
  });
});

it('the logarithms of the shocks are those of the shocks', () => {
  const source = readFileSync(
    new URL('../../shared/engine/oracle/risks.ts', import.meta.url),
    'utf8',
  );
  const returns = (name: string) => {
    const from = source.indexOf(`function ${name}(`);
    const body = source.slice(from, source.indexOf('\n}', from));
    return [...body.matchAll(/return (-?)(\w+);/g)].map(
      ([, sign, word]) => BigInt(word as string) * (sign === '-' ? -1n : 1n),
    );
  };
  const [shocks, shifts] = [returns('shockOf'), returns('shiftOf')];
  expect(shocks.map(Number)).toEqual([
    ...[...GRID, ...EXTREMES.map(([shock]) => shock), -0.045, 0.045].map((shock) =>
      Math.round(1000 * (1 + shock)),
    ),
  ]);
  for (const [index, shock] of shocks.entries()) {
    const exact = Big.ln(big(shock).div(1000)).times(new Big(2).pow(58));
    expect(shifts[index]).toBe(BigInt(exact.toFixed(0)));
  }
  expect(returns('weightOf').map(Number)).toEqual(
    EXTREMES.map(([, weight]) => Math.round(weight * 1e5)),
  );
});

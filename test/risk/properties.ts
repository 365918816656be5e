/**
 * What margin must do, whoever reckons it: held for the twin and, by the same words, for the engine. Where the design's own
 * wording is not true of its formulas, the true statement stands here, and `false.test.ts` shows the counterexample.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  boxes,
  optionsWhere,
  owed,
  type Portfolio,
  portfolios,
  rolls,
  together,
} from './portfolios.ts';
import type { Holding, Market } from './twin/market.ts';
import type { Assessment, MarginModel, Mode } from './twin/model.ts';

export interface Subject {
  readonly market: Market;
  readonly model: MarginModel;
  /** By how much an assessment may be off, for its rounding, USDC. */
  slack(holdings: readonly Holding[]): number;
}

export const SEED = Number(process.env.PLIMSOLL_RISK_SEED ?? 20261123);
const MODES: readonly Mode[] = ['standard', 'portfolio'];

/** What an assessment asks beyond the positions' own value: what cash must cover. */
function beyondValue({ equity, initial }: Assessment): number {
  return initial - equity;
}

function parts(assessment: Assessment) {
  const found = assessment.portfolio;
  if (!found) throw new Error('portfolio margin gave no parts');
  return found;
}

function contracts(market: Market, holdings: Portfolio): number {
  return holdings.reduce((sum, { lots }) => sum + Math.abs(lots), 0) / market.lotsPerContract;
}

/** Registers the properties for each of the subjects, `runs` random cases each. */
export function holdMarginProperties(subjects: readonly Subject[], runs: number): void {
  const property = <T>(
    name: string,
    arbitrary: (subject: Subject) => fc.Arbitrary<T>,
    check: (subject: Subject, value: T) => void,
  ) => {
    it(name, { timeout: 120_000 }, () => {
      for (const subject of subjects) {
        fc.assert(
          fc.property(arbitrary(subject), (value) => check(subject, value)),
          { seed: SEED, numRuns: Math.ceil(runs / subjects.length) },
        );
      }
    });
  };
  const pairs = ({ market }: Subject) => fc.tuple(portfolios(market), portfolios(market));
  const oneExpiry = ({ market }: Subject) =>
    fc
      .constantFrom(...market.expiries.keys())
      .map((expiry) => ({ options: optionsWhere(market, { expiry }) }));
  const assess = (subject: Subject, mode: Mode, holdings: Portfolio) =>
    subject.model.assess(mode, 0, holdings);
  const atMost = (subject: Subject, less: number, more: number, ...all: Portfolio[]) =>
    expect(less).toBeLessThanOrEqual(more + subject.slack(all.flat()));

  property(
    'standard: adding a short never lowers what cash must cover, whatever is held',
    ({ market }) => fc.tuple(portfolios(market), portfolios(market, { side: 'short', most: 1 })),
    (subject, [held, short]) => {
      const before = beyondValue(assess(subject, 'standard', held));
      const after = beyondValue(assess(subject, 'standard', together(held, short)));
      atMost(subject, before, after, held, short);
    },
  );

  property(
    'portfolio: shorts of one kind cost more with each that is added, 1 % of the spot at least',
    ({ market }) =>
      fc.boolean().chain((put) => {
        const options = optionsWhere(market, { put });
        return fc.tuple(
          portfolios(market, { options, side: 'short' }),
          portfolios(market, { options, side: 'short', most: 1 }),
        );
      }),
    (subject, [held, short]) => {
      const { market } = subject;
      const before = assess(subject, 'portfolio', held);
      const after = assess(subject, 'portfolio', together(held, short));
      const more = contracts(market, short) * market.spot;
      atMost(subject, before.initial + 0.01 * more, after.initial, held, short);
      atMost(subject, before.maintenance + 0.006 * more, after.maintenance, held, short);
    },
  );

  property(
    'portfolio: a short that is added never lowers L by more than the premium, nor the naked lots',
    ({ market }) => fc.tuple(portfolios(market), portfolios(market, { side: 'short', most: 1 })),
    (subject, [held, short]) => {
      const before = assess(subject, 'portfolio', held);
      const after = assess(subject, 'portfolio', together(held, short));
      const premium = -assess(subject, 'portfolio', short).equity;
      atMost(subject, parts(before).loss, parts(after).loss + premium, held, short);
      expect(parts(after).naked).toBeGreaterThanOrEqual(parts(before).naked - 1e-9);
    },
  );

  property(
    'portfolio: within an expiry a book costs no more than its parts',
    (subject) =>
      oneExpiry(subject).chain((only) =>
        fc.tuple(portfolios(subject.market, only), portfolios(subject.market, only)),
      ),
    (subject, [one, other]) => {
      const whole = assess(subject, 'portfolio', together(one, other));
      const first = assess(subject, 'portfolio', one);
      const second = assess(subject, 'portfolio', other);
      atMost(subject, whole.initial, first.initial + second.initial, one, other);
      atMost(subject, whole.maintenance, first.maintenance + second.maintenance, one, other);
    },
  );

  property(
    'portfolio: L and naked are sub-additive, over all expiries',
    pairs,
    (subject, [one, other]) => {
      const whole = assess(subject, 'portfolio', together(one, other));
      const first = assess(subject, 'portfolio', one);
      const second = assess(subject, 'portfolio', other);
      atMost(subject, parts(whole).loss, parts(first).loss + parts(second).loss, one, other);
      expect(parts(whole).naked).toBeLessThanOrEqual(
        parts(first).naked + parts(second).naked + 1e-9,
      );
      atMost(subject, whole.maintenance, first.maintenance + second.maintenance, one, other);
      atMost(
        subject,
        whole.initial - parts(whole).basis,
        first.initial - parts(first).basis + second.initial - parts(second).basis,
        one,
        other,
      );
    },
  );

  property(
    'both: a spread of two options costs no more than its legs apart',
    ({ market }) =>
      fc.tuple(
        fc.constantFrom(...MODES),
        fc.constantFrom(...market.expiries.keys()).chain((expiry) => {
          const options = optionsWhere(market, { expiry });
          return portfolios(market, { options, most: 2 }).filter(({ length }) => length === 2);
        }),
      ),
    (subject, [mode, legs]) => {
      const whole = beyondValue(assess(subject, mode, legs));
      const apart = legs.reduce((sum, leg) => sum + beyondValue(assess(subject, mode, [leg])), 0);
      atMost(subject, whole, apart, legs);
    },
  );

  property(
    'both: a box, and boxes of several expiries, cost nothing',
    ({ market }) => fc.array(boxes(market), { minLength: 1, maxLength: 4 }),
    (subject, several) => {
      const holdings = together(...several);
      const found = assess(subject, 'portfolio', holdings);
      atMost(subject, Math.abs(found.initial), 0, ...several);
      atMost(subject, Math.abs(found.maintenance), 0, ...several);
      // In standard mode a box that was bought costs nothing either; one that was sold owes its width at expiry.
      const cash = beyondValue(assess(subject, 'standard', holdings));
      atMost(subject, cash, Math.max(0, owed(subject.market, several)), ...several);
    },
  );

  property(
    'portfolio: a roll (synthetic forwards, one bought and one sold) costs its forwards, its basis and two naked shorts',
    ({ market }) => rolls(market),
    (subject, { holdings, apart, lots }) => {
      const { market } = subject;
      const found = assess(subject, 'portfolio', holdings);
      const size = lots / market.lotsPerContract;
      // A synthetic forward moves as its forward does: what is left is 16 % of the forwards' difference.
      const loss = 0.16 * apart * size;
      expect(Math.abs(parts(found).loss - loss)).toBeLessThanOrEqual(subject.slack(holdings));
      expect(parts(found).naked).toBeCloseTo(2 * size, 9);
      const cost = loss + parts(found).basis + 0.02 * market.spot * size;
      atMost(subject, found.initial, cost, holdings);
      atMost(subject, cost, found.initial, holdings);
    },
  );

  property(
    'both: the order of positions changes nothing',
    ({ market }) =>
      portfolios(market).chain((holdings) =>
        fc.tuple(
          fc.constantFrom(...MODES),
          fc.constant(holdings),
          fc.shuffledSubarray([...holdings], { minLength: holdings.length }),
        ),
      ),
    (subject, [mode, holdings, shuffled]) => {
      const one = assess(subject, mode, holdings);
      const other = assess(subject, mode, shuffled);
      expect(other.initial).toBeCloseTo(one.initial, 5);
      expect(other.maintenance).toBeCloseTo(one.maintenance, 5);
      expect(other.equity).toBeCloseTo(one.equity, 5);
    },
  );

  property(
    'both: a portfolio twice, three or seven times as large needs as many times the margin',
    ({ market }) =>
      fc.tuple(fc.constantFrom(...MODES), portfolios(market), fc.constantFrom(2, 3, 7)),
    (subject, [mode, holdings, times]) => {
      const one = assess(subject, mode, holdings);
      const large = holdings.map(({ option, lots }) => ({ option, lots: lots * times }));
      const many = assess(subject, mode, large);
      atMost(subject, Math.abs(many.initial - times * one.initial), 0, large);
      atMost(subject, Math.abs(many.maintenance - times * one.maintenance), 0, large);
    },
  );

  property(
    'portfolio: longs lose at most their value: initial is at most value and basis, maintenance 80 % of the value',
    ({ market }) => portfolios(market, { side: 'long' }),
    (subject, holdings) => {
      const found = assess(subject, 'portfolio', holdings);
      atMost(subject, parts(found).loss, found.equity, holdings);
      atMost(subject, found.initial, found.equity + parts(found).basis, holdings);
      atMost(subject, found.maintenance, 0.8 * found.equity, holdings);
      expect(parts(found).naked).toBe(0);
      atMost(subject, beyondValue(assess(subject, 'standard', holdings)), 0, holdings);
    },
  );

  property(
    'portfolio: longs of one expiry need no more than their value',
    (subject) =>
      oneExpiry(subject).chain((only) => portfolios(subject.market, { ...only, side: 'long' })),
    (subject, holdings) => {
      const found = assess(subject, 'portfolio', holdings);
      atMost(subject, found.initial, found.equity, holdings);
    },
  );

  property(
    'both: maintenance is never above initial',
    ({ market }) => fc.tuple(fc.constantFrom(...MODES), portfolios(market)),
    (subject, [mode, holdings]) => {
      const found = assess(subject, mode, holdings);
      atMost(subject, found.maintenance, found.initial, holdings);
    },
  );

  property(
    'portfolio: a part of a fill leaves L and naked within those of nothing and all of it',
    ({ market }) =>
      fc.tuple(
        portfolios(market),
        fc.constantFrom(...market.options.keys()),
        fc.integer({ min: -40, max: 40 }),
        fc.integer({ min: 0, max: 100 }),
      ),
    (subject, [held, option, hundreds, percent]) => {
      const fill = (lots: number) => together(held, [{ option, lots }]);
      const none = parts(assess(subject, 'portfolio', held));
      const all = parts(assess(subject, 'portfolio', fill(100 * hundreds)));
      const some = parts(assess(subject, 'portfolio', fill(percent * hundreds)));
      atMost(subject, some.loss, Math.max(none.loss, all.loss), held, fill(100 * hundreds));
      expect(some.naked).toBeLessThanOrEqual(Math.max(none.naked, all.naked) + 1e-9);
    },
  );

  property(
    'portfolio: the basis moves by no more than that of what is added, of a size whatever its sign',
    pairs,
    (subject, [one, other]) => {
      const first = parts(assess(subject, 'portfolio', one)).basis;
      const whole = parts(assess(subject, 'portfolio', together(one, other))).basis;
      const most = other.reduce((sum, leg) => sum + largestBasis(subject, leg), 0);
      atMost(subject, Math.abs(whole - first), most, one, other);
    },
  );
}

/** An upper bound of the basis of one option, without Black-76: it moves by less than its forward does. */
function largestBasis({ market }: Subject, { option, lots }: Holding): number {
  const { expiry } = market.options[option] as Market['options'][number];
  const { forward, day } = market.expiries[expiry] as Market['expiries'][number];
  const years = (day * 86_400_000 + 8 * 3_600_000 - market.timeMs) / (365 * 86_400_000);
  return 0.5 * 0.045 * forward * (1 + 2 * years) * (Math.abs(lots) / market.lotsPerContract);
}

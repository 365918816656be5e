import { expect } from 'vitest';
import type { Holding } from './twin/market.ts';
import type { Assessment, MarginModel } from './twin/model.ts';

/**
 * How far whole numbers may be from real ones, USDC a lot. A mark is rounded to a unit of 1e-6 USDC, and so is the value in each scenario;
 * both are good to 1e-9 of the forward, of which a lot of 1/100 contract is a unit at 100,000 USDC. The basis is twice rounded, and
 * times up to 1/2 + years.
 */
const BOUND_A_LOT = 2e-6;
const BASIS_BOUND_A_LOT = 4e-6;
/** Of sums: their own rounding, and what a double holds of 1e12 USDC. */
const BOUND = 3e-6;
const DOUBLE = 1e-14;

export function lotsOf(holdings: readonly Holding[]): number {
  return holdings.reduce((sum, { lots }) => sum + Math.abs(lots), 0);
}

/** Throws unless both models say the same of a portfolio, part by part, in both modes. */
export function compare(
  engine: MarginModel,
  twin: MarginModel,
  cash: number,
  holdings: readonly Holding[],
): void {
  const lots = lotsOf(holdings);
  const near = (what: string, found: number, wanted: number, aLot: number) => {
    const bound = BOUND + aLot * lots + DOUBLE * (Math.abs(wanted) + lots * 1e4);
    expect(Math.abs(found - wanted), `${what}: ${found} and ${wanted}`).toBeLessThanOrEqual(bound);
  };
  const totals = (found: Assessment, wanted: Assessment, aLot: number) => {
    near('equity', found.equity, wanted.equity, BOUND_A_LOT);
    near('initial', found.initial, wanted.initial, aLot);
    near('maintenance', found.maintenance, wanted.maintenance, BOUND_A_LOT);
  };
  const [engineStandard, twinStandard] = [engine, twin].map((model) =>
    model.assess('standard', cash, holdings),
  ) as [Assessment, Assessment];
  totals(engineStandard, twinStandard, BOUND_A_LOT);
  const [found, wanted] = [engine, twin].map((model) =>
    model.assess('portfolio', cash, holdings),
  ) as [Assessment, Assessment];
  totals(found, wanted, BOUND_A_LOT + BASIS_BOUND_A_LOT);
  const [some, all] = [found.portfolio, wanted.portfolio];
  if (!some || !all) throw new Error('portfolio margin gave no parts');
  near('L', some.loss, all.loss, BOUND_A_LOT);
  near('basis', some.basis, all.basis, BASIS_BOUND_A_LOT);
  expect(some.naked).toBeCloseTo(all.naked, 6);
  expect(some.scenarios.length).toBe(all.scenarios.length);
  for (const [index, change] of all.scenarios.entries()) {
    near(`scenario ${index}`, some.scenarios[index] as number, change, BOUND_A_LOT);
  }
}

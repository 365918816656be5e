import { describe, expect, it } from 'vitest';
import { chooseFees, type FeeSituation } from './fees.ts';

const GWEI = 1_000_000_000n;
const calm: FeeSituation = {
  baseFee: 10n * GWEI,
  priorityFee: GWEI,
  attempt: 0,
  backlog: 0,
  previous: null,
  cap: 500n * GWEI,
};

describe('fees', () => {
  it('begin at twice the base fee and the going tip', () => {
    const fees = { maxFeePerGas: 21n * GWEI, maxPriorityFeePerGas: GWEI };
    expect(chooseFees(calm)).toEqual(fees);
  });

  it('rise with attempts and backlog', () => {
    expect(chooseFees({ ...calm, attempt: 1 })?.maxFeePerGas).toBe(26_250_000_000n);
    expect(chooseFees({ ...calm, backlog: 20 })?.maxFeePerGas).toBe(42n * GWEI);
  });

  it('let the limit rise to its cap, but not the tip, however often they are raised', () => {
    const fees = chooseFees({ ...calm, attempt: 40, backlog: 100 });
    expect(fees).toEqual({ maxFeePerGas: 500n * GWEI, maxPriorityFeePerGas: 20n * GWEI });
  });

  it('offer enough to replace what is in the pool, or nothing', () => {
    const previous = { maxFeePerGas: 100n * GWEI, maxPriorityFeePerGas: 30n * GWEI };
    const fees = chooseFees({ ...calm, previous });
    expect(fees?.maxFeePerGas).toBe(113n * GWEI + 1n);
    expect(fees?.maxPriorityFeePerGas).toBe((30n * GWEI * 113n) / 100n + 1n);
    expect(chooseFees({ ...calm, previous, cap: 110n * GWEI })).toBeNull();
  });
});

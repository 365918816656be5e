import type { Urgency } from './types.ts';

/** What may be offered for a unit of gas at most, wei. */
export interface FeeCeilings {
  /** With all the time in the world. */
  readonly calm: bigint;
  /** At and after the deadline. */
  readonly urgent: bigint;
}

const GWEI = 1_000_000_000n;

/** 100 gwei without a deadline, 1,000 at one: many times what blocks have cost, and a bound on what an exit can cost. */
export const DEFAULT_CEILINGS: FeeCeilings = { calm: 100n * GWEI, urgent: 1000n * GWEI };

/** 0: all the time in the world; 1: no time left. `now` in L1's seconds. */
export function urgencyAt(urgency: Urgency | undefined, now: bigint): number {
  if (urgency === undefined || now <= urgency.from) return 0;
  if (now >= urgency.by) return 1;
  return Number(now - urgency.from) / Number(urgency.by - urgency.from);
}

/** Rises by equal factors in equal times, from the calm ceiling to the urgent one. */
export function ceilingAt({ calm, urgent }: FeeCeilings, urgency: number): bigint {
  if (urgency <= 0 || urgent <= calm) return calm;
  if (urgency >= 1) return urgent;
  const factor = (Number(urgent) / Number(calm)) ** urgency;
  const ceiling = (calm * BigInt(Math.floor(factor * 1_000_000))) / 1_000_000n;
  return ceiling < urgent ? ceiling : urgent;
}

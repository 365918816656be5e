import type { Result } from '../run.ts';

/** What a run came to. */
export interface Verdict {
  readonly holds: boolean;
  readonly sentence: string;
  /** Largest gap between claims and collateral, 1e-6 USDC. */
  readonly worstGap: bigint;
  /** What accounts without positions lost in all, 1e-6 USDC. */
  readonly flatLoss: bigint;
  /** Left at the end, USDC. */
  readonly deficit: number;
  readonly shortfall: number;
}

/** Solvent to the unit at every step, nobody without positions paid or was held back, and nobody owes anything in the end. */
export function verdictOf({ samples, batches, audits, refusedToLeave }: Result): Verdict {
  let worstGap = 0n;
  let flatLoss = 0n;
  for (const sample of samples) {
    const gap = BigInt(sample.gap);
    const size = gap < 0n ? -gap : gap;
    if (size > worstGap) worstGap = size;
    flatLoss += BigInt(sample.flatLoss);
  }
  const last = samples.at(-1);
  const deficit = last?.deficit ?? 0;
  const shortfall = last?.shortfall ?? 0;
  const faults = [
    worstGap === 0n ? null : `claims and collateral differ by up to ${worstGap} units`,
    flatLoss === 0n ? null : `accounts without positions lost ${flatLoss} units`,
    refusedToLeave === 0 ? null : `${refusedToLeave} accounts without positions could not withdraw`,
    deficit === 0
      ? null
      : `${last?.insolvent} accounts end ${deficit.toFixed(2)} USDC below zero, ${shortfall.toFixed(2)} more than the fund has`,
  ].filter((fault) => fault !== null);
  const checked = `${batches} batches accepted by the watcher, invariants recounted ${audits} times`;
  const sentence =
    faults.length === 0
      ? `solvent to the unit at every step; ${checked}.`
      : `NOT SOLVENT: ${faults.join('; ')}; ${checked}.`;
  return { holds: faults.length === 0, sentence, worstGap, flatLoss, deficit, shortfall };
}

/** Least squares with coefficients that are not negative (Lawson and Hanson's problem), by coordinate descent: the systems here are tiny. */

export interface Observation {
  readonly features: readonly number[];
  readonly value: number;
  /** How much it counts. */
  readonly weight: number;
}

const SWEEPS = 20_000;
const SETTLED = 1e-12;

/** @returns one coefficient a feature, none below zero */
export function fitNonNegative(observations: readonly Observation[]): number[] {
  const count = observations[0]?.features.length ?? 0;
  const scale = Array.from({ length: count }, (_, k) =>
    Math.sqrt(
      observations.reduce(
        (sum, { features, weight }) => sum + weight * (features[k] as number) ** 2,
        0,
      ),
    ),
  );
  const scaled = observations.map(({ features, weight }) =>
    features.map((feature, k) => (Math.sqrt(weight) * feature) / (scale[k] || 1)),
  );
  const residuals = observations.map(({ value, weight }) => Math.sqrt(weight) * value);
  const coefficients = Array<number>(count).fill(0);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let moved = 0;
    for (let k = 0; k < count; k++) {
      if (scale[k] === 0) continue;
      const slope = scaled.reduce(
        (sum, row, i) => sum + (row[k] as number) * (residuals[i] as number),
        0,
      );
      const next = Math.max(0, (coefficients[k] as number) + slope);
      const step = next - (coefficients[k] as number);
      if (step === 0) continue;
      coefficients[k] = next;
      for (const [i, row] of scaled.entries())
        residuals[i] = (residuals[i] as number) - step * (row[k] as number);
      moved = Math.max(moved, Math.abs(step) / Math.max(1, Math.abs(next)));
    }
    if (moved < SETTLED) break;
  }
  return coefficients.map((value, k) => (scale[k] === 0 ? 0 : value / (scale[k] as number)));
}

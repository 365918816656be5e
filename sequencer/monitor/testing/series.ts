/** Series for tests that any language can make again: a linear congruential generator through Box and Muller. */

import type { GarchParameters } from '../volatility/garch.ts';
import { longRunVariance } from '../volatility/garch.ts';

/** Uniform in (0, 1), from x -> 1664525 x + 1013904223 mod 2^32 (Numerical Recipes, 3rd ed., section 7.1). */
export function uniforms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}

export function normals(seed: number): () => number {
  const uniform = uniforms(seed);
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Student's t with `degrees` degrees of freedom, scaled to variance 1. */
export function students(seed: number, degrees: number): () => number {
  const normal = normals(seed);
  return () => {
    const top = normal();
    let square = 0;
    for (let one = 0; one < degrees; one++) square += normal() ** 2;
    return (top / Math.sqrt(square / degrees)) * Math.sqrt((degrees - 2) / degrees);
  };
}

/** Returns of a GARCH(1,1) that begins at its long-run variance. */
export function garchSeries(
  parameters: GarchParameters,
  count: number,
  draw: () => number,
): number[] {
  let variance = longRunVariance(parameters);
  return Array.from({ length: count }, () => {
    const value = Math.sqrt(variance) * draw();
    variance = parameters.omega + parameters.alpha * value * value + parameters.beta * variance;
    return value;
  });
}

/**
 * GARCH(1,1) of Bollerslev, "Generalized autoregressive conditional heteroskedasticity", Journal of Econometrics 31 (1986):
 * h[t] = omega + alpha * r[t-1]^2 + beta * h[t-1], r[t] = sqrt(h[t]) * z[t].
 */
export interface GarchParameters {
  readonly omega: number;
  readonly alpha: number;
  readonly beta: number;
}

/** Variance that stands for the time before the first return: the mean square of all, which both estimates and forecasts of it agree on. */
export function meanSquare(returns: readonly number[]): number {
  let sum = 0;
  for (const one of returns) sum += one * one;
  return returns.length === 0 ? 0 : sum / returns.length;
}

/** Conditional variances of each return, `before` standing for both terms ahead of the first. */
export function conditionalVariances(
  { omega, alpha, beta }: GarchParameters,
  returns: readonly number[],
  before = meanSquare(returns),
): Float64Array {
  const variances = new Float64Array(returns.length);
  let square = before;
  let variance = before;
  for (let at = 0; at < returns.length; at++) {
    variance = omega + alpha * square + beta * variance;
    variances[at] = variance;
    square = (returns[at] ?? 0) ** 2;
  }
  return variances;
}

/** Gaussian log-likelihood: -1/2 * sum of ln(2 pi) + ln h + r^2 / h. */
export function logLikelihood(
  parameters: GarchParameters,
  returns: readonly number[],
  before = meanSquare(returns),
): number {
  const variances = conditionalVariances(parameters, returns, before);
  let sum = returns.length * Math.log(2 * Math.PI);
  for (let at = 0; at < returns.length; at++) {
    const variance = variances[at] ?? 0;
    sum += Math.log(variance) + (returns[at] ?? 0) ** 2 / variance;
  }
  return -sum / 2;
}

/** The variance that forecasts go back to; infinite where alpha + beta is 1. */
export function longRunVariance({ omega, alpha, beta }: GarchParameters): number {
  const persistence = alpha + beta;
  return persistence < 1 ? omega / (1 - persistence) : Number.POSITIVE_INFINITY;
}

/** Expected variance of the sum of the next `bars` returns, given the next one's variance. */
export function horizonVariance(
  parameters: GarchParameters,
  nextVariance: number,
  bars: number,
): number {
  const persistence = parameters.alpha + parameters.beta;
  const longRun = longRunVariance(parameters);
  if (!Number.isFinite(longRun)) {
    // Without a level to go back to every step adds omega.
    return bars * nextVariance + (parameters.omega * bars * (bars - 1)) / 2;
  }
  return (
    bars * longRun + ((nextVariance - longRun) * (1 - persistence ** bars)) / (1 - persistence)
  );
}

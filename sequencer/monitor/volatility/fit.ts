import { levenbergMarquardt } from 'ml-levenberg-marquardt';
import { conditionalVariances, type GarchParameters, logLikelihood, meanSquare } from './garch.ts';

/**
 * Maximum likelihood as least squares, so that a well-kept library can do the work. What a return adds to -2 x log-likelihood is
 * ln h + r^2/h, least at h = r^2, where it is ln r^2 + 1. The excess over that is the deviance, at least 0 and the square of the
 * signed deviance residual (McCullagh and Nelder, Generalized Linear Models, 2nd ed. 1989, section 2.4.3; here the gamma family).
 * Levenberg-Marquardt over these residuals minimizes exactly -2 x log-likelihood plus a constant, and near h = r^2 its approximation of the
 * Hessian is that of Fisher scoring, the usual algorithm for GARCH (Fiorentini, Calzolari and Panattoni, Journal of Applied
 * Econometrics 11, 1996).
 *
 * The parameters are persistence p = alpha + beta and alpha's share of it as logits, and the logarithm of the
 * long-run variance over the sample's (Zumbach, "The Pitfalls in Fitting GARCH(1,1) Processes", 2000): nearly
 * uncorrelated, and every real vector is a stationary model.
 */
export interface GarchFit {
  readonly parameters: GarchParameters;
  readonly logLikelihood: number;
  /** Returns it was fitted to. */
  readonly count: number;
}

/** Returns from which a fit is tried; below, alpha and beta cannot be told apart. */
export const LEAST_RETURNS = 120;
/** A search that begins at an earlier fit is nearly done. */
const ITERATIONS = 40;
const ITERATIONS_NEAR = 15;
/** Squares below this share of the sample's variance count as this: ln r^2 has no lower end. */
const LEAST_SQUARE = 1e-8;
/** Persistence 0.5 to 0.99975, share of alpha 0.0025 to 0.95, long-run variance 1/50 to 50 times the sample's. */
const LOWEST = [0, -6, -Math.log(50)];
const HIGHEST = [8.3, 3, Math.log(50)];
/** Where the search begins: the likelihood may have several maxima, of which the best found counts. */
const STARTS = [
  [logit(0.98), logit(0.08), 0],
  [logit(0.9), logit(0.2), 0],
  [logit(0.995), logit(0.03), 0],
];

function logit(share: number): number {
  return Math.log(share / (1 - share));
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** @param scale variance of the sample */
function toParameters(vector: readonly number[], scale: number): GarchParameters {
  const [p = 0, share = 0, level = 0] = vector;
  const persistence = sigmoid(p);
  const alpha = persistence * sigmoid(share);
  return {
    omega: (1 - persistence) * scale * Math.exp(level),
    alpha,
    beta: persistence - alpha,
  };
}

function toVector({ omega, alpha, beta }: GarchParameters, scale: number): number[] {
  const persistence = Math.min(0.9997, Math.max(0.5, alpha + beta));
  const share = Math.min(0.95, Math.max(0.0025, alpha / persistence));
  return [logit(persistence), logit(share), Math.log(omega / (1 - persistence) / scale)].map(
    (value, at) => Math.min(HIGHEST[at] as number, Math.max(LOWEST[at] as number, value)),
  );
}

/**
 * Fits GARCH(1,1) to returns (any unit, oldest first). Null where nothing can be fitted: too few, not all finite, or
 * hardly any of them other than 0.
 *
 * @param near parameters of an earlier fit, from which the search begins as well
 */
export function fitGarch(returns: readonly number[], near?: GarchParameters): GarchFit | null {
  const variance = meanSquare(returns);
  if (returns.length < LEAST_RETURNS || !(variance > 0) || !Number.isFinite(variance)) return null;
  const moving = returns.reduce((sum, one) => sum + (one === 0 ? 0 : 1), 0);
  if (moving < LEAST_RETURNS / 2) return null;
  // Scaled to variance 1, so that the residuals' constants do not depend on the unit.
  const deviation = Math.sqrt(variance);
  const scaled = returns.map((one) => one / deviation);
  const starts = near === undefined ? STARTS : [toVector(near, variance), STARTS[0] as number[]];
  const iterations = near === undefined ? ITERATIONS : ITERATIONS_NEAR;
  let best: GarchFit | null = null;
  for (const start of starts) {
    const vector = search(scaled, start, iterations);
    const parameters = toParameters(vector, variance);
    const reached = logLikelihood(parameters, returns, variance);
    if (!Number.isFinite(reached)) continue;
    if (best === null || reached > best.logLikelihood) {
      best = { parameters, logLikelihood: reached, count: returns.length };
    }
  }
  return best;
}

/** @param returns of variance 1 */
function search(
  returns: readonly number[],
  start: readonly number[],
  maxIterations: number,
): number[] {
  const squares = Float64Array.from(returns, (one) => Math.max(one * one, LEAST_SQUARE));
  const { parameterValues } = levenbergMarquardt(
    { x: returns.map((_, at) => at), y: new Float64Array(returns.length) },
    (vector) => {
      const residuals = conditionalVariances(toParameters(vector, 1), returns, 1);
      for (let at = 0; at < residuals.length; at++) {
        residuals[at] = devianceResidual(squares[at] as number, residuals[at] as number);
      }
      return (x) => residuals[x] as number;
    },
    {
      initialValues: [...start],
      minValues: LOWEST,
      maxValues: HIGHEST,
      jacobianFunction: (vector) => {
        const rows = jacobian(vector, returns, squares);
        return (x) => rows[x] as number[];
      },
      damping: 1,
      dampingStepDown: 5,
      dampingStepUp: 4,
      maxIterations,
      errorTolerance: 1e-9,
    },
  );
  return [...parameterValues];
}

/** Positive where the variance exceeds the square; its own square is the deviance. */
function devianceResidual(square: number, variance: number): number {
  const deviance = devianceOf(square / variance);
  return square < variance ? Math.sqrt(deviance) : -Math.sqrt(deviance);
}

function devianceOf(ratio: number): number {
  // SAFETY: ratio - 1 - ln(ratio) is at least 0, but may round below it next to 1.
  return Math.max(0, ratio - 1 - Math.log(ratio));
}

/**
 * Derivatives of every residual by the three parameters of the search. Those of the variance follow its own recursion:
 * dh[t]/domega = 1 + beta * dh[t-1]/domega, and alike with r[t-1]^2 for alpha and h[t-1] for beta.
 */
function jacobian(
  vector: readonly number[],
  returns: readonly number[],
  squares: Float64Array,
): number[][] {
  const { omega, alpha, beta } = toParameters(vector, 1);
  const persistence = alpha + beta;
  const share = alpha / persistence;
  const byPersistence = persistence * (1 - persistence);
  const byShare = persistence * share * (1 - share);
  const [, , level = 0] = vector;
  let [variance, square] = [1, 1];
  let [byOmega, byAlpha, byBeta] = [0, 0, 0];
  return returns.map((one, at) => {
    byOmega = 1 + beta * byOmega;
    byAlpha = square + beta * byAlpha;
    byBeta = variance + beta * byBeta;
    variance = omega + alpha * square + beta * variance;
    square = one * one;
    const slope = residualSlope((squares[at] as number) / variance) / variance;
    return [
      slope * byPersistence * (share * byAlpha + (1 - share) * byBeta - Math.exp(level) * byOmega),
      slope * byShare * (byAlpha - byBeta),
      slope * omega * byOmega,
    ];
  });
}

/** Derivative of the residual by the logarithm of the variance. */
function residualSlope(ratio: number): number {
  const root = Math.sqrt(devianceOf(ratio));
  // Both sides vanish where ratio is 1; there the limit is 1 / sqrt(2).
  return root < 1e-6 ? Math.SQRT1_2 : Math.abs(1 - ratio) / (2 * root);
}

import type { Market } from './market.ts';
import { Random } from './random.ts';
import { RealizedVolatility, YEAR_MS } from './volatility.ts';

/** What a simulated underlying starts from. */
export interface SimulatedUnderlying {
  readonly name: string;
  /** USDC. */
  readonly price: number;
  /** Per year, 1 = 100 %: the long-run level. */
  readonly volatility: number;
  /** How strongly it follows a jump of the whole market. */
  readonly jumpBeta: number;
}

export const DEFAULT_UNDERLYINGS: readonly SimulatedUnderlying[] = [
  { name: 'BTC', price: 90_000, volatility: 0.5, jumpBeta: 1 },
  { name: 'ETH', price: 3_000, volatility: 0.65, jumpBeta: 1.3 },
];

const STEP_MS = 1000;
const STEPS_PER_DAY = 86_400;
const CORRELATION = 0.8;
// GARCH(1,1) by the second. ALPHA + BETA = 0.999, so a burst of volatility halves in some 12 minutes.
const ALPHA = 0.02;
const BETA = 0.979;
const OMEGA_SHARE = 1 - ALPHA - BETA;
/** A shock counts for at most this many variances, or a jump would leave an absurd volatility behind. */
const SHOCK_CAP = 400;
const MARKET_JUMPS_PER_DAY = 8;
const OWN_JUMPS_PER_DAY = 4;
const JUMP_MEAN = -0.002;
const JUMP_DEVIATION = 0.008;

interface Path {
  readonly start: SimulatedUnderlying;
  readonly longRunVariance: number;
  readonly realized: RealizedVolatility;
  price: number;
  /** Variance of one step. */
  variance: number;
}

/** Correlated GARCH(1,1) paths with jumps (Merton's, common and own), in steps of one second. */
export class SimulatedMarket implements Market {
  readonly underlyings: readonly string[];
  readonly description: string;
  #paths: readonly Path[];
  #random: Random;
  #timeMs: number;

  constructor(options: {
    seed: number;
    startMs: number;
    underlyings?: readonly SimulatedUnderlying[];
  }) {
    const starts = options.underlyings ?? DEFAULT_UNDERLYINGS;
    this.underlyings = starts.map((start) => start.name);
    this.description = `simulated (GARCH with jumps), seed ${options.seed}`;
    this.#random = new Random(options.seed, 'market');
    this.#timeMs = options.startMs;
    this.#paths = starts.map((start) => {
      const longRunVariance = (start.volatility ** 2 * STEP_MS) / YEAR_MS;
      const realized = new RealizedVolatility(start.volatility);
      realized.observe(start.price, options.startMs);
      return { start, longRunVariance, realized, price: start.price, variance: longRunVariance };
    });
  }

  advanceTo(timeMs: number): void {
    while (this.#timeMs + STEP_MS <= timeMs) {
      this.#timeMs += STEP_MS;
      this.#step();
    }
  }

  price(underlying: string): number {
    return this.#path(underlying).price;
  }

  realizedVolatility(underlying: string): number {
    return this.#path(underlying).realized.value();
  }

  #step(): void {
    const random = this.#random;
    const common = random.normal();
    const marketJump = jump(random, MARKET_JUMPS_PER_DAY);
    for (const path of this.#paths) {
      const own = random.normal();
      const shock = CORRELATION * common + Math.sqrt(1 - CORRELATION ** 2) * own;
      const ownJump = jump(random, OWN_JUMPS_PER_DAY);
      // The drift keeps the expected price where it is, jumps aside.
      const diffusion = shock * Math.sqrt(path.variance) - path.variance / 2;
      const change = diffusion + marketJump * path.start.jumpBeta + ownJump;
      const square = Math.min(change * change, SHOCK_CAP * path.variance);
      path.variance = OMEGA_SHARE * path.longRunVariance + ALPHA * square + BETA * path.variance;
      path.price *= Math.exp(change);
      path.realized.observe(path.price, this.#timeMs);
    }
  }

  #path(underlying: string): Path {
    const path = this.#paths.find((one) => one.start.name === underlying);
    if (path === undefined) throw new RangeError(`this market has no ${underlying}`);
    return path;
  }
}

/** The log change of a jump in this step; nearly always 0. Draws the same count of numbers either way. */
function jump(random: Random, perDay: number): number {
  const happens = random.chance(perDay / STEPS_PER_DAY);
  const size = JUMP_MEAN + JUMP_DEVIATION * random.normal();
  return happens ? size : 0;
}

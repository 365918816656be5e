import type { Market } from '#infra/market/market.ts';
import { Random } from '#infra/market/random.ts';
import { RealizedVolatility, YEAR_MS } from '#infra/market/volatility.ts';

/** Where a price is to be at a time: straight (in logarithms) from the one before. */
export interface Waypoint {
  readonly minute: number;
  /** Share of the first price. */
  readonly level: number;
}

export interface ScriptedUnderlying {
  readonly name: string;
  /** USDC. */
  readonly price: number;
  readonly path: readonly Waypoint[];
  /** Noise around the path, per year (1 = 100 %). */
  readonly noise: number;
}

export interface ScriptedOptions {
  readonly seed: number;
  readonly startMs: number;
  readonly description: string;
  readonly underlyings: readonly ScriptedUnderlying[];
  /** Added to the realized volatility by minute: a panic that options price before it shows in the index. */
  readonly panic?: readonly Waypoint[];
}

interface Track {
  readonly script: ScriptedUnderlying;
  readonly random: Random;
  readonly realized: RealizedVolatility;
  noise: number;
  price: number;
}

const STEP_MS = 1000;
/** The noise forgets half of itself in this time, so that the path is kept. */
const NOISE_HALF_LIFE_MS = 10 * 60_000;
const FIRST_VOLATILITY = 0.6;

/** A path by waypoints with noise around it, second by second: the shape of a known crash, repeatable from its seed. */
export class ScriptedMarket implements Market {
  readonly underlyings: readonly string[];
  readonly description: string;
  readonly #options: ScriptedOptions;
  readonly #tracks: readonly Track[];
  #timeMs: number;

  constructor(options: ScriptedOptions) {
    this.#options = options;
    this.description = options.description;
    this.underlyings = options.underlyings.map(({ name }) => name);
    this.#timeMs = options.startMs;
    this.#tracks = options.underlyings.map((script) => {
      const realized = new RealizedVolatility(FIRST_VOLATILITY);
      realized.observe(script.price, options.startMs);
      const random = new Random(options.seed, `path ${script.name}`);
      return { script, random, realized, noise: 0, price: script.price };
    });
  }

  advanceTo(timeMs: number): void {
    while (this.#timeMs + STEP_MS <= timeMs) {
      this.#timeMs += STEP_MS;
      const minute = (this.#timeMs - this.#options.startMs) / 60_000;
      for (const track of this.#tracks) {
        const { script, random, realized } = track;
        const deviation = script.noise * Math.sqrt(STEP_MS / YEAR_MS);
        track.noise = track.noise * 0.5 ** (STEP_MS / NOISE_HALF_LIFE_MS);
        track.noise += deviation * random.normal();
        track.price = script.price * levelAt(script.path, minute) * Math.exp(track.noise);
        realized.observe(track.price, this.#timeMs);
      }
    }
  }

  price(underlying: string): number {
    return this.#track(underlying).price;
  }

  realizedVolatility(underlying: string): number {
    const minute = (this.#timeMs - this.#options.startMs) / 60_000;
    const { panic = [] } = this.#options;
    const added = panic.length === 0 ? 0 : valueAt(panic, minute, (level) => level);
    return this.#track(underlying).realized.value() + added;
  }

  #track(underlying: string): Track {
    const track = this.#tracks.find(({ script }) => script.name === underlying);
    if (track === undefined) throw new RangeError(`this market has no ${underlying}`);
    return track;
  }
}

/** Share of the first price at a time: geometric between waypoints, level before the first and after the last. */
export function levelAt(path: readonly Waypoint[], minute: number): number {
  return Math.exp(valueAt([{ minute: 0, level: 1 }, ...path], minute, Math.log));
}

function valueAt(
  path: readonly Waypoint[],
  minute: number,
  scale: (level: number) => number,
): number {
  const next = path.findIndex((point) => point.minute >= minute);
  if (next < 0) return scale((path.at(-1) as Waypoint).level);
  const to = path[next] as Waypoint;
  const from = path[Math.max(0, next - 1)] as Waypoint;
  if (to.minute === from.minute) return scale(to.level);
  const share = Math.max(0, (minute - from.minute) / (to.minute - from.minute));
  return scale(from.level) + share * (scale(to.level) - scale(from.level));
}

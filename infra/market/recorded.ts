import { BAR_MS, type Bar } from './bars.ts';
import type { Market } from './market.ts';
import { Random } from './random.ts';
import { DEFAULT_UNDERLYINGS, SimulatedMarket } from './simulated.ts';
import { RealizedVolatility } from './volatility.ts';

const STEP_MS = 1000;
const FIRST_VOLATILITY = 0.6;

/**
 * Price inside one minute bar, `offsetMs` after its opening: open, then one extreme, then the other, then close (low
 * first where the bar rose), at times drawn from the bar's own time and the seed. Every bar's low and high are touched.
 */
export function priceInBar(bar: Bar, offsetMs: number, seed: number): number {
  const random = new Random(seed, `bar ${bar.openTimeMs}`);
  const firstMs = random.integer(8, 26) * 1000;
  const secondMs = random.integer(32, 52) * 1000;
  const rising = bar.close >= bar.open;
  const first = rising ? bar.low : bar.high;
  const second = rising ? bar.high : bar.low;
  if (offsetMs <= firstMs) return between(bar.open, first, offsetMs / firstMs);
  if (offsetMs <= secondMs) {
    return between(first, second, (offsetMs - firstMs) / (secondMs - firstMs));
  }
  const lastMs = BAR_MS - STEP_MS;
  return between(second, bar.close, Math.min(1, (offsetMs - secondMs) / (lastMs - secondMs)));
}

function between(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

interface Track {
  readonly name: string;
  readonly bars: readonly Bar[];
  readonly realized: RealizedVolatility;
  at: number;
  price: number;
}

/** Recorded minute bars played second by second; after the last bar a simulated market goes on from its close. */
export class RecordedMarket implements Market {
  readonly underlyings: readonly string[];
  readonly description: string;
  readonly startMs: number;
  readonly endMs: number;
  #tracks: readonly Track[];
  #seed: number;
  #timeMs: number;
  #after: SimulatedMarket | undefined;

  /** `bars` maps underlying names to their bars, which must overlap in time. */
  constructor(options: { bars: ReadonlyMap<string, readonly Bar[]>; seed: number }) {
    const series = [...options.bars];
    this.underlyings = series.map(([name]) => name);
    this.startMs = Math.max(...series.map(([, bars]) => bars[0]?.openTimeMs ?? 0));
    this.endMs = Math.min(...series.map(([, bars]) => (bars.at(-1)?.openTimeMs ?? 0) + BAR_MS));
    const day = new Date(this.startMs).toISOString().slice(0, 10);
    this.description = `recorded minute bars of ${day}`;
    this.#seed = options.seed;
    this.#timeMs = this.startMs - STEP_MS;
    this.#tracks = series.map(([name, bars]) => ({
      name,
      bars,
      realized: new RealizedVolatility(FIRST_VOLATILITY),
      at: 0,
      price: bars[0]?.open ?? 0,
    }));
    this.advanceTo(this.startMs);
  }

  advanceTo(timeMs: number): void {
    while (this.#timeMs + STEP_MS <= Math.min(timeMs, this.endMs - 1)) {
      this.#timeMs += STEP_MS;
      for (const track of this.#tracks) this.#step(track);
    }
    if (timeMs < this.endMs) return;
    this.#after ??= this.#simulateFromHere();
    this.#after.advanceTo(timeMs);
  }

  price(underlying: string): number {
    return this.#after?.price(underlying) ?? this.#track(underlying).price;
  }

  realizedVolatility(underlying: string): number {
    const after = this.#after;
    return after === undefined
      ? this.#track(underlying).realized.value()
      : after.realizedVolatility(underlying);
  }

  #step(track: Track): void {
    let next = track.bars[track.at + 1];
    while (next !== undefined && next.openTimeMs <= this.#timeMs) {
      track.at++;
      next = track.bars[track.at + 1];
    }
    const bar = track.bars[track.at];
    if (bar === undefined) return;
    // A missing minute leaves the price at the last close, since the offset is then beyond the bar.
    track.price = priceInBar(bar, Math.max(0, this.#timeMs - bar.openTimeMs), this.#seed);
    track.realized.observe(track.price, this.#timeMs);
  }

  #simulateFromHere(): SimulatedMarket {
    const underlyings = this.#tracks.map((track) => ({
      name: track.name,
      price: track.price,
      volatility: Math.min(2, Math.max(0.2, track.realized.value())),
      jumpBeta: DEFAULT_UNDERLYINGS.find((one) => one.name === track.name)?.jumpBeta ?? 1,
    }));
    return new SimulatedMarket({ seed: this.#seed, startMs: this.endMs, underlyings });
  }

  #track(underlying: string): Track {
    const track = this.#tracks.find((one) => one.name === underlying);
    if (track === undefined) throw new RangeError(`this market has no ${underlying}`);
    return track;
  }
}

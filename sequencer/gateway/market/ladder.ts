/**
 * One side of a book, aggregated by price: what a reader sees, not what the engine matches on.
 *
 * Prices are kept as keys in ascending order with the best one last, since most changes happen near the
 * top and an insertion near the end of an array moves almost nothing.
 */
export type Side = 'buy' | 'sell';

/** [price in ticks, lots]; zero lots in a change means that the level is gone. */
export type Level = [priceTicks: number, lots: number];

export class Ladder {
  private readonly sign: number;
  private readonly keys: number[] = [];
  private readonly lots = new Map<number, number>();

  constructor(side: Side) {
    this.sign = side === 'buy' ? 1 : -1;
  }

  /** Levels in use. */
  get size(): number {
    return this.keys.length;
  }

  /** Price of the best level in ticks, 0 where the side is empty. */
  get bestTicks(): number {
    const key = this.keys[this.keys.length - 1];
    return key === undefined ? 0 : key * this.sign;
  }

  /** Lots at a price, 0 where there is no level. */
  lotsAt(priceTicks: number): number {
    return this.lots.get(priceTicks) ?? 0;
  }

  /** Adds `delta` lots (negative: takes away) and returns what is left there. */
  change(priceTicks: number, delta: number): number {
    const before = this.lots.get(priceTicks) ?? 0;
    const after = before + delta;
    // INVARIANT: every order that leaves was added before, so that no level can fall below zero.
    if (after < 0) throw new RangeError(`level ${priceTicks} would hold ${after} lots`);
    if (after === 0) {
      this.lots.delete(priceTicks);
      if (before > 0) this.keys.splice(this.find(priceTicks * this.sign), 1);
      return 0;
    }
    if (before === 0) {
      const key = priceTicks * this.sign;
      this.keys.splice(this.find(key), 0, key);
    }
    this.lots.set(priceTicks, after);
    return after;
  }

  /** The best `depth` levels, best first. */
  top(depth: number): Level[] {
    const levels: Level[] = [];
    for (let i = this.keys.length - 1; i >= 0 && levels.length < depth; i--) {
      const priceTicks = (this.keys[i] ?? 0) * this.sign;
      levels.push([priceTicks, this.lots.get(priceTicks) ?? 0]);
    }
    return levels;
  }

  /** Index of the first key that is not below `key`. */
  private find(key: number): number {
    let low = 0;
    let high = this.keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.keys[middle] ?? 0) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

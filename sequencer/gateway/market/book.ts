import { Ladder, type Level, type Side } from './ladder.ts';

/** What changed in a book between two publications: absolute lots, so applying one twice does no harm. */
export interface BookChange {
  prevChangeId: number;
  changeId: number;
  bids: Level[];
  asks: Level[];
}

export interface BookSnapshot {
  changeId: number;
  bids: Level[];
  asks: Level[];
}

/**
 * Aggregated book of one instrument. A change id is the journal sequence of the last command that changed
 * this book, so it only grows and means the same after a restart.
 */
export class Book {
  readonly instrument: number;
  private readonly bids = new Ladder('buy');
  private readonly asks = new Ladder('sell');
  private readonly dirtyBids = new Set<number>();
  private readonly dirtyAsks = new Set<number>();
  private changedAt = 0;
  private publishedAt = 0;

  constructor(instrument: number) {
    this.instrument = instrument;
  }

  get changeId(): number {
    return this.changedAt;
  }

  /** True if something changed since the last `takeChange`. */
  get dirty(): boolean {
    return this.dirtyBids.size > 0 || this.dirtyAsks.size > 0;
  }

  side(side: Side): Ladder {
    return side === 'buy' ? this.bids : this.asks;
  }

  /** Adds `delta` lots (negative: takes away) at a price, because of the command with this sequence. */
  change(side: Side, priceTicks: number, delta: number, sequence: number): void {
    this.side(side).change(priceTicks, delta);
    (side === 'buy' ? this.dirtyBids : this.dirtyAsks).add(priceTicks);
    this.changedAt = Math.max(this.changedAt, sequence);
  }

  snapshot(depth: number): BookSnapshot {
    return { changeId: this.changedAt, bids: this.bids.top(depth), asks: this.asks.top(depth) };
  }

  /** What changed since the last call, or null; afterwards the book counts as published. */
  takeChange(): BookChange | null {
    if (!this.dirty) return null;
    const change = {
      prevChangeId: this.publishedAt,
      changeId: this.changedAt,
      bids: take(this.dirtyBids, this.bids),
      asks: take(this.dirtyAsks, this.asks),
    };
    this.publishedAt = this.changedAt;
    return change;
  }
}

function take(dirty: Set<number>, ladder: Ladder): Level[] {
  const levels: Level[] = [];
  for (const priceTicks of dirty) levels.push([priceTicks, ladder.lotsAt(priceTicks)]);
  dirty.clear();
  return levels;
}

import { formatDecimal, parseDecimal } from '#shared/protocol/units.ts';
import type { BookLevel, BookUpdate } from './api.ts';

/** Prices compare as integers of this many decimals: money has six. */
const DECIMALS = 18;

/**
 * An order book kept up to date from the `book.…` channel. `apply` says whether the update followed the last
 * one; if it did not, something was missed and a new snapshot is needed: subscribe again.
 */
export class LocalBook {
  private readonly bids = new Map<bigint, string>();
  private readonly asks = new Map<bigint, string>();
  private changeId: number | null = null;

  /** False, and nothing changed, if the update does not follow; a snapshot always does. */
  apply(update: BookUpdate): boolean {
    if (update.type === 'snapshot') {
      this.bids.clear();
      this.asks.clear();
    } else if (this.changeId === null || update.prev_change_id !== this.changeId) {
      return false;
    }
    applyLevels(this.bids, update.bids);
    applyLevels(this.asks, update.asks);
    this.changeId = update.change_id;
    return true;
  }

  /** Best first, at most `depth`. */
  levels(side: 'bids' | 'asks', depth = Number.POSITIVE_INFINITY): BookLevel[] {
    const sign = side === 'bids' ? -1 : 1;
    return [...this[side].entries()]
      .sort(([a], [b]) => (a < b ? -sign : sign))
      .slice(0, depth)
      .map(([price, amount]) => [formatDecimal(price, DECIMALS), amount]);
  }
}

function applyLevels(side: Map<bigint, string>, levels: readonly BookLevel[]): void {
  for (const [price, amount] of levels) {
    const at = parseDecimal(price, DECIMALS);
    if (parseDecimal(amount, DECIMALS) === 0n) side.delete(at);
    else side.set(at, amount);
  }
}

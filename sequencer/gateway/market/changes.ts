import type { Book } from './book.ts';
import type { Fill } from './fills.ts';
import type { LiquidationNote } from './liquidations.ts';

/** What changed since the last `takeChanges`: what there is to publish. */
export interface MarketChanges {
  books: Set<Book>;
  fills: Fill[];
  /** Ids of orders that were opened, filled, amended or closed, in the order of their last change. */
  orders: Set<number>;
  accounts: Set<number>;
  /** Slots of instruments whose ticker may look different. */
  tickers: Set<number>;
  /** Underlyings with a new index. */
  indexes: Set<number>;
  liquidations: LiquidationNote[];
  status: boolean;
}

export function noChanges(): MarketChanges {
  return {
    books: new Set(),
    fills: [],
    orders: new Set(),
    accounts: new Set(),
    tickers: new Set(),
    indexes: new Set(),
    liquidations: [],
    status: false,
  };
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BookLevel, BookUpdate } from './api.ts';
import { LocalBook } from './local-book.ts';

const update = (part: Partial<BookUpdate>): BookUpdate => ({
  type: 'change',
  instrument_name: 'BTC_USDC-27NOV26-90000-C',
  bids: [],
  asks: [],
  change_id: 1,
  prev_change_id: null,
  time_ms: 0,
  ...part,
});

describe('LocalBook', () => {
  it('is what the changes add up to, best first', () => {
    const level = fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 3 }));
    fc.assert(
      fc.property(fc.array(fc.array(level)), (changes) => {
        const book = new LocalBook();
        const twin = new Map<number, number>();
        book.apply(update({ type: 'snapshot', change_id: 0 }));
        changes.forEach((levels, index) => {
          for (const [price, amount] of levels) {
            if (amount === 0) twin.delete(price);
            else twin.set(price, amount);
          }
          const side = levels.map(([price, amount]): BookLevel => [`${price / 2}`, `${amount}`]);
          const change = { bids: side, asks: side, change_id: index + 1, prev_change_id: index };
          expect(book.apply(update(change))).toBe(true);
        });
        const rising = [...twin].sort(([a], [b]) => a - b);
        const shown = rising.map(([price, amount]) => [`${price / 2}`, `${amount}`]);
        expect(book.levels('asks')).toEqual(shown);
        expect(book.levels('bids')).toEqual(shown.toReversed());
        expect(book.levels('bids', 2)).toEqual(shown.toReversed().slice(0, 2));
      }),
    );
  });

  it('refuses what does not follow, until the next snapshot', () => {
    const book = new LocalBook();
    expect(book.apply(update({ prev_change_id: 0 }))).toBe(false);
    expect(book.apply(update({ type: 'snapshot', change_id: 5, bids: [['1', '1']] }))).toBe(true);
    const gap = update({ prev_change_id: 6, change_id: 7, bids: [['1', '0']] });
    expect(book.apply(gap)).toBe(false);
    expect(book.levels('bids')).toEqual([['1', '1']]);
    expect(book.apply(update({ type: 'snapshot', change_id: 7 }))).toBe(true);
    expect(book.levels('bids')).toEqual([]);
  });
});

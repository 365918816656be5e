/** Which of the recorded orders stand in a level, as far as the messages have told. */
import type { Book, OrderEvent, Side } from './recording.ts';
import { DELETED, EXECUTED, NEW_ORDER, PARTIAL_CANCEL } from './recording.ts';

export interface KnownOrder {
  readonly id: number;
  size: number;
}

/**
 * The recording begins in the middle of the day and shows ten levels, so a level's size is made of orders whose messages we saw and
 * of a rest that we did not. A level that leaves the view is forgotten: what happens to it there is not recorded.
 */
export class Queues {
  readonly #queues = new Map<string, KnownOrder[]>();

  /** Orders of a level whose messages were seen, the oldest first. */
  at(side: Side, price: number): readonly KnownOrder[] {
    return this.#queues.get(`${side} ${price}`) ?? [];
  }

  apply(event: OrderEvent): void {
    const key = `${event.side} ${event.price}`;
    if (event.type === NEW_ORDER) {
      const queue = this.#queues.get(key) ?? [];
      queue.push({ id: event.id, size: event.size });
      this.#queues.set(key, queue);
      return;
    }
    if (![PARTIAL_CANCEL, DELETED, EXECUTED].includes(event.type)) return;
    const queue = this.#queues.get(key) ?? [];
    const index = queue.findIndex((order) => order.id === event.id);
    const order = queue[index];
    if (order === undefined) return;
    order.size -= event.size;
    if (order.size <= 0) queue.splice(index, 1);
  }

  /** Forgets the levels that the book does not show. */
  keepOnly(book: Book): void {
    const shown = new Set<string>();
    for (const side of ['buy', 'sell'] as const) {
      for (const level of book[side]) shown.add(`${side} ${level.price}`);
    }
    for (const key of this.#queues.keys()) if (!shown.has(key)) this.#queues.delete(key);
  }
}

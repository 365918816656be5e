import type { OpenOrder } from './orders.ts';

/** An order that is no longer in a book. `lots` is what was left of it. */
export interface ClosedOrder extends OpenOrder {
  state: 'filled' | 'cancelled';
  /** `CLOSE_*` of shared/engine/kinds.ts; for an order that never rested, why its rest was cancelled is unknown here. */
  reason: number;
}

/** The last orders that ended, found by id; the oldest is forgotten first. */
export class ClosedOrders {
  private readonly orders = new Map<number, ClosedOrder>();
  private readonly capacity: number;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get size(): number {
    return this.orders.size;
  }

  get(id: number): ClosedOrder | undefined {
    return this.orders.get(id);
  }

  add(order: ClosedOrder): void {
    this.orders.delete(order.id);
    this.orders.set(order.id, order);
    if (this.orders.size > this.capacity) {
      const oldest = this.orders.keys().next().value;
      if (oldest !== undefined) this.orders.delete(oldest);
    }
  }
}

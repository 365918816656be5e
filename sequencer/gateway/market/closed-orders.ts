import {
  CLOSE_CANCELLED,
  CLOSE_DEAD,
  CLOSE_EXPIRED,
  CLOSE_FILLED,
  CLOSE_REDUCE_ONLY,
  CLOSE_REPLACED,
  CLOSE_SELF_TRADE,
  CLOSE_SETTLED,
  CLOSE_UNAFFORDABLE,
} from '#shared/engine/kinds.ts';
import type { InstrumentInfo } from './instruments.ts';
import type { OpenOrder } from './orders.ts';

/** An order that is no longer in a book. `lots` is what was left of it. */
export interface ClosedOrder extends OpenOrder {
  /** The slot in `instrument` may have been given to another one since. */
  info: InstrumentInfo;
  state: 'filled' | 'cancelled' | 'expired';
  /** In one word, such as `cancelled`. */
  closeReason: string;
  /** Id of the order that took its place by an amendment, or 0. */
  replacedBy: number;
}

const REASONS = new Map([
  [CLOSE_FILLED, 'filled'],
  [CLOSE_CANCELLED, 'cancelled'],
  [CLOSE_EXPIRED, 'expired'],
  [CLOSE_DEAD, 'cancelled'],
  [CLOSE_SELF_TRADE, 'self_trade'],
  [CLOSE_UNAFFORDABLE, 'unaffordable'],
  [CLOSE_REDUCE_ONLY, 'nothing_to_reduce'],
  [CLOSE_SETTLED, 'settled'],
  [CLOSE_REPLACED, 'replaced'],
]);

/** The ended form of a resting order, for a reason of the engine (`CLOSE_*`). */
export function endOrder(
  order: OpenOrder,
  info: InstrumentInfo,
  reason: number,
  timeMs: number,
): ClosedOrder {
  const closeReason = REASONS.get(reason);
  // INVARIANT: gateway and engine are of one version, so that no reason is unknown.
  if (closeReason === undefined) throw new RangeError(`order ${order.id} closed for ${reason}`);
  const state =
    reason === CLOSE_FILLED ? 'filled' : reason === CLOSE_EXPIRED ? 'expired' : 'cancelled';
  return { ...order, info, state, closeReason, replacedBy: 0, updatedMs: timeMs };
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

import type { ClosedOrder } from './closed-orders.ts';
import type { Fill } from './fills.ts';
import type { OrderStore } from './orders.ts';
import type { MarketRecorder } from './types.ts';

/** What one command did, until it is told in its final form: later events of a command may add to what earlier ones said. */
export class CommandTrail {
  #fills: Fill[] = [];
  #touched: number[] = [];
  #ended: ClosedOrder[] = [];

  addFill(fill: Fill): void {
    this.#fills.push(fill);
  }

  /** A resting order looks different. */
  touch(id: number): void {
    this.#touched.push(id);
  }

  end(order: ClosedOrder): void {
    this.#ended.push(order);
  }

  /** The taker's label is known only after its fills. */
  labelFills(label: bigint): void {
    if (label === 0n) return;
    for (const fill of this.#fills) fill.takerLabel = label;
  }

  /** The command is done. */
  finish(orders: OrderStore, recorder: MarketRecorder | null): void {
    if (recorder !== null) this.#tell(orders, recorder);
    if (this.#fills.length > 0) this.#fills = [];
    this.#touched.length = 0;
    this.#ended.length = 0;
  }

  #tell(orders: OrderStore, recorder: MarketRecorder) {
    for (const fill of this.#fills) {
      recorder.fill(fill, fill.priceTicks * fill.instrument.underlying.tickPerLot * fill.lots);
    }
    for (const id of this.#touched) {
      const order = orders.get(id);
      if (order !== null) recorder.resting(order);
    }
    for (const order of this.#ended) recorder.ended(order);
  }
}

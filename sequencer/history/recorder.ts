import type { ClosedOrder } from '../gateway/market/closed-orders.ts';
import type { Fill } from '../gateway/market/fills.ts';
import type { InstrumentInfo } from '../gateway/market/instruments.ts';
import type { OpenOrder } from '../gateway/market/orders.ts';
import type { MarketRecorder } from '../gateway/market/types.ts';
import type { EndedRow, FillRow, HistoryDelta, InstrumentRow, RestingRow } from './rows.ts';

/** Gathers rows between two deltas. Of a resting order only the last form counts. */
export class HistoryRecorder implements MarketRecorder {
  #fills: FillRow[] = [];
  #ended: EndedRow[] = [];
  #resting = new Map<number, RestingRow>();
  #instruments: InstrumentRow[] = [];

  /** Rows gathered. */
  get size(): number {
    return this.#fills.length + this.#ended.length + this.#resting.size + this.#instruments.length;
  }

  fill(fill: Fill, value: number): void {
    this.#fills.push([
      fill.seq,
      fill.timeMs,
      fill.instrument.serial,
      fill.priceTicks,
      fill.lots,
      fill.takerSide === 'sell' ? 1 : 0,
      fill.takerId,
      fill.makerId,
      fill.takerAccount,
      fill.makerAccount,
      fill.takerFee,
      fill.makerFee,
      `${fill.takerLabel}`,
      `${fill.makerLabel}`,
      fill.index,
      value,
    ]);
  }

  ended(order: ClosedOrder): void {
    this.#resting.delete(order.id);
    this.#ended.push([
      order.id,
      order.account,
      order.info.serial,
      order.side === 'sell' ? 1 : 0,
      order.priceTicks,
      order.lots,
      order.filledLots,
      order.filledValue,
      order.flags,
      `${order.label}`,
      order.expiryMs,
      order.createdMs,
      order.updatedMs,
      order.replaces,
      order.state,
      order.closeReason,
      order.replacedBy,
    ]);
  }

  resting(order: OpenOrder): void {
    const { id, filledLots, filledValue, createdMs, updatedMs, replaces } = order;
    this.#resting.set(id, [id, filledLots, filledValue, createdMs, updatedMs, replaces]);
  }

  instrument(info: InstrumentInfo): void {
    this.#instruments.push([
      info.serial,
      info.slot,
      info.underlying.index,
      info.kind === 'put' ? 1 : 0,
      info.strike,
      info.expiryMs,
      info.state,
      info.delisted ? 1 : 0,
      info.settlementPrice === null ? null : `${info.settlementPrice}`,
    ]);
  }

  /** What came since the last call; the next one starts from nothing again. */
  take(completeTo: number, timeMs: number): HistoryDelta {
    const delta = {
      completeTo,
      timeMs,
      fills: this.#fills,
      ended: this.#ended,
      resting: [...this.#resting.values()],
      instruments: this.#instruments,
    };
    this.#fills = [];
    this.#ended = [];
    this.#resting.clear();
    this.#instruments = [];
    return delta;
  }
}

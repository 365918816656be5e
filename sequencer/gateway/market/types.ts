import type { EngineEvent } from '#shared/protocol/events.ts';
import type { Outcome } from '../../matching/types.ts';
import type { ClosedOrder } from './closed-orders.ts';
import type { Fill } from './fills.ts';
import type { InstrumentInfo } from './instruments.ts';
import type { OpenOrder } from './orders.ts';

/** One durable command or inbox message with its events, decoded. */
export interface DurableCommand {
  sequence: number;
  inbox: boolean;
  bytes: Uint8Array;
  clockMs: number;
  /** What the engine answered; null for what it did not accept, as an inbox message may be. */
  outcome: Outcome | null;
  events: readonly EngineEvent[];
}

export interface MarketOptions {
  /** Fills kept for trades and account histories, of the whole exchange. */
  fillsKept: number;
  /** Ended orders kept for `get_order`. */
  closedOrdersKept: number;
  /** Liquidation events kept for `get_liquidation_events`; 10,000 unless said otherwise. */
  liquidationsKept?: number;
  /** Rows of the order store; the engine's own capacity unless a test says otherwise. */
  orderCapacity?: number;
}

/** Hears what is worth keeping beyond this process, after each command, in its final form. */
export interface MarketRecorder {
  /** @param value money, 1e-6 USDC */
  fill(fill: Fill, value: number): void;
  /** An order that ended, or whose ending is told anew. */
  ended(order: ClosedOrder): void;
  /** A resting order that was opened or changed. */
  resting(order: OpenOrder): void;
  /** An instrument that was listed, settled or delisted. */
  instrument(info: InstrumentInfo): void;
}

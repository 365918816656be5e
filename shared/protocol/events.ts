import * as K from '#shared/engine/kinds.ts';
import { LIQUIDATION_READERS, type LiquidationEvent } from './liquidation-events.ts';

/**
 * The engine's events: 128 bytes each, read from wherever the host has them. Integers of 64 bits are bigint;
 * prices are ticks, money is 1e-6 USDC, times are milliseconds, `side` is 0 for buy and 1 for sell.
 */
export const EVENT_BYTES = 128;

export interface FillEvent {
  readonly type: 'fill';
  readonly takerId: bigint;
  readonly makerId: bigint;
  readonly takerAccount: number;
  readonly makerAccount: number;
  readonly instrument: number;
  readonly takerSide: number;
  readonly price: number;
  readonly lots: number;
  readonly takerFee: bigint;
  readonly makerFee: bigint;
  readonly makerRemaining: number;
  readonly takerRemaining: number;
}
export interface OrderOpenedEvent {
  readonly type: 'orderOpened';
  readonly id: bigint;
  readonly label: bigint;
  readonly expiryMs: bigint;
  readonly account: number;
  readonly instrument: number;
  readonly side: number;
  readonly price: number;
  readonly lots: number;
  readonly flags: number;
}
export interface OrderClosedEvent {
  readonly type: 'orderClosed';
  readonly id: bigint;
  readonly account: number;
  readonly instrument: number;
  readonly side: number;
  readonly price: number;
  readonly lotsLeft: number;
  /** CLOSE_*. */
  readonly reason: number;
}
export interface OrderAmendedEvent {
  readonly type: 'orderAmended';
  readonly id: bigint;
  readonly account: number;
  readonly instrument: number;
  readonly price: number;
  readonly lots: number;
}
export interface OrdersAllCancelledEvent {
  readonly type: 'ordersAllCancelled';
  readonly account: number;
  readonly generation: number;
}
export interface CashMovedEvent {
  readonly type: 'deposited' | 'withdrawn';
  readonly account: number;
  readonly amount: bigint;
  readonly cashAfter: bigint;
}
export interface TransferredEvent {
  readonly type: 'transferred';
  readonly from: number;
  readonly to: number;
  readonly amount: bigint;
}
export interface KeyEvent {
  readonly type: 'keySet' | 'keyRevoked';
  readonly account: number;
  readonly slot: number;
  readonly epoch: number;
  readonly scope: number;
  readonly expiryMs: bigint;
  readonly address: Uint8Array;
}
export interface IndexEvent {
  readonly type: 'index';
  readonly underlying: number;
  readonly round: number;
  readonly price: bigint;
  readonly timeMs: bigint;
}
export interface VolatilityEvent {
  readonly type: 'volatility';
  readonly underlying: number;
  readonly round: number;
  readonly timeMs: bigint;
  readonly entries: number;
}
export interface MarkEvent {
  readonly type: 'mark';
  readonly instrument: number;
  /** Money per lot. */
  readonly mark: bigint;
  readonly exitMark: bigint;
}
export interface EpochEvent {
  readonly type: 'epoch';
  readonly underlying: number;
  readonly epoch: number;
  readonly index: bigint;
  readonly timeMs: bigint;
}
export interface ListingEvent {
  readonly type: 'listed' | 'delisted';
  readonly instrument: number;
  readonly underlying: number;
  readonly strike: number;
  readonly optionKind: number;
  readonly expiryMs: bigint;
  readonly serial: number;
}
export interface InstrumentSettledEvent {
  readonly type: 'instrumentSettled';
  readonly instrument: number;
  /** Money per lot. */
  readonly payoff: bigint;
  readonly settlementPrice: bigint;
}
export interface AccountSettledEvent {
  readonly type: 'accountSettled';
  readonly account: number;
  readonly instrument: number;
  readonly lots: number;
  readonly cash: bigint;
}
export interface ModeEvent {
  readonly type: 'mode';
  readonly mode: number;
}
export interface DeficitCoveredEvent {
  readonly type: 'deficitCovered';
  readonly account: number;
  readonly amount: bigint;
}
export interface MarginModeEvent {
  readonly type: 'marginMode';
  readonly account: number;
  /** 0 standard, 1 portfolio. */
  readonly mode: number;
}
/** A round that did not move the index: a jump that waits for the next one to confirm it, or one on which no majority of the committee agrees. */
export interface IndexHeldEvent {
  readonly type: 'indexHeld';
  readonly underlying: number;
  readonly round: number;
  readonly price: bigint;
  readonly timeMs: bigint;
}
/** What an underlying's orders may do, why (`REASON_*` bits), and what new risk is multiplied by (1e-4). */
export interface GuardEvent {
  readonly type: 'guard';
  readonly underlying: number;
  readonly mode: number;
  readonly reasons: number;
  readonly multiplier: number;
  /** 1e-4, with its freshness. */
  readonly confidence: number;
  readonly gateRounds: number;
  readonly postOnlyRounds: number;
}
export interface RiskRequestedEvent {
  readonly type: 'riskRequested';
  readonly underlying: number;
  readonly multiplier: number;
  readonly sequence: number;
  readonly reason: number;
  readonly untilMs: bigint;
}
/** A day's settlement price is fixed; `source` is one of `SETTLED_BY_*`. */
export interface SettlementPriceEvent {
  readonly type: 'settlementPrice';
  readonly underlying: number;
  readonly expiryDay: number;
  readonly price: bigint;
  readonly source: number;
}
export type EngineEvent =
  | MarginModeEvent
  | LiquidationEvent
  | FillEvent
  | OrderOpenedEvent
  | OrderClosedEvent
  | OrderAmendedEvent
  | OrdersAllCancelledEvent
  | CashMovedEvent
  | TransferredEvent
  | KeyEvent
  | IndexEvent
  | VolatilityEvent
  | MarkEvent
  | EpochEvent
  | ListingEvent
  | InstrumentSettledEvent
  | AccountSettledEvent
  | ModeEvent
  | DeficitCoveredEvent
  | IndexHeldEvent
  | GuardEvent
  | RiskRequestedEvent
  | SettlementPriceEvent;

type Read = (view: DataView, at: number) => EngineEvent;
const u32 = (view: DataView, at: number): number => view.getUint32(at, true);
const u64 = (view: DataView, at: number): bigint => view.getBigUint64(at, true);
const i64 = (view: DataView, at: number): bigint => view.getBigInt64(at, true);

const readFill: Read = (view, at) => ({
  type: 'fill',
  takerId: u64(view, at),
  makerId: u64(view, at + 8),
  takerAccount: u32(view, at + 16),
  makerAccount: u32(view, at + 20),
  instrument: u32(view, at + 24),
  takerSide: u32(view, at + 28),
  price: u32(view, at + 32),
  lots: u32(view, at + 36),
  takerFee: i64(view, at + 40),
  makerFee: i64(view, at + 48),
  makerRemaining: u32(view, at + 56),
  takerRemaining: u32(view, at + 60),
});

const readOpened: Read = (view, at) => ({
  type: 'orderOpened',
  id: u64(view, at),
  label: u64(view, at + 8),
  expiryMs: u64(view, at + 16),
  account: u32(view, at + 24),
  instrument: u32(view, at + 28),
  side: u32(view, at + 32),
  price: u32(view, at + 36),
  lots: u32(view, at + 40),
  flags: u32(view, at + 44),
});

const readClosed: Read = (view, at) => ({
  type: 'orderClosed',
  id: u64(view, at),
  account: u32(view, at + 8),
  instrument: u32(view, at + 12),
  side: u32(view, at + 16),
  price: u32(view, at + 20),
  lotsLeft: u32(view, at + 24),
  reason: u32(view, at + 28),
});

const readAmended: Read = (view, at) => ({
  type: 'orderAmended',
  id: u64(view, at),
  account: u32(view, at + 8),
  instrument: u32(view, at + 12),
  price: u32(view, at + 16),
  lots: u32(view, at + 20),
});

function cashMoved(type: CashMovedEvent['type']): Read {
  return (view, at) => ({
    type,
    account: u32(view, at),
    amount: i64(view, at + 8),
    cashAfter: i64(view, at + 16),
  });
}

function key(type: KeyEvent['type']): Read {
  return (view, at) => ({
    type,
    account: u32(view, at),
    slot: u32(view, at + 4),
    epoch: u32(view, at + 8),
    scope: u32(view, at + 12),
    expiryMs: u64(view, at + 16),
    address: new Uint8Array(view.buffer, view.byteOffset + at + 24, 20).slice(),
  });
}

function listing(type: ListingEvent['type']): Read {
  return (view, at) => ({
    type,
    instrument: u32(view, at),
    underlying: u32(view, at + 4),
    strike: u32(view, at + 8),
    optionKind: u32(view, at + 12),
    expiryMs: u64(view, at + 16),
    serial: u32(view, at + 24),
  });
}

const readSettled: Read = (view, at) => ({
  type: 'accountSettled',
  account: u32(view, at),
  instrument: u32(view, at + 4),
  lots: view.getInt32(at + 8, true),
  cash: i64(view, at + 16),
});

const READERS = new Map<number, Read>([
  [K.EVT_FILL, readFill],
  [K.EVT_ORDER_OPENED, readOpened],
  [K.EVT_ORDER_CLOSED, readClosed],
  [K.EVT_ORDER_AMENDED, readAmended],
  [
    K.EVT_ORDERS_ALL_CANCELLED,
    (v, at) => ({ type: 'ordersAllCancelled', account: u32(v, at), generation: u32(v, at + 4) }),
  ],
  [K.EVT_DEPOSITED, cashMoved('deposited')],
  [K.EVT_WITHDRAWN, cashMoved('withdrawn')],
  [
    K.EVT_TRANSFERRED,
    (v, at) => ({
      type: 'transferred',
      from: u32(v, at),
      to: u32(v, at + 4),
      amount: i64(v, at + 8),
    }),
  ],
  [K.EVT_KEY_SET, key('keySet')],
  [K.EVT_KEY_REVOKED, key('keyRevoked')],
  [
    K.EVT_INDEX,
    (v, at) => ({
      type: 'index',
      underlying: u32(v, at),
      round: u32(v, at + 4),
      price: u64(v, at + 8),
      timeMs: u64(v, at + 16),
    }),
  ],
  [
    K.EVT_VOLATILITY,
    (v, at) => ({
      type: 'volatility',
      underlying: u32(v, at),
      round: u32(v, at + 4),
      timeMs: u64(v, at + 8),
      entries: u32(v, at + 16),
    }),
  ],
  [
    K.EVT_MARK,
    (v, at) => ({
      type: 'mark',
      instrument: u32(v, at),
      mark: i64(v, at + 8),
      exitMark: i64(v, at + 16),
    }),
  ],
  [
    K.EVT_EPOCH,
    (v, at) => ({
      type: 'epoch',
      underlying: u32(v, at),
      epoch: u32(v, at + 4),
      index: u64(v, at + 8),
      timeMs: u64(v, at + 16),
    }),
  ],
  [K.EVT_LISTED, listing('listed')],
  [K.EVT_DELISTED, listing('delisted')],
  [
    K.EVT_INSTRUMENT_SETTLED,
    (v, at) => ({
      type: 'instrumentSettled',
      instrument: u32(v, at),
      payoff: i64(v, at + 8),
      settlementPrice: u64(v, at + 16),
    }),
  ],
  [K.EVT_ACCOUNT_SETTLED, readSettled],
  [K.EVT_MODE, (v, at) => ({ type: 'mode', mode: u32(v, at) })],
  [
    K.EVT_DEFICIT_COVERED,
    (v, at) => ({ type: 'deficitCovered', account: u32(v, at), amount: i64(v, at + 8) }),
  ],
  [
    K.EVT_MARGIN_MODE,
    (v, at) => ({ type: 'marginMode', account: u32(v, at), mode: u32(v, at + 4) }),
  ],
  ...LIQUIDATION_READERS,
  [
    K.EVT_INDEX_HELD,
    (v, at) => ({
      type: 'indexHeld',
      underlying: u32(v, at),
      round: u32(v, at + 4),
      price: u64(v, at + 8),
      timeMs: u64(v, at + 16),
    }),
  ],
  [
    K.EVT_GUARD,
    (v, at) => ({
      type: 'guard',
      underlying: u32(v, at),
      mode: u32(v, at + 4),
      reasons: u32(v, at + 8),
      multiplier: u32(v, at + 12),
      confidence: u32(v, at + 16),
      gateRounds: u32(v, at + 20),
      postOnlyRounds: u32(v, at + 24),
    }),
  ],
  [
    K.EVT_RISK_REQUESTED,
    (v, at) => ({
      type: 'riskRequested',
      underlying: u32(v, at),
      multiplier: u32(v, at + 4),
      sequence: u32(v, at + 8),
      reason: u32(v, at + 12),
      untilMs: u64(v, at + 16),
    }),
  ],
  [
    K.EVT_SETTLEMENT_PRICE,
    (v, at) => ({
      type: 'settlementPrice',
      underlying: u32(v, at),
      expiryDay: u32(v, at + 4),
      price: u64(v, at + 8),
      source: u32(v, at + 16),
    }),
  ],
]);

/** The kinds that `decodeEvent` knows. */
export const EVENT_KINDS: readonly number[] = [...READERS.keys()];

/**
 * The event of `kind` whose 128 bytes start at `at`. Throws `RangeError` on a kind that no engine emits,
 * which would mean that engine and host are of different versions.
 */
export function decodeEvent(kind: number, view: DataView, at = 0): EngineEvent {
  const read = READERS.get(kind);
  if (!read) throw new RangeError(`Event kind ${kind} is unknown: engine and host do not match.`);
  return read(view, at);
}

import * as K from '#shared/engine/kinds.ts';

/** What a liquidation tells: the stream that the gateway publishes, and how it is read. Offsets: README.md. */
export interface LiquidationStartedEvent {
  readonly type: 'liquidationStarted';
  readonly account: number;
  /** The witness. */
  readonly scenario: number;
  readonly equity: bigint;
  /** As far as the witness proves it. */
  readonly maintenance: bigint;
}
/** `STAGE_*` of shared/engine/kinds.ts. */
export interface LiquidationStageEvent {
  readonly type: 'liquidationStage';
  readonly account: number;
  readonly stage: number;
  readonly equity: bigint;
}
export interface LiquidationSliceEvent {
  readonly type: 'liquidationSlice';
  readonly account: number;
  readonly instrument: number;
  /** Change of the position. */
  readonly lots: number;
  readonly value: bigint;
  /** To the insurance fund. */
  readonly fee: bigint;
}
export interface AuctionSoldEvent {
  readonly type: 'auctionSold';
  readonly account: number;
  readonly bidder: number;
  /** 1e-6 of the account. */
  readonly share: number;
  /** 1e-4 of the share's equity. */
  readonly price: number;
  /** To the bidder. */
  readonly discount: bigint;
  /** To the insurance fund. */
  readonly fee: bigint;
}
/** A position that changed hands at its mark: to a bidder, or to the insurance fund. */
export interface PositionTakenEvent {
  readonly type: 'positionTaken';
  readonly account: number;
  readonly toAccount: number;
  readonly instrument: number;
  /** What the taker gets. */
  readonly lots: number;
  /** Money per lot. */
  readonly mark: bigint;
}
export interface DeleveragedEvent {
  readonly type: 'deleveraged';
  readonly account: number;
  /** Of the other side. */
  readonly holder: number;
  readonly instrument: number;
  /** Change of the account's position; the holder's is the opposite. */
  readonly lots: number;
  /** Money per lot. */
  readonly mark: bigint;
  /** What the holder gave up besides. */
  readonly haircut: bigint;
}
export interface LiquidationEndedEvent {
  readonly type: 'liquidationEnded';
  readonly account: number;
  /** 0 initial margin holds again, 1 nothing is held any more. */
  readonly why: number;
  readonly cash: bigint;
  /** Cash that the insurance fund took, or paid where it is negative. */
  readonly toFund: bigint;
}
export type LiquidationEvent =
  | LiquidationStartedEvent
  | LiquidationStageEvent
  | LiquidationSliceEvent
  | AuctionSoldEvent
  | PositionTakenEvent
  | DeleveragedEvent
  | LiquidationEndedEvent;

type Read = (view: DataView, at: number) => LiquidationEvent;

const u32 = (view: DataView, at: number) => view.getUint32(at, true);
const i32 = (view: DataView, at: number) => view.getInt32(at, true);
const i64 = (view: DataView, at: number) => view.getBigInt64(at, true);

/** By event kind. */
export const LIQUIDATION_READERS: readonly (readonly [number, Read])[] = [
  [
    K.EVT_LIQUIDATION_STARTED,
    (v, at) => ({
      type: 'liquidationStarted',
      account: u32(v, at),
      scenario: u32(v, at + 4),
      equity: i64(v, at + 8),
      maintenance: i64(v, at + 16),
    }),
  ],
  [
    K.EVT_LIQUIDATION_STAGE,
    (v, at) => ({
      type: 'liquidationStage',
      account: u32(v, at),
      stage: u32(v, at + 4),
      equity: i64(v, at + 8),
    }),
  ],
  [
    K.EVT_LIQUIDATION_SLICE,
    (v, at) => ({
      type: 'liquidationSlice',
      account: u32(v, at),
      instrument: u32(v, at + 4),
      lots: i32(v, at + 8),
      value: i64(v, at + 16),
      fee: i64(v, at + 24),
    }),
  ],
  [
    K.EVT_AUCTION_SOLD,
    (v, at) => ({
      type: 'auctionSold',
      account: u32(v, at),
      bidder: u32(v, at + 4),
      share: u32(v, at + 8),
      price: u32(v, at + 12),
      discount: i64(v, at + 16),
      fee: i64(v, at + 24),
    }),
  ],
  [
    K.EVT_POSITION_TAKEN,
    (v, at) => ({
      type: 'positionTaken',
      account: u32(v, at),
      toAccount: u32(v, at + 4),
      instrument: u32(v, at + 8),
      lots: i32(v, at + 12),
      mark: i64(v, at + 16),
    }),
  ],
  [
    K.EVT_DELEVERAGED,
    (v, at) => ({
      type: 'deleveraged',
      account: u32(v, at),
      holder: u32(v, at + 4),
      instrument: u32(v, at + 8),
      lots: i32(v, at + 12),
      mark: i64(v, at + 16),
      haircut: i64(v, at + 24),
    }),
  ],
  [
    K.EVT_LIQUIDATION_ENDED,
    (v, at) => ({
      type: 'liquidationEnded',
      account: u32(v, at),
      why: u32(v, at + 4),
      cash: i64(v, at + 8),
      toFund: i64(v, at + 16),
    }),
  ],
];

import type { Smile } from '#shared/protocol/command-types.ts';
import type { OptionKind } from '../market/black76.ts';

/** Engine records as plain objects. Money in 1e-6 USDC, times in ms, quantities in lots, prices in ticks. */
export interface GlobalsRecord {
  clockMs: number;
  indexTimeMs: number;
  volatilityTimeMs: number;
  inboxCount: number;
  accounts: number;
  initialized: boolean;
  flags: number;
  maxOpenOrders: number;
  /** 1e-6 of the notional. */
  makerFee: number;
  takerFee: number;
  underlyings: number;
  domainSeparator: `0x${string}`;
  orderTop: number;
  instrumentTop: number;
  marginEpoch: number;
  lateRounds: number;
  liveOrders: number;
}

export interface UnderlyingRecord {
  index: number;
  name: string;
  lotsPerContract: number;
  /** Money per contract and tick. */
  tick: bigint;
  /** Whole USDC. */
  strikeStep: number;
  strikeBandBps: number;
  priceBandBps: number;
  buffer: number;
  indexPrice: bigint;
  indexTimeMs: number;
  indexRound: number;
  volatilityRound: number;
  volatilityTimeMs: number;
  epoch: number;
  epochIndex: bigint;
  epochTimeMs: number;
}

export interface InstrumentRecord {
  slot: number;
  settled: boolean;
  underlying: number;
  kind: OptionKind;
  name: string;
  /** Whole USDC. */
  strike: number;
  expiryMs: number;
  serial: number;
  openInterestLots: number;
  markPerLot: bigint | null;
  exitMarkPerLot: bigint;
  /** Isolated initial margin of one short lot. */
  initialPerLot: bigint;
}

export interface SurfaceRecord extends Smile {
  expiryDay: number;
  forward: bigint;
  timeMs: number;
}

export interface KeyRecord {
  slot: number;
  address: `0x${string}`;
  epoch: number;
  /** 0 for the owner. */
  expiryMs: number;
  scope: number;
  nonceFloor: bigint;
  /** Bit i: nonce floor + i is used. */
  nonceBits: bigint;
}

export interface PositionRecord {
  instrument: number;
  /** Negative is short. */
  lots: number;
  openBuyLots: number;
  openSellLots: number;
}

/** Where an account's liquidation stands (records/liquidation.ts of the engine). Times are the engine's clock. */
export interface LiquidationRecord {
  /** `STAGE_*`. */
  stage: number;
  /** The witness that it began with. */
  scenario: number;
  /** No slice on the book before. */
  nextMs: number;
  /** How long the auction had run at its last tick. */
  elapsedMs: number;
  tickMs: number;
}

export interface AccountRecord {
  id: number;
  subaccount: number;
  owner: `0x${string}`;
  openOrders: number;
  cash: bigint;
  premiumReserve: bigint;
  shortMargin: bigint;
  marginEpoch: number;
  /** 0 standard, 1 portfolio. */
  marginMode: number;
  generation: number;
  withdrawn: bigint;
  deposited: bigint;
  liquidation: LiquidationRecord;
  keys: KeyRecord[];
  positions: PositionRecord[];
}

export interface OrderRecord {
  id: number;
  label: bigint;
  account: number;
  generation: number;
  priceTicks: number;
  lots: number;
  expiryMs: number;
  instrument: number;
  flags: number;
}

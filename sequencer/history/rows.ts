/**
 * Rows as they go to the thread that writes them, columns in the order of the tables. Labels are digits in text (64 bits), all
 * other numbers are safe integers; money in 1e-6 USDC, times in ms.
 */
export type FillRow = readonly [
  seq: number,
  timeMs: number,
  serial: number,
  priceTicks: number,
  lots: number,
  takerSells: number,
  takerId: number,
  makerId: number,
  takerAccount: number,
  makerAccount: number,
  takerFee: number,
  makerFee: number,
  takerLabel: string,
  makerLabel: string,
  indexPrice: number,
  value: number,
];

export type EndedRow = readonly [
  id: number,
  account: number,
  serial: number,
  sells: number,
  priceTicks: number,
  lots: number,
  filledLots: number,
  filledValue: number,
  flags: number,
  label: string,
  expiryMs: number,
  createdMs: number,
  updatedMs: number,
  replaces: number,
  state: string,
  closeReason: string,
  replacedBy: number,
];

/** What the engine's memory does not know of a resting order. */
export type RestingRow = readonly [
  id: number,
  filledLots: number,
  filledValue: number,
  createdMs: number,
  updatedMs: number,
  replaces: number,
];

export type InstrumentRow = readonly [
  serial: number,
  slot: number,
  underlying: number,
  puts: number,
  strike: number,
  expiryMs: number,
  state: string,
  delisted: number,
  settlementPrice: string | null,
];

/** What a slot's instrument traded in an hour (hours since 1970). */
export type VolumeRow = readonly [serial: number, hour: number, lots: number, value: number];

/** What the commands up to `completeTo` added to what is there. */
export interface HistoryDelta {
  readonly completeTo: number;
  readonly timeMs: number;
  readonly fills: readonly FillRow[];
  readonly ended: readonly EndedRow[];
  readonly resting: readonly RestingRow[];
  readonly instruments: readonly InstrumentRow[];
}

/** All that is kept, each in the order in which it came. */
export interface HistoryRows {
  readonly fills: readonly FillRow[];
  readonly ended: readonly EndedRow[];
  readonly resting: readonly RestingRow[];
  readonly instruments: readonly InstrumentRow[];
  readonly volumes: readonly VolumeRow[];
}

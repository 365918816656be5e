import type { ClosedOrder } from '../gateway/market/closed-orders.ts';
import type { InstrumentInfo } from '../gateway/market/instruments.ts';
import type { MarketData } from '../gateway/market/market-data.ts';
import type { EndedRow, FillRow, HistoryRows, InstrumentRow } from './rows.ts';

const HOUR_MS = 3_600_000;

/** Gives read models that were built from the engine's memory what only the history knows. Both are after the same command. */
export function recall(market: MarketData, rows: HistoryRows): void {
  const instruments = recallInstruments(market, rows.instruments);
  const bySerial = (serial: number): InstrumentInfo => {
    const info = instruments.get(serial);
    // INVARIANT: an instrument's row is written before what names it, and pruned after.
    if (info === undefined) throw new RangeError(`the history has no instrument ${serial}`);
    return info;
  };
  for (const row of rows.fills) market.fills.add(fillOf(row, bySerial(row[2])));
  for (const row of rows.ended) market.closed.add(endedOf(row, bySerial(row[2])));
  for (const row of rows.resting) {
    const [id, filledLots, filledValue, createdMs, updatedMs, replaces] = row;
    market.orders.recall(id, { filledLots, filledValue, createdMs, updatedMs, replaces });
  }
  for (const [serial, hour, lots, value] of rows.volumes) {
    const info = instruments.get(serial);
    if (info === undefined || info.delisted) continue;
    market.volume.add(info.slot, lots, value, hour * HOUR_MS);
  }
}

function recallInstruments(market: MarketData, rows: readonly InstrumentRow[]) {
  const found = new Map<number, InstrumentInfo>();
  for (const info of market.instruments.all()) found.set(info.serial, info);
  for (const row of rows) {
    const [serial, slot, underlying, puts, strike, expiryMs, state, delisted, settled] = row;
    const settlementPrice = settled === null ? null : BigInt(settled);
    const known = found.get(serial);
    if (known !== undefined) {
      known.settlementPrice ??= settlementPrice;
      continue;
    }
    const kind = puts === 1 ? 'put' : 'call';
    const terms = { serial, slot, underlying, kind, strike, expiryMs } as const;
    const info = market.instruments.describe(terms);
    info.state = state as InstrumentInfo['state'];
    info.delisted = delisted === 1;
    info.settlementPrice = settlementPrice;
    if (info.delisted) market.instruments.remember(info);
    found.set(serial, info);
  }
  return found;
}

function fillOf(row: FillRow, instrument: InstrumentInfo) {
  return {
    seq: row[0],
    timeMs: row[1],
    instrument,
    priceTicks: row[3],
    lots: row[4],
    takerSide: sideOf(row[5]),
    takerId: row[6],
    makerId: row[7],
    takerAccount: row[8],
    makerAccount: row[9],
    takerFee: row[10],
    makerFee: row[11],
    takerLabel: BigInt(row[12]),
    makerLabel: BigInt(row[13]),
    index: row[14],
  };
}

function endedOf(row: EndedRow, info: InstrumentInfo): ClosedOrder {
  return {
    id: row[0],
    account: row[1],
    instrument: info.slot,
    info,
    side: sideOf(row[3]),
    priceTicks: row[4],
    lots: row[5],
    filledLots: row[6],
    filledValue: row[7],
    flags: row[8],
    label: BigInt(row[9]),
    expiryMs: row[10],
    createdMs: row[11],
    updatedMs: row[12],
    replaces: row[13],
    state: row[14] as ClosedOrder['state'],
    closeReason: row[15],
    replacedBy: row[16],
  };
}

const sideOf = (sells: number) => (sells === 1 ? ('sell' as const) : ('buy' as const));

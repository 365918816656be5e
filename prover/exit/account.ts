import * as L from '#shared/engine/layout.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { offsetOf, RECORDS } from '#shared/state/fields.ts';

/** A quantity of one instrument, valued as an exit values it. */
export interface HeldPosition {
  readonly instrument: number;
  /** `BTC_USDC-27NOV26-90000-C`. */
  readonly name: string;
  /** Negative: short. */
  readonly lots: number;
  readonly lotsPerContract: number;
  /** Money per contract and tick of the price ladder. */
  readonly tick: bigint;
  /** Money per lot. */
  readonly exitMark: bigint;
  /** lots x exit mark. */
  readonly value: bigint;
}

/** An account as the state has it. Money is 1e-6 USDC. */
export interface AccountState {
  readonly id: number;
  readonly owner: `0x${string}`;
  readonly subaccount: number;
  readonly cash: bigint;
  /** Lifetime totals. */
  readonly deposited: bigint;
  readonly withdrawn: bigint;
  readonly openOrders: number;
  readonly positions: readonly HeldPosition[];
  /** Cash and positions at the exit marks. */
  readonly equity: bigint;
}

const INSTRUMENT = {
  underlying: offsetOf(RECORDS.Instrument, 'underlying'),
  nameLength: offsetOf(RECORDS.Instrument, 'nameLength'),
  name: offsetOf(RECORDS.Instrument, 'name0'),
};
const UNDERLYING = {
  lotsPerContract: offsetOf(RECORDS.Underlying, 'lotsPerContract'),
  tick: offsetOf(RECORDS.Underlying, 'tick'),
  name: offsetOf(RECORDS.Underlying, 'name'),
};

/** How many accounts the state has: numbers 0 to this less one. */
export function countAccounts(view: DataView): number {
  return view.getUint32(L.FACT_ACCOUNTS, true);
}

/** Reads account `id`; null if the state has none of that number. */
export function readAccount(view: DataView, id: number): AccountState | null {
  if (!(Number.isInteger(id) && id >= 0 && id < countAccounts(view))) return null;
  const at = L.ACCOUNTS + id * L.ACCOUNT_SIZE;
  const cash = view.getBigInt64(at + L.ACCOUNT_CASH, true);
  const positions = readPositions(view, at);
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, L.ACCOUNT_SIZE);
  return {
    id,
    owner: bytesToHex(bytes.subarray(L.ACCOUNT_OWNER, L.ACCOUNT_OWNER + 20)),
    subaccount: view.getUint8(at + L.ACCOUNT_SUBACCOUNT),
    cash,
    deposited: view.getBigUint64(at + L.ACCOUNT_DEPOSITED, true),
    withdrawn: view.getBigUint64(at + L.ACCOUNT_WITHDRAWN, true),
    openOrders: view.getUint32(at + L.ACCOUNT_OPEN_ORDERS, true),
    positions,
    equity: positions.reduce((sum, { value }) => sum + value, cash),
  };
}

/** Every account, the fund (0) first. */
export function* allAccounts(view: DataView): Generator<AccountState> {
  for (let id = 0; id < countAccounts(view); id++) {
    const account = readAccount(view, id);
    if (account !== null) yield account;
  }
}

/** An instrument that is listed or held, by its name; null if there is none. */
export function findInstrument(view: DataView, name: string): number | null {
  for (let slot = 0; slot < L.MAX_INSTRUMENTS; slot++) {
    // A slot that was freed keeps its last name.
    const isFree = view.getUint8(L.INSTRUMENTS + slot * L.INSTRUMENT_SIZE) === 0;
    if (!isFree && instrumentName(view, slot) === name) return slot;
  }
  return null;
}

/** The number of an underlying, such as BTC; null if there is none of that name. */
export function findUnderlying(view: DataView, name: string): number | null {
  for (let index = 0; index < L.MAX_UNDERLYINGS; index++) {
    const at = view.byteOffset + L.UNDERLYINGS + index * L.UNDERLYING_SIZE + UNDERLYING.name;
    const text = new TextDecoder().decode(new Uint8Array(view.buffer, at, 8));
    if (name !== '' && text.replace(/\0+$/, '') === name) return index;
  }
  return null;
}

function readPositions(view: DataView, at: number): HeldPosition[] {
  const positions: HeldPosition[] = [];
  const occupied = view.getBigUint64(at + L.ACCOUNT_OCCUPIED, true);
  for (let entry = 0; entry < L.MAX_POSITIONS; entry++) {
    if (((occupied >> BigInt(entry)) & 1n) === 0n) continue;
    const from = at + L.ACCOUNT_POSITIONS + entry * L.POSITION_SIZE;
    const lots = view.getInt32(from + L.POSITION_LOTS, true);
    if (lots === 0) continue;
    positions.push(valued(view, view.getUint16(from + L.POSITION_INSTRUMENT, true), lots));
  }
  return positions;
}

function valued(view: DataView, instrument: number, lots: number): HeldPosition {
  const at = L.INSTRUMENTS + instrument * L.INSTRUMENT_SIZE;
  const underlying = L.UNDERLYINGS + view.getUint8(at + INSTRUMENT.underlying) * L.UNDERLYING_SIZE;
  const exitMark = view.getBigInt64(L.EXIT_MARKS + 8 * instrument, true);
  return {
    instrument,
    name: instrumentName(view, instrument),
    lots,
    lotsPerContract: view.getUint32(underlying + UNDERLYING.lotsPerContract, true),
    tick: view.getBigUint64(underlying + UNDERLYING.tick, true),
    exitMark,
    value: BigInt(lots) * exitMark,
  };
}

function instrumentName(view: DataView, slot: number): string {
  const at = L.INSTRUMENTS + slot * L.INSTRUMENT_SIZE;
  const length = view.getUint8(at + INSTRUMENT.nameLength);
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at + INSTRUMENT.name, length);
  return new TextDecoder().decode(bytes);
}

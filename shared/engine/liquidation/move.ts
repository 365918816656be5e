import { OK, POSITION_TOO_LARGE, TOO_MANY_POSITIONS } from "../codes";
import { put32, put64, send } from "../events";
import { EVT_POSITION_TAKEN } from "../kinds";
import { ENTRY_OF, MAX_INSTRUMENTS, MAX_LOTS, MAX_POSITIONS } from "../layout";
import { changePosition } from "../ledger";
import { initialPerLot } from "../margin";
import { isPortfolio, makeStale } from "../portfolio/cache";
import { Account } from "../records/account";
import { Instrument } from "../records/instrument";
import { collectPositions, Position, positionAt } from "../records/position";
import { Underlying } from "../records/underlying";
import { charge, WORK_COLLECT, WORK_MOVE } from "../work";

// Positions that change hands at their marks: neither account's equity changes, whatever the signs. The taker's table is not searched
// for each of them, since whoever chose its instruments chose that they collide: a map from instrument to entry is laid once, new
// entries go wherever there is room, and the table is laid anew at the end.

/** What taking so many of an account's positions costs, the margin of either account aside. */
export function takingWork(from: Account, to: Account, count: u32): u32 {
  const after = <u32>popcnt(to.occupied) + count;
  const entries = <u32>popcnt(from.occupied) + (after < MAX_POSITIONS ? after : MAX_POSITIONS);
  return WORK_MOVE * count + WORK_COLLECT * entries;
}

/** Lays the map of an account's table. */
export function mapEntries(account: Account): void {
  for (let at: usize = 0; at < <usize>MAX_INSTRUMENTS; at += 8) store<u64>(ENTRY_OF + at, 0);
  let left = account.occupied;
  while (left != 0) {
    const index = <u32>ctz(left);
    left &= left - 1;
    store<u8>(ENTRY_OF + <usize>positionAt(account, index).instrument, <u8>(index + 1));
  }
}

/** The mapped account's entry of an instrument, made where there is none; null where there is no room. Not where a search would look. */
export function entryFor(account: Account, instrument: u32): Position | null {
  const known = <u32>load<u8>(ENTRY_OF + <usize>instrument);
  if (known != 0) return positionAt(account, known - 1);
  const free = ~account.occupied;
  if (free == 0) return null;
  const index = <u32>ctz(free);
  account.occupied |= (<u64>1) << (<u64>index);
  const position = positionAt(account, index);
  position.instrument = <u16>instrument;
  position.pad = 0;
  position.lots = 0;
  position.openBuy = 0;
  position.openSell = 0;
  store<u8>(ENTRY_OF + <usize>instrument, <u8>(index + 1));
  return position;
}

export function copyWords(to: usize, from: usize, size: usize): void {
  for (let at: usize = 0; at < size; at += 8) store<u64>(to + at, load<u64>(from + at));
}

/** Adds lots at their mark to a mapped copy of an account, as far as its lots and cash go. What would not hold: a result code. */
export function addTo(copy: Account, instrument: u32, lots: i32): i32 {
  const entry = entryFor(copy, instrument);
  if (entry === null) return TOO_MANY_POSITIONS;
  const taken = changetype<Position>(entry);
  const now = <i64>taken.lots + <i64>lots;
  if (now + <i64>taken.openBuy > <i64>MAX_LOTS || <i64>taken.openSell - now > <i64>MAX_LOTS) return POSITION_TOO_LARGE;
  const record = Instrument.at(instrument);
  copy.cash -= <i64>lots * record.mark(Underlying.at(record.underlying).buffer);
  taken.lots = <i32>now;
  return OK;
}

/** Before positions are handed over: what is cached of the account's margin is counted anew when it is next looked at. */
function forget(account: Account): void {
  if (isPortfolio(account)) makeStale(account);
  else account.marginEpoch = 0;
}

export function beginMoves(from: Account, to: Account): void {
  forget(from);
  forget(to);
  mapEntries(to);
}

/** Hands over lots of a position (their sign is its own). INVARIANT: between `beginMoves` and `endMoves`; the taker has room. */
export function handOver(from: Account, position: Position, to: Account, lots: i32): void {
  const taken = entryFor(to, position.instrument);
  if (taken === null) unreachable();
  const instrument = Instrument.at(position.instrument);
  const mark = instrument.mark(Underlying.at(instrument.underlying).buffer);
  const initial = initialPerLot(instrument);
  const value = <i64>lots * mark;
  changePosition(to, changetype<Position>(taken), instrument, lots, -value, initial);
  changePosition(from, position, instrument, -lots, value, initial);
  put32(0, from.id);
  put32(4, to.id);
  put32(8, position.instrument);
  put32(12, <u32>lots);
  put64(16, <u64>mark);
  send(EVT_POSITION_TAKEN);
}

/** Lays both tables anew; entries that emptied are gone. */
export function endMoves(from: Account, to: Account): void {
  charge(WORK_COLLECT * <u32>(popcnt(from.occupied) + popcnt(to.occupied)));
  collectPositions(from);
  collectPositions(to);
}

if (MAX_POSITIONS > 255 || MAX_INSTRUMENTS % 8 != 0) ERROR("the map is of bytes");

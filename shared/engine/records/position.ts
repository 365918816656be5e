import {
  ACCOUNT_POSITIONS,
  MAX_POSITIONS,
  POSITION_INSTRUMENT,
  POSITION_LOTS,
  POSITION_OPEN_BUY,
  POSITION_OPEN_SELL,
  POSITION_SIZE,
  WORK_AREA,
} from "../layout";
import { Account } from "./account";

/** An instrument an account holds or has live orders in, 16 bytes. */
@unmanaged
export class Position {
  instrument: u16;
  pad: u16;
  lots: i32;
  openBuy: u32;
  openSell: u32;

  @inline
  get empty(): bool {
    return this.lots == 0 && (this.openBuy | this.openSell) == 0;
  }
}

if (offsetof<Position>("instrument") != POSITION_INSTRUMENT) ERROR("layout");
if (offsetof<Position>("lots") != POSITION_LOTS) ERROR("layout");
if (offsetof<Position>("openBuy") != POSITION_OPEN_BUY) ERROR("layout");
if (offsetof<Position>("openSell") != POSITION_OPEN_SELL) ERROR("layout");
if (MAX_POSITIONS != 64) ERROR("the occupied bitmap is one u64");

// The 64 entries are a hash table with linear probing; `occupied` says which are in use. Probing is
// bounded by 64, whatever an attacker chooses.

/** Where an instrument's probing starts (Fibonacci hashing, Knuth 6.4). */
@inline
function home(instrument: u32): u32 {
  return (instrument * 0x9e3779b9) >>> 26;
}

@inline
export function positionAt(account: Account, index: u32): Position {
  return changetype<Position>(
    changetype<usize>(account) + ACCOUNT_POSITIONS + <usize>index * POSITION_SIZE,
  );
}

/** The entry of an instrument, or null. */
export function findPosition(account: Account, instrument: u32): Position | null {
  const occupied = account.occupied;
  let index = home(instrument);
  for (let probes: u32 = 0; probes < MAX_POSITIONS; probes++) {
    if (((occupied >> (<u64>index)) & 1) == 0) return null;
    const position = positionAt(account, index);
    if (position.instrument == instrument) return position;
    index = (index + 1) & 63;
  }
  return null;
}

/** The entry of an instrument, made if there is none. INVARIANT: the caller has checked that there is room. */
export function openPosition(account: Account, instrument: u32): Position {
  let index = home(instrument);
  for (let probes: u32 = 0; probes < MAX_POSITIONS; probes++) {
    if (((account.occupied >> (<u64>index)) & 1) == 0) {
      account.occupied |= (<u64>1) << (<u64>index);
      const fresh = positionAt(account, index);
      fresh.instrument = <u16>instrument;
      fresh.pad = 0;
      fresh.lots = 0;
      fresh.openBuy = 0;
      fresh.openSell = 0;
      return fresh;
    }
    const position = positionAt(account, index);
    if (position.instrument == instrument) return position;
    index = (index + 1) & 63;
  }
  return unreachable();
}

/** Frees an entry that is empty, moving later ones of its run back (Knuth 6.4, algorithm R). */
export function collectPosition(account: Account, position: Position): void {
  if (!position.empty) return;
  let hole = <u32>(
    ((changetype<usize>(position) - changetype<usize>(account) - ACCOUNT_POSITIONS) / POSITION_SIZE)
  );
  let index = hole;
  for (let probes: u32 = 0; probes < MAX_POSITIONS; probes++) {
    index = (index + 1) & 63;
    if (((account.occupied >> (<u64>index)) & 1) == 0) break;
    const candidate = positionAt(account, index);
    // It may move into the hole unless its home lies cyclically in (hole, index].
    const distance = (index - home(candidate.instrument)) & 63;
    if (distance < ((index - hole) & 63)) continue;
    copy(positionAt(account, hole), candidate);
    hole = index;
  }
  account.occupied &= ~((<u64>1) << (<u64>hole));
  clear(positionAt(account, hole));
}

/** Frees every empty entry by laying the table anew, through the work area (1 KiB). */
export function collectPositions(account: Account): void {
  const aside = WORK_AREA + 1024;
  let kept: u32 = 0;
  for (let index: u32 = 0; index < MAX_POSITIONS; index++) {
    if (((account.occupied >> (<u64>index)) & 1) == 0) continue;
    const position = positionAt(account, index);
    if (!position.empty) {
      copy(changetype<Position>(aside + <usize>kept * POSITION_SIZE), position);
      kept++;
    }
    clear(position);
  }
  account.occupied = 0;
  for (let index: u32 = 0; index < kept; index++) {
    const saved = changetype<Position>(aside + <usize>index * POSITION_SIZE);
    copy(openPosition(account, saved.instrument), saved);
  }
}

@inline
function copy(to: Position, from: Position): void {
  store<u64>(changetype<usize>(to), load<u64>(changetype<usize>(from)));
  store<u64>(changetype<usize>(to), load<u64>(changetype<usize>(from), 8), 8);
}

@inline
function clear(position: Position): void {
  store<u64>(changetype<usize>(position), 0);
  store<u64>(changetype<usize>(position), 0, 8);
}

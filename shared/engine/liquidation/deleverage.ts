import { MALFORMED, NO_SUCH_ACCOUNT, NOTHING_TO_DO, NOT_DELEVERAGING, OK, WELL_AGAIN } from "../codes";
import { put32, put64, send } from "../events";
import { EVT_DELEVERAGED, STAGE_DELEVERAGE } from "../kinds";
import { CHOSEN_HOLDERS } from "../layout";
import { changePosition } from "../ledger";
import { exactWork, initialPerLot, probeWork, refreshMargin, refreshWork, touchWork } from "../margin";
import { mulDivUp } from "../math/wide";
import { isPortfolio } from "../portfolio/cache";
import { indexPerLot } from "../portfolio/terms";
import { readAll, readU16, readVarint32 } from "../reader";
import { Account } from "../records/account";
import { Globals } from "../records/globals";
import { Instrument } from "../records/instrument";
import { deleverageCursor, Liquidation, moveDeleverageCursor } from "../records/liquidation";
import { collectPosition, findPosition, openPosition, Position, positionAt } from "../records/position";
import { Underlying } from "../records/underlying";
import { positionsValue } from "../risk";
import { charge, WORK_LOOK } from "../work";
import { endFlat } from "./step";
import { accountOf, checkOpen } from "./start";

// Stage 5: what neither book, bidders nor fund took is closed against those who hold the other side, at the mark. They are found by
// one cursor over all accounts, which goes on where it last stopped, so that the choice is nobody's: of each window the holders of
// most lots come first, those of the lower number where lots are equal. What the account owes beyond the fund is spread over its lots and
// taken from those who are closed, as far as they have equity. An account without positions is never touched.
//
// The design orders a window by gain per contract. A position keeps no entry price (16 bytes a position, one leaf for two), so lots
// stand for it: whoever holds most of the other side has most to give back, and no order of arrival is played for.

/** Accounts that one command looks at, and those of them that it may close. */
const WINDOW: u32 = 256;
const CHOSEN: u32 = 4;
/** What looking may cost, and all of it: the first holder always has room beside the looking. */
const LOOK_WORK: u32 = 60_000;
const MOST_WORK: u32 = 260_000;
/** (account u32, lots u32) of the holders chosen, most lots first. */
const LIST: usize = CHOSEN_HOLDERS;

@inline
function listedAccount(index: u32): u32 {
  return load<u32>(LIST + ((<usize>index) << 3));
}

@inline
function listedLots(index: u32): u32 {
  return load<u32>(LIST + ((<usize>index) << 3), 4);
}

function list(index: u32, account: u32, lots: u32): void {
  store<u32>(LIST + ((<usize>index) << 3), account);
  store<u32>(LIST + ((<usize>index) << 3), lots, 4);
}

/** Lots of the other side that an account holds. */
function opposite(account: Account, instrument: u32, long: bool): u32 {
  charge(probeWork(account));
  const position = findPosition(account, instrument);
  if (position === null) return 0;
  const lots = long ? -position.lots : position.lots;
  return lots > 0 ? <u32>lots : 0;
}

/** Puts a holder in its place among the chosen; the last falls out. Returns how many there are. */
function choose(count: u32, account: u32, lots: u32): u32 {
  let place = count;
  while (place > 0) {
    const before = listedLots(place - 1);
    if (before > lots || (before == lots && listedAccount(place - 1) < account)) break;
    if (place < CHOSEN) list(place, listedAccount(place - 1), before);
    place--;
  }
  if (place < CHOSEN) list(place, account, lots);
  return count < CHOSEN ? count + 1 : CHOSEN;
}

/** Looks at the next window of accounts, and leaves the cursor behind it. Returns how many holders were chosen. */
function look(own: u32, instrument: u32, long: bool): u32 {
  const globals = Globals.get();
  const total = globals.accounts;
  const start = globals.work;
  let cursor = deleverageCursor();
  let count: u32 = 0;
  for (let seen: u32 = 0; seen < WINDOW && seen < total; seen++) {
    if (globals.work - start > LOOK_WORK) break;
    charge(WORK_LOOK);
    if (cursor >= total) cursor = 0;
    const account = Account.at(cursor);
    if (cursor != own && account.held != 0) {
      const lots = opposite(account, instrument, long);
      if (lots != 0) count = choose(count, cursor, lots);
    }
    cursor++;
  }
  moveDeleverageCursor(cursor);
  return count;
}

/** All its lots, each counted as the index of one. */
function weightOf(account: Account): u64 {
  let sum: u64 = 0;
  let left = account.occupied;
  while (left != 0) {
    const position = positionAt(account, <u32>ctz(left));
    left &= left - 1;
    const lots = <u64>(position.lots < 0 ? -<i64>position.lots : <i64>position.lots);
    sum += lots * indexPerLot(Underlying.at(Instrument.at(position.instrument).underlying));
  }
  return sum;
}

/** What a holder gives up of what it is asked for: no more than it has; with standard margin, whose cash is never below zero, in cash. */
function haircutOf(holder: Account, asked: i64, proceeds: i64): i64 {
  if (asked == 0) return 0;
  let most = holder.cash + positionsValue(holder);
  const cash = holder.cash + proceeds;
  if (!isPortfolio(holder) && cash < most) most = cash;
  if (most <= 0) return 0;
  return asked < most ? asked : most;
}

/** Closes lots of an account against a holder of the other side, at the mark, who gives up a haircut besides. */
function closeAgainst(account: Account, position: Position, holder: Account, lots: u32, haircut: i64): void {
  const instrument = Instrument.at(position.instrument);
  const mark = instrument.mark(Underlying.at(instrument.underlying).buffer);
  const initial = initialPerLot(instrument);
  const change = position.lots > 0 ? -(<i32>lots) : <i32>lots;
  const value = <i64>change * mark;
  const other = openPosition(holder, position.instrument);
  changePosition(holder, other, instrument, -change, value - haircut, initial);
  changePosition(account, position, instrument, change, haircut - value, initial);
  put32(0, account.id);
  put32(4, holder.id);
  put32(8, position.instrument);
  put32(12, <u32>change);
  put64(16, <u64>mark);
  put64(24, <u64>haircut);
  send(EVT_DELEVERAGED);
  if (other.empty) collectPosition(holder, other);
}

export function applyDeleverage(): i32 {
  const id = readVarint32();
  const slot = readU16();
  if (!readAll()) return MALFORMED;
  const account = accountOf(id);
  if (account === null) return NO_SUCH_ACCOUNT;
  if (Liquidation.of(account).stage != STAGE_DELEVERAGE) return NOT_DELEVERAGING;
  charge(probeWork(account));
  const position = findPosition(account, slot);
  if (position === null || position.lots == 0) return NOTHING_TO_DO;
  const code = checkOpen(account);
  if (code != OK) return code;
  const start = Globals.get().work;
  refreshMargin(account);
  charge(exactWork(account) + probeWork(account));
  const liquidation = Liquidation.of(account);
  let equity = account.cash + positionsValue(account);
  // Better than when it was given up: LIQUIDATION_STEP looks whether it is well, before others are closed for it.
  if (equity > liquidation.decided) return WELL_AGAIN;
  const chosen = look(id, slot, position.lots > 0);
  let debt: i64 = equity < 0 ? -equity : 0;
  let weight = weightOf(account);
  const instrument = Instrument.at(slot);
  const underlying = Underlying.at(instrument.underlying);
  const perLot = indexPerLot(underlying);
  const mark = instrument.mark(underlying.buffer);
  for (let index: u32 = 0; index < chosen && position.lots != 0; index++) {
    const holder = Account.at(listedAccount(index));
    const work = touchWork(holder) + refreshWork(holder) + exactWork(holder);
    if (index != 0 && Globals.get().work - start + work > MOST_WORK) break;
    charge(touchWork(holder) + exactWork(holder));
    refreshMargin(holder);
    const held = <u32>(position.lots < 0 ? -position.lots : position.lots);
    const lots = listedLots(index) < held ? listedLots(index) : held;
    const share = <u64>lots * perLot;
    const proceeds = position.lots < 0 ? <i64>lots * mark : -<i64>lots * mark;
    const haircut = haircutOf(holder, <i64>mulDivUp(<u64>debt, share, weight), proceeds);
    closeAgainst(account, position, holder, lots, haircut);
    debt -= haircut;
    equity += haircut;
    weight -= share;
  }
  // Whoever still has something may be well with less of its positions: a step has to look before the next are closed.
  liquidation.decided = equity < 0 ? equity : equity - 1;
  if (position.empty) collectPosition(account, position);
  if (account.held == 0) endFlat(account);
  return OK;
}

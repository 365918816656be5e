import {
  ALREADY_LISTED, ALREADY_SETTLED, BAD_EXPIRY, BAD_OPTION_KIND, BAD_STRIKE, MALFORMED, NOT_EXPIRED,
  NOTHING_TO_DO, NO_MARK, NO_SETTLEMENT_PRICE, SETTLEMENT_WAITS, NO_SUCH_ACCOUNT, NO_SUCH_INSTRUMENT, NO_SUCH_UNDERLYING, OBSERVATION_STALE, OK, STILL_HELD,
  TOO_MANY_INSTRUMENTS,
} from "../codes";
import { put32, put64, send } from "../events";
import {
  EVT_ACCOUNT_SETTLED, EVT_DEFICIT_COVERED, EVT_DELISTED, EVT_INSTRUMENT_SETTLED, EVT_LISTED,
} from "../kinds";
import {
  EXIT_MARKS, EXPIRY_COUNTS, EXPIRY_COUNTS_SIZE, INSTRUMENT_BUCKETS, INSURANCE_ACCOUNT, LISTINGS, LISTING_BUCKET_SIZE, MAX_AN_EXPIRY, MAX_INSTRUMENTS, SETTLE_POSITIONS,
} from "../layout";
import { changeCash, changePosition } from "../ledger";
import { refreshMargin } from "../margin";
import { expiryMs, isListable, DAY_MS } from "../math/calendar";
import { STALE_MS } from "../oracle/index";
import { settlementPrice } from "../oracle/settlement";
import { readAll, readU16, readU32, readU8, readVarint32 } from "../reader";
import { Account } from "../records/account";
import { Globals } from "../records/globals";
import { FREE, Instrument, LISTED, NO_PRICE, SETTLED } from "../records/instrument";
import { collectPositions, positionAt } from "../records/position";
import { bumpRiskEpoch } from "../records/portfolio";
import { isTooHigh, Underlying } from "../records/underlying";
import { writeBytes, writeExpiry, writeInteger } from "../text/numbers";
import { wordQuote } from "../text/words";

// Listing by rule, settlement at expiry, and giving slots back.

/** Eight digits: with them the longest name, of an underlying of eight letters, has 32 bytes. */
const STRIKE_LIMIT: u32 = 100_000_000;

function bucketOf(which: u32, day: u32, strike: u32, put: u32): usize {
  let hash = (which << 30) ^ (day << 1) ^ put ^ (strike * 0x9e3779b1);
  hash = (hash ^ (hash >> 15)) * 0x85ebca6b;
  hash ^= hash >> 13;
  return LISTINGS + <usize>(hash & (INSTRUMENT_BUCKETS - 1)) * LISTING_BUCKET_SIZE;
}

/** A free place in the bucket, or 0; ALREADY_LISTED is told by `listedIn`. */
function placeIn(bucket: usize): usize {
  for (let at = bucket; at < bucket + LISTING_BUCKET_SIZE; at += 4) if (load<u32>(at) == 0) return at;
  return 0;
}

function listedIn(bucket: usize, which: u32, expiry: u64, strike: u32, put: u32): bool {
  for (let at = bucket; at < bucket + LISTING_BUCKET_SIZE; at += 4) {
    const slot = load<u32>(at);
    if (slot == 0) continue;
    const other = Instrument.at(slot - 1);
    if (other.underlying == which && other.expiry == expiry && other.strike == strike && other.put == put) return true;
  }
  return false;
}

export function applyList(): i32 {
  const which = readU8();
  const day = readU16();
  const strike = readU32();
  const put = readU8();
  if (!readAll()) return MALFORMED;
  const globals = Globals.get();
  if (which >= globals.underlyings) return NO_SUCH_UNDERLYING;
  if (put > 1) return BAD_OPTION_KIND;
  const underlying = Underlying.at(which);
  if (underlying.indexPrice == 0) return NO_MARK;
  if (!isListable(day, globals.clock)) return BAD_EXPIRY;
  if (strike == 0 || strike >= STRIKE_LIMIT || strike % underlying.strikeStep != 0) return BAD_STRIKE;
  if (globals.clock > underlying.indexTime + STALE_MS) return OBSERVATION_STALE;
  if (isTooHigh(underlying, (<u64>strike) * 1_000_000) || !inBand(underlying, strike)) return BAD_STRIKE;
  const bucket = bucketOf(which, day, strike, put);
  if (listedIn(bucket, which, expiryMs(day), strike, put)) return ALREADY_LISTED;
  const place = placeIn(bucket);
  if (place == 0) return TOO_MANY_INSTRUMENTS;
  const listed = countOf(which, day);
  if (listed == 0 || load<u32>(listed, 4) >= MAX_AN_EXPIRY) return TOO_MANY_INSTRUMENTS;
  if (globals.instrumentFree == 0 && globals.instrumentTop == MAX_INSTRUMENTS) return TOO_MANY_INSTRUMENTS;
  const slot = takeInstrument();
  store<u32>(place, slot + 1);
  store<u32>(listed, day);
  store<u32>(listed, load<u32>(listed, 4) + 1, 4);
  fill(Instrument.at(slot), slot, which, day, strike, put);
  append(underlying, slot);
  emitListing(EVT_LISTED, Instrument.at(slot));
  return OK;
}

/** Whether a strike lies in the listing band around the index. */
function inBand(underlying: Underlying, strike: u32): bool {
  const spot = underlying.indexPrice;
  const money = (<u64>strike) * 1_000_000;
  const apart = money > spot ? money - spot : spot - money;
  return apart <= (spot / 10_000) * underlying.strikeBandBps;
}

/** Where an underlying's count of an expiry day's instruments is (day u32, count u32), or could be; 0 if there is no room. */
function countOf(which: u32, day: u32): usize {
  const first = EXPIRY_COUNTS + <usize>which * EXPIRY_COUNTS_SIZE;
  let free: usize = 0;
  for (let at = first; at < first + EXPIRY_COUNTS_SIZE; at += 8) {
    if (load<u32>(at, 4) == 0) {
      if (free == 0) free = at;
    } else if (load<u32>(at) == day) return at;
  }
  return free;
}

function takeInstrument(): u32 {
  const globals = Globals.get();
  if (globals.instrumentFree != 0) {
    const slot = globals.instrumentFree - 1;
    globals.instrumentFree = Instrument.at(slot).next;
    return slot;
  }
  return globals.instrumentTop++;
}

function fill(instrument: Instrument, slot: u32, which: u32, day: u32, strike: u32, put: u32): void {
  const globals = Globals.get();
  const underlying = Underlying.at(which);
  globals.serial++;
  instrument.state = <u8>LISTED;
  instrument.underlying = <u8>which;
  instrument.put = <u8>put;
  instrument.strike = strike;
  instrument.expiry = expiryMs(day);
  instrument.serial = globals.serial;
  instrument.slot = slot;
  instrument.holders = 0;
  instrument.tickPerLot = underlying.tickPerLot;
  instrument.setMark(0, NO_PRICE, 0, 0);
  instrument.setMark(1, NO_PRICE, 0, 0);
  instrument.cumulated = 0;
  instrument.cumulatedTime = globals.clock;
  instrument.ringNext = 0;
  instrument.ringUsed = 0;
  instrument.ringTime = 0;
  store<i64>(EXIT_MARKS + ((<usize>slot) << 3), 0);
  const name = changetype<usize>(instrument) + offsetof<Instrument>("name0");
  for (let at: usize = 0; at < 32; at += 8) store<u64>(name + at, 0);
  const own = changetype<usize>(underlying) + offsetof<Underlying>("name");
  let end = wordQuote(writeBytes(name, own, underlying.nameLength));
  end = writeExpiry(end, day);
  store<u8>(end, 45);
  end = writeInteger(end + 1, strike);
  store<u16>(end, put != 0 ? 0x502d : 0x432d); // -P, -C
  instrument.nameLength = <u8>(end + 2 - name);
}

function append(underlying: Underlying, slot: u32): void {
  const instrument = Instrument.at(slot);
  instrument.next = 0;
  instrument.previous = underlying.lastInstrument;
  if (underlying.lastInstrument != 0) Instrument.at(underlying.lastInstrument - 1).next = slot + 1;
  else underlying.firstInstrument = slot + 1;
  underlying.lastInstrument = slot + 1;
}

function emitListing(kind: u32, instrument: Instrument): void {
  put32(0, instrument.slot);
  put32(4, instrument.underlying);
  put32(8, instrument.strike);
  put32(12, instrument.put);
  put64(16, instrument.expiry);
  put32(24, instrument.serial);
  send(kind);
}

/** Fixes an expired instrument's payoff. It becomes mark, exit mark and margin; positions are paid by settleAccount. */
export function applySettleInstrument(): i32 {
  const slot = readU16();
  if (!readAll()) return MALFORMED;
  const globals = Globals.get();
  if (slot >= globals.instrumentTop) return NO_SUCH_INSTRUMENT;
  const instrument = Instrument.at(slot);
  if (instrument.state == FREE) return NO_SUCH_INSTRUMENT;
  if (instrument.state == SETTLED) return ALREADY_SETTLED;
  if (globals.clock < instrument.expiry) return NOT_EXPIRED;
  const underlying = Underlying.at(instrument.underlying);
  const price = settlementPrice(underlying, instrument.expiry);
  if (price == 0) return underlying.indexPrice == 0 ? NO_SETTLEMENT_PRICE : SETTLEMENT_WAITS;
  const strike = (<u64>instrument.strike) * 1_000_000;
  let payoff: u64 = 0;
  if (instrument.put != 0) {
    if (strike > price) payoff = strike - price;
  } else if (price > strike) payoff = price - strike;
  const perLot = <i64>(payoff / underlying.lotsPerContract);
  instrument.state = <u8>SETTLED;
  instrument.setMark(0, perLot, perLot, perLot);
  instrument.setMark(1, perLot, perLot, perLot);
  store<i64>(EXIT_MARKS + ((<usize>slot) << 3), perLot);
  globals.marginEpoch++;
  bumpRiskEpoch(instrument.underlying);
  put32(0, slot);
  put64(8, <u64>perLot);
  put64(16, price);
  send(EVT_INSTRUMENT_SETTLED);
  return OK;
}

/** Pays an account's positions in settled instruments, at most SETTLE_POSITIONS of them. For anyone to send. */
export function applySettleAccount(): i32 {
  const id = readVarint32();
  if (!readAll()) return MALFORMED;
  if (id >= Globals.get().accounts) return NO_SUCH_ACCOUNT;
  const account = Account.at(id);
  if (account.flags == 0) return NO_SUCH_ACCOUNT;
  refreshMargin(account);
  let paid: u32 = 0;
  let left = account.occupied;
  while (left != 0 && paid < SETTLE_POSITIONS) {
    const position = positionAt(account, <u32>ctz(left));
    left &= left - 1;
    if (position.lots == 0) continue;
    const instrument = Instrument.at(position.instrument);
    if (instrument.state != SETTLED) continue;
    const lots = position.lots;
    const cash = <i64>lots * instrument.mark0;
    changePosition(account, position, instrument, -lots, cash, instrument.initial0);
    paid++;
    put32(0, id);
    put32(4, position.instrument);
    put32(8, <u32>lots);
    put64(16, <u64>cash);
    send(EVT_ACCOUNT_SETTLED);
  }
  if (paid != 0) collectPositions(account);
  let covered = false;
  if (account.held == 0 && account.cash < 0) covered = coverDeficit(account);
  return paid == 0 && !covered ? NOTHING_TO_DO : OK;
}

/** A debt that nothing stands against any more is the insurance fund's, as far as it goes. Whether it went anywhere. */
function coverDeficit(account: Account): bool {
  const fund = Account.at(INSURANCE_ACCOUNT);
  if (fund.cash <= 0 || account.id == INSURANCE_ACCOUNT) return false;
  const debt = -account.cash;
  const amount = debt < fund.cash ? debt : fund.cash;
  changeCash(fund, -amount);
  changeCash(account, amount);
  put32(0, account.id);
  put64(8, <u64>amount);
  send(EVT_DEFICIT_COVERED);
  return true;
}

/** Frees the slot of an instrument that nobody holds and no order is left in, once settled or no longer in the band. */
export function applyDelist(): i32 {
  const slot = readU16();
  if (!readAll()) return MALFORMED;
  const globals = Globals.get();
  if (slot >= globals.instrumentTop) return NO_SUCH_INSTRUMENT;
  const instrument = Instrument.at(slot);
  if (instrument.state == FREE) return NO_SUCH_INSTRUMENT;
  // INVARIANT: nobody holds it long or short: whoever was listed here next would inherit what is left.
  if (instrument.holders != 0 || instrument.openOrders != 0) return STILL_HELD;
  const underlying = Underlying.at(instrument.underlying);
  if (instrument.state != SETTLED && inBand(underlying, instrument.strike)) return NOT_EXPIRED;
  if (underlying.cursor == slot + 1) underlying.cursor = instrument.next;
  if (instrument.previous != 0) Instrument.at(instrument.previous - 1).next = instrument.next;
  else underlying.firstInstrument = instrument.next;
  if (instrument.next != 0) Instrument.at(instrument.next - 1).previous = instrument.previous;
  else underlying.lastInstrument = instrument.previous;
  forget(instrument, slot);
  emitListing(EVT_DELISTED, instrument);
  instrument.state = <u8>FREE;
  instrument.next = globals.instrumentFree;
  globals.instrumentFree = slot + 1;
  return OK;
}

function forget(instrument: Instrument, slot: u32): void {
  const day = <u32>(instrument.expiry / DAY_MS);
  const listed = countOf(instrument.underlying, day);
  store<u32>(listed, load<u32>(listed, 4) - 1, 4);
  const bucket = bucketOf(instrument.underlying, day, instrument.strike, instrument.put);
  for (let at = bucket; at < bucket + LISTING_BUCKET_SIZE; at += 4) {
    if (load<u32>(at) == slot + 1) store<u32>(at, 0);
  }
}

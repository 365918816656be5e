import { MALFORMED, NOTHING_TO_DO, NO_SUCH_UNDERLYING, NO_SURFACE, OK } from "../codes";
import { put32, put64, send } from "../events";
import { EVT_EPOCH, EVT_MARK } from "../kinds";
import { EXIT_MARKS, HISTORIES, HISTORY_ENTRIES, HISTORY_SIZE } from "../layout";
import { DAY_MS } from "../math/calendar";
import { mulDivDown, mulDivUp } from "../math/wide";
import { sealRisk } from "../portfolio/terms";
import { readAll, readU8 } from "../reader";
import { Globals } from "../records/globals";
import { Instrument, LISTED, NO_PRICE } from "../records/instrument";
import { bumpRiskEpoch } from "../records/portfolio";
import { riskAt } from "../records/risk";
import { buildSurface, startSurfaces } from "../records/surface";
import { Underlying } from "../records/underlying";
import { beforePrices } from "./gate";
import { markOf, termsOf } from "./pricing";
import { copyRisk, fillRisk } from "./risks";
import { startWindow } from "./settlement";

// Price epochs: small commands fill the second set of marks, margins and risk arrays, one instrument each, all from the prices
// at which the epoch began; when the last one is filled the sets change places. Nobody is ever margined on half a set.

const AVERAGE_MS: u64 = 30 * 60_000;
const RING_MS: u64 = 60_000;

export function applyReprice(): i32 {
  const which = readU8();
  if (!readAll()) return MALFORMED;
  if (which >= Globals.get().underlyings) return NO_SUCH_UNDERLYING;
  const underlying = Underlying.at(which);
  if (underlying.building == 0) {
    const code = begin(underlying, which);
    if (code != OK) return code;
  }
  if (underlying.cursor != 0) {
    const instrument = Instrument.at(underlying.cursor - 1);
    underlying.cursor = instrument.next;
    if (instrument.state == LISTED) priceInstrument(underlying, which, instrument);
  }
  if (underlying.cursor == 0) complete(underlying, which);
  return OK;
}

/** An epoch begins when something was accepted since the last one began. */
function begin(underlying: Underlying, which: u32): i32 {
  if (underlying.indexPrice == 0 || underlying.volatilityRound == 0) return NO_SURFACE;
  const stale =
    underlying.buildIndexRound == underlying.indexRound &&
    underlying.buildVolatilityRound == underlying.volatilityRound;
  if (stale) return NOTHING_TO_DO;
  underlying.building = 1;
  underlying.buildIndex = underlying.indexPrice;
  underlying.buildTime = Globals.get().clock;
  underlying.buildIndexRound = underlying.indexRound;
  underlying.buildVolatilityRound = underlying.volatilityRound;
  startWindow(underlying, underlying.buildTime);
  underlying.cursor = underlying.firstInstrument;
  startSurfaces(which);
  return OK;
}

/** One lot's fee at a rate in millionths, rounded up. */
function feePerLot(underlying: Underlying, rate: u32): u64 {
  return mulDivUp(underlying.buildIndex, rate, 1_000_000 * <u64>underlying.lotsPerContract);
}

function complete(underlying: Underlying, which: u32): void {
  beforePrices(underlying, which);
  underlying.building = 0;
  underlying.buffer ^= 1;
  underlying.epoch++;
  underlying.epochIndex = underlying.buildIndex;
  underlying.epochTime = underlying.buildTime;
  const globals = Globals.get();
  underlying.takerFeePerLot = feePerLot(underlying, globals.takerFee);
  underlying.makerFeePerLot = feePerLot(underlying, globals.makerFee);
  const perLot = underlying.epochIndex / underlying.lotsPerContract;
  underlying.bandPerLot = <i64>mulDivDown(perLot, underlying.priceBandBps, 10_000);
  globals.marginEpoch++;
  bumpRiskEpoch(which);
  put32(0, which);
  put32(4, underlying.epoch);
  put64(8, underlying.epochIndex);
  put64(16, underlying.epochTime);
  send(EVT_EPOCH);
}

function priceInstrument(underlying: Underlying, which: u32, instrument: Instrument): void {
  average(underlying, instrument);
  const back = underlying.buffer ^ 1;
  const surface = buildSurface(which, <u32>(instrument.expiry / DAY_MS));
  const risk = riskAt(instrument.slot, back);
  if (surface === null) {
    // No volatility for this expiry yet: it keeps the mark and the risk it has.
    const front = underlying.buffer;
    instrument.setMark(back, instrument.mark(front), instrument.initial(front), instrument.maintenance(front));
    copyRisk(risk, riskAt(instrument.slot, front));
    return;
  }
  const terms = termsOf(underlying, surface, instrument);
  const mark = markOf(terms);
  setMargins(underlying, instrument, back, mark);
  fillRisk(terms, mark, risk);
  sealRisk(risk, terms.left);
  if (instrument.mark(underlying.buffer) == NO_PRICE) {
    // Nothing to average yet: the first mark is the exit mark.
    store<i64>(EXIT_MARKS + ((<usize>instrument.slot) << 3), instrument.mark(back));
  }
  emitMark(instrument, instrument.mark(back));
}

function emitMark(instrument: Instrument, mark: i64): void {
  put32(0, instrument.slot);
  put64(8, <u64>mark);
  put64(16, load<u64>(EXIT_MARKS + ((<usize>instrument.slot) << 3)));
  send(EVT_MARK);
}

/**
 * Standard margin of one short lot (Deribit's; design, exchange.md): initial max(15 % S - out of the money, 10 % S) + M,
 * maintenance 7.5 % S + M for calls, max(7.5 % S, 7.5 % M) + M for puts. Rounded up.
 */
function setMargins(underlying: Underlying, instrument: Instrument, set: u32, mark: u64): void {
  const spot = underlying.buildIndex;
  const strike = (<u64>instrument.strike) * 1_000_000;
  let out: u64 = 0;
  if (instrument.put != 0) {
    if (spot > strike) out = spot - strike;
  } else if (strike > spot) out = strike - spot;
  const fifteen = mulDivUp(spot, 15, 100);
  const ten = mulDivUp(spot, 10, 100);
  const lots = <u64>underlying.lotsPerContract;
  const share = fifteen > out + ten ? fifteen - out : ten;
  const initial = mulDivUp(share, 1, lots) + mark;
  let low = mulDivUp(spot, 75, 1000 * lots);
  if (instrument.put != 0) {
    const ofMark = mulDivUp(mark, 75, 1000);
    if (ofMark > low) low = ofMark;
  }
  const maintenance = low + mark;
  instrument.setMark(set, <i64>mark, <i64>(initial > maintenance ? initial : maintenance), <i64>maintenance);
}

// ---- the exit mark: the average of complete sets' marks over the last 30 minutes ----------------------------------

function ringAt(instrument: Instrument, entry: u32): usize {
  return HISTORIES + <usize>instrument.slot * HISTORY_SIZE + ((<usize>entry) << 4);
}

/** Counts the complete set's mark up to the moment the new set is priced for, and renews the average. */
function average(underlying: Underlying, instrument: Instrument): void {
  const mark = instrument.mark(underlying.buffer);
  const now = underlying.buildTime;
  if (mark == NO_PRICE) {
    instrument.cumulatedTime = now;
    return;
  }
  if (now <= instrument.cumulatedTime) return;
  instrument.cumulated += mark * <i64>(now - instrument.cumulatedTime);
  instrument.cumulatedTime = now;
  const exitMark = averageSince(instrument, now, mark);
  store<i64>(EXIT_MARKS + ((<usize>instrument.slot) << 3), exitMark);
  if (instrument.ringUsed != 0 && now - instrument.ringTime < RING_MS) return;
  const at = ringAt(instrument, instrument.ringNext);
  store<u64>(at, now);
  store<i64>(at, instrument.cumulated, 8);
  instrument.ringTime = now;
  instrument.ringNext = (instrument.ringNext + 1) & (HISTORY_ENTRIES - 1);
  if (instrument.ringUsed < HISTORY_ENTRIES) instrument.ringUsed++;
}

/** From the newest entry that is at least 30 minutes old, else the oldest there is, else since listing. */
function averageSince(instrument: Instrument, now: u64, mark: i64): i64 {
  let bestTime: u64 = 0;
  let bestSum: i64 = 0;
  let oldestTime = u64.MAX_VALUE;
  let oldestSum: i64 = 0;
  for (let entry: u32 = 0; entry < instrument.ringUsed; entry++) {
    const at = ringAt(instrument, entry);
    const time = load<u64>(at);
    if (time + AVERAGE_MS <= now && time > bestTime) {
      bestTime = time;
      bestSum = load<i64>(at, 8);
    }
    if (time < oldestTime) {
      oldestTime = time;
      oldestSum = load<i64>(at, 8);
    }
  }
  if (bestTime == 0) {
    if (oldestTime == u64.MAX_VALUE) return mark;
    bestTime = oldestTime;
    bestSum = oldestSum;
  }
  const elapsed = <i64>(now - bestTime);
  return elapsed == 0 ? mark : (instrument.cumulated - bestSum) / elapsed;
}

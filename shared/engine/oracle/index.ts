import {
  BAD_OBSERVATION, BAD_SIGNER, MALFORMED, NO_SUCH_UNDERLYING, OBSERVATIONS_APART, OBSERVATION_AHEAD, OBSERVATION_STALE, OK,
  ROUND_NOT_NEW,
} from "../codes";
import { HASH, WORK_AREA } from "../layout";
import { put32, put64, send } from "../events";
import { keccak256 } from "../host";
import { EVT_INDEX } from "../kinds";
import { Globals } from "../records/globals";
import { Guard } from "../records/guard";
import { isTooHigh, Underlying } from "../records/underlying";
import { readAll, readU32, readU64, readU8, take } from "../reader";
import { hashIndexPrice } from "../text/words";
import { finishDigest, putWord } from "../text/sentence";
import { checkCount, checkMember } from "./committee";
import { confidenceFrom } from "./confidence";
import { beforePrices, passGate, reopenAll, tell, weighRound } from "./gate";
import { confirmsJump, hold, holdJump, isOutOfBand } from "./jump";
import { CONFIDENCE_LOW } from "./mode";
import { accumulate, daySettledBy, isWaiting, settleByMessage } from "./settlement";
import { observeReturn } from "./variance";

// The index: each signer signs its own observation, the engine takes the median of more than two thirds of them, where more than half of
// the committee agree on it.

const APART_MS: u64 = 2_000;
export const AHEAD_MS: u64 = 1_000; // clocks of honest signers and sequencers differ a little
export const STALE_MS: u64 = 60_000;
const TIME_LIMIT: u64 = (<u64>1) << 48; // as the clock's
const PRICES: usize = WORK_AREA + 256; // sorted, 8 bytes each

/** A round is never older than the one before it; and unless it was forced, of the last minute, and not of the future. */
export function checkTimes(earliest: u64, latest: u64, last: u64, forced: bool): i32 {
  const clock = Globals.get().clock;
  if (earliest < last) return OBSERVATION_STALE;
  if (forced) return latest < TIME_LIMIT ? OK : OBSERVATION_AHEAD;
  if (latest > clock + AHEAD_MS) return OBSERVATION_AHEAD;
  return earliest + STALE_MS < clock ? OBSERVATION_STALE : OK;
}

/** Inserts into the sorted prices. */
function insert(count: u32, price: u64): void {
  let index = count;
  while (index != 0) {
    const below = load<u64>(PRICES + ((<usize>(index - 1)) << 3));
    if (below <= price) break;
    store<u64>(PRICES + ((<usize>index) << 3), below);
    index--;
  }
  store<u64>(PRICES + ((<usize>index) << 3), price);
}

function digestObservation(underlying: Underlying, round: u32, price: u64, time: u64): void {
  hashIndexPrice(HASH);
  const name = changetype<usize>(underlying) + offsetof<Underlying>("name");
  keccak256(name, underlying.nameLength, HASH + 32);
  putWord(HASH + 64, round);
  putWord(HASH + 96, price);
  putWord(HASH + 128, time);
  finishDigest(160);
}

/** The fact of the header: the oldest of all underlyings. */
function refreshFact(): void {
  const globals = Globals.get();
  let oldest = u64.MAX_VALUE;
  for (let index: u32 = 0; index < globals.underlyings; index++) {
    const time = Underlying.at(index).indexTime;
    if (time < oldest) oldest = time;
  }
  globals.indexTime = oldest;
}

/** A round as it was read; 40 bytes of scratch behind the sorted prices. */
@unmanaged
class Round {
  earliest: u64;
  latest: u64;
  median: u64;
  confidence: u32;
  number: u32;
  which: u32;

  @inline
  static get(): Round {
    return changetype<Round>(WORK_AREA + 384);
  }
}

@inline
function sorted(index: u32): u64 {
  return load<u64>(PRICES + ((<usize>index) << 3));
}

export function applyIndex(forced: bool): i32 {
  const read = Round.get();
  read.which = readU8();
  read.number = readU32();
  const count = readU8();
  if (read.which >= Globals.get().underlyings) return NO_SUCH_UNDERLYING;
  const underlying = Underlying.at(read.which);
  const guard = Guard.at(read.which);
  // Through the inbox even an old round may have something to say: what a day settles at.
  const isNew = read.number > underlying.indexRound && read.number > guard.jumpRound;
  if (!isNew && !forced) return ROUND_NOT_NEW;
  let code = checkCount(count);
  if (code != OK) return code;
  code = readObservations(underlying, read, count);
  if (code != OK) return code;
  if (read.latest - read.earliest > APART_MS) return OBSERVATIONS_APART;
  const last = guard.jumpPrice != 0 ? guard.jumpTime : underlying.indexTime;
  code = isNew ? checkTimes(read.earliest, read.latest, last, forced) : ROUND_NOT_NEW;
  const day = forced && read.latest < TIME_LIMIT ? daySettledBy(read.earliest, read.latest) : 0;
  const settles = day != 0 && isSure(read) && isWaiting(underlying, day);
  if (code != OK && !settles) return code;
  if (settles) settleByMessage(underlying, day, read.median);
  if (code == OK) takeRound(underlying, guard, read);
  return OK;
}

/** Reads and checks what each signer says, and leaves their prices sorted. */
function readObservations(underlying: Underlying, read: Round, count: u32): i32 {
  let next: u32 = 0;
  read.earliest = u64.MAX_VALUE;
  read.latest = 0;
  for (let index: u32 = 0; index < count; index++) {
    const signer = readU8();
    const price = readU64();
    const time = readU64();
    const signature = take(64);
    if (signature == 0) return MALFORMED;
    if (signer < next || signer >= Globals.get().signers) return BAD_SIGNER;
    next = signer + 1;
    if (price == 0 || isTooHigh(underlying, price)) return BAD_OBSERVATION;
    if (time < read.earliest) read.earliest = time;
    if (time > read.latest) read.latest = time;
    digestObservation(underlying, read.number, price, time);
    const code = checkMember(signer, signature);
    if (code != OK) return code;
    insert(index, price);
  }
  if (!readAll()) return MALFORMED;
  read.median = sorted((count - 1) >> 1); // the lower one of two
  read.confidence = confidenceFrom(PRICES, count, read.median, Globals.get().signers);
  return OK;
}

/** Whether a majority of the committee stands behind a round's median. */
@inline
function isSure(read: Round): bool {
  return read.confidence >= CONFIDENCE_LOW;
}

/**
 * A round in which no majority agrees says only that: the index stands and grows old, a jump is as unconfirmed as before, and new risk pays
 * for what is not known. Its number is not used up: another part of the same committee may still agree in the same round.
 */
function doubtRound(underlying: Underlying, guard: Guard, read: Round): void {
  guard.confidence = read.confidence;
  weighRound(underlying, read.which);
  hold(read.which, read.number, read.median, read.earliest);
  tell(read.which);
}

/** A good round, dated as early as any observation in it: the index, or a jump that the next one confirms; or one in doubt. */
function takeRound(underlying: Underlying, guard: Guard, read: Round): void {
  beforePrices(underlying, read.which);
  if (!isSure(read)) return doubtRound(underlying, guard, read);
  const price = read.median;
  const time = read.earliest;
  if (underlying.indexPrice != 0 && isOutOfBand(underlying.indexPrice, price)) {
    if (!confirmsJump(guard, price, time)) {
      holdJump(guard, read.which, read.number, price, time);
      tell(read.which);
      return;
    }
    // It was true when it was first seen.
    advanceIndex(underlying, guard.jumpPrice, guard.jumpTime);
  }
  guard.jumpPrice = 0;
  guard.confidence = read.confidence;
  advanceIndex(underlying, price, time);
  underlying.indexRound = read.number;
  refreshFact();
  observeReturn(guard, price, time);
  weighRound(underlying, read.which);
  put32(0, read.which);
  put32(4, read.number);
  put64(8, price);
  put64(16, time);
  send(EVT_INDEX);
  passGate(guard, time);
  forgiveLateness();
  tell(read.which);
}

function advanceIndex(underlying: Underlying, price: u64, time: u64): void {
  accumulate(underlying, time);
  underlying.indexPrice = price;
  underlying.indexTime = time;
}

function forgiveLateness(): void {
  const globals = Globals.get();
  if (globals.lateRounds == 0) return;
  globals.lateRounds--;
  if (globals.lateRounds == 0) reopenAll();
}

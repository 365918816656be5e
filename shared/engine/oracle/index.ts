import {
  BAD_OBSERVATION, BAD_SIGNER, MALFORMED, NO_SUCH_UNDERLYING, OBSERVATIONS_APART, OBSERVATION_AHEAD, OBSERVATION_STALE, OK,
  ROUND_NOT_NEW,
} from "../codes";
import { HASH, WORK_AREA } from "../layout";
import { put32, put64, send } from "../events";
import { keccak256 } from "../host";
import { EVT_INDEX, EVT_MODE, MODE_NORMAL } from "../kinds";
import { Globals } from "../records/globals";
import { isTooHigh, Underlying } from "../records/underlying";
import { readAll, readU32, readU64, readU8, take } from "../reader";
import { hashIndexPrice } from "../text/words";
import { finishDigest, putWord } from "../text/sentence";
import { checkCount, checkMember } from "./committee";
import { accumulate } from "./settlement";

// The index: each signer signs its own observation, the engine takes the median of more than two thirds of them.

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

function forgiveLateness(): void {
  const globals = Globals.get();
  if (globals.lateRounds == 0) return;
  globals.lateRounds--;
  if (globals.lateRounds != 0) return;
  globals.mode = MODE_NORMAL;
  put32(0, MODE_NORMAL);
  send(EVT_MODE);
}

export function applyIndex(forced: bool): i32 {
  const which = readU8();
  const round = readU32();
  const count = readU8();
  if (which >= Globals.get().underlyings) return NO_SUCH_UNDERLYING;
  const underlying = Underlying.at(which);
  if (round <= underlying.indexRound) return ROUND_NOT_NEW;
  let code = checkCount(count);
  if (code != OK) return code;
  let next: u32 = 0;
  let earliest = u64.MAX_VALUE;
  let latest: u64 = 0;
  for (let index: u32 = 0; index < count; index++) {
    const signer = readU8();
    const price = readU64();
    const time = readU64();
    const signature = take(64);
    if (signature == 0) return MALFORMED;
    if (signer < next || signer >= Globals.get().signers) return BAD_SIGNER;
    next = signer + 1;
    if (price == 0 || isTooHigh(underlying, price)) return BAD_OBSERVATION;
    if (time < earliest) earliest = time;
    if (time > latest) latest = time;
    digestObservation(underlying, round, price, time);
    code = checkMember(signer, signature);
    if (code != OK) return code;
    insert(index, price);
  }
  if (!readAll()) return MALFORMED;
  if (latest - earliest > APART_MS) return OBSERVATIONS_APART;
  code = checkTimes(earliest, latest, underlying.indexTime, forced);
  if (code != OK) return code;
  accept(underlying, which, round, load<u64>(PRICES + ((<usize>((count - 1) >> 1)) << 3)), earliest);
  return OK;
}

/** The median (the lower one of two), dated as early as any observation in it. */
function accept(underlying: Underlying, which: u32, round: u32, price: u64, time: u64): void {
  accumulate(underlying, time);
  underlying.indexPrice = price;
  underlying.indexTime = time;
  underlying.indexRound = round;
  refreshFact();
  put32(0, which);
  put32(4, round);
  put64(8, price);
  put64(16, time);
  send(EVT_INDEX);
  forgiveLateness();
}

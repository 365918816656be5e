import {
  BAD_OBSERVATION, BAD_SIGNER, MALFORMED, NO_SUCH_UNDERLYING, OK, ROUND_NOT_NEW, SMILE_CORRELATION, SMILE_CURVATURE,
  SMILE_NEGATIVE, SMILE_WINGS,
} from "../codes";
import { HASH, MAX_EXPIRIES } from "../layout";
import { put32, put64, send } from "../events";
import { keccak256 } from "../host";
import { EVT_VOLATILITY } from "../kinds";
import { DAY_MS, expiryMs } from "../math/calendar";
import {
  isNowhereNegative, isWithinLee, MAX_CURVATURE, MAX_SHIFT, MAX_SLOPE, MAX_VARIANCE, MIN_LEVEL,
} from "../math/svi";
import { Globals } from "../records/globals";
import { surfaceFor } from "../records/surface";
import { isTooHigh, Underlying } from "../records/underlying";
import { cursor, readAll, readU32, readU64, readU8, take } from "../reader";
import { hashVolatilitySurface } from "../text/words";
import { finishDigest, putWord } from "../text/sentence";
import { checkCount, checkMember } from "./committee";
import { beforePrices } from "./gate";
import { checkTimes } from "./index";

// A smile and a forward per expiry, the same for the whole quorum that signs them. Accepted only if free of the arbitrage
// that one expiry can show by itself: no negative variance, wings within Lee's bound.

const ENTRY_BYTES: u32 = 46;
const BILLION: i32 = 1_000_000_000;

// One entry as in the command, packed: what is read twice is read here.
//   0     2         10      18  26  34    38  42      46
//   | day | forward | index | a | b | rho | m | sigma |
@inline function dayAt(at: usize): u32 { return <u32>load<u16>(at); }
@inline function forwardAt(at: usize): u64 { return load<u64>(at, 2); }
@inline function indexAt(at: usize): u64 { return load<u64>(at, 10); }
@inline function aAt(at: usize): i64 { return load<i64>(at, 18); }
@inline function bAt(at: usize): u64 { return load<u64>(at, 26); }
@inline function rhoAt(at: usize): i32 { return load<i32>(at, 34); }
@inline function mAt(at: usize): i32 { return load<i32>(at, 38); }
@inline function sigmaAt(at: usize): u32 { return load<u32>(at, 42); }

/** Whether the engine reckons with numbers of this size at all; and a smile of nothing but zeros is none. */
function isInDomain(at: usize): bool {
  const a = aAt(at);
  const b = bAt(at);
  const m = mAt(at);
  if (a == 0 && b == 0) return false;
  if (a > <i64>MAX_VARIANCE || a < MIN_LEVEL || b > MAX_SLOPE) return false;
  return m <= MAX_SHIFT && m >= -MAX_SHIFT && sigmaAt(at) <= MAX_CURVATURE;
}

/** The index that a forward was seen with: none, or no more than twice and no less than half of it. */
function isBasis(forward: u64, index: u64): bool {
  return index == 0 || (index <= forward << 1 && forward <= index << 1);
}

function checkEntry(underlying: Underlying, at: usize, time: u64): i32 {
  const day = dayAt(at);
  const forward = forwardAt(at);
  if (forward == 0 || isTooHigh(underlying, forward)) return BAD_OBSERVATION;
  if (day + 2 < <u32>(Globals.get().clock / DAY_MS)) return BAD_OBSERVATION;
  if (!isInDomain(at) || !isBasis(forward, indexAt(at))) return BAD_OBSERVATION;
  const rho = rhoAt(at);
  if (rho <= -BILLION || rho >= BILLION) return SMILE_CORRELATION;
  if (sigmaAt(at) == 0) return SMILE_CURVATURE;
  if (!isNowhereNegative(aAt(at), bAt(at), rho, sigmaAt(at))) return SMILE_NEGATIVE;
  const expiry = expiryMs(day);
  const left = expiry > time ? expiry - time : 0;
  return isWithinLee(bAt(at), rho, left) ? OK : SMILE_WINGS;
}

/** Reads and checks the entries, from the cursor on. */
function checkEntries(underlying: Underlying, entries: u32, time: u64): i32 {
  let previous: u32 = 0;
  for (let index: u32 = 0; index < entries; index++) {
    const at = take(ENTRY_BYTES);
    if (at == 0) return MALFORMED;
    if (dayAt(at) <= previous) return BAD_OBSERVATION;
    previous = dayAt(at);
    const code = checkEntry(underlying, at, time);
    if (code != OK) return code;
  }
  return OK;
}

function keep(which: u32, from: usize, entries: u32, time: u64): u32 {
  let stored: u32 = 0;
  const today = <u32>(Globals.get().clock / DAY_MS);
  for (let index: u32 = 0; index < entries; index++) {
    const at = from + <usize>index * ENTRY_BYTES;
    const day = dayAt(at);
    const surface = surfaceFor(which, day, today);
    if (surface === null) continue; // MAX_EXPIRIES live ones: the calendar lists fewer than that
    if (surface.day != day) surface.buildForward = 0;
    surface.day = day;
    surface.forward = forwardAt(at);
    surface.index = indexAt(at);
    surface.a = aAt(at);
    surface.b = bAt(at);
    surface.rho = rhoAt(at);
    surface.m = mAt(at);
    surface.sigma = sigmaAt(at);
    surface.time = time;
    stored++;
  }
  return stored;
}

function refreshFact(): void {
  const globals = Globals.get();
  let oldest = u64.MAX_VALUE;
  for (let index: u32 = 0; index < globals.underlyings; index++) {
    const time = Underlying.at(index).volatilityTime;
    if (time < oldest) oldest = time;
  }
  globals.volatilityTime = oldest;
}

function digestSurface(underlying: Underlying, round: u32, time: u64, at: usize, length: u32): void {
  hashVolatilitySurface(HASH);
  const name = changetype<usize>(underlying) + offsetof<Underlying>("name");
  keccak256(name, underlying.nameLength, HASH + 32);
  putWord(HASH + 64, round);
  putWord(HASH + 96, time);
  keccak256(at, length, HASH + 128);
  finishDigest(160);
}

export function applyVolatility(forced: bool): i32 {
  const which = readU8();
  const round = readU32();
  const time = readU64();
  const entries = readU8();
  if (which >= Globals.get().underlyings) return NO_SUCH_UNDERLYING;
  const underlying = Underlying.at(which);
  if (round <= underlying.volatilityRound) return ROUND_NOT_NEW;
  let code = checkTimes(time, time, underlying.volatilityTime, forced);
  if (code != OK) return code;
  if (entries == 0 || entries > MAX_EXPIRIES) return MALFORMED;
  const at = cursor();
  code = checkEntries(underlying, entries, time);
  if (code != OK) return code;
  const count = readU8();
  code = checkCount(count);
  if (code != OK) return code;
  digestSurface(underlying, round, time, at, entries * ENTRY_BYTES);
  let next: u32 = 0;
  for (let index: u32 = 0; index < count; index++) {
    const signer = readU8();
    const signature = take(64);
    if (signature == 0) return MALFORMED;
    if (signer < next || signer >= Globals.get().signers) return BAD_SIGNER;
    next = signer + 1;
    code = checkMember(signer, signature);
    if (code != OK) return code;
  }
  if (!readAll()) return MALFORMED;
  beforePrices(underlying, which);
  underlying.volatilityRound = round;
  underlying.volatilityTime = time;
  const stored = keep(which, at, entries, time);
  refreshFact();
  put32(0, which);
  put32(4, round);
  put64(8, time);
  put32(16, stored);
  send(EVT_VOLATILITY);
  return OK;
}

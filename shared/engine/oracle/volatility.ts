import {
  BAD_OBSERVATION, BAD_SIGNER, MALFORMED, NO_SUCH_UNDERLYING, OK, ROUND_NOT_NEW,
} from "../codes";
import { HASH, MAX_EXPIRIES, SURFACES, SURFACE_SIZE } from "../layout";
import { put32, put64, send } from "../events";
import { keccak256 } from "../host";
import { EVT_VOLATILITY } from "../kinds";
import { DAY_MS } from "../math/calendar";
import { Globals } from "../records/globals";
import { isTooHigh, Underlying } from "../records/underlying";
import { cursor, readAll, readU16, readU32, readU64, readU8, take } from "../reader";
import { hashVolatilitySurface } from "../text/words";
import { finishDigest, putWord } from "../text/sentence";
import { checkCount, checkMember } from "./committee";
import { checkTimes } from "./index";

// A volatility and a forward per expiry, the same for the whole quorum that signs them.

const VOLATILITY_LIMIT: u32 = 5_000_000; // 500 %
const ENTRY_BYTES: u32 = 14;

/** One expiry's volatility and forward: as last accepted, and as the price epoch under way uses it. 32 bytes. */
@unmanaged
export class Surface {
  day: u32; // 0: free
  volatility: u32; // 1e-6
  forward: u64; // 1e-6 USDC
  buildVolatility: u32;
  pad: u32;
  buildForward: u64;

  @inline
  static at(underlying: u32, index: u32): Surface {
    return changetype<Surface>(
      SURFACES + (<usize>underlying * MAX_EXPIRIES + <usize>index) * SURFACE_SIZE,
    );
  }
}

if (offsetof<Surface>() != SURFACE_SIZE) ERROR("layout");

/** The entry of an expiry day; else a free or long expired one; else null. */
function entryFor(underlying: u32, day: u32, today: u32): Surface | null {
  let free: Surface | null = null;
  for (let index: u32 = 0; index < MAX_EXPIRIES; index++) {
    const surface = Surface.at(underlying, index);
    if (surface.day == day) return surface;
    if (free === null && surface.day + 2 < today) free = surface;
  }
  return free;
}

/** The expiry's entry that the epoch under way prices with, or null. */
export function buildSurface(underlying: u32, day: u32): Surface | null {
  for (let index: u32 = 0; index < MAX_EXPIRIES; index++) {
    const surface = Surface.at(underlying, index);
    if (surface.day == day && surface.buildVolatility != 0) return surface;
  }
  return null;
}

/** Takes over what was last accepted for the epoch that begins. */
export function startSurfaces(underlying: u32): void {
  for (let index: u32 = 0; index < MAX_EXPIRIES; index++) {
    const surface = Surface.at(underlying, index);
    surface.buildVolatility = surface.volatility;
    surface.buildForward = surface.forward;
  }
}

/** Reads and checks the entries, from the cursor on. */
function checkEntries(underlying: Underlying, entries: u32): i32 {
  let previous: u32 = 0;
  const today = <u32>(Globals.get().clock / DAY_MS);
  for (let index: u32 = 0; index < entries; index++) {
    const day = readU16();
    const forward = readU64();
    const volatility = readU32();
    if (day <= previous) return BAD_OBSERVATION;
    previous = day;
    if (forward == 0 || isTooHigh(underlying, forward)) return BAD_OBSERVATION;
    if (volatility == 0 || volatility > VOLATILITY_LIMIT) return BAD_OBSERVATION;
    if (day + 2 < today) return BAD_OBSERVATION;
  }
  return OK;
}

function keep(which: u32, at: usize, entries: u32): u32 {
  let stored: u32 = 0;
  const today = <u32>(Globals.get().clock / DAY_MS);
  for (let index: u32 = 0; index < entries; index++) {
    const from = at + <usize>index * ENTRY_BYTES;
    const day = <u32>load<u16>(from);
    const surface = entryFor(which, day, today);
    if (surface === null) continue; // MAX_EXPIRIES live ones: the calendar lists fewer than that
    if (surface.day != day) surface.buildVolatility = 0;
    surface.day = day;
    surface.forward = load<u64>(from, 2);
    surface.volatility = load<u32>(from, 10);
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
  code = checkEntries(underlying, entries);
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
  underlying.volatilityRound = round;
  underlying.volatilityTime = time;
  const stored = keep(which, at, entries);
  refreshFact();
  put32(0, which);
  put32(4, round);
  put64(8, time);
  put32(16, stored);
  send(EVT_VOLATILITY);
  return OK;
}

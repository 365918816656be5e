import {
  BAD_MULTIPLIER, BAD_REQUEST_TIME, MALFORMED, NOT_TIGHTER, NO_RISK_MONITOR, NO_SUCH_UNDERLYING, OK, REQUEST_NOT_NEW, WRONG_SIGNER,
} from "../codes";
import { isRecovered, recover } from "../auth";
import { put32, put64, send } from "../events";
import { keccak256 } from "../host";
import { EVT_RISK_REQUESTED } from "../kinds";
import { HASH } from "../layout";
import { readAll, readU16, readU32, readU64, readU8, take } from "../reader";
import { Globals } from "../records/globals";
import { Guard, Oversight } from "../records/guard";
import { Underlying } from "../records/underlying";
import { finishDigest, putWord } from "../text/sentence";
import { hashRiskRequest } from "../text/words";
import { tell } from "./gate";
import { decayed, MULTIPLIER_MOST, MULTIPLIER_NONE } from "./multiplier";

// The risk monitor asks for a higher multiplier. It can only tighten: whatever it asked for before stays in force until it has come
// down by itself, and nothing above the bound or longer than an hour is taken. Anybody may carry its request, through the inbox too.

const LONGEST_MS: u64 = 3_600_000;

export function applyRiskRequest(): i32 {
  const which = readU8();
  const multiplier = readU16();
  const until = readU64();
  const sequence = readU32();
  const reason = readU16();
  const signature = take(64);
  if (signature == 0 || !readAll()) return MALFORMED;
  if (which >= Globals.get().underlyings) return NO_SUCH_UNDERLYING;
  const monitor = Oversight.get();
  if ((monitor.monitor0 | monitor.monitor1 | <u64>monitor.monitor2) == 0) return NO_RISK_MONITOR;
  if (multiplier <= MULTIPLIER_NONE || multiplier > MULTIPLIER_MOST) return BAD_MULTIPLIER;
  const clock = Globals.get().clock;
  if (until <= clock || until > clock + LONGEST_MS) return BAD_REQUEST_TIME;
  const guard = Guard.at(which);
  if (sequence <= guard.requestSequence) return REQUEST_NOT_NEW;
  if (!isTighter(guard, multiplier, until, clock)) return NOT_TIGHTER;
  digestRequest(Underlying.at(which), multiplier, until, sequence, reason);
  const code = recover(signature);
  if (code != OK) return code;
  if (!isRecovered(changetype<usize>(monitor))) return WRONG_SIGNER;
  guard.requestMultiplier = multiplier;
  guard.requestUntil = until;
  guard.requestSequence = sequence;
  guard.requestReason = reason;
  put32(0, which);
  put32(4, multiplier);
  put32(8, sequence);
  put32(12, reason);
  put64(16, until);
  send(EVT_RISK_REQUESTED);
  tell(which);
  return OK;
}

/**
 * Whether a request asks for no less than the one in force at any time to come. Both come down at the same rate, so it is enough to
 * look at now and at the end of the one in force.
 */
function isTighter(guard: Guard, multiplier: u32, until: u64, clock: u64): bool {
  if (multiplier < decayed(guard.requestMultiplier, guard.requestUntil, clock)) return false;
  if (guard.requestUntil <= clock) return true;
  return decayed(multiplier, until, guard.requestUntil) >= guard.requestMultiplier;
}

function digestRequest(underlying: Underlying, multiplier: u32, until: u64, sequence: u32, reason: u32): void {
  hashRiskRequest(HASH);
  const name = changetype<usize>(underlying) + offsetof<Underlying>("name");
  keccak256(name, underlying.nameLength, HASH + 32);
  putWord(HASH + 64, multiplier);
  putWord(HASH + 96, until);
  putWord(HASH + 128, sequence);
  putWord(HASH + 160, reason);
  finishDigest(192);
}

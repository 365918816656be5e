// The engine's entry points. Every party runs these: the sequencer and watchers in V8, L1 in its own machine.
import { burnNonce, checkSignature, checkSigner } from "./auth";
import { assessRequest } from "./assess";
import { readBody } from "./body";
import { MALFORMED, NOT_ALLOWED_HERE, NOT_INITIALIZED, OK, SEGMENT_FULL } from "./codes";
import { applySigned, applySystem } from "./dispatch";
import { readCommand } from "./host";
import { runMessage } from "./inbox";
import { CMD_CONSUME, CMD_ORDER } from "./kinds";
import { INPUT, MAX_COMMAND_BYTES } from "./layout";
import { beginReading, readAll, readU32, readU8, readVarint, readVarint32 } from "./reader";
import { Account, Key } from "./records/account";
import { Globals } from "./records/globals";
import { Result } from "./result";
import { digestAction } from "./text/sentence";
import { baseWork, charge, SEGMENT_WORK, WORST_MESSAGE, worstWork } from "./work";

const SIGNATURE_BYTES: u32 = 64;

/** Begins a segment: its work budget is whole again. */
export function segmentStart(): void {
  Globals.get().work = 0;
}

/** Runs the current command. Returns its result code; anything but OK has changed nothing but scratch and work. */
export function execute(): i32 {
  return run(<u32>readCommand(INPUT), true);
}

/**
 * Counts the next inbox message as consumed, whatever then becomes of it, and returns 1; or returns 0 and counts nothing
 * when this segment has no room for the worst message: the consume is then a no-op, and belongs in the next segment.
 */
export function advance(): i32 {
  const globals = Globals.get();
  if (globals.work + WORST_MESSAGE > SEGMENT_WORK) return 0;
  globals.inboxCount++;
  return 1;
}

/** Runs the current command as an inbox message; `advance` made sure of the room. */
export function executeInbox(): i32 {
  Result.clear();
  beginReading(INPUT, <u32>readCommand(INPUT));
  return runMessage();
}

/** Writes the digest that the current signed command's signature is over. For hosts that recover ahead of time. */
export function digest(): i32 {
  const length = <u32>readCommand(INPUT);
  if (length <= SIGNATURE_BYTES) return MALFORMED;
  if (Globals.get().initialized == 0) return NOT_INITIALIZED;
  beginReading(INPUT, length - SIGNATURE_BYTES);
  const first = readU8();
  const kind = first & 31;
  if (kind < CMD_ORDER) return NOT_ALLOWED_HERE;
  const id = readVarint32();
  const nonce = readVarint();
  const validUntil = readU32();
  const code = readBody(kind);
  if (code != OK) return code;
  if (!readAll()) return MALFORMED;
  const refused = checkSigner(id, first >> 5, kind, nonce, validUntil);
  if (refused != OK) return refused;
  return digestAction(kind, id, first >> 5, nonce, validUntil);
}

/** `execute` of `length` bytes already at INPUT, its signature taken as checked. For measuring; no judged entry. */
export function executeRecovered(length: u32): i32 {
  return run(length, false);
}

/**
 * What margin a hypothetical portfolio needs, or an account after a hypothetical order: the request is `length` bytes at INPUT, the answer
 * at ASSESSMENT. For hosts that show it; no judged entry. Changes nothing but scratch.
 */
export function assess(length: u32): i32 {
  if (Globals.get().initialized == 0) return NOT_INITIALIZED;
  return length > MAX_COMMAND_BYTES ? MALFORMED : assessRequest(length);
}

function run(length: u32, verify: bool): i32 {
  const globals = Globals.get();
  if (globals.initialized == 0) return NOT_INITIALIZED;
  if (length == 0 || length > MAX_COMMAND_BYTES) return MALFORMED;
  const first = <u32>load<u8>(INPUT);
  const kind = first & 31;
  if (globals.work + worstWork(kind) > SEGMENT_WORK) return SEGMENT_FULL;
  charge(baseWork(kind));
  Result.clear();
  if (kind >= CMD_ORDER) return runSigned(length, first, verify);
  beginReading(INPUT + 1, length - 1);
  if (first != kind) return MALFORMED;
  return kind == CMD_CONSUME ? NOT_ALLOWED_HERE : applySystem(kind, false);
}

function runSigned(length: u32, first: u32, verify: bool): i32 {
  if (length <= SIGNATURE_BYTES) return MALFORMED;
  const kind = first & 31;
  const slot = first >> 5;
  beginReading(INPUT + 1, length - 1 - SIGNATURE_BYTES);
  const id = readVarint32();
  const nonce = readVarint();
  const validUntil = readU32();
  let code = readBody(kind);
  if (code != OK) return code;
  if (!readAll()) return MALFORMED;
  code = checkSigner(id, slot, kind, nonce, validUntil);
  if (code != OK) return code;
  const account = Account.at(id);
  if (verify) {
    code = digestAction(kind, id, slot, nonce, validUntil);
    if (code != OK) return code;
    code = checkSignature(account, slot, INPUT + length - SIGNATURE_BYTES);
    if (code != OK) return code;
  }
  code = applySigned(kind, account);
  if (code == OK) burnNonce(Key.of(account, slot), nonce);
  return code;
}

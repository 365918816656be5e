import {
  BAD_SIGNATURE, COMMAND_EXPIRED, KEY_EXPIRED, NONCE_TOO_HIGH, NONCE_TOO_LOW, NONCE_USED, NO_SUCH_ACCOUNT, NO_SUCH_KEY, OK,
  SCOPE_TOO_SMALL, VALID_TOO_LONG, WRONG_SIGNER,
} from "./codes";
import { DIGEST, NONCE_MAX_JUMP, NONCE_WINDOW, RECOVERED } from "./layout";
import { ecrecover } from "./host";
import {
  CMD_AMEND, CMD_BID, CMD_CANCEL, CMD_CANCEL_ALL, CMD_CANCEL_LABEL, CMD_ORDER, CMD_SET_MARGIN_MODE, CMD_WITHDRAW, SCOPE_CANCEL, SCOPE_TRADE, SCOPE_WITHDRAW,
} from "./kinds";
import { Account, Key } from "./records/account";
import { Globals } from "./records/globals";

// Who may do this, once, and until when.

const VALID_AT_MOST_MS: u64 = 30 * 86_400_000;

/** Scope bits of which a session key needs one; 0: the owner only. */
function scopesFor(kind: u32): u32 {
  if (kind == CMD_ORDER || kind == CMD_AMEND || kind == CMD_SET_MARGIN_MODE || kind == CMD_BID) return SCOPE_TRADE;
  if (kind == CMD_CANCEL || kind == CMD_CANCEL_LABEL || kind == CMD_CANCEL_ALL) {
    return SCOPE_CANCEL | SCOPE_TRADE;
  }
  return kind == CMD_WITHDRAW ? SCOPE_WITHDRAW : 0;
}

/** Everything about a signed command that needs no signature. Changes nothing. */
export function checkSigner(accountId: u32, slot: u32, kind: u32, nonce: u64, validUntil: u32): i32 {
  const globals = Globals.get();
  if (accountId >= globals.accounts) return NO_SUCH_ACCOUNT;
  const account = Account.at(accountId);
  if (account.flags == 0) return NO_SUCH_ACCOUNT;
  const key = Key.of(account, slot);
  const clock = globals.clock;
  if (slot != 0) {
    if (key.scope == 0) return NO_SUCH_KEY;
    if (key.expiry <= clock) return KEY_EXPIRED;
    if ((scopesFor(kind) & (<u32>key.scope)) == 0) return SCOPE_TOO_SMALL;
  }
  const until = (<u64>validUntil) * 1000;
  if (until < clock) return COMMAND_EXPIRED;
  if (until > clock + VALID_AT_MOST_MS) return VALID_TOO_LONG;
  return checkNonce(key, nonce);
}

/** A nonce is good if it is unused, not below the window, and not absurdly far above it. */
function checkNonce(key: Key, nonce: u64): i32 {
  const floor = key.nonceFloor;
  if (nonce < floor) return NONCE_TOO_LOW;
  const distance = nonce - floor;
  if (distance > <u64>NONCE_MAX_JUMP) return NONCE_TOO_HIGH;
  if (distance >= <u64>NONCE_WINDOW) return OK;
  const bits = distance < 64 ? key.nonceBits0 : key.nonceBits1;
  return ((bits >> (distance & 63)) & 1) != 0 ? NONCE_USED : OK;
}

/** Marks a checked nonce as used; one beyond the window moves the window up to end with it. */
export function burnNonce(key: Key, nonce: u64): void {
  let distance = nonce - key.nonceFloor;
  if (distance >= <u64>NONCE_WINDOW) {
    const shift = distance - (<u64>NONCE_WINDOW - 1);
    shiftWindow(key, shift);
    key.nonceFloor += shift;
    distance = <u64>NONCE_WINDOW - 1;
  }
  if (distance < 64) key.nonceBits0 |= (<u64>1) << distance;
  else key.nonceBits1 |= (<u64>1) << (distance - 64);
  // The floor rises over what is used up anyway, so that honest counters never meet a gap.
  const run = ctz(~key.nonceBits0);
  if (run == 0) return;
  if (run < 64) shiftWindow(key, run);
  else {
    key.nonceBits0 = key.nonceBits1;
    key.nonceBits1 = 0;
  }
  key.nonceFloor += run;
}

function shiftWindow(key: Key, shift: u64): void {
  if (shift >= 128) {
    key.nonceBits0 = 0;
    key.nonceBits1 = 0;
  } else if (shift >= 64) {
    key.nonceBits0 = shift == 64 ? key.nonceBits1 : key.nonceBits1 >> (shift - 64);
    key.nonceBits1 = 0;
  } else {
    key.nonceBits0 = (key.nonceBits0 >> shift) | (key.nonceBits1 << (64 - shift));
    key.nonceBits1 = key.nonceBits1 >> shift;
  }
}

/** Recovers the signer of DIGEST to RECOVERED; refuses what is out of range or has a high s. */
export function recover(signature: usize): i32 {
  if (!inRange(signature)) return BAD_SIGNATURE;
  return ecrecover(DIGEST, signature, RECOVERED) == 1 ? OK : BAD_SIGNATURE;
}

/** Whether the address at RECOVERED is the one at `address` (20 bytes), and not zero. */
export function isRecovered(address: usize): bool {
  const a = load<u64>(RECOVERED);
  const b = load<u64>(RECOVERED, 8);
  const c = load<u32>(RECOVERED, 16);
  if ((a | b | <u64>c) == 0) return false;
  return a == load<u64>(address) && b == load<u64>(address, 8) && c == load<u32>(address, 16);
}

/** Whether the command's signature is by the key in this slot. DIGEST must be set. */
export function checkSignature(account: Account, slot: u32, signature: usize): i32 {
  const code = recover(signature);
  if (code != OK) return code;
  return isRecovered(changetype<usize>(Key.of(account, slot))) ? OK : WRONG_SIGNER;
}

/** 0 < r < n and 0 < s <= n / 2, big-endian words; the top bit of s is the parity (EIP-2098, EIP-2). */
function inRange(signature: usize): bool {
  const r0 = bswap(load<u64>(signature));
  const r1 = bswap(load<u64>(signature, 8));
  const r2 = bswap(load<u64>(signature, 16));
  const r3 = bswap(load<u64>(signature, 24));
  if ((r0 | r1 | r2 | r3) == 0) return false;
  // n = ffffffffffffffff fffffffffffffffe baaedce6af48a03b bfd25e8cd0364141 (SEC 2, secp256k1)
  if (!less(r0, r1, r2, r3, 0xffffffffffffffff, 0xfffffffffffffffe, 0xbaaedce6af48a03b, 0xbfd25e8cd0364141)) return false;
  const s0 = bswap(load<u64>(signature, 32)) & 0x7fffffffffffffff;
  const s1 = bswap(load<u64>(signature, 40));
  const s2 = bswap(load<u64>(signature, 48));
  const s3 = bswap(load<u64>(signature, 56));
  if ((s0 | s1 | s2 | s3) == 0) return false;
  // n / 2 + 1
  return less(s0, s1, s2, s3, 0x7fffffffffffffff, 0xffffffffffffffff, 0x5d576e7357a4501d, 0xdfe92f46681b20a1);
}

function less(a0: u64, a1: u64, a2: u64, a3: u64, b0: u64, b1: u64, b2: u64, b3: u64): bool {
  if (a0 != b0) return a0 < b0;
  if (a1 != b1) return a1 < b1;
  if (a2 != b2) return a2 < b2;
  return a3 < b3;
}

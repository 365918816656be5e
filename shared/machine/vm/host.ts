// Host functions: the twin of contracts/src/machine/Host.sol. Arguments stand in r[dst + 1] and so on, the result goes to r[dst].
// All bounds are checked before the first leaf is touched.

import { INPUT, INPUT_BYTES, SCRATCH } from "./areas";
import { inBounds, readByte, writeByte } from "./memory";
import { LIMIT_HOST_BYTES, TRAP_HOST_LIMIT, TRAP_OUT_OF_BOUNDS } from "./opcodes";
import { dstOf, getFrame, set, trapAt } from "./registers";

/** keccak256 of `length` bytes at `from` to the 32 bytes at `to`: addresses of this module's memory. */
@external("host", "keccak256")
declare function keccak256(from: usize, length: u32, to: usize): void;

/** Signer of the 32 bytes at `digest` by the 64 at `signature`: 20 bytes to `to` and 1, or 0. */
@external("host", "recover")
declare function recover(digest: usize, signature: usize, to: usize): u32;

const DIGEST_BYTES: u32 = 32;
const SIGNATURE_BYTES: u32 = 64;
const HASH_BYTES: u32 = 32;
const ADDRESS_BYTES: u32 = 20;

let inputLength: u32 = 0;

/** The current command or message is the first `length` bytes at INPUT. */
export function setInputLength(length: u32): void {
  inputLength = length;
}

function argument(i: usize, number: usize): u64 {
  return load<u64>(getFrame() + dstOf(i) + (number << 3));
}

function gather(address: u64, length: u32, to: usize): void {
  for (let k: u32 = 0; k < length; k++) store<u8>(to + <usize>k, readByte(address + <u64>k));
}

function scatter(from: usize, length: u32, address: u64): void {
  for (let k: u32 = 0; k < length; k++) writeByte(address + <u64>k, load<u8>(from + <usize>k));
}

export function hostReadCommand(i: usize): void {
  const to = argument(i, 1);
  const length = inputLength > INPUT_BYTES ? 0 : inputLength;
  if (!inBounds(to, <u64>length)) return trapAt(i, TRAP_OUT_OF_BOUNDS);
  scatter(INPUT, length, to);
  set(i, <u64>length);
}

export function hostKeccak256(i: usize): void {
  const from = argument(i, 1);
  const length = argument(i, 2);
  const to = argument(i, 3);
  if (length > <u64>LIMIT_HOST_BYTES) return trapAt(i, TRAP_HOST_LIMIT);
  if (!inBounds(from, length) || !inBounds(to, HASH_BYTES)) return trapAt(i, TRAP_OUT_OF_BOUNDS);
  gather(from, <u32>length, SCRATCH);
  const hash = SCRATCH + <usize>LIMIT_HOST_BYTES;
  keccak256(SCRATCH, <u32>length, hash);
  scatter(hash, HASH_BYTES, to);
  set(i, 0);
}

export function hostEcrecover(i: usize): void {
  const digest = argument(i, 1);
  const signature = argument(i, 2);
  const to = argument(i, 3);
  if (!inBounds(digest, DIGEST_BYTES) || !inBounds(signature, SIGNATURE_BYTES)) {
    return trapAt(i, TRAP_OUT_OF_BOUNDS);
  }
  const signatureAt = SCRATCH + <usize>DIGEST_BYTES;
  const address = signatureAt + <usize>SIGNATURE_BYTES;
  gather(digest, DIGEST_BYTES, SCRATCH);
  gather(signature, SIGNATURE_BYTES, signatureAt);
  if (recover(SCRATCH, signatureAt, address) == 0) return set(i, 0);
  if (!inBounds(to, ADDRESS_BYTES)) return trapAt(i, TRAP_OUT_OF_BOUNDS);
  scatter(address, ADDRESS_BYTES, to);
  set(i, 1);
}

export function hostEmit(i: usize): void {
  set(i, 0);
}

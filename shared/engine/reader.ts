import { WORK_AREA } from "./layout";

// Reads the current command. The cursor lives in scratch memory, since a global would outlive the call.
// Reading past the end yields zeros and marks the command as bad: nothing ever reads out of bounds.

const CURSOR: usize = WORK_AREA;
const END: usize = WORK_AREA + 4;
const BAD: usize = WORK_AREA + 8;

export function beginReading(start: usize, length: u32): void {
  store<u32>(CURSOR, <u32>start);
  store<u32>(END, <u32>start + length);
  store<u32>(BAD, 0);
}

@inline
export function cursor(): usize {
  return load<u32>(CURSOR);
}

/** Whether everything was read, and nothing beyond. */
@inline
export function readAll(): bool {
  return load<u32>(BAD) == 0 && load<u32>(CURSOR) == load<u32>(END);
}

@inline
export function readBad(): void {
  store<u32>(BAD, 1);
}

/** Advances by `count` bytes and returns where they are, or 0 with the command marked as bad. */
@inline
export function take(count: u32): usize {
  const at = load<u32>(CURSOR);
  if (load<u32>(END) - at < count) {
    store<u32>(BAD, 1);
    return 0;
  }
  store<u32>(CURSOR, at + count);
  return at;
}

export function readU8(): u32 {
  const at = take(1);
  return at == 0 ? 0 : <u32>load<u8>(at);
}

export function readU16(): u32 {
  const at = take(2);
  return at == 0 ? 0 : <u32>load<u16>(at);
}

export function readU32(): u32 {
  const at = take(4);
  return at == 0 ? 0 : load<u32>(at);
}

export function readU64(): u64 {
  const at = take(8);
  return at == 0 ? 0 : load<u64>(at);
}

/** Unsigned LEB128 in its shortest form; at most 10 bytes and 64 bits. */
export function readVarint(): u64 {
  let at: usize = load<u32>(CURSOR);
  const end: usize = load<u32>(END);
  if (at < end) {
    const first = <u64>load<u8>(at);
    if (first < 128) {
      store<u32>(CURSOR, <u32>at + 1);
      return first;
    }
  }
  return readLong(at, end);
}

function readLong(from: usize, end: usize): u64 {
  let at = from;
  let value: u64 = 0;
  for (let shift: u64 = 0; shift < 70; shift += 7) {
    if (at >= end) break;
    const byte = <u64>load<u8>(at);
    at++;
    if (shift == 63 && byte > 1) break;
    value |= (byte & 127) << shift;
    if (byte < 128) {
      if (byte == 0 && shift != 0) break;
      store<u32>(CURSOR, <u32>at);
      return value;
    }
  }
  store<u32>(BAD, 1);
  return 0;
}

/** A varint that must fit 32 bits; anything larger marks the command as bad. */
export function readVarint32(): u32 {
  const value = readVarint();
  if (value > 0xffffffff) {
    store<u32>(BAD, 1);
    return 0;
  }
  return <u32>value;
}

// ---- big-endian, for what L1 writes

export function readU32BE(): u32 {
  return bswap<u32>(readU32());
}

export function readU64BE(): u64 {
  return bswap<u64>(readU64());
}

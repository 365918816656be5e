import { EncodingError, ParseError } from './errors.ts';

const U64_MAX = (1n << 64n) - 1n;

/** Appends integers and bytes to a buffer that grows. Out of range throws `EncodingError`. */
export class ByteWriter {
  private buffer: Uint8Array;
  private view: DataView;
  private position = 0;

  constructor(capacity = 128) {
    this.buffer = new Uint8Array(capacity);
    this.view = new DataView(this.buffer.buffer);
  }

  get length(): number {
    return this.position;
  }

  private reserve(count: number): number {
    const at = this.position;
    this.position = at + count;
    if (this.position > this.buffer.length) {
      const larger = new Uint8Array(Math.max(this.position, this.buffer.length * 2));
      larger.set(this.buffer);
      this.buffer = larger;
      this.view = new DataView(larger.buffer);
    }
    return at;
  }

  u8(value: number): this {
    const at = this.reserve(1);
    this.view.setUint8(at, checkUint(value, 0xff));
    return this;
  }

  u16(value: number): this {
    const at = this.reserve(2);
    this.view.setUint16(at, checkUint(value, 0xffff), true);
    return this;
  }

  u32(value: number): this {
    const at = this.reserve(4);
    this.view.setUint32(at, checkUint(value, 0xffffffff), true);
    return this;
  }

  u64(value: bigint): this {
    const at = this.reserve(8);
    this.view.setBigUint64(at, checkUint64(value), true);
    return this;
  }

  u16be(value: number): this {
    const at = this.reserve(2);
    this.view.setUint16(at, checkUint(value, 0xffff), false);
    return this;
  }

  u32be(value: number): this {
    const at = this.reserve(4);
    this.view.setUint32(at, checkUint(value, 0xffffffff), false);
    return this;
  }

  u64be(value: bigint): this {
    const at = this.reserve(8);
    this.view.setBigUint64(at, checkUint64(value), false);
    return this;
  }

  /** A varint that fits 32 bits. */
  varint32(value: number): this {
    return this.varint(checkUint(value, 0xffff_ffff));
  }

  /** Unsigned LEB128 in its shortest form. */
  varint(value: number | bigint): this {
    if (typeof value === 'bigint') return this.varint64(checkUint64(value));
    let rest = checkUint(value, Number.MAX_SAFE_INTEGER);
    while (rest >= 0x80) {
      const at = this.reserve(1);
      this.view.setUint8(at, (rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    const at = this.reserve(1);
    this.view.setUint8(at, rest);
    return this;
  }

  private varint64(value: bigint): this {
    let rest = value;
    while (rest >= 0x80n) {
      const at = this.reserve(1);
      this.view.setUint8(at, Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    const at = this.reserve(1);
    this.view.setUint8(at, Number(rest));
    return this;
  }

  /** Exactly `length` bytes (any length if it is left out). */
  bytes(value: Uint8Array, length = value.length): this {
    if (value.length !== length) {
      throw new EncodingError(`Expected ${length} bytes, got ${value.length}.`);
    }
    const at = this.reserve(length);
    this.buffer.set(value, at);
    return this;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.buffer.slice(0, this.position);
  }
}

/**
 * Reads integers and bytes and never throws: the first read that cannot be satisfied sets `failed`, and
 * from then on every read gives zero. Whoever decodes looks at `failed` once, at the end.
 */
export class ByteReader {
  failed = false;
  private readonly data: Uint8Array;
  private readonly view: DataView;
  private position = 0;

  constructor(data: Uint8Array) {
    this.data = data;
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  get remaining(): number {
    return this.data.length - this.position;
  }

  get offset(): number {
    return this.position;
  }

  private take(count: number): number {
    const at = this.position;
    if (this.failed || count > this.data.length - at) {
      this.failed = true;
      return -1;
    }
    this.position = at + count;
    return at;
  }

  u8(): number {
    const at = this.take(1);
    return at < 0 ? 0 : this.view.getUint8(at);
  }

  u16(): number {
    const at = this.take(2);
    return at < 0 ? 0 : this.view.getUint16(at, true);
  }

  u32(): number {
    const at = this.take(4);
    return at < 0 ? 0 : this.view.getUint32(at, true);
  }

  u64(): bigint {
    const at = this.take(8);
    return at < 0 ? 0n : this.view.getBigUint64(at, true);
  }

  u16be(): number {
    const at = this.take(2);
    return at < 0 ? 0 : this.view.getUint16(at, false);
  }

  u32be(): number {
    const at = this.take(4);
    return at < 0 ? 0 : this.view.getUint32(at, false);
  }

  u64be(): bigint {
    const at = this.take(8);
    return at < 0 ? 0n : this.view.getBigUint64(at, false);
  }

  /** Unsigned LEB128 of at most 64 bits; a form that is not the shortest fails. */
  varint(): bigint {
    let low = 0; // the first seven groups: 49 bits, exact in a double
    let scale = 1;
    for (let group = 0; group < 7; group++) {
      const byte = this.u8();
      low += (byte & 0x7f) * scale;
      scale *= 0x80;
      if (byte < 0x80) {
        if (byte === 0 && group > 0) this.failed = true;
        return this.failed ? 0n : BigInt(low);
      }
    }
    let value = BigInt(low);
    for (let group = 7n; group < 10n; group++) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << (7n * group);
      if (byte < 0x80) {
        if (byte === 0 || value > U64_MAX) this.failed = true;
        return this.failed ? 0n : value;
      }
    }
    this.failed = true;
    return 0n;
  }

  /** A varint that fits 32 bits; a larger one fails. */
  varint32(): number {
    const value = this.varint();
    if (value > 0xffff_ffffn) this.failed = true;
    return this.failed ? 0 : Number(value);
  }

  /** A copy of the next `length` bytes. */
  bytes(length: number): Uint8Array {
    const at = this.take(length);
    return at < 0 ? new Uint8Array(length) : this.data.slice(at, at + length);
  }

  /** A copy of everything that is left. */
  rest(): Uint8Array {
    return this.bytes(this.remaining);
  }
}

function checkUint(value: number, max: number): number {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new EncodingError(`${value} is not an integer from 0 to ${max}.`);
  }
  return value;
}

function checkUint64(value: bigint): bigint {
  if (value < 0n || value > U64_MAX) {
    throw new EncodingError(`${value} is not an integer from 0 to ${U64_MAX}.`);
  }
  return value;
}

const HEX_PAIR = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** `0x` and two lower-case digits a byte. */
export function bytesToHex(bytes: Uint8Array): `0x${string}` {
  let text = '';
  for (const byte of bytes) text += HEX_PAIR[byte];
  return `0x${text}`;
}

/** The value of a hexadecimal digit's character code, -1 of any other. */
const DIGITS = Int8Array.from({ length: 128 }, (_, code) => {
  const digit = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(digit) ? -1 : digit;
});

/** The bytes of `0x…` (either case). Throws `ParseError`. */
export function hexToBytes(hex: string): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, hex.length - 2) >> 1);
  let valid = hex.startsWith('0x') && hex.length % 2 === 0;
  for (let i = 0; valid && i < bytes.length; i++) {
    const high = DIGITS[hex.charCodeAt(2 + 2 * i)] ?? -1;
    const low = DIGITS[hex.charCodeAt(3 + 2 * i)] ?? -1;
    if (high < 0 || low < 0) valid = false;
    bytes[i] = (high << 4) | low;
  }
  if (valid) return bytes;
  throw new ParseError('Expected hexadecimal bytes that start with 0x and have an even length.');
}

/** Whether two arrays hold the same bytes. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

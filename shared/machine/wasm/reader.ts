import { WasmError } from './errors.ts';

/** Reads the primitives of the WebAssembly binary format from `bytes[position, end)`. */
export class Reader {
  readonly bytes: Uint8Array;
  readonly end: number;
  position: number;

  constructor(bytes: Uint8Array, position = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  get done(): boolean {
    return this.position >= this.end;
  }

  byte(): number {
    if (this.position >= this.end) {
      throw new WasmError('WASM_TRUNCATED', `The module ends inside a field at byte ${this.end}.`);
    }
    return this.bytes[this.position++] as number;
  }

  /** Unsigned LEB128 of at most 32 bits. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      if (shift === 28 && byte > 0x0f) break;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw this.malformed('an unsigned 32-bit integer is too long');
  }

  /** Signed LEB128 of at most 32 bits. */
  s32(): number {
    return Number(this.signed(32));
  }

  /** Signed LEB128 of at most 64 bits. */
  s64(): bigint {
    return this.signed(64);
  }

  private signed(bits: number): bigint {
    let value = 0n;
    for (let shift = 0; shift < bits; shift += 7) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << BigInt(shift);
      if (byte < 0x80) {
        const width = Math.min(shift + 7, bits);
        const result = BigInt.asIntN(width, value);
        // The unused bits of the last byte must repeat the sign.
        if (shift + 7 > bits && BigInt.asIntN(shift + 7, value) !== result) break;
        return result;
      }
    }
    throw this.malformed(`a signed ${bits}-bit integer is too long`);
  }

  /** The next `length` bytes, as a view. */
  take(length: number): Uint8Array {
    const start = this.position;
    if (length > this.end - start) {
      throw new WasmError('WASM_TRUNCATED', `The module ends inside a field at byte ${this.end}.`);
    }
    this.position = start + length;
    return this.bytes.subarray(start, this.position);
  }

  text(): string {
    return new TextDecoder().decode(this.take(this.u32()));
  }

  /** A vector: its length, then `item` that often. */
  vector<T>(item: () => T): T[] {
    const length = this.u32();
    // Every item has at least one byte, so a huge length cannot make us allocate.
    if (length > this.end - this.position)
      throw this.malformed('a vector is longer than its section');
    return Array.from({ length }, item);
  }

  malformed(what: string): WasmError {
    return new WasmError('WASM_MALFORMED', `Malformed module at byte ${this.position}: ${what}.`);
  }

  unsupported(what: string): WasmError {
    return new WasmError(
      'WASM_UNSUPPORTED',
      `${what} at byte ${this.position} is outside the integer subset of WebAssembly that the ` +
        'machine runs. Compile the engine without it.',
    );
  }
}

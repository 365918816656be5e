/** Appends the primitives of the WebAssembly binary format to a buffer that grows. */
export class Writer {
  private buffer = new Uint8Array(256);
  private used = 0;

  get length(): number {
    return this.used;
  }

  private reserve(count: number): number {
    const at = this.used;
    this.used += count;
    if (this.used > this.buffer.length) {
      const larger = new Uint8Array(Math.max(this.used, this.buffer.length * 2));
      larger.set(this.buffer);
      this.buffer = larger;
    }
    return at;
  }

  byte(value: number): this {
    const at = this.reserve(1); // first: it may replace the buffer
    this.buffer[at] = value;
    return this;
  }

  bytes(value: Uint8Array | readonly number[]): this {
    const at = this.reserve(value.length);
    this.buffer.set(value, at);
    return this;
  }

  /** Unsigned LEB128; `value` is an integer from 0 to 2^32 - 1. */
  u32(value: number): this {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    return this.byte(rest);
  }

  /** Signed LEB128 of the 32-bit pattern of `value` (signed or unsigned alike). */
  s32(value: number): this {
    let rest = value | 0;
    for (;;) {
      const byte = rest & 0x7f;
      rest >>= 7;
      if ((rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0)) {
        return this.byte(byte);
      }
      this.byte(byte | 0x80);
    }
  }

  /** A length-prefixed UTF-8 string. */
  text(value: string): this {
    const bytes = new TextEncoder().encode(value);
    return this.u32(bytes.length).bytes(bytes);
  }

  /** A length-prefixed run of bytes. */
  sized(content: Uint8Array): this {
    return this.u32(content.length).bytes(content);
  }

  finish(): Uint8Array {
    return this.buffer.slice(0, this.used);
  }
}

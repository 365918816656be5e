import { Code } from '#shared/machine/wasm/code.ts';
import { Writer } from '#shared/machine/wasm/writer.ts';

const I32 = 0x7f;
const V128 = 0x7b;

/** Instructions beyond WebAssembly 1.0: the few 128-bit ones that the kernels need. */
export class VectorCode extends Code {
  /** Pushes the 16 bytes at `local + offset`. */
  load128(local: number, offset = 0): this {
    return this.op('local.get', local).bytes([0xfd, 0x00, 0]).u32(offset);
  }

  /** Copies `bytes` (a multiple of 16) between the addresses in two locals. */
  copy(to: number, from: number, bytes: number, offset = 0): this {
    for (let at = offset; at < offset + bytes; at += 16) {
      this.op('local.get', to).load128(from, at).store128(at);
    }
    return this;
  }

  /** Pops 16 bytes and an address below them. */
  store128(offset: number): this {
    return this.bytes([0xfd, 0x0b, 0]).u32(offset);
  }

  zero128(): this {
    return this.bytes([0xfd, 0x0c, ...new Uint8Array(16)]);
  }

  or128(): this {
    return this.bytes([0xfd, 0x50]);
  }

  /** Pops 16 bytes, pushes whether any bit is set. */
  anyTrue(): this {
    return this.bytes([0xfd, 0x53]);
  }

  /** Pops 16 bytes, pushes 16 bits: which of them are not zero. */
  nonZeroBytes(): this {
    return this.zero128().bytes([0xfd, 0x24, 0xfd, 0x64]); // i8x16.ne, i8x16.bitmask
  }

  /** `local += value` */
  advance(local: number, value: number): this {
    return this.op('local.get', local).i32(value).op('i32.add').op('local.set', local);
  }
}

/** An exported function; parameters and result (0 or 1) are i32. */
export interface KernelFunction {
  readonly name: string;
  readonly params: number;
  readonly results: number;
  /** i32 locals, which follow the parameters, and 128-bit ones, which follow those. */
  readonly locals: number;
  readonly vectors?: number;
  /** With its last `end`. */
  readonly code: Code;
}

/** A module of these functions over the memory that it imports. */
export function assembleKernel(functions: readonly KernelFunction[]): WebAssembly.Module {
  const types = functions.map(({ params, results }) =>
    piece((w) => w.byte(0x60).sized(ints(params)).sized(ints(results))),
  );
  const exported = functions.map(({ name }, i) => piece((w) => w.text(name).byte(0).u32(i)));
  const bodies = functions.map(({ code, locals, vectors = 0 }) => {
    const groups = piece((w) => w.u32(2).u32(locals).byte(I32).u32(vectors).byte(V128));
    return piece((w) => w.sized(piece((body) => body.bytes(groups).bytes(code.finish()))));
  });
  const memory = piece((w) => w.text('host').text('memory').bytes([2, 0, 0]));
  const bytes = new Writer()
    .bytes([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])
    .bytes(section(1, types))
    .bytes(section(2, [memory]))
    .bytes(
      section(
        3,
        functions.map((_, i) => piece((w) => w.u32(i))),
      ),
    )
    .bytes(section(7, exported))
    .bytes(section(10, bodies))
    .finish();
  return new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
}

function piece(write: (writer: Writer) => void): Uint8Array {
  const writer = new Writer();
  write(writer);
  return writer.finish();
}

function section(id: number, entries: readonly Uint8Array[]): Uint8Array {
  const content = piece((w) => {
    w.u32(entries.length);
    for (const entry of entries) w.bytes(entry);
  });
  return piece((w) => w.byte(id).sized(content));
}

/** Value types: their number is the length that `sized` writes. */
function ints(count: number): Uint8Array {
  return new Uint8Array(count).fill(I32);
}

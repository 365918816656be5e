import { OPCODES } from './opcodes.ts';
import { Writer } from './writer.ts';

const CODES = new Map([...OPCODES.values()].map((entry) => [entry.name, entry.code]));

/** Assembles instructions, by their names in the text format. */
export class Code extends Writer {
  /** An instruction and its index immediates (labels, locals, globals, functions). */
  op(name: string, ...indices: readonly number[]): this {
    const code = CODES.get(name);
    if (code === undefined) throw new RangeError(`${name} is not an instruction of the subset.`);
    this.byte(code);
    for (const index of indices) this.u32(index);
    return this;
  }

  /** `i32.const value`. */
  i32(value: number): this {
    return this.op('i32.const').s32(value);
  }

  /** A load or store; `align` is log2 of the hint. */
  memory(name: string, offset: number, align = 0): this {
    return this.op(name, align, offset);
  }

  /** `block`, `loop` or `if` without a result; close it with `op('end')`. */
  open(name: 'block' | 'loop' | 'if'): this {
    return this.op(name).byte(0x40);
  }

  /** Pushes `local + offset`. */
  address(local: number, offset: number): this {
    this.op('local.get', local);
    return offset === 0 ? this : this.i32(offset).op('i32.add');
  }
}

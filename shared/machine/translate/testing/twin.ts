import { recoverPortable } from '#shared/host/recover.ts';
import { keccak256 } from '#shared/protocol/keccak.ts';
import { LIMITS, LINK, STATUS, TRAPS } from '../../isa.ts';
import { type Decoded, decode } from '../../program/encode.ts';
import type { Entry, Program } from '../../program/program.ts';

/**
 * The instruction set by its definition, written only to be obviously right: one case an instruction, BigInt throughout. Tests hold the translator
 * and the fast machines against it.
 */
export class Twin {
  readonly #program: Program;
  readonly #decoded = new Map<number, Decoded>();
  readonly registers: bigint[] = [];
  memory: Uint8Array;
  pages: number;
  pc = 0;
  fp = 0;
  status: number = STATUS.FINISHED;
  trap: number = TRAPS.NONE;
  steps = 0;
  input: Uint8Array = new Uint8Array(0);
  /** How often each instruction ran, by its name. */
  readonly counts = new Map<string, number>();
  /** Blocks of 4 KiB that were looked at: whatever was written is in one of them. */
  readonly touched = new Set<number>();
  /** Called before each step, for measurements. */
  onStep: ((decoded: Decoded, pc: number) => void) | undefined;

  /** With memory as the program's data leave it; runs the start function. Throws if that traps. */
  constructor(program: Program) {
    this.#program = program;
    this.pages = program.pages;
    this.memory = new Uint8Array(program.pages * 65_536);
    for (const { offset, bytes } of program.data) this.memory.set(bytes, offset);
    this.registers.push(...program.globals);
    if (program.start) {
      this.#begin(program.start, []);
      this.#run();
      if (this.status === STATUS.TRAPPED)
        throw new Error(`The start function traps: ${this.trap}.`);
    }
  }

  /** Calls an exported function; a trap is undefined with `trap` set. Without results the result is 0. */
  call(name: string, ...parameters: readonly bigint[]): bigint | undefined {
    this.begin(name, ...parameters);
    this.#run();
    return this.status === STATUS.TRAPPED ? undefined : (this.registers[this.fp] as bigint);
  }

  /** Prepares a call; `step` runs it. */
  begin(name: string, ...parameters: readonly bigint[]): void {
    const entry = this.#program.entries.get(name);
    if (entry === undefined) throw new Error(`No entry ${name}.`);
    this.#begin(entry, parameters);
  }

  #run(): void {
    while (this.status === STATUS.RUNNING) this.step();
  }

  #begin(entry: Entry, parameters: readonly bigint[]): void {
    this.fp = this.#program.globals.length;
    this.registers.length = this.fp;
    this.registers.push(
      linkOf(0, 0, entry.frameSize, 1),
      ...entry.parameters.map((type, i) =>
        BigInt.asUintN(type === 'i32' ? 32 : 64, parameters[i] as bigint),
      ),
    );
    while (this.registers.length < this.fp + entry.frameSize) this.registers.push(0n);
    this.pc = entry.address;
    this.status = STATUS.RUNNING;
    this.trap = TRAPS.NONE;
  }

  step(): void {
    const { pc } = this;
    const decoded = this.#decoded.get(pc) ?? (decode(this.#program.code, pc) as Decoded);
    this.#decoded.set(pc, decoded);
    this.onStep?.(decoded, pc);
    this.steps++;
    const { name } = decoded.instruction;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    this.pc = pc + 16;
    try {
      this.#execute(decoded);
    } catch (error) {
      if (!(error instanceof Trap)) throw error;
      this.status = STATUS.TRAPPED;
      this.trap = error.trap;
      this.pc = pc;
    }
  }

  #execute(decoded: Decoded): void {
    const { dst, a, b, imm } = decoded;
    const { name, form } = decoded.instruction;
    const r = (register: number) => this.registers[this.fp + register] as bigint;
    const set = (value: bigint) => {
      this.registers[this.fp + dst] = value;
    };
    const compare = COMPARE[name.replace(/^br_|_imm$/g, '').replace(/_imm$/, '')];
    switch (form) {
      case 'dst a b':
      case 'dst a imm': {
        const right = form === 'dst a b' ? r(b) : imm;
        const operation = BINARY[name.replace(/_imm$/, '')];
        if (operation) return set(operation(r(a), right));
        return set(compare?.(r(a), right) ? 1n : 0n);
      }
      case 'dst a':
        if (name === 'memory_grow') return set(this.#grow(r(a)));
        return set((UNARY[name] as (value: bigint) => bigint)(r(a)));
      case 'dst imm':
        return set(imm);
      case 'dst':
        return set(BigInt(this.pages));
      case 'a':
        return this.#leave(r(a));
      case 'none':
        if (name === 'return') return this.#leave(0n);
        this.status = STATUS.FINISHED;
        this.pc = 0;
        return;
      case 'target':
        this.pc = Number(imm);
        return;
      case 'a target':
        if ((r(a) !== 0n) === (name === 'br_if')) this.pc = Number(imm);
        return;
      case 'a b target':
        if (compare?.(r(a), r(b))) this.pc = Number(imm);
        return;
      case 'a const target':
        if (compare?.(r(a), imm >> 32n)) this.pc = Number(imm & M32);
        return;
      case 'dst a b cond':
        return set(r(Number(imm) / 32) !== 0n ? r(a) : r(b));
      case 'a table':
        this.pc += 16 * Math.min(Number(r(a)), Number(imm));
        return;
      case 'call':
        return this.#call(decoded);
      case 'host':
        this.registers[this.fp + dst] = this.#host(name, this.fp + dst + 1);
        return;
      case 'dst a offset':
        return set(this.#load(name, r(a) + imm));
      case 'dst address':
        return set(this.#load(name.slice(0, -3), imm));
      case 'a b offset':
        return this.#store(name, r(a) + imm, r(b));
      case 'b address':
        return this.#store(name.slice(0, -3), imm, r(b));
      case 'dst global':
        return set(this.registers[Number(imm) / 32] as bigint);
      case 'a global':
        this.registers[Number(imm) / 32] = r(a);
        return;
      case 'trap':
        throw new Trap(Number(imm));
    }
  }

  #call({ dst, a, b, imm }: Decoded): void {
    const depth = Number((this.registers[this.fp] as bigint) >> BigInt(LINK.DEPTH_SHIFT)) + 1;
    if (depth > LIMITS.MAX_DEPTH || this.fp + dst + b > LIMITS.MAX_REGISTERS) {
      throw new Trap(TRAPS.CALL_STACK_EXHAUSTED);
    }
    this.fp += dst;
    for (let register = a; register < b; register++) this.registers[this.fp + register] = 0n;
    this.registers[this.fp] = linkOf(this.pc, dst, b, depth);
    this.pc = Number(imm);
  }

  #leave(value: bigint): void {
    const link = this.registers[this.fp] as bigint;
    this.registers[this.fp] = value;
    this.fp -= Number((link >> BigInt(LINK.OFFSET_SHIFT)) & BigInt(LINK.FIELD_MASK));
    this.pc = Number(link & M32);
  }

  #at(address: bigint, length: bigint): Uint8Array {
    if (address + length > BigInt(this.pages) * 65_536n) throw new Trap(TRAPS.OUT_OF_BOUNDS);
    for (let block = address >> 12n; block << 12n < address + length; block++) {
      this.touched.add(Number(block));
    }
    return this.memory.subarray(Number(address), Number(address + length));
  }

  #load(name: string, address: bigint): bigint {
    const [, bits, signed, to] = /^load(\d+)_?([su]?)(\d*)$/.exec(name) as unknown as string[];
    const bytes = this.#at(address, BigInt(bits as string) / 8n);
    const value = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    return signed === 's' ? BigInt.asUintN(Number(to), BigInt.asIntN(Number(bits), value)) : value;
  }

  #store(name: string, address: bigint, value: bigint): void {
    const bytes = this.#at(address, BigInt(name.slice(5)) / 8n);
    for (const i of bytes.keys()) bytes[i] = Number((value >> BigInt(8 * i)) & 0xffn);
  }

  #grow(more: bigint): bigint {
    const before = this.pages;
    if (BigInt(before) + more > BigInt(this.#program.maxPages)) return M32;
    this.pages += Number(more);
    const memory = new Uint8Array(this.pages * 65_536);
    memory.set(this.memory);
    this.memory = memory;
    return BigInt(before);
  }

  #host(name: string, first: number): bigint {
    const [p, q, s] = [0, 1, 2].map((i) => this.registers[first + i] ?? 0n) as [
      bigint,
      bigint,
      bigint,
    ];
    switch (name) {
      case 'host_read_command': {
        const input = this.input.length > 4_096 ? new Uint8Array(0) : this.input;
        this.#at(p, BigInt(input.length)).set(input);
        return BigInt(input.length);
      }
      case 'host_keccak256': {
        if (q > BigInt(LIMITS.HOST_BYTES)) throw new Trap(TRAPS.HOST_LIMIT);
        const source = this.#at(p, q);
        this.#at(s, 32n).set(keccak256(source));
        return 0n;
      }
      case 'host_ecrecover': {
        const address = recoverPortable(this.#at(p, 32n).slice(), this.#at(q, 64n).slice());
        if (address === null) return 0n;
        this.#at(s, 20n).set(address);
        return 1n;
      }
      default:
        return 0n;
    }
  }
}

class Trap extends Error {
  readonly trap: number;

  constructor(trap: number) {
    super(`trap ${trap}`);
    this.trap = trap;
  }
}

const M32 = 0xffff_ffffn;
const u32 = (value: bigint) => BigInt.asUintN(32, value);
const u64 = (value: bigint) => BigInt.asUintN(64, value);
const s32 = (value: bigint) => BigInt.asIntN(32, value);
const s64 = (value: bigint) => BigInt.asIntN(64, value);

const linkOf = (returnTo: number, offset: number, size: number, depth: number): bigint =>
  BigInt(returnTo) |
  (BigInt(offset) << BigInt(LINK.OFFSET_SHIFT)) |
  (BigInt(size) << BigInt(LINK.SIZE_SHIFT)) |
  (BigInt(depth) << BigInt(LINK.DEPTH_SHIFT));

type Binary = (a: bigint, b: bigint) => bigint;

function divisor(b: bigint): bigint {
  if (b === 0n) throw new Trap(TRAPS.DIVISION_BY_ZERO);
  return b;
}

function quotient(a: bigint, b: bigint, bits: number): bigint {
  const result = a / divisor(b);
  if (result === 1n << BigInt(bits - 1)) throw new Trap(TRAPS.INTEGER_OVERFLOW);
  return BigInt.asUintN(bits, result);
}

const rotate = (a: bigint, by: bigint, bits: bigint): bigint =>
  BigInt.asUintN(Number(bits), (a << by) | (a >> (bits - by)));

const BINARY: Readonly<Record<string, Binary>> = {
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  add32: (a, b) => u32(a + b),
  sub32: (a, b) => u32(a - b),
  mul32: (a, b) => u32(a * b),
  shl32: (a, b) => u32(a << (b & 31n)),
  shr_u32: (a, b) => a >> (b & 31n),
  shr_s32: (a, b) => u32(s32(a) >> (b & 31n)),
  rotl32: (a, b) => rotate(u32(a), b & 31n, 32n),
  rotr32: (a, b) => rotate(u32(a), -b & 31n, 32n),
  div_u32: (a, b) => a / divisor(b),
  div_s32: (a, b) => quotient(s32(a), s32(b), 32),
  rem_u32: (a, b) => a % divisor(b),
  rem_s32: (a, b) => u32(s32(a) % s32(divisor(b))),
  add64: (a, b) => u64(a + b),
  sub64: (a, b) => u64(a - b),
  mul64: (a, b) => u64(a * b),
  shl64: (a, b) => u64(a << (b & 63n)),
  shr_u64: (a, b) => a >> (b & 63n),
  shr_s64: (a, b) => u64(s64(a) >> (b & 63n)),
  rotl64: (a, b) => rotate(a, b & 63n, 64n),
  rotr64: (a, b) => rotate(a, -b & 63n, 64n),
  div_u64: (a, b) => a / divisor(b),
  div_s64: (a, b) => quotient(s64(a), s64(b), 64),
  rem_u64: (a, b) => a % divisor(b),
  rem_s64: (a, b) => u64(s64(a) % s64(divisor(b))),
};

const COMPARE: Readonly<Record<string, (a: bigint, b: bigint) => boolean>> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt_u: (a, b) => a < b,
  le_u: (a, b) => a <= b,
  gt_u: (a, b) => a > b,
  ge_u: (a, b) => a >= b,
  lt_s32: (a, b) => s32(a) < s32(b),
  le_s32: (a, b) => s32(a) <= s32(b),
  gt_s32: (a, b) => s32(a) > s32(b),
  ge_s32: (a, b) => s32(a) >= s32(b),
  lt_s64: (a, b) => s64(a) < s64(b),
  le_s64: (a, b) => s64(a) <= s64(b),
  gt_s64: (a, b) => s64(a) > s64(b),
  ge_s64: (a, b) => s64(a) >= s64(b),
};

const binaryDigits = (value: bigint) => (value === 0n ? '' : value.toString(2));
const leading = (value: bigint, bits: number) => BigInt(bits - binaryDigits(value).length);
const trailing = (value: bigint, bits: number) =>
  value === 0n ? BigInt(bits) : BigInt(/0*$/.exec(binaryDigits(value))?.[0].length ?? 0);

const UNARY: Readonly<Record<string, (a: bigint) => bigint>> = {
  move: (a) => a,
  clz32: (a) => leading(u32(a), 32),
  ctz32: (a) => trailing(u32(a), 32),
  clz64: (a) => leading(a, 64),
  ctz64: (a) => trailing(a, 64),
  popcnt: (a) => BigInt(binaryDigits(a).replaceAll('0', '').length),
  extend8_s32: (a) => u32(BigInt.asIntN(8, a)),
  extend16_s32: (a) => u32(BigInt.asIntN(16, a)),
  extend8_s64: (a) => u64(BigInt.asIntN(8, a)),
  extend16_s64: (a) => u64(BigInt.asIntN(16, a)),
  extend32_s64: (a) => u64(s32(a)),
};

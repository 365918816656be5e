import { INSTRUCTION_BYTES, INSTRUCTIONS, type Instruction, STATUS } from '#shared/machine/isa.ts';
import { type Assembled, assembleCode } from './assembler.ts';
import { Machine } from './machine.ts';
import { Random } from './random.ts';
import { encodeLink } from './state.ts';
import { type Vector, type VectorFile, vectorFile, vectorOf } from './vectors.ts';

const SEED = 20261122;
const GLOBALS = 3;
const FRAME = 6;
const PAGES = 2;
const MAX_PAGES = 5;
const MEMORY_BYTES = PAGES * 65536;
/** Where programs branch to: an instruction that is never run. */
const ELSEWHERE = 16;

const VALUES64 = [
  0n,
  1n,
  2n,
  31n,
  32n,
  33n,
  63n,
  64n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0xffff_ffff_ffff_ffffn,
];
const VALUES32 = VALUES64.filter((value) => value < 2n ** 32n);

/** Addresses around leaves, pages and the end of memory. */
const ADDRESSES = [
  0, 1, 24, 25, 29, 30, 31, 32, 65528, 65529, 65535, 65536, 98765, -9, -8, -7, -4, -3, -2, -1, 0,
].map((at, i) => BigInt(at < 0 || i === 20 ? MEMORY_BYTES + at : at));

interface Case {
  readonly instruction: Assembled;
  /** Registers 1 .. of the frame. */
  readonly registers: readonly bigint[];
}

/** Whether an instruction's operands are i32: then its registers hold such. */
const isNarrow = (name: string) =>
  /32(_imm)?$/.test(name) && !/^(extend|add|sub|mul|shl)/.test(name);

function valueFor(random: Random, name: string): bigint {
  const values = isNarrow(name) ? VALUES32 : VALUES64;
  if (random.below(4) > 0) return random.pick(values);
  return isNarrow(name) ? random.u64() & 0xffff_ffffn : random.u64();
}

/** So many cases of one instruction, by the fields that it uses. */
function casesOf(random: Random, { name, form }: Instruction, count: number): Case[] {
  const one = (): Case => {
    const value = () => valueFor(random, name);
    const registers = Array.from({ length: FRAME - 1 }, value);
    // Equal operands must be met, too.
    if (random.below(3) === 0) registers[1] = registers[0] as bigint;
    const dst = random.pick([1, 2, 3, FRAME - 1]);
    const pair = { a: 1, b: 2 };
    const small = () => random.pick([0n, 1n, 5n, 0xffff_ffffn]);
    const make = (instruction: Omit<Assembled, 'op'>): Case => ({
      instruction: { op: name, ...instruction },
      registers,
    });
    switch (form) {
      case 'dst a b':
        return make({ dst, ...pair });
      case 'dst a imm':
        return make({ dst, a: 1, imm: value() });
      case 'dst a':
        if (name === 'memory_grow') registers[0] = random.pick([0n, 1n, 3n, 4n, 0xffff_ffffn]);
        return make({ dst, a: 1 });
      case 'dst imm':
        return make({ dst, imm: value() });
      case 'dst':
        return make({ dst });
      case 'a':
        return make({ a: random.pick([1, 2]) });
      case 'none':
        return make({});
      case 'target':
        return make({ imm: ELSEWHERE });
      case 'a target':
        return make({ a: 1, imm: ELSEWHERE });
      case 'a b target':
        return make({ ...pair, imm: ELSEWHERE });
      case 'a const target': {
        const constant = random.pick(VALUES32);
        if (random.below(2) === 0) registers[0] = constant;
        return make({ a: 1, imm: (constant << 32n) | BigInt(ELSEWHERE) });
      }
      case 'dst a b cond':
        if (random.below(2) === 0) registers[2] = 0n;
        return make({ dst, ...pair, imm: 3 });
      case 'a table':
        registers[0] = random.pick([0n, 1n, 2n, 3n, 0xffff_ffffn, 2n ** 63n]);
        return make({ a: 1, imm: 2 });
      case 'call':
        return make({
          dst: random.pick([3, FRAME]),
          a: random.pick([1, 3]),
          b: random.pick([4, 40]),
          imm: ELSEWHERE,
        });
      case 'dst a offset':
      case 'a b offset': {
        const offset = small();
        registers[0] = random.pick(ADDRESSES);
        if (offset <= registers[0]) registers[0] -= offset;
        return make(form === 'a b offset' ? { ...pair, imm: offset } : { dst, a: 1, imm: offset });
      }
      case 'dst address':
        return make({ dst, imm: random.pick(ADDRESSES) });
      case 'b address':
        return make({ b: 2, imm: random.pick(ADDRESSES) });
      case 'dst global':
        return make({ dst, imm: random.below(GLOBALS) });
      case 'a global':
        return make({ a: 1, imm: random.below(GLOBALS) });
      case 'trap':
        return make({ imm: 1 + random.below(8) });
      case 'host':
        registers[1] = random.pick(ADDRESSES);
        registers[2] =
          name === 'host_keccak256' ? BigInt(random.below(300)) : random.pick(ADDRESSES);
        registers[3] = random.pick(ADDRESSES);
        if (random.below(8) === 0) registers[2] = 8193n;
        return make({ dst: 1 });
    }
  };
  return Array.from({ length: count }, one);
}

function programOf(instructions: readonly Assembled[]) {
  const code = assembleCode([{ op: 'halt' }, { op: 'halt' }, ...instructions]);
  return {
    code,
    entries: new Map(),
    globals: [0x1111_2222_3333_4444n, 5n, 0xffff_ffff_ffff_ffffn],
    pages: PAGES,
    maxPages: MAX_PAGES,
    data: [],
  };
}

/** One step of each case, every time from the same memory. */
function vectorsOf(name: string, cases: readonly Case[]): VectorFile {
  const random = new Random(SEED + 1);
  const data = [0, 65536 - 512, 65536, 98304, MEMORY_BYTES - 512].map((offset) => ({
    offset,
    bytes: random.bytes(512),
  }));
  const program = { ...programOf(cases.map((entry) => entry.instruction)), data };
  const input = random.bytes(90);
  const depth = 2;
  const vectors = cases.map(({ instruction, registers }, i): Vector => {
    const machine = new Machine(program, { input });
    const link = encodeLink({ returnTo: ELSEWHERE, offset: 4, size: FRAME, depth });
    const callerLink = encodeLink({ returnTo: 0, offset: 0, size: FRAME, depth: 1 });
    const caller = [callerLink, 1n, 2n, 3n];
    const words = [...program.globals, ...caller, link, ...registers];
    const packed = new Uint8Array(8 * words.length);
    const view = new DataView(packed.buffer);
    words.forEach((word, k) => {
      view.setBigUint64(8 * k, word);
    });
    const pc = (2 + i) * INSTRUCTION_BYTES;
    const fp = GLOBALS + caller.length;
    const state = { pc, fp, status: STATUS.RUNNING, trap: 0, memoryPages: PAGES };
    machine.restore(state, packed);
    machine.step();
    return vectorOf(`${instruction.op} ${i}`, machine.endStretch());
  });
  return vectorFile(name, program, vectors);
}

const isMemory = ({ form, name }: Instruction) =>
  ['dst a offset', 'a b offset', 'dst address', 'b address', 'host'].includes(form) ||
  name.startsWith('memory');

/** Every instruction on edge values and random ones, one step each. */
export function opcodeVectors(): VectorFile[] {
  const random = new Random(SEED);
  const cases = (of: readonly Instruction[], count: number) =>
    of.flatMap((instruction) => casesOf(random, instruction, count));
  const plain = INSTRUCTIONS.filter((instruction) => !isMemory(instruction));
  return [
    vectorsOf('plain', cases(plain, 5)),
    vectorsOf('memory', cases(INSTRUCTIONS.filter(isMemory), 7)),
  ];
}

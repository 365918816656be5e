import { OPCODES, type Opcode, refusedName } from './opcodes.ts';
import { Reader } from './reader.ts';

export type ValueType = 'i32' | 'i64';

export interface FunctionType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

export interface Limits {
  readonly min: number;
  readonly max: number | undefined;
}

export interface GlobalType {
  readonly type: ValueType;
  readonly mutable: boolean;
}

export interface Import {
  readonly module: string;
  readonly name: string;
  readonly kind: 'function' | 'table' | 'memory' | 'global';
  /** The bytes of kind and type, as they stand in the module. */
  readonly description: Uint8Array;
  /** Of a function: its type index. */
  readonly type: number | undefined;
  readonly limits: Limits | undefined;
  readonly global: GlobalType | undefined;
}

export interface Instruction {
  readonly opcode: Opcode;
  /** Where it stands in the module, first byte and one past the last. */
  readonly start: number;
  readonly end: number;
  /** A label, function, type, local or global index; of `br_table` the default label. */
  readonly index: number;
  /** Of loads and stores: log2 of the alignment hint, and the offset. */
  readonly align: number;
  readonly offset: number;
  /** Of `br_table`: its labels without the default. */
  readonly labels: readonly number[];
  /** Of `block`, `loop` and `if`: what they leave on the stack. */
  readonly result: ValueType | undefined;
  /** Of constants. */
  readonly value: bigint;
}

export interface FunctionBody {
  /** Its type index. */
  readonly type: number;
  readonly locals: readonly { readonly count: number; readonly type: ValueType }[];
  /** Byte range of the instructions, the last `end` included. */
  readonly start: number;
  readonly end: number;
}

export interface Section {
  readonly id: number;
  /** Byte range of the content, without id and size. */
  readonly start: number;
  readonly end: number;
}

export interface Export {
  readonly name: string;
  readonly kind: 'function' | 'table' | 'memory' | 'global';
  readonly index: number;
}

/** A constant expression: one constant, or the value of an imported global. */
export interface Initializer {
  readonly value: bigint | undefined;
  readonly global: number | undefined;
}

export interface Module {
  readonly bytes: Uint8Array;
  readonly sections: readonly Section[];
  readonly types: readonly FunctionType[];
  readonly imports: readonly Import[];
  /** The functions of the module itself; their indices follow the imported ones. */
  readonly functions: readonly FunctionBody[];
  readonly tables: readonly Limits[];
  readonly memories: readonly Limits[];
  readonly globals: readonly (GlobalType & { readonly init: Initializer })[];
  readonly exports: readonly Export[];
  readonly start: number | undefined;
  readonly elements: readonly {
    readonly offset: Initializer;
    readonly functions: readonly number[];
  }[];
  readonly data: readonly { readonly offset: Initializer; readonly bytes: Uint8Array }[];
}

const EXTERNAL_KINDS = ['function', 'table', 'memory', 'global'] as const;

/**
 * Reads a module of the integer subset of WebAssembly 1.0, every instruction of it. Structure only: that
 * the types fit is what `WebAssembly.validate` is for.
 *
 * @throws WasmError WASM_TRUNCATED, WASM_MALFORMED, or WASM_UNSUPPORTED (floats, SIMD, bulk memory,
 * several memories or tables, several results, passive segments), which names what was found and where.
 */
export function parseModule(bytes: Uint8Array): Module {
  const reader = new Reader(bytes);
  const header = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  if (header.some((expected) => reader.byte() !== expected)) {
    throw reader.malformed('it does not begin with the magic number and version 1');
  }
  const sections: Section[] = [];
  let last = 0;
  while (!reader.done) {
    const id = reader.byte();
    const size = reader.u32();
    if (id > 11) throw reader.unsupported(`Section ${id}`);
    if (id !== 0 && id <= last) throw reader.malformed(`section ${id} is out of order`);
    if (id !== 0) last = id;
    const start = reader.position;
    reader.take(size);
    sections.push({ id, start, end: reader.position });
  }
  const vector = <T>(id: number, item: (section: Reader) => T): T[] => {
    const section = sections.find((candidate) => candidate.id === id);
    if (section === undefined) return [];
    const content = new Reader(bytes, section.start, section.end);
    const items = content.vector(() => item(content));
    if (!content.done) throw content.malformed(`section ${id} has surplus bytes`);
    return items;
  };

  const types = vector(1, readFunctionType);
  const imports = vector(2, readImport);
  const declared = vector(3, (section) => section.u32());
  const tables = vector(4, readTable);
  const memories = vector(5, readLimits);
  const globals = vector(6, (section) => ({
    ...readGlobalType(section),
    init: readInitializer(section),
  }));
  const exports = vector(7, readExport);
  const startSection = sections.find((section) => section.id === 8);
  const elements = vector(9, readElement);
  const bodies = vector(10, readBody);
  const data = vector(11, readData);
  if (bodies.length !== declared.length) {
    throw reader.malformed(`${declared.length} functions are declared, ${bodies.length} defined`);
  }
  const memoryCount = memories.length + imports.filter((entry) => entry.kind === 'memory').length;
  const tableCount = tables.length + imports.filter((entry) => entry.kind === 'table').length;
  if (memoryCount > 1) throw reader.unsupported('A second memory');
  if (tableCount > 1) throw reader.unsupported('A second table');
  const functions = bodies.map((body, i) => ({ ...body, type: declared[i] as number }));
  const start = startSection && new Reader(bytes, startSection.start, startSection.end).u32();
  const module = { bytes, sections, types, imports, functions, tables, memories, globals, exports };
  return { ...module, start, elements, data };
}

/** The instructions of a body, in order; refuses what is outside the subset. */
export function* instructionsOf(bytes: Uint8Array, start: number, end: number) {
  const reader = new Reader(bytes, start, end);
  let depth = 1;
  while (depth > 0) {
    const instruction = readInstruction(reader);
    const { name, immediates } = instruction.opcode;
    if (immediates === 'block') depth++;
    else if (name === 'end') depth--;
    yield instruction;
  }
  if (!reader.done) throw reader.malformed('a body continues after its last end');
}

function readInstruction(reader: Reader): Instruction {
  const start = reader.position;
  const code = reader.byte();
  const opcode = OPCODES.get(code);
  if (opcode === undefined) {
    reader.position = start;
    throw reader.unsupported(refusedName(code));
  }
  let index = 0;
  let align = 0;
  let offset = 0;
  let labels: number[] = [];
  let result: ValueType | undefined;
  let value = 0n;
  switch (opcode.immediates) {
    case 'none':
      break;
    case 'block':
      result = readBlockType(reader);
      break;
    case 'labels':
      labels = reader.vector(() => reader.u32());
      index = reader.u32();
      break;
    case 'indirect':
      index = reader.u32();
      if (reader.byte() !== 0) throw reader.unsupported('A second table');
      break;
    case 'memarg':
      align = reader.u32();
      if (align > 3) throw reader.unsupported('A second memory or an alignment above 8');
      offset = reader.u32();
      break;
    case 'memory':
      if (reader.byte() !== 0) throw reader.unsupported('A second memory');
      break;
    case 'i32':
      value = BigInt(reader.s32());
      break;
    case 'i64':
      value = reader.s64();
      break;
    default:
      index = reader.u32();
  }
  return { opcode, start, end: reader.position, index, align, offset, labels, result, value };
}

function readBlockType(reader: Reader): ValueType | undefined {
  const byte = reader.byte();
  if (byte === 0x40) return undefined;
  reader.position--;
  return readValueType(reader);
}

function readValueType(reader: Reader): ValueType {
  const byte = reader.byte();
  if (byte === 0x7f) return 'i32';
  if (byte === 0x7e) return 'i64';
  const names: Record<number, string> = { 0x7d: 'f32', 0x7c: 'f64', 0x7b: 'v128' };
  throw reader.unsupported(`Type ${names[byte] ?? `0x${byte.toString(16)}`}`);
}

function readFunctionType(reader: Reader): FunctionType {
  if (reader.byte() !== 0x60) throw reader.unsupported('A type other than a function');
  const params = reader.vector(() => readValueType(reader));
  const results = reader.vector(() => readValueType(reader));
  if (results.length > 1) throw reader.unsupported('A function with several results');
  return { params, results };
}

function readImport(reader: Reader): Import {
  const module = reader.text();
  const name = reader.text();
  const start = reader.position;
  const kind = EXTERNAL_KINDS[reader.byte()];
  if (kind === undefined) throw reader.unsupported('An import of an unknown kind');
  const type = kind === 'function' ? reader.u32() : undefined;
  const limits =
    kind === 'table' ? readTable(reader) : kind === 'memory' ? readLimits(reader) : undefined;
  const global = kind === 'global' ? readGlobalType(reader) : undefined;
  const description = reader.bytes.subarray(start, reader.position);
  return { module, name, kind, description, type, limits, global };
}

function readTable(reader: Reader): Limits {
  if (reader.byte() !== 0x70) throw reader.unsupported('A table of anything but functions');
  return readLimits(reader);
}

function readLimits(reader: Reader): Limits {
  const flags = reader.byte();
  if (flags > 1) throw reader.unsupported('Shared or 64-bit memory');
  const min = reader.u32();
  return { min, max: flags === 1 ? reader.u32() : undefined };
}

function readGlobalType(reader: Reader): GlobalType {
  const type = readValueType(reader);
  const mutable = reader.byte();
  if (mutable > 1) throw reader.malformed('a global is neither constant nor mutable');
  return { type, mutable: mutable === 1 };
}

function readInitializer(reader: Reader): Initializer {
  const instruction = readInstruction(reader);
  const name = instruction.opcode.name;
  if (reader.byte() !== 0x0b) throw reader.unsupported('A compound constant expression');
  if (name === 'global.get') return { value: undefined, global: instruction.index };
  if (name.endsWith('.const')) return { value: instruction.value, global: undefined };
  throw reader.unsupported(`${name} in a constant expression`);
}

function readExport(reader: Reader): Export {
  const name = reader.text();
  const kind = EXTERNAL_KINDS[reader.byte()];
  if (kind === undefined) throw reader.unsupported('An export of an unknown kind');
  return { name, kind, index: reader.u32() };
}

function readElement(reader: Reader) {
  if (reader.u32() !== 0) throw reader.unsupported('A passive or typed element segment');
  const offset = readInitializer(reader);
  return { offset, functions: reader.vector(() => reader.u32()) };
}

function readData(reader: Reader) {
  if (reader.u32() !== 0) throw reader.unsupported('A passive data segment');
  const offset = readInitializer(reader);
  return { offset, bytes: reader.take(reader.u32()) };
}

function readBody(reader: Reader): Omit<FunctionBody, 'type'> {
  const size = reader.u32();
  const end = reader.position + size;
  if (end > reader.end) throw reader.malformed('a body is longer than the code section');
  const locals = reader.vector(() => ({ count: reader.u32(), type: readValueType(reader) }));
  const start = reader.position;
  for (const _ of instructionsOf(reader.bytes, start, end));
  reader.position = end;
  return { locals, start, end };
}

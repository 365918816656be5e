import { MACHINE_OPCODES, OPCODES, type Opcode, refusedName } from './opcodes.ts';
import { Reader } from './reader.ts';

export type ValueType = 'i32' | 'i64';

/** Types that only a lenient reader lets pass. */
export type ForeignType = 'f32' | 'f64' | 'v128' | 'funcref' | 'externref';

export interface FunctionType {
  readonly params: readonly (ValueType | ForeignType)[];
  readonly results: readonly (ValueType | ForeignType)[];
}

/** What a reader lets pass. */
export interface Subset {
  readonly opcodes: ReadonlyMap<number, Opcode>;
  /**
   * True: functions, types and segments outside the subset are read around, and whoever looks inside a function meets its refusal there
   * (`instructionsOf`). False: one of them refuses the module.
   */
  readonly lenient: boolean;
}

/** The engine's: all of the module, or nothing. */
export const STRICT: Subset = { opcodes: OPCODES, lenient: false };

/** The machine's: modules mix what it runs with what it does not. */
export const LENIENT: Subset = { opcodes: MACHINE_OPCODES, lenient: true };

export interface Limits {
  readonly min: number;
  readonly max: number | undefined;
}

export interface GlobalType {
  readonly type: ValueType | ForeignType;
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
  /** Of `block`, `loop` and `if`: what they leave on the stack, unless `index` names a type that says it (else it is -1). */
  readonly result: ValueType | ForeignType | undefined;
  /** Of constants. */
  readonly value: bigint;
}

export interface FunctionBody {
  /** Its type index. */
  readonly type: number;
  readonly locals: readonly { readonly count: number; readonly type: ValueType | ForeignType }[];
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

/** A constant expression: one constant, or the value of a global. Neither: something outside the subset. */
export interface Initializer {
  readonly value: bigint | undefined;
  readonly global: number | undefined;
}

export interface ElementSegment {
  readonly offset: Initializer;
  /** -1 stands for no function. */
  readonly functions: readonly number[];
  /** Index of the table. */
  readonly table: number;
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
  /** Those that fill a table, or memory, when the module is instantiated. */
  readonly elements: readonly ElementSegment[];
  readonly data: readonly { readonly offset: Initializer; readonly bytes: Uint8Array }[];
}

const DATA_COUNT = 12;
const EXTERNAL_KINDS = ['function', 'table', 'memory', 'global'] as const;

/**
 * Reads a module of the integer subset of WebAssembly 1.0, every instruction of it. Structure only: that
 * the types fit is what `WebAssembly.validate` is for.
 *
 * @throws WasmError WASM_TRUNCATED, WASM_MALFORMED, or WASM_UNSUPPORTED (floats, SIMD, bulk memory,
 * several memories or tables, several results, passive segments), which names what was found and where. A lenient subset lets all of these pass
but several memories; what a function contains is then for `instructionsOf` to refuse.
 */
export function parseModule(bytes: Uint8Array, subset: Subset = STRICT): Module {
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
    if (id > (subset.lenient ? DATA_COUNT : 11)) throw reader.unsupported(`Section ${id}`);
    const order = id === DATA_COUNT ? 9.5 : id;
    if (id !== 0 && order <= last) throw reader.malformed(`section ${id} is out of order`);
    if (id !== 0) last = order;
    const start = reader.position;
    reader.take(size);
    sections.push({ id, start, end: reader.position });
  }
  const vector = <T>(id: number, item: (section: Reader, subset: Subset) => T): T[] => {
    const section = sections.find((candidate) => candidate.id === id);
    if (section === undefined) return [];
    const content = new Reader(bytes, section.start, section.end);
    const items = content.vector(() => item(content, subset));
    if (!content.done) throw content.malformed(`section ${id} has surplus bytes`);
    return items;
  };

  const types = vector(1, readFunctionType);
  const imports = vector(2, readImport);
  const declared = vector(3, (section) => section.u32());
  const tables = vector(4, readTable);
  const memories = vector(5, readLimits);
  const globals = vector(6, (section) => ({
    ...readGlobalType(section, subset),
    init: readInitializer(section, subset),
  }));
  const exports = vector(7, readExport);
  const startSection = sections.find((section) => section.id === 8);
  const elements = vector(9, readElement).filter((segment) => segment !== undefined);
  const bodies = vector(10, readBody);
  const data = vector(11, readData).filter((segment) => segment !== undefined);
  if (bodies.length !== declared.length) {
    throw reader.malformed(`${declared.length} functions are declared, ${bodies.length} defined`);
  }
  const memoryCount = memories.length + imports.filter((entry) => entry.kind === 'memory').length;
  const tableCount = tables.length + imports.filter((entry) => entry.kind === 'table').length;
  if (memoryCount > 1) throw reader.unsupported('A second memory');
  if (tableCount > 1 && !subset.lenient) throw reader.unsupported('A second table');
  const functions = bodies.map((body, i) => ({ ...body, type: declared[i] as number }));
  const start = startSection && new Reader(bytes, startSection.start, startSection.end).u32();
  const module = { bytes, sections, types, imports, functions, tables, memories, globals, exports };
  return { ...module, start, elements, data };
}

/** The instructions of a body, in order; refuses what is outside the subset. */
export function* instructionsOf(
  bytes: Uint8Array,
  start: number,
  end: number,
  subset: Subset = STRICT,
) {
  const reader = new Reader(bytes, start, end);
  let depth = 1;
  while (depth > 0) {
    const instruction = readInstruction(reader, subset);
    const { name, immediates } = instruction.opcode;
    if (immediates === 'block') depth++;
    else if (name === 'end') depth--;
    yield instruction;
  }
  if (!reader.done) throw reader.malformed('a body continues after its last end');
}

function readInstruction(reader: Reader, subset: Subset): Instruction {
  const start = reader.position;
  const code = reader.byte();
  const opcode = subset.opcodes.get(code);
  if (opcode === undefined) {
    reader.position = start;
    throw reader.unsupported(refusedName(code));
  }
  let index = 0;
  let align = 0;
  let offset = 0;
  let labels: number[] = [];
  let result: ValueType | ForeignType | undefined;
  let value = 0n;
  switch (opcode.immediates) {
    case 'none':
      break;
    case 'block':
      ({ index, result } = readBlockType(reader, subset));
      break;
    case 'types':
      [result] = reader.vector(() => readValueType(reader, subset));
      break;
    case 'labels':
      labels = reader.vector(() => reader.u32());
      index = reader.u32();
      break;
    case 'indirect':
      index = reader.u32();
      if (reader.byte() !== 0) throw reader.unsupported('A call through a second table');
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

function readBlockType(reader: Reader, subset: Subset) {
  const byte = reader.byte();
  if (byte === 0x40) return { index: -1, result: undefined };
  reader.position--;
  if (!subset.lenient || (byte >= 0x40 && byte < 0x80)) {
    return { index: -1, result: readValueType(reader, subset) };
  }
  return { index: reader.u32(), result: undefined };
}

const FOREIGN: ReadonlyMap<number, ForeignType> = new Map([
  [0x7d, 'f32'],
  [0x7c, 'f64'],
  [0x7b, 'v128'],
  [0x70, 'funcref'],
  [0x6f, 'externref'],
] as const);

function readValueType(reader: Reader, subset: Subset): ValueType | ForeignType {
  const byte = reader.byte();
  if (byte === 0x7f) return 'i32';
  if (byte === 0x7e) return 'i64';
  const foreign = FOREIGN.get(byte);
  if (foreign !== undefined && subset.lenient) return foreign;
  throw reader.unsupported(`Type ${foreign ?? `0x${byte.toString(16)}`}`);
}

function readFunctionType(reader: Reader, subset: Subset): FunctionType {
  if (reader.byte() !== 0x60) throw reader.unsupported('A type other than a function');
  const params = reader.vector(() => readValueType(reader, subset));
  const results = reader.vector(() => readValueType(reader, subset));
  if (results.length > 1 && !subset.lenient) {
    throw reader.unsupported('A function with several results');
  }
  return { params, results };
}

function readImport(reader: Reader, subset: Subset): Import {
  const module = reader.text();
  const name = reader.text();
  const start = reader.position;
  const kind = EXTERNAL_KINDS[reader.byte()];
  if (kind === undefined) throw reader.unsupported('An import of an unknown kind');
  const type = kind === 'function' ? reader.u32() : undefined;
  const limits =
    kind === 'table'
      ? readTable(reader, subset)
      : kind === 'memory'
        ? readLimits(reader)
        : undefined;
  const global = kind === 'global' ? readGlobalType(reader, subset) : undefined;
  const description = reader.bytes.subarray(start, reader.position);
  return { module, name, kind, description, type, limits, global };
}

function readTable(reader: Reader, subset: Subset): Limits {
  const type = reader.byte();
  if (type !== 0x70 && !(subset.lenient && type === 0x6f)) {
    throw reader.unsupported('A table of anything but functions');
  }
  return readLimits(reader);
}

function readLimits(reader: Reader): Limits {
  const flags = reader.byte();
  if (flags > 1) throw reader.unsupported('Shared or 64-bit memory');
  const min = reader.u32();
  return { min, max: flags === 1 ? reader.u32() : undefined };
}

function readGlobalType(reader: Reader, subset: Subset): GlobalType {
  const type = readValueType(reader, subset);
  const mutable = reader.byte();
  if (mutable > 1) throw reader.malformed('a global is neither constant nor mutable');
  return { type, mutable: mutable === 1 };
}

function readInitializer(reader: Reader, subset: Subset): Initializer {
  if (subset.lenient && skipForeignConstant(reader)) {
    return { value: undefined, global: undefined };
  }
  const instruction = readInstruction(reader, subset);
  const name = instruction.opcode.name;
  if (reader.byte() !== 0x0b) throw reader.unsupported('A compound constant expression');
  if (name === 'global.get') return { value: undefined, global: instruction.index };
  if (name.endsWith('.const')) return { value: instruction.value, global: undefined };
  throw reader.unsupported(`${name} in a constant expression`);
}

/** A constant of a foreign type and its `end`: read around. False: it is something else, and nothing was read. */
function skipForeignConstant(reader: Reader): boolean {
  const start = reader.position;
  const code = reader.byte();
  if (code === 0x43) reader.take(4);
  else if (code === 0x44) reader.take(8);
  else if (code === 0xd0) reader.byte();
  else if (code === 0xd2) reader.u32();
  else {
    reader.position = start;
    return false;
  }
  if (reader.byte() !== 0x0b) throw reader.unsupported('A compound constant expression');
  return true;
}

function readExport(reader: Reader): Export {
  const name = reader.text();
  const kind = EXTERNAL_KINDS[reader.byte()];
  if (kind === undefined) throw reader.unsupported('An export of an unknown kind');
  return { name, kind, index: reader.u32() };
}

/** Bits of the flags of an element segment: not active; another table or declared only; expressions instead of indices. */
const PASSIVE = 1;
const EXPLICIT = 2;
const EXPRESSIONS = 4;

/** Undefined: a segment that does nothing at instantiation. */
function readElement(reader: Reader, subset: Subset): ElementSegment | undefined {
  const flags = reader.u32();
  if (flags !== 0 && !subset.lenient)
    throw reader.unsupported('A passive or typed element segment');
  if (flags > 7) throw reader.malformed('an element segment is of no known kind');
  const active = (flags & PASSIVE) === 0;
  const table = active && (flags & EXPLICIT) !== 0 ? reader.u32() : 0;
  const offset = active ? readInitializer(reader, subset) : { value: undefined, global: undefined };
  if ((flags & (PASSIVE | EXPLICIT)) !== 0) reader.byte(); // the kind or type of its elements
  const functions = reader.vector(() =>
    (flags & EXPRESSIONS) === 0 ? reader.u32() : readFunctionReference(reader),
  );
  return active ? { offset, functions, table } : undefined;
}

/** `ref.func` or `ref.null`. */
function readFunctionReference(reader: Reader): number {
  const code = reader.byte();
  let index = -1;
  if (code === 0xd0) reader.byte();
  else if (code === 0xd2) index = reader.u32();
  else throw reader.unsupported('An element that is neither ref.func nor ref.null');
  if (reader.byte() !== 0x0b) throw reader.unsupported('A compound constant expression');
  return index;
}

/** Undefined: a segment that does nothing at instantiation. */
function readData(reader: Reader, subset: Subset) {
  const flags = reader.u32();
  if (flags !== 0 && !subset.lenient) throw reader.unsupported('A passive data segment');
  if (flags === 2 && reader.u32() !== 0) throw reader.unsupported('A second memory');
  if (flags > 2) throw reader.malformed('a data segment is of no known kind');
  const active = flags !== 1;
  const offset = active ? readInitializer(reader, subset) : { value: undefined, global: undefined };
  const bytes = reader.take(reader.u32());
  return active ? { offset, bytes } : undefined;
}

function readBody(reader: Reader, subset: Subset): Omit<FunctionBody, 'type'> {
  const size = reader.u32();
  const end = reader.position + size;
  if (end > reader.end) throw reader.malformed('a body is longer than the code section');
  const locals = reader.vector(() => ({
    count: reader.u32(),
    type: readValueType(reader, subset),
  }));
  const start = reader.position;
  if (!subset.lenient) for (const _ of instructionsOf(reader.bytes, start, end, subset));
  reader.position = end;
  return { locals, start, end };
}

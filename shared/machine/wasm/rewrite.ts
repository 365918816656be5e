import { type Areas, areasOf, type RewriteOptions, UNDO_ENTRY_BYTES, WASM_PAGE } from './areas.ts';
import { Code } from './code.ts';
import { WasmError } from './errors.ts';
import { type Context, emitLog, emitMarks, emitRollback, emitTouch } from './instrument.ts';
import { STORE_WIDTHS } from './opcodes.ts';
import {
  type FunctionBody,
  type Instruction,
  instructionsOf,
  type Module,
  parseModule,
} from './parse.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

const MAX_OFFSET = 2 ** 32 - 1;
const I32 = 0x7f;
const I64 = 0x7e;
const EXPORT_FUNCTION = 0;
const EXPORT_GLOBAL = 3;

/** A function that is added: its type, extra i32 locals and code. */
interface Added {
  readonly name: string;
  readonly params: number;
  readonly results: number;
  readonly locals: number;
  readonly emit: (code: Code) => void;
}

/**
 * Derives from a module one that does the same and also marks and logs its stores; see `areas.ts` for the
 * memory and the added exports, `README.md` for what is guaranteed. Deterministic in its arguments.
 *
 * @param wasm a valid module of the integer subset with one memory of `ceil(stateEnd / 64 KiB)` pages
 * @throws WasmError WASM_INVALID, WASM_UNSUPPORTED, WASM_MEMORY_MISMATCH
 */
export function rewrite(wasm: Uint8Array, options: RewriteOptions): Uint8Array {
  const module = parseModule(wasm);
  // A copy, since the typings want bytes that are not shared.
  if (!WebAssembly.validate(new Uint8Array(wasm))) {
    throw new WasmError('WASM_INVALID', 'The module is not valid WebAssembly. Build it again.');
  }
  const areas = areasOf(options);
  checkMemory(module, areas);
  const importedGlobals = module.imports.filter((entry) => entry.kind === 'global').length;
  const logGlobal = importedGlobals + module.globals.length;
  const context: Context = { marks: options.marks, undo: options.undo, areas, logGlobal };
  const added = addedFunctions(context);
  const constants = addedConstants(options, areas);
  checkNames(module, [...added.map(({ name }) => name), ...constants.map(([name]) => name)]);

  const output = new Writer().bytes(wasm.subarray(0, 8));
  const section = (id: number, content: Uint8Array | undefined) => {
    if (content !== undefined) output.byte(id).sized(content);
  };
  const original = (id: number) => {
    const found = module.sections.find((candidate) => candidate.id === id);
    return found && wasm.subarray(found.start, found.end);
  };
  section(1, extend(original(1), added.map(typeOf)));
  section(2, importSection(module, areas));
  section(
    3,
    extend(
      original(3),
      added.map((_, i) => new Writer().u32(module.types.length + i).finish()),
    ),
  );
  section(4, original(4));
  if (module.memories.length > 0) section(5, new Writer().u32(1).bytes(limits(areas)).finish());
  section(
    6,
    extend(original(6), [logPointer(areas), ...constants.map(([, value]) => constant(value))]),
  );
  section(7, extend(original(7), exportsOf(module, added, constants, logGlobal)));
  section(8, original(8));
  section(9, original(9));
  const bodies = module.functions.map((body) => rewriteBody(module, body, context));
  section(10, vector([...bodies, ...added.map(bodyOf)]));
  section(11, dataSection(module, areas));
  // Names of functions and locals stay right: no index has moved.
  for (const { id, start, end } of module.sections)
    if (id === 0) section(0, wasm.slice(start, end));
  return output.finish();
}

function checkMemory(module: Module, areas: Areas): void {
  const memory =
    module.memories[0] ?? module.imports.find((entry) => entry.kind === 'memory')?.limits;
  const pages = areas.stateBytes / WASM_PAGE;
  if (memory?.min !== pages || (memory.max !== undefined && memory.max !== pages)) {
    throw new WasmError(
      'WASM_MEMORY_MISMATCH',
      `The module declares ${memory ? `${memory.min} to ${memory.max ?? 'any'}` : 'no'} pages of ` +
        `memory where the state has ${pages}. Build it with exactly ${pages}.`,
    );
  }
}

function checkNames(module: Module, names: readonly string[]): void {
  const taken = module.exports.find((entry) => names.includes(entry.name));
  if (taken !== undefined) {
    throw new WasmError(
      'WASM_UNSUPPORTED',
      `The module already exports ${taken.name}, a name that the rewriter adds. Rename it.`,
    );
  }
}

function addedFunctions(context: Context): Added[] {
  const { undoTop } = context.areas;
  const log = context.logGlobal;
  const functions: Added[] = [
    { name: 'touch', params: 2, results: 0, locals: 3, emit: (code) => emitTouch(code, context) },
  ];
  if (!context.undo) return functions;
  const reset = (code: Code) => code.i32(undoTop).op('global.set', log);
  const entries = (code: Code) => {
    code.i32(undoTop).op('global.get', log).op('i32.sub').i32(UNDO_ENTRY_BYTES).op('i32.div_u');
  };
  functions.push(
    { name: 'undoReset', params: 0, results: 0, locals: 0, emit: reset },
    {
      name: 'undoRollback',
      params: 0,
      results: 0,
      locals: 1,
      emit: (code) => emitRollback(code, context),
    },
    { name: 'undoEntries', params: 0, results: 1, locals: 0, emit: entries },
  );
  return functions;
}

function addedConstants(options: RewriteOptions, areas: Areas): [string, number][] {
  const constants: [string, number][] = [['stateBase', areas.stateBase]];
  if (options.marks) constants.push(['marks1', areas.marks1], ['marks2', areas.marks2]);
  return constants;
}

/** A body with every memory access moved up by the state's base, and its stores marked and logged. */
function rewriteBody(module: Module, body: FunctionBody, context: Context): Uint8Array {
  const { bytes } = module;
  const params = module.types[body.type]?.params.length ?? 0;
  const own = body.locals.reduce((sum, group) => sum + group.count, 0);
  const address = params + own;
  const temporaries = { address, pointer: address + 1, value32: address + 2, value64: address + 3 };
  const code = new Code();
  let copied = body.start;
  let stores = 0;
  for (const instruction of instructionsOf(bytes, body.start, body.end)) {
    const { opcode, start, end } = instruction;
    if (opcode.immediates !== 'memarg' && opcode.immediates !== 'memory') continue;
    code.bytes(bytes.subarray(copied, start));
    copied = end;
    if (opcode.immediates === 'memory') emitSize(code, opcode.name, context);
    else if (instruction.offset + context.areas.stateBase > MAX_OFFSET) code.op('unreachable');
    else if (STORE_WIDTHS.has(opcode.name)) {
      stores++;
      emitStore(code, instruction, context, temporaries);
    } else emitAccess(code, instruction, context);
  }
  code.bytes(bytes.subarray(copied, body.end));
  const groups = body.locals.map(({ count, type }) => [count, type === 'i32' ? I32 : I64] as const);
  if (stores > 0) groups.push([3, I32], [1, I64]);
  return sizedBody(groups, code);
}

/** The access itself. Out of bounds here is out of bounds in the original, and the other way round. */
function emitAccess(code: Code, { opcode, offset, align }: Instruction, context: Context): void {
  code.memory(opcode.name, offset + context.areas.stateBase, align);
}

function emitStore(
  code: Code,
  instruction: Instruction,
  context: Context,
  locals: { address: number; pointer: number; value32: number; value64: number },
): void {
  const { opcode, offset, align } = instruction;
  const { address } = locals;
  const width = STORE_WIDTHS.get(opcode.name) ?? 8;
  const value = opcode.name.startsWith('i32') ? locals.value32 : locals.value64;
  code.op('local.set', value).op('local.set', address);
  if (context.undo) emitLog(code, context, { address, offset, width, align }, locals.pointer);
  code.op('local.get', address).op('local.get', value);
  emitAccess(code, instruction, context);
  if (context.marks) emitMarks(code, context, { address, offset, width });
}

/** `memory.size` tells the state's pages; growing would put the state's end elsewhere. */
function emitSize(code: Code, name: string, context: Context): void {
  if (name === 'memory.grow') {
    throw new WasmError('WASM_UNSUPPORTED', 'memory.grow: the state is a memory of fixed size.');
  }
  code.op('memory.size', 0);
  code.i32(context.areas.stateBase / WASM_PAGE).op('i32.sub');
}

function typeOf({ params, results }: Added): Uint8Array {
  const types = new Writer().byte(0x60).sized(new Uint8Array(params).fill(I32));
  return types.sized(new Uint8Array(results).fill(I32)).finish();
}

function bodyOf({ locals, emit }: Added): Uint8Array {
  const code = new Code();
  emit(code);
  return sizedBody(locals > 0 ? [[locals, I32]] : [], code.op('end'));
}

function sizedBody(locals: readonly (readonly [number, number])[], code: Code): Uint8Array {
  const body = new Writer().u32(locals.length);
  for (const [count, type] of locals) body.u32(count).byte(type);
  return new Writer().sized(body.bytes(code.finish()).finish()).finish();
}

function limits(areas: Areas): Uint8Array {
  return new Writer().byte(1).u32(areas.pages).u32(areas.pages).finish();
}

function logPointer(areas: Areas): Uint8Array {
  return new Code().bytes([I32, 1]).i32(areas.undoTop).op('end').finish();
}

function constant(value: number): Uint8Array {
  return new Code().bytes([I32, 0]).i32(value).op('end').finish();
}

function exportsOf(
  module: Module,
  added: readonly Added[],
  constants: readonly (readonly [string, number])[],
  logGlobal: number,
): Uint8Array[] {
  const entry = (name: string, kind: number, index: number) =>
    new Writer().text(name).byte(kind).u32(index).finish();
  const imported = module.imports.filter(({ kind }) => kind === 'function').length;
  const first = imported + module.functions.length;
  return [
    ...added.map(({ name }, i) => entry(name, EXPORT_FUNCTION, first + i)),
    ...constants.map(([name], i) => entry(name, EXPORT_GLOBAL, logGlobal + 1 + i)),
  ];
}

/** The import section as it is, but for the limits of an imported memory. */
function importSection(module: Module, areas: Areas): Uint8Array | undefined {
  if (module.imports.length === 0) return undefined;
  const items = module.imports.map((entry) => {
    const item = new Writer().text(entry.module).text(entry.name);
    if (entry.kind === 'memory') return item.byte(2).bytes(limits(areas)).finish();
    return item.bytes(entry.description).finish();
  });
  return vector(items);
}

function dataSection(module: Module, areas: Areas): Uint8Array | undefined {
  if (module.data.length === 0) return undefined;
  const items = module.data.map(({ offset, bytes }) => {
    if (offset.value === undefined) {
      throw new WasmError('WASM_UNSUPPORTED', 'A data segment stands where an import says.');
    }
    const at = Number(BigInt.asUintN(32, offset.value)) + areas.stateBase;
    if (at > MAX_OFFSET) throw new WasmError('WASM_INVALID', 'A data segment is out of bounds.');
    return new Code().u32(0).i32(at).op('end').sized(bytes).finish();
  });
  return vector(items);
}

function vector(items: readonly Uint8Array[]): Uint8Array {
  const content = new Writer().u32(items.length);
  for (const item of items) content.bytes(item);
  return content.finish();
}

/** A vector section with items added at its end. */
function extend(section: Uint8Array | undefined, items: readonly Uint8Array[]): Uint8Array {
  if (section === undefined) return vector(items);
  const reader = new Reader(section);
  const count = reader.u32();
  const rest = section.subarray(reader.position);
  const content = new Writer().u32(count + items.length).bytes(rest);
  for (const item of items) content.bytes(item);
  return content.finish();
}

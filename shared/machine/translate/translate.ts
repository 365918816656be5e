import { type Export, LENIENT, type Module, parseModule } from '#shared/machine/wasm/parse.ts';
import { LIMITS } from '../isa.ts';
import {
  type Entry,
  type ExportedGlobal,
  hashCode,
  hashProgram,
  type InitialData,
  type MachineType,
  type Program,
  type ProgramFunction,
} from '../program/program.ts';
import { verifyProgram } from '../program/verify.ts';
import { type Environment, environmentOf, offsetOf } from './environment.ts';
import { TranslateError } from './errors.ts';
import { type Linked, link, type Placeable } from './link.ts';
import { Reach } from './reach.ts';
import { typeOf } from './scan.ts';
import { wrapperOf } from './wrapper.ts';

export interface TranslateOptions {
  /** Exported functions wanted; all of them by default. One that is named here and cannot be translated is an error. */
  readonly exports?: readonly string[];
}

const PAGE_BYTES = 65_536;

/**
 * The program of a WebAssembly module. A function that contains what the machine does not run is refused, and with it every export that can
 * reach it: these are listed in `refused` with a reason, and the others can be run.
 *
 * @throws TranslateError, or WasmError if the module as a whole cannot be read.
 */
export function translate(wasm: Uint8Array, options: TranslateOptions = {}): Program {
  if (!WebAssembly.validate(wasm as Uint8Array<ArrayBuffer>)) {
    throw new TranslateError(
      'TRANSLATE_INVALID',
      'This is no valid WebAssembly module: its bytes are damaged, or it needs a newer feature.',
    );
  }
  const module = parseModule(wasm, LENIENT);
  const environment = environmentOf(module);
  const names = new Map(functionExports(module).map(({ index, name }) => [index, name]));
  const reach = new Reach(environment, names);
  const { runnable, refused } = sortExports(module, reach, options.exports);
  const start = startFunction(module, reach);
  const roots = runnable.map((entry) => entry.index);
  const functions = reach.closure(start === undefined ? roots : [start, ...roots]);
  const globals = initialGlobals(environment);
  const wrappers = wrapSeveral(module, roots, globals.length);
  for (const { at, wrapper } of wrappers.values()) functions.set(at, wrapper);
  const most = Math.max(1, ...[...wrappers.keys()].map((i) => typeOf(module, i).results.length));
  const linked = link(functions);
  const entryOf = (index: number): Entry => {
    const at = wrappers.get(index)?.at;
    const entry = entryAt(module, linked, functions, { index, at: at ?? index });
    return at === undefined ? entry : { ...entry, otherResults: globals.length };
  };
  const limits = memoryOf(module);
  const program = {
    code: linked.code,
    entries: new Map(runnable.map(({ name, index }) => [name, entryOf(index)])),
    refused,
    start: start === undefined ? undefined : entryOf(start),
    globals: [...globals, ...new Array<bigint>(most - 1).fill(0n)],
    exportedGlobals: exportedGlobals(environment),
    ...limits,
    data: initialData(environment, limits.pages),
    functions: describe(linked, functions, names),
    codeHash: hashCode(linked.code),
  };
  verifyProgram(program);
  return { ...program, hash: hashProgram(program) };
}

const functionExports = (module: Module): Export[] =>
  module.exports.filter(({ kind }) => kind === 'function');

function sortExports(module: Module, reach: Reach, names: readonly string[] | undefined) {
  const exported = functionExports(module);
  const unknown = names?.find((name) => !exported.some((entry) => entry.name === name));
  if (unknown !== undefined) {
    throw new TranslateError(
      'TRANSLATE_NO_EXPORT',
      `The module exports no function "${unknown}". It exports ${exported.map((entry) => `"${entry.name}"`).join(', ') || 'none'}.`,
    );
  }
  const refused = new Map<string, string>();
  const runnable: Export[] = [];
  for (const entry of exported) {
    if (names !== undefined && !names.includes(entry.name)) continue;
    const reason = reach.refusal(entry.index);
    if (reason === undefined) runnable.push(entry);
    else if (names === undefined) refused.set(entry.name, reason);
    else throw cannotRun(entry.name, reason);
  }
  return { runnable, refused };
}

const cannotRun = (name: string, reason: string) =>
  new TranslateError('TRANSLATE_UNSUPPORTED', `"${name}" cannot run on the machine: ${reason}.`);

/** The entry of an exported function; throws with the reason if it cannot be run, or if there is none of that name. */
export function entryOf(program: Program, name: string): Entry {
  const entry = program.entries.get(name);
  if (entry !== undefined) return entry;
  const reason = program.refused.get(name);
  if (reason !== undefined) throw cannotRun(name, reason);
  const known = [...program.entries.keys()].map((each) => `"${each}"`).join(', ');
  throw new TranslateError(
    'TRANSLATE_NO_EXPORT',
    `The program has no entry "${name}". It has ${known || 'none'}.`,
  );
}

/** Without its start function a module is not what it is meant to be: nothing of it runs then. */
function startFunction(module: Module, reach: Reach): number | undefined {
  if (module.start === undefined) return undefined;
  const reason = reach.refusal(module.start);
  if (reason === undefined) return module.start;
  throw new TranslateError(
    'TRANSLATE_UNSUPPORTED',
    `The module's start function cannot run on the machine: ${reason}.`,
  );
}

function entryAt(
  module: Module,
  linked: Linked,
  functions: ReadonlyMap<number, Placeable>,
  { index, at }: { index: number; at: number },
): Entry {
  const { params, results } = typeOf(module, index);
  return {
    address: linked.places.get(at)?.start as number,
    // `lower` has refused other types.
    parameters: params as readonly MachineType[],
    results: results as readonly MachineType[],
    frameSize: functions.get(at)?.frameSize as number,
  };
}

/** For each function among `roots` that has several results, what is called in its place, and at which index behind the module's own. */
function wrapSeveral(module: Module, roots: readonly number[], register: number) {
  const imported = module.imports.filter((entry) => entry.kind === 'function').length;
  const several = [...new Set(roots)].filter((i) => typeOf(module, i).results.length > 1);
  return new Map(
    several.map((index, i) => {
      const wrapper = wrapperOf(index, typeOf(module, index), register);
      return [index, { at: imported + module.functions.length + i, wrapper }] as const;
    }),
  );
}

function memoryOf(module: Module): { pages: number; maxPages: number } {
  const imported = module.imports.find((entry) => entry.kind === 'memory');
  if (imported !== undefined) {
    throw new TranslateError(
      'TRANSLATE_UNSUPPORTED',
      `The module imports its memory ("${imported.module}.${imported.name}"): the machine's memory is the module's own.`,
    );
  }
  const limits = module.memories[0];
  if (limits === undefined) return { pages: 0, maxPages: 0 };
  return {
    pages: limits.min,
    maxPages: Math.min(limits.max ?? LIMITS.MAX_PAGES, LIMITS.MAX_PAGES),
  };
}

function initialGlobals({ module, global }: Environment): bigint[] {
  const values: bigint[] = [];
  const imported = module.imports.filter((entry) => entry.kind === 'global').length;
  for (const i of module.globals.keys()) {
    const place = placeOf(global, imported + i);
    if (place?.kind === 'register') values[place.register] = place.initial;
  }
  return values;
}

/** Undefined for a global that the machine does not have. */
function placeOf(global: Environment['global'], index: number) {
  try {
    return global(index);
  } catch (error) {
    if (error instanceof TranslateError) return undefined;
    throw error;
  }
}

function exportedGlobals({ module, global }: Environment): Map<string, ExportedGlobal> {
  const result = new Map<string, ExportedGlobal>();
  const imported = module.imports.filter((entry) => entry.kind === 'global').length;
  for (const { name, kind, index } of module.exports) {
    const place = kind === 'global' ? placeOf(global, index) : undefined;
    const type = module.globals[index - imported]?.type;
    if (place === undefined || (type !== 'i32' && type !== 'i64')) continue;
    result.set(
      name,
      place.kind === 'register'
        ? { type, register: place.register, value: place.initial }
        : { type, register: undefined, value: place.value },
    );
  }
  return result;
}

function initialData(environment: Environment, pages: number): InitialData[] {
  return environment.module.data.map(({ offset, bytes }) => {
    const start = offsetOf(environment, offset);
    if (start + bytes.length > pages * PAGE_BYTES) {
      throw new TranslateError(
        'TRANSLATE_SEGMENT',
        `A data segment of ${bytes.length} bytes at ${start} does not fit into ${pages} pages of memory.`,
      );
    }
    return { offset: start, bytes };
  });
}

function describe(
  linked: Linked,
  functions: ReadonlyMap<number, Placeable>,
  names: ReadonlyMap<number, string>,
): ProgramFunction[] {
  return [...functions].map(([index, { parameters, frameSize }]) => {
    const { start, end } = linked.places.get(index) as { start: number; end: number };
    return { name: names.get(index) ?? `function ${index}`, start, end, parameters, frameSize };
  });
}

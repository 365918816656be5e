import type { FunctionType, Module, ValueType } from '#shared/machine/wasm/parse.ts';
import { TranslateError } from './errors.ts';
import { typeAt, typeOf } from './scan.ts';
import { MASK32, MASK64 } from './values.ts';

/** A global as functions see it: a register, or a value that never changes. */
export type GlobalPlace =
  | { readonly kind: 'register'; readonly register: number; readonly initial: bigint }
  | { readonly kind: 'constant'; readonly value: bigint };

/** What functions may refer to, resolved once for the whole module. */
export interface Environment {
  readonly module: Module;
  readonly importedFunctions: number;
  /** By the index of an imported function; throws for one that the machine does not have. */
  hostFunction(index: number): string;
  /** Throws for a global of a foreign type, or an imported one. */
  global(index: number): GlobalPlace;
  /** Functions of table 0 by index, -1 where there is none. Throws if nobody can know. */
  table(): readonly number[];
}

const HOST: ReadonlyMap<string, { name: string; params: number; results: number }> = new Map([
  ['readCommand', { name: 'host_read_command', params: 1, results: 1 }],
  ['keccak256', { name: 'host_keccak256', params: 3, results: 0 }],
  ['ecrecover', { name: 'host_ecrecover', params: 3, results: 1 }],
  ['emit', { name: 'host_emit', params: 2, results: 0 }],
]);

/** `i32` values are kept zero-extended. */
export const inRegister = (value: bigint, type: ValueType): bigint =>
  value & (type === 'i32' ? MASK32 : MASK64);

/** Tables longer than this would make every indirect call a program of its own. */
const TABLE_ENTRIES = 4_096;

export function environmentOf(module: Module): Environment {
  const imported = (kind: string) => module.imports.filter((entry) => entry.kind === kind);
  const functions = imported('function');
  const globals = globalPlaces(module);
  let table: readonly number[] | undefined;
  return {
    module,
    importedFunctions: functions.length,
    hostFunction: (index) => {
      const { module: from, name } = functions[index] as { module: string; name: string };
      const host = from === 'host' ? HOST.get(name) : undefined;
      if (host === undefined) throw unsupported(`imported function "${from}.${name}"`);
      const { params, results } = typeOf(module, index);
      const fits = params.length === host.params && results.length === host.results;
      if (!fits || [...params, ...results].some((type) => type !== 'i32')) {
        throw unsupported(`host function "${name}" with another type than the protocol's`);
      }
      return host.name;
    },
    global: (index) => {
      const place = globals[index];
      if (place === undefined) throw unsupported(`global ${index}, imported or of a foreign type`);
      return place;
    },
    table: () => {
      table ??= tableOf(module);
      return table;
    },
  };
}

const unsupported = (what: string) => new TranslateError('TRANSLATE_UNSUPPORTED', what);

/** By global index, imported ones first; undefined where the machine has none. Only mutable ones are registers. */
function globalPlaces(module: Module): (GlobalPlace | undefined)[] {
  const places: (GlobalPlace | undefined)[] = module.imports
    .filter((entry) => entry.kind === 'global')
    .map(() => undefined);
  let registers = 0;
  for (const { type, mutable, init } of module.globals) {
    if (type !== 'i32' && type !== 'i64') {
      places.push(undefined);
      continue;
    }
    const from = init.global === undefined ? undefined : places[init.global];
    // WebAssembly lets an initializer name immutable globals only.
    const raw = init.value ?? (from?.kind === 'constant' ? from.value : undefined);
    if (raw === undefined) {
      places.push(undefined);
      continue;
    }
    const value = inRegister(raw, type);
    places.push(
      mutable
        ? { kind: 'register', register: registers++, initial: value }
        : { kind: 'constant', value },
    );
  }
  return places;
}

/** The value of a segment's offset; throws if it depends on what the machine does not have. */
export function offsetOf(
  environment: Environment,
  offset: { readonly value: bigint | undefined; readonly global: number | undefined },
): number {
  if (offset.value !== undefined) return Number(offset.value & MASK32);
  const place = offset.global === undefined ? undefined : environment.global(offset.global);
  if (place?.kind !== 'constant') throw unsupported('segment whose offset is not a constant');
  return Number(place.value);
}

function tableOf(module: Module): readonly number[] {
  if (module.imports.some((entry) => entry.kind === 'table')) {
    throw unsupported('call through an imported table');
  }
  const size = module.tables[0]?.min ?? 0;
  if (size > TABLE_ENTRIES) {
    throw new TranslateError(
      'TRANSLATE_LIMIT',
      `call through a table of ${size} entries, more than ${TABLE_ENTRIES}`,
    );
  }
  const table = new Array<number>(size).fill(-1);
  const environment = { global: (index: number) => globalPlaces(module)[index] } as Environment;
  for (const { offset, functions, table: index } of module.elements) {
    if (index !== 0) continue;
    const start = offsetOf(environment, offset);
    if (start + functions.length > size) {
      throw new TranslateError(
        'TRANSLATE_SEGMENT',
        `The elements at ${start} do not fit into a table of ${size}.`,
      );
    }
    for (const [i, function_] of functions.entries()) table[start + i] = function_;
  }
  return table;
}

/** Whether a call through the table that names type `expected` may reach function `index`. */
export function hasType(module: Module, index: number, expected: FunctionType): boolean {
  const actual = typeOf(module, index);
  return (
    actual.params.join() === expected.params.join() &&
    actual.results.join() === expected.results.join()
  );
}

/** Functions of the table that a `call_indirect` of this type can reach. */
export function indirectCallees(environment: Environment, type: number): number[] {
  const expected = typeAt(environment.module, type);
  const callees = environment
    .table()
    .filter((index) => index >= 0 && hasType(environment.module, index, expected));
  return [...new Set(callees)];
}

/**
 * The engine with a meter in it: a derivation of its module that counts what it does, in the units of `shared/engine/work.ts`.
 * Measures what a command costs, whatever it is charged.
 */
import { SCRATCH, SCRATCH_SIZE } from '#shared/engine/layout.ts';
import { Code } from '#shared/machine/wasm/code.ts';
import { STORE_WIDTHS } from '#shared/machine/wasm/opcodes.ts';
import {
  type FunctionBody,
  type Instruction,
  instructionsOf,
  type Module,
  parseModule,
} from '#shared/machine/wasm/parse.ts';
import { Writer } from '#shared/machine/wasm/writer.ts';

/** Where values come from and code goes to, which machine code of any kind has for nothing or nearly so. */
const FREE = new Set(
  'local.get i32.const i64.const block loop end drop nop else'.split(' ') as readonly string[],
);
/** Units of one scattered leaf: its Merkle path on L1. */
export const LEAF_UNITS = 160;
/** Grain of what is remembered as ever touched. */
export const PAGE_BYTES = 4096;
const I32 = 0x7f;
const I64 = 0x7e;

/** Counts between `reset` and `units`; belongs to one instance. */
export class WorkMeter {
  readonly #steps = new WebAssembly.Global({ value: 'i32', mutable: true }, 0);
  readonly #leaves = new Set<number>();
  /** Pages of 4 KiB ever touched, by instructions or (the first three) by the host. */
  readonly pages = new Set<number>([0, 1, 2]);
  /** What a module of `countingModule` imports besides the engine's own. */
  readonly imports: WebAssembly.Imports = {
    count: {
      steps: this.#steps,
      leaf: (address: number, offset: number, width: number) => {
        const at = (address >>> 0) + (offset >>> 0);
        this.#leaves.add(Math.floor(at / 32));
        this.#leaves.add(Math.floor((at + width - 1) / 32));
        this.pages.add(Math.floor(at / PAGE_BYTES)); // no record crosses a page
        return address;
      },
    },
  };

  reset(): void {
    this.#steps.value = 0;
    this.#leaves.clear();
  }

  /** Instructions other than the free ones. */
  get steps(): number {
    return Number(this.#steps.value) >>> 0;
  }

  /** Distinct leaves read or written by instructions, outside scratch. */
  get leaves(): number {
    const isScratch = (leaf: number) =>
      leaf >= SCRATCH / 32 && leaf < (SCRATCH + SCRATCH_SIZE) / 32;
    return [...this.#leaves].filter((leaf) => !isScratch(leaf)).length;
  }

  get units(): number {
    return this.steps + LEAF_UNITS * this.leaves;
  }
}

/** The module's twin that tells a `WorkMeter` every step and every leaf; it computes the same. */
export function countingModule(wasm: Uint8Array): WebAssembly.Module {
  const module = parseModule(wasm);
  if (module.elements.length > 0 || module.start !== undefined || module.tables.length > 0)
    throw new Error('The counting derivation knows no tables and no start function.');
  const output = new Writer().bytes(wasm.subarray(0, 8));
  for (const { id, start, end } of module.sections) {
    if (id === 0) continue; // names, whose indices have moved
    output.byte(id).sized(section(module, id, wasm.subarray(start, end)));
  }
  return new WebAssembly.Module(output.finish() as Uint8Array<ArrayBuffer>);
}

// One function and one global are imported in addition, so the module's own move up by one.
const importedFunctions = (module: Module) =>
  module.imports.filter(({ kind }) => kind === 'function').length;
const importedGlobals = (module: Module) =>
  module.imports.filter(({ kind }) => kind === 'global').length;
const movedFunction = (module: Module, index: number) =>
  index < importedFunctions(module) ? index : index + 1;
const movedGlobal = (module: Module, index: number) =>
  index < importedGlobals(module) ? index : index + 1;

function section(module: Module, id: number, content: Uint8Array): Uint8Array {
  if (id === 1) {
    const leaf = new Writer()
      .byte(0x60)
      .sized(new Uint8Array(3).fill(I32))
      .sized(new Uint8Array([I32]));
    return extended(content, module.types.length, [leaf.finish()]);
  }
  if (id === 2) {
    const leaf = new Writer().text('count').text('leaf').byte(0).u32(module.types.length);
    const steps = new Writer().text('count').text('steps').byte(3).byte(I32).byte(1);
    return extended(content, module.imports.length, [leaf.finish(), steps.finish()]);
  }
  if (id === 7) return exportSection(module);
  if (id === 10) {
    const bodies = new Writer().u32(module.functions.length);
    for (const body of module.functions) bodies.sized(countedBody(module, body));
    return bodies.finish();
  }
  return content;
}

/** A vector section with items at its end. */
function extended(content: Uint8Array, count: number, items: readonly Uint8Array[]): Uint8Array {
  let prefix = 1;
  while ((content[prefix - 1] as number) & 0x80) prefix++;
  const vector = new Writer().u32(count + items.length).bytes(content.subarray(prefix));
  for (const item of items) vector.bytes(item);
  return vector.finish();
}

function exportSection(module: Module): Uint8Array {
  const vector = new Writer().u32(module.exports.length);
  for (const { name, kind, index } of module.exports) {
    const moved =
      kind === 'function'
        ? movedFunction(module, index)
        : kind === 'global'
          ? movedGlobal(module, index)
          : index;
    vector.text(name).byte(['function', 'table', 'memory', 'global'].indexOf(kind)).u32(moved);
  }
  return vector.finish();
}

function countedBody(module: Module, body: FunctionBody): Uint8Array {
  const params = module.types[body.type]?.params.length ?? 0;
  const value32 = params + body.locals.reduce((sum, { count }) => sum + count, 0);
  const code = new Code();
  code.u32(body.locals.length + 2);
  for (const { count, type } of body.locals) code.u32(count).byte(type === 'i32' ? I32 : I64);
  code.u32(1).byte(I32).u32(1).byte(I64);
  const steps = importedGlobals(module);
  for (const instruction of instructionsOf(module.bytes, body.start, body.end)) {
    if (!FREE.has(instruction.opcode.name))
      code.op('global.get', steps).i32(1).op('i32.add').op('global.set', steps);
    copy(module, code, instruction, value32);
  }
  return code.finish();
}

function copy(module: Module, code: Code, instruction: Instruction, value32: number): void {
  const { opcode, start, end, index, offset } = instruction;
  const { name } = opcode;
  if (name === 'call') {
    code.op('call', movedFunction(module, index));
    return;
  }
  if (opcode.immediates === 'global') {
    code.op(name, movedGlobal(module, index));
    return;
  }
  if (opcode.immediates === 'memarg') {
    const stored = STORE_WIDTHS.get(name);
    const value = name.startsWith('i32') ? value32 : value32 + 1;
    if (stored !== undefined) code.op('local.set', value);
    code
      .i32(offset)
      .i32(stored ?? loadWidth(name))
      .op('call', importedFunctions(module));
    if (stored !== undefined) code.op('local.get', value);
  }
  code.bytes(module.bytes.subarray(start, end));
}

/** `i64.load32_u` reads four bytes. */
function loadWidth(name: string): number {
  const bits = /load(\d+)/.exec(name)?.[1];
  if (bits !== undefined) return Number(bits) / 8;
  return name.startsWith('i32') ? 4 : 8;
}

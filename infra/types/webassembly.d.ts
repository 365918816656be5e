/**
 * WebAssembly as Node has it, the part used here. TypeScript ships these types only inside `lib.dom`, and that would make
 * every browser global (`name`, `status`, `location` …) a silently accepted name in server code.
 */
declare namespace WebAssembly {
  type Bytes = ArrayBufferView | ArrayBuffer;
  type ImportExportKind = 'function' | 'global' | 'memory' | 'table' | 'tag';
  type ImportValue = ((...args: never[]) => unknown) | Memory | Global | Table | number | bigint;
  type ExportValue = ((...args: never[]) => unknown) | Memory | Global | Table;
  type Imports = Record<string, Record<string, ImportValue>>;
  type Exports = Record<string, ExportValue>;

  interface ModuleExportDescriptor {
    kind: ImportExportKind;
    name: string;
  }
  interface ModuleImportDescriptor extends ModuleExportDescriptor {
    module: string;
  }

  interface Module {}
  var Module: {
    new (bytes: Bytes): Module;
    exports(module: Module): ModuleExportDescriptor[];
    imports(module: Module): ModuleImportDescriptor[];
    customSections(module: Module, name: string): ArrayBuffer[];
  };

  interface Instance {
    readonly exports: Exports;
  }
  var Instance: { new (module: Module, imports?: Imports): Instance };

  /** Sizes in pages of 65,536 bytes. A shared memory's buffer is a SharedArrayBuffer. */
  interface Memory {
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  var Memory: {
    new (descriptor: { initial: number; maximum?: number; shared?: boolean }): Memory;
  };

  interface Global {
    value: number | bigint;
  }
  var Global: {
    new (
      descriptor: { value: 'i32' | 'i64' | 'f32' | 'f64'; mutable?: boolean },
      initial?: number | bigint,
    ): Global;
  };

  interface Table {
    readonly length: number;
    get(index: number): unknown;
  }

  interface CompileError extends Error {}
  var CompileError: { new (message?: string): CompileError };
  interface LinkError extends Error {}
  var LinkError: { new (message?: string): LinkError };
  /** What a trap throws. */
  interface RuntimeError extends Error {}
  var RuntimeError: { new (message?: string): RuntimeError };

  interface InstantiatedSource {
    instance: Instance;
    module: Module;
  }
  function compile(bytes: Bytes): Promise<Module>;
  function instantiate(bytes: Bytes, imports?: Imports): Promise<InstantiatedSource>;
  function instantiate(module: Module, imports?: Imports): Promise<Instance>;
  function validate(bytes: Bytes): boolean;
}

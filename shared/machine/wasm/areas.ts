import { WasmError } from './errors.ts';

export const WASM_PAGE = 65536;
/** Level 1 has one mark byte a block of this many bytes of state. */
export const BLOCK_BYTES = 128;
export const BLOCK_SHIFT = 7;
/** Level 2 has one mark byte a region of this many bytes of state. */
export const REGION_BYTES = 65536;
export const REGION_SHIFT = 16;
/** Bytes of an undo entry: address u32, width u32, the old bytes u64 (zero-extended). */
export const UNDO_ENTRY_BYTES = 16;
/**
 * Default capacity of the undo log. A segment's work budget is 77 million gas on L1 and a store costs 300 there, so one
 * call cannot store a million times; were the log ever full, the call would trap.
 */
export const UNDO_ENTRIES = 1 << 20;

export interface RewriteOptions {
  /** Mark what stores touch, for the state tree. */
  readonly marks: boolean;
  /** Log what stores overwrite, for `undoRollback`. */
  readonly undo: boolean;
  /** Bytes of state; rounded up to whole pages it is the memory that the original module declares. */
  readonly stateEnd: number;
  /** Stores that one undo log holds (default `UNDO_ENTRIES`). */
  readonly undoEntries?: number;
}

/**
 * The memory of a rewritten module, in bytes:
 *
 *     0            undoTop = marks1      marks2          stateBase                     pages x 64 KiB
 *     | undo log   | level 1, one byte   | level 2, one  | the state, as the original  |
 *     |   <- grows | a 128-byte block    | a 64 KiB      | module sees it              |
 *
 * The additions stand *below* the state, and every load and store has `stateBase` added to its offset. So
 * the state ends where the memory ends, and a load or store that is out of bounds in the original traps
 * here too, at no cost. The log grows downward for the same reason: when it is full its pointer wraps to
 * the top of the address space, which no memory reaches, and the store traps.
 */
export interface Areas {
  readonly undoTop: number;
  readonly marks1: number;
  readonly marks2: number;
  readonly stateBase: number;
  /** Bytes of the state, whole pages. */
  readonly stateBytes: number;
  /** Pages of the whole memory. */
  readonly pages: number;
}

/** Where things are in the memory of `rewrite(wasm, options)`. Throws `WasmError` if it has no room. */
export function areasOf(options: RewriteOptions): Areas {
  const statePages = Math.ceil(options.stateEnd / WASM_PAGE);
  const stateBytes = statePages * WASM_PAGE;
  const undoTop = options.undo ? (options.undoEntries ?? UNDO_ENTRIES) * UNDO_ENTRY_BYTES : 0;
  const marks1 = undoTop;
  const marks2 = marks1 + (options.marks ? stateBytes / BLOCK_BYTES : 0);
  const marksEnd = marks2 + (options.marks ? stateBytes / REGION_BYTES : 0);
  const basePages = Math.ceil(marksEnd / WASM_PAGE);
  const pages = basePages + statePages;
  // INVARIANT: the last page of the address space stays free, or a wrapped log pointer would hit it.
  if (pages > 65535) {
    throw new WasmError(
      'WASM_MEMORY_MISMATCH',
      `The state's ${statePages} pages leave no room for ${basePages} pages of marks and undo log.`,
    );
  }
  return { undoTop, marks1, marks2, stateBase: basePages * WASM_PAGE, stateBytes, pages };
}

/** What a rewritten module exports besides what the original does. */
export interface RewrittenExports {
  /** Address of the state in the memory; state address 0 is there. */
  readonly stateBase: WebAssembly.Global;
  /** Addresses of the marks; only with `marks`. */
  readonly marks1?: WebAssembly.Global;
  readonly marks2?: WebAssembly.Global;
  /**
   * Marks and logs `length` bytes at state address `address`: what a host calls *before* it writes there
   * itself. Traps where the range leaves the state.
   */
  touch(address: number, length: number): void;
  /** Forgets the log: what was stored so far stays. Only with `undo`. */
  undoReset?(): void;
  /** Puts back everything since the last reset, and resets. Marks stay set. Only with `undo`. */
  undoRollback?(): void;
  /** Stores logged since the last reset. Only with `undo`. */
  undoEntries?(): number;
}

export interface MarkViews {
  /** One byte a block of the state. */
  readonly level1: Uint8Array;
  /** One byte a region of the state. */
  readonly level2: Uint8Array;
  /** The memory of all of it. */
  readonly memory: WebAssembly.Memory;
  /**
   * Bytes from address 0 on that a host may use between two calls of the engine: the undo log, of which nothing is
   * needed any more once what it would take back is to stay. 0 where there is no log.
   */
  readonly spareBytes: number;
}

/** The state and its marks as views into an engine's memory. */
export interface StateViews {
  /** State address 0 is index 0, whether the module is plain or rewritten. */
  readonly state: Uint8Array;
  readonly marks: MarkViews | undefined;
}

/** The views of an instance, plain (all of its memory is state) or rewritten. */
export function viewsOf(
  memory: WebAssembly.Memory,
  exports: Partial<RewrittenExports> | WebAssembly.Exports,
): StateViews {
  const { stateBase, marks1, marks2 } = exports as Partial<RewrittenExports>;
  const state = new Uint8Array(memory.buffer, Number(stateBase?.value ?? 0));
  if (marks1 === undefined || marks2 === undefined) return { state, marks: undefined };
  const level1 = new Uint8Array(memory.buffer, Number(marks1.value), state.length / BLOCK_BYTES);
  const level2 = new Uint8Array(memory.buffer, Number(marks2.value), state.length / REGION_BYTES);
  return { state, marks: { level1, level2, memory, spareBytes: level1.byteOffset } };
}

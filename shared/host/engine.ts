import { TRAPPED } from '#shared/engine/codes.ts';
import {
  ASSESSMENT,
  ASSESSMENT_SIZE,
  DIGEST,
  INPUT,
  MAX_COMMAND_BYTES,
  STATE_END,
} from '#shared/engine/layout.ts';
import { type RewrittenExports, type StateViews, viewsOf } from '#shared/machine/wasm/areas.ts';
import { rewrite } from '#shared/machine/wasm/rewrite.ts';
import { keccak256 } from '#shared/protocol/keccak.ts';
import { type RecoverAddress, recoverAddress } from './recover.ts';

export type { RecoverAddress } from './recover.ts';

/** Hears what the engine says happened: 128 bytes at `address` of `view` (shared/protocol/events.ts). */
export type EngineEvents = (kind: number, address: number, view: DataView) => void;

export interface EngineOptions {
  /** The engine's module: plain, or derived from it by `deriveModule`. */
  readonly module: WebAssembly.Module;
  readonly onEvent?: EngineEvents | undefined;
  readonly recover?: RecoverAddress | undefined;
  /** What a derived module imports besides "host": a meter, in tests. */
  readonly imports?: WebAssembly.Imports | undefined;
}

interface EngineExports {
  readonly memory: WebAssembly.Memory;
  segmentStart(): void;
  execute(): number;
  advance(): number;
  executeInbox(): number;
  digest(): number;
  executeRecovered(length: number): number;
  assess(length: number): number;
}

/** Which additions a derived engine has: marks for a state tree, an undo log for rejections and traps. */
export interface Derivation {
  readonly marks: boolean;
  readonly undo: boolean;
}

/** The engine's module with marks or an undo log at every store; see shared/machine/wasm. */
export function deriveModule(wasm: Uint8Array, { marks, undo }: Derivation): WebAssembly.Module {
  const derived = rewrite(wasm, { marks, undo, stateEnd: STATE_END });
  return new WebAssembly.Module(derived as Uint8Array<ArrayBuffer>);
}

const NOTHING = new Uint8Array(0);
const SIGNATURE_BYTES = 64;

/**
 * Runs the engine in V8: the first of the three implementations of its host functions. One instance has one state, which is
 * `bytes`. Synchronous, single-threaded.
 */
export class Engine {
  readonly views: StateViews;
  /** The state: index 0 is state address 0. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #exports: EngineExports & Partial<RewrittenExports>;
  readonly #touch: (address: number, length: number) => void;
  #current: Uint8Array = NOTHING;

  private constructor(options: EngineOptions) {
    const recover = options.recover ?? recoverAddress;
    const onEvent = options.onEvent;
    const instance = new WebAssembly.Instance(options.module, {
      ...options.imports,
      host: {
        readCommand: (to: number) => this.#readCommand(to >>> 0),
        keccak256: (from: number, length: number, to: number) =>
          this.#write(to >>> 0, keccak256(this.#slice(from >>> 0, length >>> 0))),
        ecrecover: (digest: number, signature: number, to: number) => {
          const address = recover(
            this.#slice(digest >>> 0, 32),
            this.#slice(signature >>> 0, SIGNATURE_BYTES),
          );
          if (address === null) return 0;
          this.#write(to >>> 0, address);
          return 1;
        },
        emit: onEvent ? (kind: number, at: number) => onEvent(kind, at >>> 0, this.view) : () => {},
      },
    });
    this.#exports = instance.exports as unknown as EngineExports & Partial<RewrittenExports>;
    this.views = viewsOf(this.#exports.memory, instance.exports);
    this.bytes = this.views.state;
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    this.#touch = this.#exports.touch ?? (() => {});
  }

  static create(options: EngineOptions): Engine {
    return new Engine(options);
  }

  /** Begins a segment. */
  segmentStart(): void {
    this.#exports.undoReset?.();
    this.#exports.segmentStart();
  }

  /** Runs a command and returns its result code; TRAPPED if it trapped and was undone. At most 4,096 bytes. */
  execute(command: Uint8Array): number {
    this.#current = command;
    return this.#guarded(this.#exports.execute);
  }

  /** Counts the next inbox message as consumed; false, and nothing counted, if this segment has no room for it. */
  advance(): boolean {
    this.#exports.undoReset?.();
    return this.#exports.advance() === 1;
  }

  /** Runs an inbox message after `advance`. Returns its result code, or TRAPPED. */
  executeInbox(message: Uint8Array): number {
    this.#current = message;
    return this.#guarded(this.#exports.executeInbox);
  }

  /**
   * The EIP-712 digest that a signed command's signature must be over, or null if it is not acceptable whatever its
   * signature. Leaves no trace where there is an undo log.
   */
  digest(command: Uint8Array): Uint8Array | null {
    this.#current = command;
    const code = this.#guarded(this.#exports.digest);
    const digest = code === 0 ? this.bytes.slice(DIGEST, DIGEST + 32) : null;
    this.#exports.undoRollback?.();
    return digest;
  }

  /**
   * Asks what margin a hypothetical portfolio or order would need (shared/protocol/assessment.ts). Returns the code, and where it is 0 the
   * answer's bytes. Leaves no trace but in scratch, and none at all where there is an undo log.
   */
  assess(request: Uint8Array): { readonly code: number; readonly answer: Uint8Array } {
    this.#exports.undoReset?.();
    this.#write(INPUT, request.subarray(0, MAX_COMMAND_BYTES));
    const code = this.#exports.assess(request.length);
    const answer = this.bytes.slice(ASSESSMENT, ASSESSMENT + ASSESSMENT_SIZE);
    this.#exports.undoRollback?.();
    return { code, answer };
  }

  /** Runs `length` bytes already at INPUT with the signature taken as checked: for measuring, never for trading. */
  executeRecovered(length: number): number {
    this.#exports.undoReset?.();
    return this.#exports.executeRecovered(length);
  }

  /** Takes back what the last entry call did, to the byte. Needs an undo log. */
  undo(): void {
    if (!this.#exports.undoRollback) {
      throw new Error('This engine was made without an undo log: derive its module with undo.');
    }
    this.#exports.undoRollback();
  }

  /** A trap is a bug, and by rule a no-op: what it had written is taken back. */
  #guarded(entry: () => number): number {
    this.#exports.undoReset?.();
    try {
      return entry();
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error;
      this.undo();
      return TRAPPED;
    }
  }

  #readCommand(to: number): number {
    const length = this.#current.length;
    // INVARIANT: whoever feeds the engine cuts to MAX_COMMAND_BYTES; longer bytes are fed as none.
    if (length > MAX_COMMAND_BYTES) return 0;
    this.#touch(to, length);
    this.bytes.set(this.#current, to);
    return length;
  }

  #slice(from: number, length: number): Uint8Array {
    return this.bytes.subarray(from, from + length);
  }

  #write(to: number, bytes: Uint8Array): void {
    this.#touch(to, bytes.length);
    this.bytes.set(bytes, to);
  }
}

import { PlimsollError } from '#shared/protocol/errors.ts';

export type WasmErrorCode =
  | 'WASM_TRUNCATED'
  | 'WASM_MALFORMED'
  | 'WASM_UNSUPPORTED'
  | 'WASM_INVALID'
  | 'WASM_MEMORY_MISMATCH';

/** A module that cannot be read or rewritten; the message names the construct and the byte offset. */
export class WasmError extends PlimsollError {
  override readonly name = 'WasmError';
  declare readonly code: WasmErrorCode;

  constructor(code: WasmErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
  }
}

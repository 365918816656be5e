/**
 * The root of all operating errors: a stable `code` for programs, a sentence for people that says what
 * happened and what to do, and the cause where there is one. Rejections by the engine are not errors but
 * values (`codes.ts`).
 */
export class PlimsollError extends Error {
  override readonly name: string = 'PlimsollError';
  /** Stable, upper case with underscores; safe to switch on. */
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** A value that has no encoding: out of range, too long, or missing what its kind needs. */
export class EncodingError extends PlimsollError {
  override readonly name = 'EncodingError';

  constructor(message: string, options?: { cause?: unknown }) {
    super('NOT_ENCODABLE', message, options);
  }
}

/** Text that is not what it should be: a decimal, an instrument name, a hexadecimal string. */
export class ParseError extends PlimsollError {
  override readonly name = 'ParseError';

  constructor(message: string, options?: { cause?: unknown }) {
    super('NOT_PARSABLE', message, options);
  }
}

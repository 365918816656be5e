import {
  BUSY,
  COMMAND_RESERVED,
  describeApiCode,
  httpStatusOf,
  INTERNAL,
  OUTCOME_UNKNOWN,
  STOPPED,
  TOO_LARGE,
} from '#shared/protocol/api-codes.ts';
import { ExchangeError } from '../errors.ts';

/** What an error tells a program besides its code; always with the stable name of the code. */
export type ErrorData = Record<string, string | number | boolean | null>;

/** A refusal on its way to a client: a stable code, and a sentence that says what to do. */
export class ApiError extends Error {
  readonly code: number;
  readonly data: ErrorData;

  constructor(code: number, message?: string, data: ErrorData = {}, cause?: unknown) {
    const words = describeApiCode(code);
    super(message ?? words.sentence, cause === undefined ? undefined : { cause });
    this.name = 'ApiError';
    this.code = code;
    this.data = { name: words.name, ...data };
  }

  get httpStatus(): number {
    return httpStatusOf(this.code);
  }

  /** The JSON-RPC error object, which REST sends as well. */
  toJSON(): { code: number; message: string; data: ErrorData } {
    return { code: this.code, message: this.message, data: this.data };
  }
}

const EXCHANGE_CODES: Record<string, number> = {
  EXCHANGE_BUSY: BUSY,
  EXCHANGE_STOPPED: STOPPED,
  EXCHANGE_FAILED: OUTCOME_UNKNOWN,
  COMMAND_TOO_LARGE: TOO_LARGE,
  COMMAND_RESERVED,
};

/**
 * Any error as a client may see it. What is not meant for clients becomes INTERNAL without its message;
 * the caller logs the original.
 */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof ExchangeError) {
    const code = EXCHANGE_CODES[error.code];
    if (code !== undefined) return new ApiError(code, undefined, { reason: error.message }, error);
  }
  return new ApiError(INTERNAL, undefined, {}, error);
}

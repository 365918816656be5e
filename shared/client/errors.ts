import { BAD_RESPONSE, describeApiCode } from '#shared/protocol/api-codes.ts';
import { PlimsollError } from '#shared/protocol/errors.ts';
import type { RpcError } from './api.ts';

/**
 * A request that was refused or could not be answered. `status` is the number (shared/protocol/codes.ts and
 * api-codes.ts), `code` its stable name such as "INSUFFICIENT_MARGIN", `message` says what to do.
 */
export class ApiError extends PlimsollError {
  override readonly name = 'ApiError';
  readonly status: number;
  /** The parameter at fault, if one is. */
  readonly parameter: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(error: RpcError, options?: { cause?: unknown }) {
    super(error.data.name, error.message, options);
    this.status = error.code;
    this.parameter = error.data.parameter;
    this.retryAfterMs = error.data.retry_after_ms;
  }

  /** An error that this side found, with the table's sentence and what is known beyond it. */
  static local(status: number, detail = '', cause?: unknown): ApiError {
    const { name, sentence } = describeApiCode(status);
    const message = detail === '' ? sentence : `${sentence} (${detail})`;
    return new ApiError({ code: status, message, data: { name } }, { cause });
  }

  /** What a server sent as `error`; anything that is no such object is itself an error. */
  static received(error: unknown): ApiError {
    const { code, message, data } = (error ?? {}) as Partial<RpcError>;
    if (typeof code !== 'number' || typeof message !== 'string') {
      return ApiError.local(BAD_RESPONSE, 'an error without code or message');
    }
    const name = typeof data?.name === 'string' ? data.name : describeApiCode(code).name;
    return new ApiError({ code, message, data: { ...data, name } });
  }
}

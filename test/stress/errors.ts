import { PlimsollError } from '#shared/protocol/errors.ts';

/** A stress run that cannot be made, or in which the exchange did what it never may. */
export class StressError extends PlimsollError {
  override readonly name = 'StressError';

  constructor(code: string, message: string, cause?: unknown) {
    super(code, message, cause === undefined ? undefined : { cause });
  }
}

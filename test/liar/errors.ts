import { PlimsollError } from '#shared/protocol/errors.ts';

export type LiarCode = 'PATCH_MISMATCH' | 'NO_SUCH_LIE' | 'LIE_NOT_TOLD';

/** What can go wrong with a lie: it no longer fits the sources, or its scene did not bring it about. */
export class LiarError extends PlimsollError {
  override readonly name = 'LiarError';
  declare readonly code: LiarCode;

  constructor(code: LiarCode, message: string) {
    super(code, message);
  }
}

import { PlimsollError } from '#shared/protocol/errors.ts';

export type TranslateErrorCode =
  | 'TRANSLATE_INVALID' // WebAssembly itself would not accept the module
  | 'TRANSLATE_UNSUPPORTED' // something outside the subset; the message names it
  | 'TRANSLATE_LIMIT' // a limit of the machine
  | 'TRANSLATE_SEGMENT' // a data or element segment does not fit
  | 'TRANSLATE_NO_EXPORT'
  | 'PROGRAM_INVALID'; // a program that must not run

/** A module or an export that cannot become a program, or a program that is none. */
export class TranslateError extends PlimsollError {
  override readonly name = 'TranslateError';
  declare readonly code: TranslateErrorCode;

  constructor(code: TranslateErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
  }
}

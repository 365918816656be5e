import { PlimsollError } from '#shared/protocol/errors.ts';

/** Operating errors of the sequencer: a stable code, what happened and what to do, and the cause. */
export class SequencerError extends PlimsollError {
  override readonly name: string = 'SequencerError';

  constructor(code: string, message: string, cause?: unknown) {
    super(code, message, cause === undefined ? undefined : { cause });
  }
}

/** The exchange did not run a command, or cannot say what became of it. */
export class ExchangeError extends SequencerError {
  override readonly name = 'ExchangeError';
}

/** The journal cannot be trusted or written; the process must stop before it acknowledges anything more. */
export class JournalError extends SequencerError {
  override readonly name = 'JournalError';
}

/** Configuration that cannot work: names the setting. */
export class ConfigError extends SequencerError {
  override readonly name = 'ConfigError';
}

/** A replica, the checker or L1 disagrees with what the journal says. */
export class DivergenceError extends SequencerError {
  override readonly name = 'DivergenceError';
}

/** L1 refuses for a reason that retrying does not mend. */
export class PosterError extends SequencerError {
  override readonly name = 'PosterError';
}

/** Errors lose their class between threads; this keeps the code and the sentence. */
export interface PlainError {
  readonly code: string;
  readonly message: string;
}

/** @returns what is left of `error` on the other side of a thread boundary, the causes folded into the sentence. */
export function toPlainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { code: 'UNEXPECTED', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'UNEXPECTED';
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return { code, message: `${error.message}${cause}` };
}

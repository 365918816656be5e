/** Operating errors of the sequencer: a stable code, what happened and what to do, and the cause. */
export class SequencerError extends Error {
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
  }
}

/** The exchange did not run a command, or cannot say what became of it. */
export class ExchangeError extends SequencerError {}

/** The journal cannot be trusted or written; the process must stop before it acknowledges anything more. */
export class JournalError extends SequencerError {}

/** Configuration that cannot work: names the setting. */
export class ConfigError extends SequencerError {}

/** A replica, the checker or L1 disagrees with what the journal says. */
export class DivergenceError extends SequencerError {}

/** L1 refuses for a reason that retrying does not mend. */
export class PosterError extends SequencerError {}

/** Errors lose their class between threads; this brings the code and the sentence back. */
export interface PlainError {
  readonly name: string;
  readonly code: string;
  readonly message: string;
}

export function toPlainError(error: unknown): PlainError {
  if (error instanceof SequencerError) {
    return { name: error.name, code: error.code, message: error.message };
  }
  const name = error instanceof Error ? error.name : 'Error';
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNEXPECTED';
  return { name, code, message };
}

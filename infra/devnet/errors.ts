import { PlimsollError } from '#shared/protocol/errors.ts';

/**
 * What can go wrong while a devnet or demo is operated: a stable code, what happened, what to do, and the cause.
 * The tools print code, message and advice, never a stack, and exit with 1.
 */
export class OperatingError extends PlimsollError {
  override readonly name: string = 'OperatingError';
  /** One sentence on what to do about it. */
  readonly advice: string;

  constructor(code: string, message: string, advice: string, cause?: unknown) {
    super(code, message, cause === undefined ? {} : { cause });
    this.advice = advice;
  }
}

/** A command line option that cannot be used. */
export class OptionError extends OperatingError {
  override readonly name = 'OptionError';
}

/** A file of recorded prices that cannot be used. */
export class PricesFileError extends OperatingError {
  override readonly name = 'PricesFileError';
}

/** A process of the devnet (anvil, sequencer, watcher) that did not start or ended by itself. */
export class ChildError extends OperatingError {
  override readonly name = 'ChildError';
}

/** A port that another process uses. */
export class PortBusyError extends OperatingError {
  override readonly name = 'PortBusyError';
}

/** The error as people should read it: code, sentence, advice, and the innermost cause in one line. */
export function explain(error: unknown): string {
  if (error instanceof OperatingError) {
    const cause = error.cause instanceof Error ? ` (${firstLine(error.cause.message)})` : '';
    return `${error.code}: ${error.message}${cause}\n  ${error.advice}`;
  }
  if (error instanceof PlimsollError) return `${error.code}: ${error.message}`;
  if (error instanceof Error) return `${error.name}: ${error.message}`;
  return String(error);
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

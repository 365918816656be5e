/**
 * What can go wrong while a devnet or demo is operated: a stable code, what happened, what to do, and the cause.
 * The tools print `code`, message and advice, never a stack, and exit with 1.
 */
export class OperatingError extends Error {
  readonly code: string;
  /** One sentence on what to do about it. */
  readonly advice: string;

  constructor(code: string, message: string, advice: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = new.target.name;
    this.code = code;
    this.advice = advice;
  }
}

/** A command line option that cannot be used. */
export class OptionError extends OperatingError {}

/** A file of recorded prices that cannot be used. */
export class PricesFileError extends OperatingError {}

/** A process of the devnet (anvil, sequencer, watcher) that did not start or ended by itself. */
export class ChildError extends OperatingError {}

/** A port that another process uses. */
export class PortBusyError extends OperatingError {}

/** The error as people should read it: code, sentence, advice, and the innermost cause in one line. */
export function explain(error: unknown): string {
  if (error instanceof OperatingError) {
    const cause = error.cause instanceof Error ? ` (${firstLine(error.cause.message)})` : '';
    return `${error.code}: ${error.message}${cause}\n  ${error.advice}`;
  }
  if (error instanceof Error) return `${error.name}: ${error.message}`;
  return String(error);
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

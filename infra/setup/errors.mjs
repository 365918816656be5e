/** A set-up step that cannot go on: a stable code, what happened, what to do, and the tail of the failed command's output. */
export class SetupError extends Error {
  /**
   * @param {string} code stable, upper case
   * @param {{ happened: string, remedy: string, details?: string, cause?: unknown }} what
   */
  constructor(code, { happened, remedy, details, cause }) {
    super(happened, { cause });
    this.name = 'SetupError';
    this.code = code;
    this.remedy = remedy;
    this.details = details;
  }
}

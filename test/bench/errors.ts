import { PlimsollError } from '#shared/protocol/errors.ts';

/** A benchmark that cannot be run, or whose result is wrong: a wrong result is never reported as a fast one. */
export class BenchError extends PlimsollError {
  override readonly name = 'BenchError';
}

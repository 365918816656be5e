import { SequencerError } from '../errors.ts';

export type MonitorErrorCode =
  | 'BAD_OPTION'
  | 'EXCHANGE_AWAY'
  | 'WRONG_EXCHANGE'
  | 'STATE_FILE'
  | 'REQUEST_REFUSED'
  | 'METRICS_PORT';

/** Operating errors of the risk monitor. */
export class MonitorError extends SequencerError {
  override readonly name = 'MonitorError';
  declare readonly code: MonitorErrorCode;

  constructor(code: MonitorErrorCode, message: string, cause?: unknown) {
    super(code, message, cause);
  }
}

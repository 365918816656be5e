import { PlimsollError } from '#shared/protocol/errors.ts';

export type StateErrorCode =
  | 'STATE_MISALIGNED'
  | 'STATE_OUT_OF_RANGE'
  | 'STATE_STALE'
  | 'PROOF_MALFORMED'
  | 'SNAPSHOT_TRUNCATED'
  | 'SNAPSHOT_CORRUPT'
  | 'SNAPSHOT_WRONG_VERSION'
  | 'SNAPSHOT_WRONG_ENGINE'
  | 'SNAPSHOT_WRONG_ROOT'
  | 'SNAPSHOT_UNREADABLE';

/** What the state tree, its proofs and snapshots refuse. */
export class StateError extends PlimsollError {
  override readonly name = 'StateError';
  declare readonly code: StateErrorCode;

  constructor(code: StateErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
  }
}

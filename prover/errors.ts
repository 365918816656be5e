import { BaseError } from 'viem';
import { PlimsollError } from '#shared/protocol/errors.ts';

export type ProverErrorCode =
  | 'BAD_OPTION'
  | 'L1_UNREACHABLE'
  | 'L1_INCOMPLETE'
  | 'L1_INCONSISTENT'
  | 'WRONG_CHAIN'
  | 'NO_CONTRACT'
  | 'NOT_A_SETTLEMENT'
  | 'WRONG_ENGINE'
  | 'WRONG_DATA_DIRECTORY'
  | 'DATA_DIRECTORY_UNUSABLE'
  | 'BATCH_DISAGREES'
  | 'NO_SUCH_ACCOUNT'
  | 'NOT_THE_OWNER'
  | 'KEY_MISSING'
  | 'NOTHING_TO_CLAIM'
  | 'NOTHING_FINAL'
  | 'CANNOT_FREEZE'
  | 'ALREADY_FROZEN'
  | 'NOT_FROZEN'
  | 'NOT_FINAL'
  | 'EXIT_NOT_OPEN'
  | 'EXIT_ALREADY_OPEN'
  | 'REPORT_PERIOD_RUNNING'
  | 'REPORT_PERIOD_OVER'
  | 'ALREADY_EXITED'
  | 'NOT_EVERYBODY_LEFT'
  | 'NO_CREDIT'
  | 'CREDIT_REFUSED'
  | 'NO_ETH'
  | 'NO_FUNDS'
  | 'BAD_COMMAND'
  | 'REFUSED_BY_CONTRACT'
  | 'TRANSACTION_FAILED'
  | 'NO_SUCH_BATCH'
  | 'NOTHING_TO_PROVE'
  | 'SEGMENT_NOT_PROVABLE'
  | 'BATCH_FINAL'
  | 'NO_JUDGE'
  | 'WRONG_PROGRAM'
  | 'PROGRAM_GONE'
  | 'CANNOT_BE_PLANNED'
  | 'PROOF_STUCK'
  | 'ENDED';

/** What watcher and exit tool refuse or cannot do. */
export class ProverError extends PlimsollError {
  override readonly name = 'ProverError';
  declare readonly code: ProverErrorCode;

  constructor(code: ProverErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
  }
}

/** What an error says, on one line, without the address book that viem prints with it. */
export function textOf(error: unknown): string {
  if (error instanceof BaseError) {
    const details = error.details === error.shortMessage ? '' : ` (${error.details})`;
    return `${error.shortMessage}${details}`.replace(/\s+/g, ' ').slice(0, 300);
  }
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, ' ').slice(0, 300);
}

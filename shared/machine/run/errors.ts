import { PlimsollError } from '#shared/protocol/errors.ts';

export type MachineErrorCode =
  | 'MACHINE_NOT_BUILT'
  | 'MACHINE_NO_EXPORT'
  | 'MACHINE_ARGUMENTS'
  | 'MACHINE_STEPS_EXCEEDED'
  | 'MACHINE_WITNESS_WRONG'
  | 'MACHINE_LEAF_MISSING'
  | 'MACHINE_CODE_TOO_LONG'
  | 'MACHINE_FILE_UNREADABLE'
  | 'MACHINE_START_TRAPPED'
  | 'MACHINE_EVM'
  | 'SEGMENT_EMPTY'
  | 'SEGMENT_NO_CHECKPOINT'
  | 'SEGMENT_MESSAGE_MISSING'
  | 'SEGMENT_STEP_TOO_LARGE';

/** What the machine off chain refuses. A trap is no error but a status. */
export class MachineError extends PlimsollError {
  override readonly name = 'MachineError';
  declare readonly code: MachineErrorCode;

  constructor(code: MachineErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
  }
}

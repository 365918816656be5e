import { encodeAbiParameters, type Hex, keccak256 } from 'viem';
import type { Witness } from '#shared/machine/run/witness.ts';

/** Where the run of one segment stands between two transactions, as contracts/src/interfaces/ISegmentMachine.sol has it. */
export interface SegmentState {
  readonly root: Hex;
  readonly checkpoint: Hex;
  readonly registersHash: Hex;
  readonly pc: number;
  readonly fp: number;
  readonly command: number;
  readonly phase: number;
  readonly running: boolean;
}

export interface SegmentInputs {
  readonly segment: Hex;
  readonly inboxCount: bigint;
  readonly firstMessage: bigint;
  readonly messages: readonly Hex[];
}

export interface Until {
  readonly command: number;
  readonly phase: number;
  readonly pc: number;
  readonly visits: number;
}

/** What one transaction hands to the machine. */
export interface StepCall {
  readonly before: SegmentState;
  readonly inputs: SegmentInputs;
  readonly witness: Witness;
  readonly until: Until;
}

const STATE_COMPONENTS = [
  { name: 'root', type: 'bytes32' },
  { name: 'checkpoint', type: 'bytes32' },
  { name: 'registersHash', type: 'bytes32' },
  { name: 'pc', type: 'uint32' },
  { name: 'fp', type: 'uint32' },
  { name: 'command', type: 'uint8' },
  { name: 'phase', type: 'uint8' },
  { name: 'running', type: 'bool' },
] as const;

/** keccak256(abi.encode(state)): all that L1 keeps of it. */
export function hashSegmentState(state: SegmentState): Hex {
  const type = [{ type: 'tuple', components: STATE_COMPONENTS }] as const;
  return keccak256(encodeAbiParameters(type, [state]));
}

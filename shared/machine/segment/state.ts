import { encodeAbiParameters, type Hex } from 'viem';
import { hashHex, ZERO_HASH } from '#shared/machine/run/state.ts';
import { hexToBytes } from '#shared/protocol/bytes.ts';

/** Phases of a segment's run (contracts/src/interfaces/ISegmentMachine.sol). */
export const PHASE = { START: 0, COMMAND: 1, INBOX: 2, DONE: 3 } as const;

/** Where the run of a segment stands between two transactions: the Solidity struct, in its order. */
export interface SegmentState {
  /** Of the engine's memory. */
  readonly root: Hex;
  /** Root when the running call began, if it began with a transaction; between calls `root`; else zero. */
  readonly checkpoint: Hex;
  /** Zero unless running, as are pc and fp. */
  readonly registersHash: Hex;
  readonly pc: number;
  readonly fp: number;
  /** How many commands are behind it. */
  readonly command: number;
  readonly phase: number;
  /** Inside a call. */
  readonly running: boolean;
}

/** Where a transaction stops: the Solidity struct. */
export interface Until {
  readonly command: number;
  readonly phase: number;
  readonly pc: number;
  /** 0: when the call would begin; else before the so-manieth execution of `pc` inside it, in this transaction. */
  readonly visits: number;
}

/** What feeds the segment: the Solidity struct. */
export interface SegmentInputs {
  readonly segment: Hex;
  readonly inboxCount: bigint;
  readonly firstMessage: bigint;
  readonly messages: readonly Hex[];
}

/** Never met: the transaction ends with the segment, or with a trap. */
export const UNTIL_END: Until = { command: 255, phase: PHASE.DONE, pc: 0, visits: 0 };

export const SEGMENT_STATE_COMPONENTS = [
  { name: 'root', type: 'bytes32' },
  { name: 'checkpoint', type: 'bytes32' },
  { name: 'registersHash', type: 'bytes32' },
  { name: 'pc', type: 'uint32' },
  { name: 'fp', type: 'uint32' },
  { name: 'command', type: 'uint8' },
  { name: 'phase', type: 'uint8' },
  { name: 'running', type: 'bool' },
] as const;

/** Before the first call of a segment whose state has this root. */
export function initialState(root: Hex): SegmentState {
  return {
    root,
    checkpoint: root,
    registersHash: ZERO_HASH,
    pc: 0,
    fp: 0,
    command: 0,
    phase: PHASE.START,
    running: false,
  };
}

/** keccak256(abi.encode(state)): what the judge stores. */
export function hashSegmentState(state: SegmentState): Hex {
  const type = [{ type: 'tuple', components: SEGMENT_STATE_COMPONENTS }] as const;
  return hashHex(hexToBytes(encodeAbiParameters(type, [state])));
}

import { encodeAbiParameters, type Hex } from 'viem';
import { LINK } from '#shared/machine/isa.ts';
import { bytesToHex, hexToBytes } from '#shared/protocol/bytes.ts';
import { keccak256 } from '#shared/protocol/keccak.ts';

/** A machine between two steps, as L1 keeps it (the order of the Solidity struct). */
export interface MachineState {
  readonly memoryRoot: Hex;
  readonly registersHash: Hex;
  readonly memoryPages: number;
  /** Byte offset of the next instruction. */
  readonly pc: number;
  /** Index of the current frame's register 0. */
  readonly fp: number;
  /** STATUS and TRAPS of isa.ts. */
  readonly status: number;
  readonly trap: number;
}

export const MACHINE_STATE_COMPONENTS = [
  { name: 'memoryRoot', type: 'bytes32' },
  { name: 'registersHash', type: 'bytes32' },
  { name: 'memoryPages', type: 'uint32' },
  { name: 'pc', type: 'uint32' },
  { name: 'fp', type: 'uint32' },
  { name: 'status', type: 'uint8' },
  { name: 'trap', type: 'uint8' },
] as const;

export const REGISTER_BYTES = 8;
export const ZERO_HASH: Hex = `0x${'00'.repeat(32)}`;

/** keccak256(abi.encode(state)). */
export function hashState(state: MachineState): Hex {
  const type = [{ type: 'tuple', components: MACHINE_STATE_COMPONENTS }] as const;
  return hashHex(hexToBytes(encodeAbiParameters(type, [state])));
}

/** keccak256 in hexadecimal. */
export function hashHex(bytes: Uint8Array): Hex {
  return bytesToHex(keccak256(bytes));
}

/** Register 0 of a frame while its function runs. */
export function encodeLink(link: {
  readonly returnTo: number;
  readonly offset: number;
  readonly size: number;
  readonly depth: number;
}): bigint {
  return (
    BigInt(link.returnTo) |
    (BigInt(link.offset) << BigInt(LINK.OFFSET_SHIFT)) |
    (BigInt(link.size) << BigInt(LINK.SIZE_SHIFT)) |
    (BigInt(link.depth) << BigInt(LINK.DEPTH_SHIFT))
  );
}

import type { Hex } from 'viem';
import { bytesToHex, concatBytes, hexToBytes } from '#shared/protocol/bytes.ts';
import { proveLeaves } from '#shared/state/multiproof.ts';
import { NODE_BYTES } from '#shared/state/shape.ts';
import type { TouchedLeaf } from './core.ts';
import { MachineError } from './errors.ts';
import type { NodeSource } from './sparse-tree.ts';

/** What one L1 transaction is shown: bytes of the Solidity struct of this name. */
export interface Witness {
  /** 8 bytes big-endian each, registers 0 .. top - 1; nothing where no call is in progress. */
  readonly registers: Hex;
  /** u32 big-endian each, strictly ascending. */
  readonly indices: Hex;
  /** 32 bytes each, as they were before. */
  readonly leaves: Hex;
  /** 32 bytes each, in the order of shared/state/multiproof.ts. */
  readonly nodes: Hex;
}

export const WITNESS_COMPONENTS = [
  { name: 'registers', type: 'bytes' },
  { name: 'indices', type: 'bytes' },
  { name: 'leaves', type: 'bytes' },
  { name: 'nodes', type: 'bytes' },
] as const;

/** The witness for what touched these leaves of `tree`. */
export function makeWitness(
  tree: NodeSource,
  touched: readonly Pick<TouchedLeaf, 'index'>[],
  registers: Uint8Array,
): Witness {
  if (touched.length === 0) {
    return { registers: bytesToHex(registers), indices: '0x', leaves: '0x', nodes: '0x' };
  }
  const proof = proveLeaves(
    tree,
    touched.map((leaf) => leaf.index),
  );
  return {
    registers: bytesToHex(registers),
    indices: bytesToHex(packIndices(proof.indices)),
    leaves: bytesToHex(concatBytes(...proof.leaves)),
    nodes: bytesToHex(concatBytes(...proof.nodes)),
  };
}

/** A witness taken apart. */
export interface OpenedWitness {
  readonly registers: Uint8Array;
  readonly indices: readonly number[];
  readonly leaves: readonly Uint8Array[];
  readonly nodes: readonly Uint8Array[];
}

/** @throws MachineError MACHINE_WITNESS_WRONG for lengths that do not fit */
export function openWitness(witness: Witness): OpenedWitness {
  const indices = chunks(witness.indices, 4).map((chunk) =>
    new DataView(chunk.buffer, chunk.byteOffset).getUint32(0),
  );
  const leaves = chunks(witness.leaves, NODE_BYTES);
  if (leaves.length !== indices.length) {
    throw new MachineError(
      'MACHINE_WITNESS_WRONG',
      `A witness with ${indices.length} indices and ${leaves.length} leaves.`,
    );
  }
  const nodes = chunks(witness.nodes, NODE_BYTES);
  chunks(witness.registers, 8);
  return { registers: hexToBytes(witness.registers), indices, leaves, nodes };
}

function chunks(hex: Hex, size: number): Uint8Array[] {
  const bytes = hexToBytes(hex);
  if (bytes.length % size !== 0) {
    throw new MachineError(
      'MACHINE_WITNESS_WRONG',
      `${bytes.length} bytes of a witness are not a multiple of ${size}.`,
    );
  }
  return Array.from({ length: bytes.length / size }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
}

function packIndices(indices: readonly number[]): Uint8Array {
  const packed = new Uint8Array(4 * indices.length);
  const view = new DataView(packed.buffer);
  indices.forEach((index, i) => {
    view.setUint32(4 * i, index);
  });
  return packed;
}

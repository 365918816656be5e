import { ByteWriter } from './bytes.ts';
import { keccak256 } from './keccak.ts';

/**
 * The keccak256 Merkle tree over a batch's segment hashes. Leaves and nodes are told apart by their first
 * byte and a leaf contains its index, so no proof for one segment serves for another.
 */
export function segmentHash(segmentBytes: Uint8Array): Uint8Array {
  return keccak256(segmentBytes);
}

export function segmentLeaf(index: number, hash: Uint8Array): Uint8Array {
  return keccak256(new ByteWriter(37).u8(0).u32be(index).bytes(hash, 32).finish());
}

function node(left: Uint8Array, right: Uint8Array): Uint8Array {
  return keccak256(new ByteWriter(65).u8(1).bytes(left, 32).bytes(right, 32).finish());
}

/** One floor up; an odd last node goes up unchanged. */
function parents(level: readonly Uint8Array[]): Uint8Array[] {
  const above: Uint8Array[] = [];
  for (let i = 0; i < level.length; i += 2) {
    const left = level[i] as Uint8Array;
    const right = level[i + 1];
    above.push(right ? node(left, right) : left);
  }
  return above;
}

/** The root over segment hashes in their order; 32 zero bytes if there are none. */
export function segmentsRoot(hashes: readonly Uint8Array[]): Uint8Array {
  let level = hashes.map((hash, index) => segmentLeaf(index, hash));
  while (level.length > 1) level = parents(level);
  return level[0] ?? new Uint8Array(32);
}

/** The siblings from the leaf up; floors where the node has none are left out. `index` is in range. */
export function segmentPath(hashes: readonly Uint8Array[], index: number): Uint8Array[] {
  if (!Number.isInteger(index) || index < 0 || index >= hashes.length) {
    throw new RangeError(`There is no segment ${index} among ${hashes.length}.`);
  }
  const path: Uint8Array[] = [];
  let level = hashes.map((hash, i) => segmentLeaf(i, hash));
  for (let at = index; level.length > 1; at >>= 1) {
    const sibling = level[at ^ 1];
    if (sibling) path.push(sibling);
    level = parents(level);
  }
  return path;
}

export interface SegmentProof {
  readonly index: number;
  /** Segments in the batch. */
  readonly count: number;
  readonly hash: Uint8Array;
  readonly path: readonly Uint8Array[];
}

/** The root that a proof leads to, or `null` if its path has the wrong length for index and count. */
export function rootOfSegmentProof(proof: SegmentProof): Uint8Array | null {
  if (proof.index < 0 || proof.index >= proof.count) return null;
  let value = segmentLeaf(proof.index, proof.hash);
  let used = 0;
  let at = proof.index;
  for (let width = proof.count; width > 1; width = (width + 1) >> 1) {
    if ((at ^ 1) < width) {
      const sibling = proof.path[used++];
      if (!sibling || sibling.length !== 32) return null;
      value = at & 1 ? node(sibling, value) : node(value, sibling);
    }
    at >>= 1;
  }
  return used === proof.path.length ? value : null;
}

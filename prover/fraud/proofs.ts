import type { Hex } from 'viem';
import type { DecodedSegment } from '#shared/protocol/batch.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { segmentHash, segmentPath } from '#shared/protocol/segments-root.ts';

/** A segment and what shows it under the header's root over segments: the Solidity struct of this name. */
export interface SegmentProof {
  /** As posted, without its length. */
  readonly data: Hex;
  /** Segments in the batch. */
  readonly count: number;
  readonly path: readonly Hex[];
}

/** What is passed where the judge does not look. */
export const NO_SEGMENT: SegmentProof = { data: '0x', count: 0, path: [] };

/** @throws RangeError if there is no such segment */
export function proveSegment(segments: readonly DecodedSegment[], index: number): SegmentProof {
  const hashes = segments.map(({ bytes }) => segmentHash(bytes));
  const path = segmentPath(hashes, index).map(bytesToHex);
  const { bytes } = segments[index] as DecodedSegment;
  return { data: bytesToHex(bytes), count: segments.length, path };
}

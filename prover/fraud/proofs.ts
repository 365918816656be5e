import type { Hex } from 'viem';
import type { DecodedSegment } from '#shared/protocol/batch.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { segmentHash, segmentPath } from '#shared/protocol/segments-root.ts';

/** A segment and what shows it under the header's root over segments. */
export interface SegmentProof {
  readonly index: number;
  /** Segments in the batch. */
  readonly count: number;
  /** As posted, without its length. */
  readonly bytes: Hex;
  readonly path: readonly Hex[];
}

/** @throws RangeError if there is no such segment */
export function proveSegment(segments: readonly DecodedSegment[], index: number): SegmentProof {
  const hashes = segments.map(({ bytes }) => segmentHash(bytes));
  const path = segmentPath(hashes, index).map(bytesToHex);
  const { bytes } = segments[index] as DecodedSegment;
  return { index, count: segments.length, bytes: bytesToHex(bytes), path };
}

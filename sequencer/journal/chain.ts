import { createHash } from 'node:crypto';
import type { Identity } from './schema.ts';

/** One row of `entries` without its hash. */
export interface EntryRow {
  readonly id: number;
  readonly firstSequence: number;
  /** `firstSequence - 1` if the row only closes a segment. */
  readonly lastSequence: number;
  readonly firstSegment: number;
  readonly data: Uint8Array;
}

/** Where the hash chain of a journal starts: no two exchanges share a chain. */
export function chainStart(identity: Identity): Uint8Array {
  const text = `plimsoll journal ${identity.chainId} ${identity.settlement} ${identity.engineHash}`;
  return createHash('sha256').update(text).digest();
}

/** SHA-256 over the hash before, the row's numbers and its bytes: a changed, missing or moved row breaks the chain. */
export function chainNext(previous: Uint8Array, row: EntryRow): Uint8Array {
  const numbers = new DataView(new ArrayBuffer(32));
  numbers.setBigUint64(0, BigInt(row.id));
  numbers.setBigUint64(8, BigInt(row.firstSequence));
  numbers.setBigUint64(16, BigInt(row.lastSequence));
  numbers.setBigUint64(24, BigInt(row.firstSegment));
  return createHash('sha256')
    .update(previous)
    .update(new Uint8Array(numbers.buffer))
    .update(row.data)
    .digest();
}

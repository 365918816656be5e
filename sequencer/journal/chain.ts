import { createHash, hash } from 'node:crypto';
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

const HASH_BYTES = 32;
const NUMBER_BYTES = 8;

/** SHA-256 over the hash before, the row's numbers and its bytes: a changed, missing or moved row breaks the chain. */
export function chainNext(previous: Uint8Array, row: EntryRow): Uint8Array {
  const numbers = [row.id, row.firstSequence, row.lastSequence, row.firstSegment];
  const prefix = HASH_BYTES + numbers.length * NUMBER_BYTES;
  // One call over one buffer: with rows of few commands the calls would cost more than the hashing.
  const input = Buffer.allocUnsafe(prefix + row.data.length);
  input.set(previous, 0);
  for (const [index, number] of numbers.entries()) {
    const at = HASH_BYTES + index * NUMBER_BYTES;
    input.writeUInt32BE(Math.floor(number / 2 ** 32), at);
    input.writeUInt32BE(number % 2 ** 32, at + 4);
  }
  input.set(row.data, prefix);
  return hash('sha256', input, 'buffer');
}

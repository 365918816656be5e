import { hash as cryptoHash } from 'node:crypto';
import { createRequire } from 'node:module';

/** SHA-256 of many 64-byte pairs at once. */
export interface PairHasher {
  readonly name: 'hashtree' | 'node';
  /** `input` holds n pairs of 64 bytes, `output` (not overlapping) gets n hashes of 32. */
  hashInto(input: Uint8Array, output: Uint8Array): void;
}

/** One pair at a time with Node's own SHA-256: some 25 times slower, everywhere available. */
export const portableHasher: PairHasher = {
  name: 'node',
  hashInto(input, output) {
    for (let at = 0; at < input.length; at += 64) {
      output.set(cryptoHash('sha256', input.subarray(at, at + 64), 'buffer'), at / 2);
    }
  },
};

/** The native package, or undefined where it is not installed or has no build for this machine. */
export function nativeHasher(load: NodeJS.Require = createRequire(import.meta.url)) {
  try {
    const { hashInto } = load('@chainsafe/hashtree') as Pick<PairHasher, 'hashInto'>;
    const native: PairHasher = { name: 'hashtree', hashInto };
    return native;
  } catch {
    // Absence is normal (no build for this platform); the portable hasher gives the same roots.
    return undefined;
  }
}

/** The fastest hasher of this machine. */
export function fastestHasher(): PairHasher {
  return nativeHasher() ?? portableHasher;
}

/** SHA-256 of two nodes, for proofs. */
export function hashPair(left: Uint8Array, right: Uint8Array): Uint8Array {
  const pair = new Uint8Array(64);
  pair.set(left);
  pair.set(right, 32);
  return new Uint8Array(cryptoHash('sha256', pair, 'buffer'));
}

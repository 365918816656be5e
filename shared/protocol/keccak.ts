import { keccak_256 } from '@noble/hashes/sha3.js';
import { createKeccak } from 'hash-wasm';

/**
 * One keccak256 for everything that hashes often. The instance of hash-wasm is created once while this
 * module loads and then used synchronously (about nine times as fast as pure JavaScript, see README);
 * where WebAssembly is refused, as under some content security policies, noble does the same.
 */
export type Keccak = (data: Uint8Array) => Uint8Array;

async function createFastKeccak(): Promise<Keccak> {
  try {
    const hasher = await createKeccak(256);
    return (data) => hasher.init().update(data).digest('binary');
  } catch {
    return portableKeccak256;
  }
}

/** The same function in pure JavaScript. */
export const portableKeccak256: Keccak = (data) => keccak_256(data);

/** keccak256 of `data`: a fresh array of 32 bytes. */
export const keccak256: Keccak = await createFastKeccak();

import secp256k1 from 'secp256k1';
import { keccak256 } from '#shared/protocol/keccak.ts';

export interface Wallet {
  readonly key: Uint8Array;
  readonly address: Uint8Array;
}

/** A wallet from a small number, the same every time. */
export function wallet(number: number): Wallet {
  const key = new Uint8Array(32).fill(0x42);
  new DataView(key.buffer).setUint32(28, number);
  const address = keccak256(secp256k1.publicKeyCreate(key, false).subarray(1)).slice(12);
  return { key, address };
}

/** 64 bytes, EIP-2098. */
export function signDigest(digest: Uint8Array, { key }: Wallet): Uint8Array {
  const { signature, recid } = secp256k1.ecdsaSign(digest, key);
  const compact = Uint8Array.from(signature);
  compact[32] = (compact[32] ?? 0) | (recid << 7);
  return compact;
}

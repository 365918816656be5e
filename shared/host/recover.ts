import { secp256k1 as noble } from '@noble/curves/secp256k1.js';
import { keccak256 } from '#shared/protocol/keccak.ts';

/**
 * The address that signed `digest` (32 bytes) with an EIP-2098 signature (64 bytes), or null: r and s in range, low s, and a
 * point that exists. The same on every machine, whichever library does it.
 */
export type RecoverAddress = (digest: Uint8Array, signature: Uint8Array) => Uint8Array | null;

const HALF_ORDER = Uint8Array.from(
  Buffer.from('7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0', 'hex'),
);

/** Splits yParity off the top bit of s; null if s is high. */
function split(signature: Uint8Array): { compact: Uint8Array; parity: number } | null {
  const compact = Uint8Array.from(signature);
  const parity = (compact[32] as number) >> 7;
  compact[32] = (compact[32] as number) & 0x7f;
  if (Buffer.compare(compact.subarray(32), HALF_ORDER) > 0) return null;
  return { compact, parity };
}

function addressOf(publicKey: Uint8Array): Uint8Array {
  return keccak256(publicKey.subarray(1)).slice(12);
}

/** In JavaScript: some 25 times slower than the native library. */
export const recoverPortable: RecoverAddress = (digest, signature) => {
  const parts = split(signature);
  if (parts === null) return null;
  try {
    const recovered = new Uint8Array(65);
    recovered[0] = parts.parity;
    recovered.set(parts.compact, 1);
    const publicKey = noble.recoverPublicKey(recovered, digest, { prehash: false });
    return addressOf(noble.Point.fromBytes(publicKey).toBytes(false));
  } catch {
    return null;
  }
};

type NativeRecover = (
  signature: Uint8Array,
  recoveryId: number,
  message: Uint8Array,
  compressed: boolean,
) => Uint8Array;

async function loadNative(): Promise<NativeRecover | null> {
  try {
    // The package's own index falls back to a slow implementation without saying so; this file does not.
    const { default: addon } = await import('secp256k1/bindings.js');
    return addon.ecdsaRecover;
  } catch {
    return null;
  }
}

const native = await loadNative();

/** Whether the native library was found. */
export const hasNativeRecovery = native !== null;

/** The native library where there is one, else the portable one. */
export const recoverAddress: RecoverAddress =
  native === null
    ? recoverPortable
    : (digest, signature) => {
        const parts = split(signature);
        if (parts === null) return null;
        try {
          return addressOf(native(parts.compact, parts.parity, digest, false));
        } catch {
          return null;
        }
      };

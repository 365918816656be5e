import { bytesToHex, hexToBytes } from './bytes.ts';
import { EncodingError, ParseError } from './errors.ts';

/**
 * EIP-2098: r (32 bytes), then s (32 bytes) with yParity in its top bit. The engine takes nothing but low s;
 * a signature (r, s) with high s is the same as (r, n - s) with the other parity, and becomes that here.
 */
export const SIGNATURE_BYTES = 64;

/** The order of secp256k1's group. */
export const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const HALF_ORDER = CURVE_ORDER >> 1n;

export interface SignatureParts {
  readonly r: bigint;
  readonly s: bigint;
  readonly yParity: number;
}

/** 64 bytes with low s. Throws `EncodingError` if r or s is out of range or yParity is not 0 or 1. */
export function packSignature({ r, s, yParity }: SignatureParts): Uint8Array {
  if (r < 1n || r >= CURVE_ORDER || s < 1n || s >= CURVE_ORDER) {
    throw new EncodingError(
      'r and s of a signature are at least 1 and below the order of the curve.',
    );
  }
  if (yParity !== 0 && yParity !== 1) {
    throw new EncodingError(`yParity is 0 or 1, not ${yParity}.`);
  }
  const high = s > HALF_ORDER;
  const lowS = high ? CURVE_ORDER - s : s;
  const parity = BigInt(high ? 1 - yParity : yParity);
  return hexToBytes(`0x${hex32(r)}${hex32(lowS | (parity << 255n))}`);
}

/** r, s and yParity as they stand; says nothing about whether they are in range. */
export function unpackSignature(signature: Uint8Array): SignatureParts {
  if (signature.length !== SIGNATURE_BYTES) {
    throw new EncodingError(`A compact signature has 64 bytes, not ${signature.length}.`);
  }
  const r = toBigInt(signature.subarray(0, 32));
  const tagged = toBigInt(signature.subarray(32));
  return { r, s: tagged & ((1n << 255n) - 1n), yParity: Number(tagged >> 255n) };
}

/**
 * Any common form to 64 bytes with low s: 64 bytes (compact) or 65 (r, s, v with v 0, 1, 27 or 28), as
 * bytes or hexadecimal. Throws `ParseError`.
 */
export function parseSignature(signature: Uint8Array | string): Uint8Array {
  const bytes = typeof signature === 'string' ? hexToBytes(signature) : signature;
  try {
    if (bytes.length === SIGNATURE_BYTES) return packSignature(unpackSignature(bytes));
    if (bytes.length !== 65)
      throw new ParseError(`A signature has 64 or 65 bytes, not ${bytes.length}.`);
    const v = bytes[64] as number;
    return packSignature({
      r: toBigInt(bytes.subarray(0, 32)),
      s: toBigInt(bytes.subarray(32, 64)),
      yParity: v >= 27 ? v - 27 : v,
    });
  } catch (cause) {
    if (cause instanceof ParseError) throw cause;
    throw new ParseError(`Not a signature: ${(cause as Error).message}`, { cause });
  }
}

/** The 65-byte form (v 27 or 28) that most tools expect, in hexadecimal. */
export function toRsv(signature: Uint8Array): `0x${string}` {
  const { r, s, yParity } = unpackSignature(signature);
  return `0x${hex32(r)}${hex32(s)}${yParity === 0 ? '1b' : '1c'}`;
}

function hex32(value: bigint): string {
  return value.toString(16).padStart(64, '0');
}

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(bytesToHex(bytes));
}

import { secp256k1 as portable } from '@noble/curves/secp256k1.js';
import type { Account as ViemAccount } from 'viem';
import { bytesToHex, hexToBytes } from '#shared/protocol/bytes.ts';
import type { SignableCommand } from '#shared/protocol/commands.ts';
import { ParseError } from '#shared/protocol/errors.ts';
import { keccak256 } from '#shared/protocol/keccak.ts';
import { packSignature, parseSignature } from '#shared/protocol/signatures.ts';
import {
  commandDigest,
  domainSeparator,
  toTypedData,
  type WalletContext,
} from '#shared/protocol/typed-data.ts';

/** Who signs commands: a key at hand, or a wallet that shows the sentence to a person. */
export interface Signer {
  readonly address: `0x${string}`;
  /** 64 bytes, EIP-2098 with low s. */
  sign(command: SignableCommand, context: WalletContext): Uint8Array | Promise<Uint8Array>;
}

/** Signs a digest with a raw key: 64 bytes, EIP-2098. */
export interface DigestSigner {
  readonly publicKey: Uint8Array;
  signDigest(digest: Uint8Array): Uint8Array;
}

/** libsecp256k1 through the native package (some twenty times as fast), where that can be loaded. */
export async function nativeDigestSigner(key: Uint8Array): Promise<DigestSigner | null> {
  try {
    const { default: native } = await import('secp256k1');
    return {
      publicKey: native.publicKeyCreate(key, false),
      signDigest(digest) {
        const { signature, recid } = native.ecdsaSign(digest, key);
        const compact = Uint8Array.from(signature); // the library gives low s
        compact[32] = (compact[32] as number) | (recid << 7);
        return compact;
      },
    };
  } catch {
    return null;
  }
}

/** The same in JavaScript. */
export function portableDigestSigner(key: Uint8Array): DigestSigner {
  return {
    publicKey: portable.getPublicKey(key, false),
    signDigest(digest) {
      const options = { prehash: false, format: 'recovered' } as const;
      const { r, s, recovery } = portable.Signature.fromBytes(
        portable.sign(digest, key, options),
        'recovered',
      );
      return packSignature({ r, s, yParity: recovery as number });
    },
  };
}

/** A signer from a private key of 32 bytes. Throws `ParseError` for what is none. */
export async function privateKeySigner(privateKey: string | Uint8Array): Promise<Signer> {
  const key = typeof privateKey === 'string' ? hexToBytes(privateKey) : privateKey;
  if (!portable.utils.isValidSecretKey(key)) {
    throw new ParseError('A private key is 32 bytes, not zero and below the order of the curve.');
  }
  return signerOf((await nativeDigestSigner(key)) ?? portableDigestSigner(key));
}

export function signerOf(key: DigestSigner): Signer {
  const domains = new DomainCache();
  return {
    address: bytesToHex(keccak256(key.publicKey.subarray(1)).subarray(12)),
    sign: (command, context) =>
      key.signDigest(commandDigest(command, { ...context, domain: domains.of(context.domain) })),
  };
}

/** The separator of the domain used last: a client has one. */
class DomainCache {
  private parameters: WalletContext['domain'] | null = null;
  private separator = new Uint8Array(32);

  of(parameters: WalletContext['domain']): Uint8Array {
    if (parameters !== this.parameters) {
      this.separator = domainSeparator(parameters) as Uint8Array<ArrayBuffer>;
      this.parameters = parameters;
    }
    return this.separator;
  }
}

/** A signer from an account of viem (local, or of a wallet wrapped as one). Throws `ParseError`. */
export function viemSigner(account: ViemAccount): Signer {
  const { signTypedData } = account as Partial<Extract<ViemAccount, { type: 'local' }>>;
  if (!signTypedData) {
    throw new ParseError('This account of viem cannot sign: use a local account, not an address.');
  }
  return {
    address: account.address.toLowerCase() as `0x${string}`,
    sign: async (command, context) =>
      parseSignature(await signTypedData(toTypedData(command, context))),
  };
}

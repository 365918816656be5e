import fc from 'fast-check';
import { privateKeyToAccount } from 'viem/accounts';
import { describe, expect, it } from 'vitest';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { parseSignature } from '#shared/protocol/signatures.ts';
import { nativeDigestSigner, portableDigestSigner, signerOf } from './signer.ts';
import { hexKey } from './test-server.ts';

describe('signers', () => {
  it('native, portable and viem’s give the same signatures', async () => {
    const key = hexKey('42');
    const account = privateKeyToAccount(bytesToHex(key));
    const native = await nativeDigestSigner(key);
    const portable = portableDigestSigner(key);
    if (!native) throw new Error('The native package did not load.');
    expect(signerOf(portable).address).toBe(account.address.toLowerCase());
    expect(signerOf(native).address).toBe(account.address.toLowerCase());
    const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });
    await fc.assert(
      fc.asyncProperty(digest, async (hash) => {
        const expected = parseSignature(await account.sign({ hash: bytesToHex(hash) }));
        expect(bytesToHex(native.signDigest(hash))).toBe(bytesToHex(expected));
        expect(bytesToHex(portable.signDigest(hash))).toBe(bytesToHex(expected));
      }),
      { numRuns: 30 },
    );
  });
});

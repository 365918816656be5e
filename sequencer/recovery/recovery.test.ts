import { randomBytes } from 'node:crypto';
import { generatePrivateKey, privateKeyToAccount, sign } from 'viem/accounts';
import { describe, expect, it } from 'vitest';
import { hasNativeRecovery, recoverAddress, recoverPortable } from '#shared/host/recover.ts';
import { hexToBytes } from '#shared/protocol/bytes.ts';
import { packSignature } from '#shared/protocol/signatures.ts';
import { RecoveryPool } from './pool.ts';

async function signed() {
  const privateKey = generatePrivateKey();
  const digest = Uint8Array.from(randomBytes(32));
  const { r, s, yParity } = await sign({
    hash: `0x${Buffer.from(digest).toString('hex')}`,
    privateKey,
  });
  const signature = packSignature({ r: BigInt(r), s: BigInt(s), yParity: Number(yParity) });
  const address = hexToBytes(privateKeyToAccount(privateKey).address);
  return { digest, signature, address };
}

const hex = (bytes: Uint8Array | null) => (bytes ? Buffer.from(bytes).toString('hex') : null);

describe.each([
  ['native', recoverAddress],
  ['portable', recoverPortable],
])('%s recovery', (_name, recover) => {
  it('finds the signer', async () => {
    for (let i = 0; i < 8; i++) {
      const { digest, signature, address } = await signed();
      expect(hex(recover(digest, signature))).toBe(hex(address));
    }
  });

  it('gives nothing for high s, zero, and values out of range', async () => {
    const { digest, signature } = await signed();
    const high = Uint8Array.from(signature);
    high.fill(0x7f, 32, 33).fill(0xff, 33, 64);
    expect(recover(digest, high)).toBeNull();
    expect(recover(digest, new Uint8Array(64))).toBeNull();
    const bigR = Uint8Array.from(signature).fill(0xff, 0, 32);
    expect(recover(digest, bigR)).toBeNull();
    const zeroS = Uint8Array.from(signature).fill(0, 32);
    expect(recover(digest, zeroS)).toBeNull();
  });
});

describe('both libraries', () => {
  it('agree on random bytes', () => {
    expect(hasNativeRecovery).toBe(true);
    let recovered = 0;
    for (let i = 0; i < 60; i++) {
      const digest = Uint8Array.from(randomBytes(32));
      const signature = Uint8Array.from(randomBytes(64));
      const address = recoverAddress(digest, signature);
      expect(hex(address)).toBe(hex(recoverPortable(digest, signature)));
      if (address) recovered += 1;
    }
    expect(recovered).toBeGreaterThan(2);
  });
});

describe('the pool', () => {
  it.each([0, 1, 2])('finishes every recovery, with %d threads', async (threads) => {
    const jobs = await Promise.all(Array.from({ length: 120 }, signed));
    let notify = () => {};
    const pool = new RecoveryPool({ threads, chunkJobs: 8 }, { onDone: () => notify() });
    const recoveries = jobs.map((job) => pool.recover(job.digest, job.signature));
    const bad = pool.recover(new Uint8Array(32), new Uint8Array(64));
    await new Promise<void>((resolve) => {
      notify = () => {
        if (bad.done && recoveries.every((recovery) => recovery.done)) resolve();
      };
    });
    expect(recoveries.map((recovery) => hex(recovery.address))).toEqual(
      jobs.map((job) => hex(job.address)),
    );
    expect(bad.address).toBeNull();
    await pool.close();
  });
});

/** Recovers signatures for a while on this process's one thread: `recover-child.ts MILLISECONDS`. Prints how many a second. */
import secp256k1 from 'secp256k1';
import { recoverAddress } from '#shared/host/recover.ts';
import { keccak256 } from '#shared/protocol/keccak.ts';

const KEPT = 256;
const WARM_MS = 300;
const key = keccak256(Uint8Array.of(7));
const signed = Array.from({ length: KEPT }, (_, index) => {
  const digest = Uint8Array.from(keccak256(Uint8Array.of(index)));
  const { signature, recid } = secp256k1.ecdsaSign(digest, key);
  const compact = Uint8Array.from(signature);
  compact[32] = (compact[32] as number) | (recid << 7);
  return { digest, compact };
});

function recoverFor(ms: number): number {
  const start = performance.now();
  let count = 0;
  for (; performance.now() - start < ms; count++) {
    const { digest, compact } = signed[count % KEPT] as (typeof signed)[number];
    if (recoverAddress(digest, compact) === null) throw new Error('a good signature was refused');
  }
  return (count * 1000) / (performance.now() - start);
}

recoverFor(WARM_MS);
process.stdout.write(String(recoverFor(Number(process.argv[2]))));

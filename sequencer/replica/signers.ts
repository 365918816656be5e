import { type RecoverAddress, recoverAddress } from '#shared/host/recover.ts';
import { SIGNER_BYTES, SIGNER_DIGEST_BYTES } from '../journal/entry.ts';

const ADDRESS_BYTES = 20;

/** Writes down what each recovery of one command gave, for the journal (`journal/entry.ts`). */
export class SignerLog {
  #bytes = new Uint8Array(SIGNER_BYTES * 16);
  #length = 0;

  /** All that was written since `clear`: a view that the next write changes. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  add(digest: Uint8Array, address: Uint8Array | null): void {
    const end = this.#length + SIGNER_BYTES;
    if (end > this.#bytes.length) {
      const bytes = new Uint8Array(this.#bytes.length * 2);
      bytes.set(this.#bytes);
      this.#bytes = bytes;
    }
    this.#bytes.set(digest.subarray(0, SIGNER_DIGEST_BYTES), this.#length);
    if (address === null) this.#bytes.fill(0, this.#length + SIGNER_DIGEST_BYTES, end);
    else this.#bytes.set(address, this.#length + SIGNER_DIGEST_BYTES);
    this.#length = end;
  }
}

/**
 * Gives a replica what the trading thread recovered, in the same order. The first bytes of the digest must agree; where they do
 * not, or nothing was written down, it recovers by itself.
 */
export class SignerReplay {
  #signers: Uint8Array = new Uint8Array(0);
  #at = 0;
  readonly #fallback: RecoverAddress;

  constructor(fallback: RecoverAddress = recoverAddress) {
    this.#fallback = fallback;
  }

  /** What the next command's recoveries gave. */
  load(signers: Uint8Array): void {
    this.#signers = signers;
    this.#at = 0;
  }

  readonly recover: RecoverAddress = (digest, signature) => {
    const at = this.#at;
    this.#at += SIGNER_BYTES;
    if (this.#at > this.#signers.length) return this.#fallback(digest, signature);
    for (let i = 0; i < SIGNER_DIGEST_BYTES; i++) {
      if (this.#signers[at + i] !== digest[i]) return this.#fallback(digest, signature);
    }
    const start = at + SIGNER_DIGEST_BYTES;
    const address = this.#signers.slice(start, start + ADDRESS_BYTES);
    return address.every((byte) => byte === 0) ? null : address;
  };
}

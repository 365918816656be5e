import { CMD_ORDER } from '#shared/engine/kinds.ts';
import { recoverAddress } from '#shared/host/recover.ts';
import type { Recovery, RecoveryPool } from '../recovery/pool.ts';
import type { HostEngine } from '../replica/engine.ts';
import { SignerLog } from '../replica/signers.ts';
import { same } from './helpers.ts';

const SIGNATURE_BYTES = 64;

/** Who signed: asked ahead of time in threads, told to the engine when it wants to know, and written down for the journal. */
export class Signing {
  /** What the recoveries of the command that runs gave. */
  readonly log = new SignerLog();
  /** Made ahead for the command that runs. */
  current: Recovery | null = null;
  readonly #engine: HostEngine;
  readonly #pool: RecoveryPool;

  constructor(engine: HostEngine, pool: RecoveryPool) {
    this.#engine = engine;
    this.#pool = pool;
  }

  /** The digest is of the state now; if the engine asks for another one later, it is recovered then. */
  ahead(command: Uint8Array): Recovery | null {
    const signed = ((command[0] as number) & 31) >= CMD_ORDER && command.length > SIGNATURE_BYTES;
    const digest = signed ? this.#engine.digest(command) : null;
    if (digest === null) return null;
    const signature = command.subarray(command.length - SIGNATURE_BYTES);
    return this.#pool.recover(Uint8Array.from(digest), signature);
  }

  /** The engine's host function. */
  readonly recover = (digest: Uint8Array, signature: Uint8Array): Uint8Array | null => {
    const { current } = this;
    const known =
      current?.done && same(current.digest, digest) && same(current.signature, signature);
    const address = known ? current.address : recoverAddress(digest, signature);
    this.log.add(digest, address);
    return address;
  };
}

import type { Recovery, RecoveryPool } from '../recovery/pool.ts';
import { Fifo } from './fifo.ts';
import { type LaneLimits, Lanes } from './lanes.ts';
import type { ClientId, Outcome } from './types.ts';

/** A command that has not run yet, and who is told about it. */
export interface Waiting {
  readonly bytes: Uint8Array;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: Error) => void;
}

/** A command whose place in the order of execution is decided. */
export interface Admitted extends Waiting {
  /** The recovery of its signer, under way; null if it has none to wait for. */
  readonly recovery: Recovery | null;
}

export interface QueueDependencies {
  readonly pool: Pick<RecoveryPool, 'capacity' | 'hasRoom'>;
  /** Begins to recover a command's signer; null if it has none. */
  readonly recoveryOf: (command: Uint8Array) => Recovery | null;
}

/** As many commands get their places ahead of running as signers can be recovered at once, twice: the others' wait is that long. */
const ADMITTED_AHEAD = 2;

/**
 * Commands that wait to run. First in a queue for each client; from there in turns into one short queue that is run strictly in order,
 * while the signers of what is in it are recovered. So the short one bounds what a flood can put before anybody else.
 */
export class CommandQueue {
  readonly #deps: QueueDependencies;
  readonly #lanes: Lanes<Waiting>;
  readonly #admitted = new Fifo<Admitted>();

  constructor(limits: LaneLimits, deps: QueueDependencies) {
    this.#deps = deps;
    this.#lanes = new Lanes(limits);
  }

  get length(): number {
    return this.#lanes.length + this.#admitted.length;
  }

  /** False if the client has as much waiting as it may. */
  push(client: ClientId, waiting: Waiting): boolean {
    return this.#lanes.push(client, waiting);
  }

  /** Gives places to those whose turn it is, as long as their signers can be recovered at once. */
  admit(): void {
    const { pool, recoveryOf } = this.#deps;
    while (pool.hasRoom && this.#admitted.length < pool.capacity * ADMITTED_AHEAD) {
      const waiting = this.#lanes.next();
      if (waiting === undefined) return;
      this.#admitted.push({ ...waiting, recovery: recoveryOf(waiting.bytes) });
    }
  }

  /** The next one to run if its signer is known by now; else null: nobody overtakes. */
  ready(): Admitted | null {
    const next = this.#admitted.peek();
    return next === undefined || next.recovery?.done === false ? null : next;
  }

  /** Takes the first one away, once it ran. */
  shift(): void {
    this.#admitted.shift();
  }

  rejectAll(error: Error): void {
    for (let next = this.#admitted.shift(); next; next = this.#admitted.shift()) next.reject(error);
    for (const { reject } of this.#lanes.drain()) reject(error);
  }
}

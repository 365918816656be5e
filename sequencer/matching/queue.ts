import type { Recovery } from '../recovery/pool.ts';
import type { Outcome } from './types.ts';

/** A command that has not run yet, and who is told about it. */
export interface Waiting {
  readonly bytes: Uint8Array;
  /** The recovery of its signer, under way; null if it has none to wait for. */
  readonly recovery: Recovery | null;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: Error) => void;
}

/** Places that have been used up before they are given back. */
const COMPACT_AT = 4096;

/** Commands in the order of their arrival. */
export class CommandQueue {
  #waiting: Waiting[] = [];
  #head = 0;

  get length(): number {
    return this.#waiting.length - this.#head;
  }

  push(waiting: Waiting): void {
    this.#waiting.push(waiting);
  }

  /** The next one if its signer is known by now; else null: nobody overtakes. */
  ready(): Waiting | null {
    const next = this.#waiting[this.#head];
    return next === undefined || next.recovery?.done === false ? null : next;
  }

  /** Takes the first one away, once it ran. */
  shift(): void {
    this.#head += 1;
    if (this.#head === this.#waiting.length) this.#waiting = [];
    else if (this.#head > COMPACT_AT) this.#waiting = this.#waiting.slice(this.#head);
    else return;
    this.#head = 0;
  }

  rejectAll(error: Error): void {
    const waiting = this.#waiting.slice(this.#head);
    this.#waiting = [];
    this.#head = 0;
    for (const { reject } of waiting) reject(error);
  }
}

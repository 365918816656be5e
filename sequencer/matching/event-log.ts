import { EVENT_BYTES } from '#shared/protocol/events.ts';
import type { DurableEvent } from './types.ts';

/** Copies of the engine's events, one after another, until their command is durable. */
export class EventLog {
  #bytes: Uint8Array;
  #kinds: number[] = [];

  constructor(events = 64) {
    this.#bytes = new Uint8Array(events * EVENT_BYTES);
  }

  get count(): number {
    return this.#kinds.length;
  }

  add(kind: number, address: number, view: DataView): void {
    const at = this.#kinds.length * EVENT_BYTES;
    if (at + EVENT_BYTES > this.#bytes.length) this.#grow();
    const source = new Uint8Array(view.buffer, view.byteOffset + address, EVENT_BYTES);
    this.#bytes.set(source, at);
    this.#kinds.push(kind);
  }

  /** Forgets the events from number `count` on: their command was rejected. */
  truncate(count: number): void {
    this.#kinds.length = count;
  }

  /** Reads from number `from` up to `to`, as views into this log: do not add to it afterwards. */
  slice(from: number, to: number): DurableEvent[] {
    if (from === to) return NO_EVENTS;
    const view = new DataView(this.#bytes.buffer);
    const events: DurableEvent[] = [];
    for (let i = from; i < to; i++) {
      events.push({ kind: this.#kinds[i] as number, view, offset: i * EVENT_BYTES });
    }
    return events;
  }

  #grow() {
    const bytes = new Uint8Array(this.#bytes.length * 2);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }
}

const NO_EVENTS: DurableEvent[] = [];

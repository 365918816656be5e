import { Fifo } from './fifo.ts';
import type { ClientId } from './types.ts';

export interface LaneLimits {
  /** Items that may wait for one connection, and for all connections of one address. */
  readonly perClient: number;
  readonly perAddress: number;
}

interface Address<T> {
  /** In the order of their turns: a map keeps the order of insertion. */
  readonly lanes: Map<number, Fifo<T>>;
  waiting: number;
}

/**
 * What waits, in a queue for each client, served in turns: one item of each address that has any, and at an address one of each
 * of its connections. So nobody waits for more than one item of each other address and connection, however many those have queued.
 */
export class Lanes<T> {
  readonly #limits: LaneLimits;
  /** In the order of their turns. Only who has something waiting is here. */
  readonly #addresses = new Map<string, Address<T>>();
  #length = 0;

  constructor(limits: LaneLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#length;
  }

  /** False if the client has as much waiting as it may. */
  push({ address: name, connection }: ClientId, item: T): boolean {
    const address = this.#addresses.get(name) ?? { lanes: new Map<number, Fifo<T>>(), waiting: 0 };
    const lane = address.lanes.get(connection) ?? new Fifo<T>();
    const { perClient, perAddress } = this.#limits;
    if (lane.length >= perClient || address.waiting >= perAddress) return false;
    lane.push(item);
    address.lanes.set(connection, lane);
    address.waiting += 1;
    this.#addresses.set(name, address);
    this.#length += 1;
    return true;
  }

  /** Takes the item whose turn it is. */
  next(): T | undefined {
    const [first] = this.#addresses;
    if (first === undefined) return undefined;
    const [name, address] = first;
    const [[connection, lane]] = address.lanes as unknown as [[number, Fifo<T>]];
    const item = lane.shift();
    address.waiting -= 1;
    this.#length -= 1;
    // Away and back again is to the end of the line.
    address.lanes.delete(connection);
    if (lane.length > 0) address.lanes.set(connection, lane);
    this.#addresses.delete(name);
    if (address.waiting > 0) this.#addresses.set(name, address);
    return item;
  }

  /** Takes everything, in the order of service. */
  drain(): T[] {
    const all: T[] = [];
    while (this.#length > 0) all.push(this.next() as T);
    return all;
  }
}

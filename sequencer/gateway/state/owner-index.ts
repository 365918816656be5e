import { MAX_ACCOUNTS, MAX_SUBACCOUNTS } from '#shared/engine/layout.ts';
import type { StateReader } from './reader.ts';

/**
 * Finds the accounts of an owner without walking all of them: an open-addressing table of account numbers,
 * hashed by owner. The owners themselves stay in engine memory, so a million accounts cost 8 MB.
 */
export class OwnerIndex {
  private readonly reader: StateReader;
  private readonly slots: Uint32Array;
  private readonly mask: number;
  private readonly seed: number;
  private seen = 0;

  /** @param seed secret and random, so that nobody can choose addresses that all collide */
  constructor(reader: StateReader, seed: number, capacity: number = 2 * MAX_ACCOUNTS) {
    this.reader = reader;
    this.seed = seed >>> 0;
    this.slots = new Uint32Array(capacity);
    this.mask = capacity - 1;
  }

  /** Takes in accounts made since the last call; they are numbered without gaps and never removed. */
  catchUp(): void {
    for (const count = this.reader.accountCount; this.seen < count; this.seen++) {
      const owner = this.reader.ownerBytes(this.seen);
      if (owner !== null) this.insert(owner, this.seen);
    }
  }

  /** Numbers of an owner's accounts, ascending. */
  find(owner: Uint8Array): number[] {
    this.catchUp();
    const found: number[] = [];
    for (let i = this.home(owner); found.length < MAX_SUBACCOUNTS; i = (i + 1) & this.mask) {
      const entry = this.slots[i] ?? 0;
      if (entry === 0) break;
      const other = this.reader.ownerBytes(entry - 1);
      if (other !== null && Buffer.compare(owner, other) === 0) found.push(entry - 1);
    }
    return found.sort((a, b) => a - b);
  }

  private insert(owner: Uint8Array, account: number): void {
    let i = this.home(owner);
    while (this.slots[i] !== 0) i = (i + 1) & this.mask;
    this.slots[i] = account + 1;
  }

  /** FNV-1a (Fowler, Noll, Vo) from a secret start, finished as MurmurHash3 does. */
  private home(owner: Uint8Array): number {
    let hash = this.seed;
    for (const byte of owner) hash = Math.imul(hash ^ byte, 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (hash ^ (hash >>> 16)) & this.mask;
  }
}

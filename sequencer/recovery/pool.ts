import type { Worker } from 'node:worker_threads';
import { recoverAddress } from '#shared/host/recover.ts';
import { spawnThread } from '../threads/spawn.ts';
import { ADDRESS_BYTES, JOB_BYTES } from './wire.ts';

/** One recovery under way. `done` turns true once and for all; then `address` is 20 bytes, or null. */
export interface Recovery {
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
  done: boolean;
  address: Uint8Array | null;
}

export interface PoolOptions {
  /** 0: recover in the calling thread when `flush` runs. */
  readonly threads: number;
  /** Jobs in one message to a thread: larger is cheaper, smaller answers sooner. */
  readonly chunkJobs?: number;
}

export interface PoolDependencies {
  /** Some recoveries are done. */
  readonly onDone: () => void;
}

interface Thread {
  readonly worker: Worker;
  readonly chunks: Recovery[][];
}

/** Half as many would cost the threads a tenth more; what is on its way is what anybody else's signature waits for. */
const DEFAULT_CHUNK_JOBS = 12;
/** Chunks on their way to one thread: one at work, one waiting, so that it never idles. */
const CHUNKS_IN_FLIGHT = 2;

/** Recovers signers ahead of the engine, in threads. Recoveries finish in any order between threads. */
export class RecoveryPool {
  readonly #threads: Thread[] = [];
  readonly #chunkJobs: number;
  readonly #onDone: () => void;
  #queue: Recovery[] = [];
  #scheduled = false;
  #closed = false;
  #unfinished = 0;

  constructor(options: PoolOptions, deps: PoolDependencies) {
    this.#chunkJobs = options.chunkJobs ?? DEFAULT_CHUNK_JOBS;
    this.#onDone = deps.onDone;
    for (let i = 0; i < options.threads; i++) this.#addThread(i);
  }

  /** Recoveries that are on their way to a thread at once. What comes beyond that waits, in the order it came. */
  get capacity(): number {
    return Math.max(1, this.#threads.length) * CHUNKS_IN_FLIGHT * this.#chunkJobs;
  }

  get hasRoom(): boolean {
    return this.#unfinished < this.capacity;
  }

  /** Queues a recovery. `digest` and `signature` must not change until it is done. */
  recover(digest: Uint8Array, signature: Uint8Array): Recovery {
    const recovery: Recovery = { digest, signature, done: false, address: null };
    this.#queue.push(recovery);
    this.#unfinished += 1;
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => this.#flush());
    }
    return recovery;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#threads.map((thread) => thread.worker.terminate()));
  }

  #addThread(index: number) {
    const worker = spawnThread(new URL('./worker.ts', import.meta.url), null, `recovery-${index}`);
    const thread: Thread = { worker, chunks: [] };
    worker.on('message', (addresses: Uint8Array) => this.#finish(thread, addresses));
    worker.on('error', () => this.#lose(thread));
    this.#threads.push(thread);
  }

  #flush() {
    this.#scheduled = false;
    if (this.#closed) return;
    if (this.#threads.length === 0) {
      this.#recoverHere(this.#queue.splice(0));
      return;
    }
    let free = this.#leastBusy();
    let at = 0;
    while (at < this.#queue.length && free !== null) {
      const chunk = this.#queue.slice(at, at + this.#chunkJobs);
      at += chunk.length;
      this.#send(free, chunk);
      free = this.#leastBusy();
    }
    if (at > 0) this.#queue = this.#queue.slice(at);
  }

  #leastBusy(): Thread | null {
    let best: Thread | null = null;
    for (const thread of this.#threads) {
      if (thread.chunks.length >= CHUNKS_IN_FLIGHT) continue;
      if (best === null || thread.chunks.length < best.chunks.length) best = thread;
    }
    return best;
  }

  #send(thread: Thread, chunk: Recovery[]) {
    const jobs = new Uint8Array(chunk.length * JOB_BYTES);
    for (const [i, recovery] of chunk.entries()) {
      jobs.set(recovery.digest, i * JOB_BYTES);
      jobs.set(recovery.signature, i * JOB_BYTES + 32);
    }
    thread.chunks.push(chunk);
    thread.worker.postMessage(jobs, [jobs.buffer]);
  }

  #finish(thread: Thread, addresses: Uint8Array) {
    const chunk = thread.chunks.shift() ?? [];
    for (const [i, recovery] of chunk.entries()) {
      const address = addresses.subarray(i * ADDRESS_BYTES, (i + 1) * ADDRESS_BYTES);
      recovery.address = address.every((byte) => byte === 0) ? null : address;
      recovery.done = true;
    }
    this.#unfinished -= chunk.length;
    // Who is told may have more to recover, which then goes with this flush.
    this.#onDone();
    this.#flush();
  }

  /** A thread that died: its work is done here, and it gets no more. */
  #lose(thread: Thread) {
    this.#threads.splice(this.#threads.indexOf(thread), 1);
    if (!this.#closed) this.#recoverHere(thread.chunks.flat());
    if (!this.#closed) this.#flush();
  }

  #recoverHere(recoveries: readonly Recovery[]) {
    for (const recovery of recoveries) {
      recovery.address = recoverAddress(recovery.digest, recovery.signature);
      recovery.done = true;
    }
    this.#unfinished -= recoveries.length;
    if (recoveries.length > 0) this.#onDone();
  }
}

import type { Worker } from 'node:worker_threads';
import { JournalError } from '../errors.ts';
import { spawnThread } from '../threads/spawn.ts';
import type { CommitGroup, JournalHead, StoreOptions } from './store.ts';
import type { FromJournal, ToJournal } from './worker.ts';

export interface JournalDependencies {
  /** Called once if the journal cannot be written any more: nothing may be acknowledged after it. */
  readonly onFailure: (error: JournalError) => void;
}

interface Waiting {
  readonly group: CommitGroup;
  readonly done: () => void;
  readonly failed: (error: JournalError) => void;
}

/**
 * The journal as the trading thread sees it: commits run in a thread of their own, one at a time, and each takes along
 * whatever gathered while the one before was on its way (group commit without any timer).
 */
export class Journal {
  readonly head: JournalHead;
  readonly #worker: Worker;
  readonly #onFailure: (error: JournalError) => void;
  #waiting: Waiting[] = [];
  #running: Waiting[] | null = null;
  #gather: (() => CommitGroup | null) | null = null;
  #onGathered: (group: CommitGroup) => void = () => {};
  #failed: JournalError | null = null;
  #onRow: (row: number) => void = () => {};
  #closing = false;
  #idle: { resolve: () => void; reject: (error: JournalError) => void }[] = [];

  private constructor(worker: Worker, head: JournalHead, deps: JournalDependencies) {
    this.#worker = worker;
    this.head = head;
    this.#onFailure = deps.onFailure;
    worker.on('message', (message: FromJournal) => this.#hear(message));
    worker.on('error', (error) => this.#fail(journalThreadDied(error)));
    worker.on('exit', () => this.#fail(journalThreadDied(undefined)));
  }

  /** Opens the database in a new thread, where all of it is checked first. */
  static async open(options: StoreOptions, deps: JournalDependencies): Promise<Journal> {
    const worker = spawnThread(new URL('./worker.ts', import.meta.url), options, 'journal');
    const first = await new Promise<FromJournal>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(journalThreadDied(undefined)));
    });
    if (first.kind !== 'open') {
      await worker.terminate();
      if (first.kind === 'failed') throw new JournalError(first.error.code, first.error.message);
      throw journalThreadDied(undefined);
    }
    return new Journal(worker, first.head, deps);
  }

  /**
   * `gather` is asked for the trading thread's own group whenever a commit starts (null: nothing waits), and `onGathered` is told
   * when it is durable.
   */
  feed(gather: () => CommitGroup | null, onGathered: (group: CommitGroup) => void): void {
    this.#gather = gather;
    this.#onGathered = onGathered;
  }

  /** Calls `listener` with the id of the last row whenever rows became durable. */
  onRow(listener: (row: number) => void): void {
    this.#onRow = listener;
  }

  /** Something waits at the feeder: start a commit unless one is on its way. */
  wake(): void {
    if (this.#running === null && this.#failed === null) this.#start();
  }

  /** Makes `group` durable with the next commit. */
  commit(group: CommitGroup): Promise<void> {
    if (this.#failed) return Promise.reject(this.#failed);
    return new Promise((done, failed) => {
      this.#waiting.push({ group, done, failed });
      this.wake();
    });
  }

  /** Resolves when nothing waits and nothing is on its way. */
  drained(): Promise<void> {
    if (this.#failed) return Promise.reject(this.#failed);
    this.wake();
    if (this.#running === null) return Promise.resolve();
    return new Promise((resolve, reject) => this.#idle.push({ resolve, reject }));
  }

  /** Commits what waits and closes the database; once it is closed there is nothing more to do. */
  async close(): Promise<void> {
    if (this.#closing) return;
    if (this.#failed === null) {
      await this.drained();
      this.#closing = true;
      await new Promise<void>((resolve) => {
        this.#worker.once('exit', () => resolve());
        this.#post({ kind: 'close' });
      });
    }
    await this.#worker.terminate();
  }

  #start() {
    const groups = this.#waiting;
    this.#waiting = [];
    const gathered = this.#gather?.() ?? null;
    if (gathered) {
      const done = () => this.#onGathered(gathered);
      // Whoever waits for the gathered group hears of a failure through onFailure.
      groups.unshift({ group: gathered, done, failed: () => {} });
    }
    if (groups.length === 0) {
      for (const waiter of this.#idle.splice(0)) waiter.resolve();
      return;
    }
    this.#running = groups;
    this.#post({ kind: 'commit', groups: groups.map((waiting) => waiting.group) });
  }

  #post(message: ToJournal) {
    this.#worker.postMessage(message);
  }

  #hear(message: FromJournal) {
    if (message.kind === 'failed') {
      this.#fail(new JournalError(message.error.code, message.error.message));
    } else if (message.kind === 'committed') {
      const done = this.#running ?? [];
      this.#running = null;
      // The next commit starts before the answers of this one are worked through.
      this.#start();
      for (const waiting of done) {
        waiting.done();
        if (waiting.group.entries) this.#onRow(waiting.group.entries.id);
      }
    }
  }

  #fail(error: JournalError) {
    if (this.#failed || this.#closing) return;
    this.#failed = error;
    for (const waiting of [...(this.#running ?? []), ...this.#waiting]) waiting.failed(error);
    for (const waiter of this.#idle.splice(0)) waiter.reject(error);
    this.#onFailure(error);
  }
}

function journalThreadDied(cause: unknown): JournalError {
  return new JournalError(
    'JOURNAL_IO',
    'The journal thread ended unexpectedly. Nothing unwritten was acknowledged. Start again; if it happens again, report it.',
    cause,
  );
}

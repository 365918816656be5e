import { Worker } from 'node:worker_threads';

/** What a thread's module finds in `workerData`. */
export interface ThreadData<T> {
  readonly module: string;
  readonly data: T;
  /** Lowers the thread's priority by so much (Linux "nice"); 0: as the process. */
  readonly nice: number;
}

/**
 * For threads that nobody waits for within milliseconds (sealing, posting, history): where there are fewer cores than threads that
 * want to run, the one that trades, the journal and recovery go first. They keep a share of about a fourth of a core each, so that
 * they do not fall behind for ever under full load.
 */
export const BACKGROUND: { readonly nice: number } = { nice: 5 };

/**
 * Starts `module` (a URL of a TypeScript file) in a thread of its own. `data` is structured-cloned and found there as
 * `workerData.data`.
 */
export function spawnThread<T>(module: URL, data: T, name: string, { nice } = { nice: 0 }): Worker {
  const workerData: ThreadData<T> = { module: module.href, data, nice };
  return new Worker(new URL('./bootstrap.mjs', import.meta.url), { workerData, name });
}

import { Worker } from 'node:worker_threads';

/** What a thread's module finds in `workerData`. */
export interface ThreadData<T> {
  readonly module: string;
  readonly data: T;
}

/**
 * Starts `module` (a URL of a TypeScript file) in a thread of its own. `data` is structured-cloned and found there as
 * `workerData.data`.
 */
export function spawnThread<T>(module: URL, data: T, name: string): Worker {
  const workerData: ThreadData<T> = { module: module.href, data };
  return new Worker(new URL('./bootstrap.mjs', import.meta.url), { workerData, name });
}

// First module of every worker thread. Threads do not inherit the TypeScript loader when the parent is a test runner, so each
// one registers it by itself and then imports the module it was started for.
import { setPriority } from 'node:os';
import { workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

// On Linux this is of the calling thread alone; elsewhere it would be of the whole process.
if (workerData.nice !== 0 && process.platform === 'linux') setPriority(0, workerData.nice);
register();
await import(workerData.module);

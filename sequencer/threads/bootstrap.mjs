// First module of every worker thread. Threads do not inherit the TypeScript loader when the parent is a test runner, so each
// one registers it by itself and then imports the module it was started for.
import { workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
await import(workerData.module);

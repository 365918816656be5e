import { parentPort } from 'node:worker_threads';
import { recoverAddress } from '#shared/host/recover.ts';
import { ADDRESS_BYTES, JOB_BYTES } from './wire.ts';

/** A chunk of jobs in, as many addresses out, in the same order. */
const port = parentPort!;
port.on('message', (jobs: Uint8Array) => {
  const count = jobs.length / JOB_BYTES;
  const addresses = new Uint8Array(count * ADDRESS_BYTES);
  for (let i = 0; i < count; i++) {
    const at = i * JOB_BYTES;
    const address = recoverAddress(jobs.subarray(at, at + 32), jobs.subarray(at + 32, at + 96));
    if (address !== null) addresses.set(address, i * ADDRESS_BYTES);
  }
  port.postMessage(addresses, [addresses.buffer]);
});

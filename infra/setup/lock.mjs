import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError } from './errors.mjs';
import { ROOT } from './paths.mjs';
import { say } from './process.mjs';

const RETRY_MS = 300;
/** Longer than the slowest set-up on a small machine: native addons from source and both compilers. */
const GIVE_UP_MS = 30 * 60_000;

/**
 * One set-up at a time in one clone. The lock is a listening socket, so the kernel frees it however its holder dies:
 * there is no stale lock file to judge. On Linux it has no file at all (abstract namespace).
 */
function lockAddress(folder) {
  const name = `plimsoll-setup-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`;
  return process.platform === 'linux' ? `\0${name}` : join(tmpdir(), `${name}.sock`);
}

/** @returns {Promise<import('node:net').Server | null>} null when somebody else holds it */
function tryLock(address) {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => {
      if (error.code === 'EADDRINUSE') resolve(null);
      else reject(error);
    });
    server.listen(address, () => resolve(server));
  });
}

/** Waits for the lock of a clone; the result frees it. */
export async function acquireLock(folder = ROOT) {
  const address = lockAddress(folder);
  const startedMs = Date.now();
  for (let told = false; ; ) {
    const server = await tryLock(address);
    if (server) return () => server.close();
    if (!told) say('another set-up of this clone is running; waiting for it');
    told = true;
    if (Date.now() - startedMs > GIVE_UP_MS) {
      throw new SetupError('LOCKED', {
        happened: 'another set-up of this clone has been running for half an hour.',
        remedy:
          'Look for a hanging "node infra/setup.mjs", end it, and run the same command again.',
      });
    }
    await sleep(RETRY_MS);
  }
}

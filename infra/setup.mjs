/**
 * Everything between a fresh clone and a running exchange: dependencies, native addons, the engine, the contracts.
 * Plain Node without dependencies, because it runs before there are any. Each step is skipped when the hash of what goes
 * into it is the one of the last success, so a second run takes well under a second. Speaks on stderr only, so that
 * `npm run bench -- --json` and the like keep stdout for themselves.
 */
import { contractsStep } from './setup/contracts.mjs';
import { dependenciesStep } from './setup/dependencies.mjs';
import { engineStep } from './setup/engine.mjs';
import { SetupError } from './setup/errors.mjs';
import { acquireLock } from './setup/lock.mjs';
import { machineStep } from './setup/machine.mjs';
import { say } from './setup/process.mjs';

const MINIMUM_NODE = [20, 19];

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor >= MINIMUM_NODE[1])) return;
  throw new SetupError('NODE_TOO_OLD', {
    happened: `Node ${process.versions.node} is running, and Plimsoll needs ${MINIMUM_NODE.join('.')} or newer.`,
    remedy:
      'Install a newer Node (nodejs.org, or your distribution) and run the same command again.',
  });
}

async function main() {
  checkNode();
  const startedMs = Date.now();
  const release = await acquireLock();
  try {
    let done = 0;
    // In this order: compiling the engine and the contracts needs the dependencies.
    for (const step of [dependenciesStep, engineStep, machineStep, contractsStep]) {
      if (await step()) done++;
    }
    const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
    say(done === 0 ? `up to date (${seconds} s)` : `ready (${seconds} s)`);
  } finally {
    release();
  }
}

main().catch((error) => {
  if (!(error instanceof SetupError)) throw error;
  say(`failed (${error.code}): ${error.message}`);
  if (error.details) process.stderr.write(`${error.details}\n`);
  say(`what to do: ${error.remedy}`);
  process.exitCode = 1;
});

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BIN, BUILD, ROOT } from './paths.mjs';
import { runStep } from './process.mjs';
import { hashInputs, isStamped, writeStamp } from './stamp.mjs';

/** Compiles the contracts, without their tests, to `contracts/out`; `forge test` compiles the tests. @returns {Promise<boolean>} whether there was work */
export async function contractsStep() {
  const hash = hashInputs({
    files: [
      'package-lock.json',
      'contracts/foundry.toml',
      'contracts/remappings.txt',
      'contracts/solc',
    ],
    folders: ['contracts/src'],
    wanted: (path) => path.endsWith('.sol'),
  });
  const stamp = join(BUILD, 'stamps', 'contracts');
  if (isStamped(stamp, hash) && existsSync(join(ROOT, 'contracts', 'out'))) return false;
  await runStep({
    name: 'contracts',
    what: 'compiling the contracts (Solidity)',
    command: join(BIN, 'forge'),
    args: ['build', 'src'],
    // foundry.toml names the compiler as "./solc", which forge resolves from where it is started.
    cwd: join(ROOT, 'contracts'),
    remedy:
      'Correct what the compiler names above under contracts, and run the same command again.',
  });
  writeStamp(stamp, hash);
  return true;
}

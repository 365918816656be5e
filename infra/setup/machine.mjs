import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BUILD, ROOT } from './paths.mjs';
import { runStep } from './process.mjs';
import { hashInputs, isStamped, writeStamp } from './stamp.mjs';

const OUTPUT = join(ROOT, 'shared', 'machine', 'vm', 'build', 'machine.wasm');

/** Compiles the machine that runs programs off chain. @returns {Promise<boolean>} whether there was work */
export async function machineStep() {
  const hash = hashInputs({
    files: [
      'package-lock.json',
      'shared/machine/run/build.ts',
      'shared/machine/run/build-paths.ts',
    ],
    folders: ['shared/machine/vm'],
    wanted: (path) => path.endsWith('.ts'),
  });
  const stamp = join(BUILD, 'stamps', 'machine');
  if (isStamped(stamp, hash) && existsSync(OUTPUT)) return false;
  await runStep({
    name: 'machine',
    what: 'compiling the machine (AssemblyScript)',
    command: process.execPath,
    args: ['--import', 'tsx', 'shared/machine/run/build.ts'],
    remedy:
      'Correct what the compiler names above under shared/machine/vm, and run the same command again.',
  });
  writeStamp(stamp, hash);
  return true;
}

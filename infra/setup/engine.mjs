import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BUILD, ROOT } from './paths.mjs';
import { runStep } from './process.mjs';
import { hashInputs, isStamped, writeStamp } from './stamp.mjs';

const OUTPUTS = ['engine.wasm', 'quotes.wasm'].map((name) =>
  join(ROOT, 'shared', 'engine', 'build', name),
);

/** Compiles the engine, and the modules that the build derives from it. @returns {Promise<boolean>} whether there was work */
export async function engineStep() {
  const hash = hashInputs({
    files: ['package-lock.json'],
    // The build rewrites the engine's binary with the machine's parser, so that is an input as well.
    folders: ['shared/engine', 'shared/machine/wasm'],
    wanted: (path) => path.endsWith('.ts') && !path.endsWith('.test.ts'),
  });
  const stamp = join(BUILD, 'stamps', 'engine');
  if (isStamped(stamp, hash) && OUTPUTS.every((file) => existsSync(file))) return false;
  await runStep({
    name: 'engine',
    what: 'compiling the engine (AssemblyScript)',
    command: process.execPath,
    args: ['--import', 'tsx', 'shared/engine/build.ts'],
    remedy:
      'Correct what the compiler names above under shared/engine, and run the same command again.',
  });
  writeStamp(stamp, hash);
  return true;
}

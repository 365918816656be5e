/** Compiles the machine (`shared/machine/vm`): `npx tsx shared/machine/run/build.ts`. `npm run build` calls this. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import asc from 'assemblyscript/asc';
import { MACHINE_FILE, MACHINE_SOURCES } from './build-paths.ts';

/** The module's bytes; throws with the compiler's words. */
export async function compileMachine(): Promise<Uint8Array> {
  const options = ['--runtime', 'stub', '-O3', '--converge', '--noAssert', '--initialMemory', '32'];
  const output: { bytes?: Uint8Array } = {};
  const { error, stderr, stdout } = await asc.main(
    ['machine.ts', '--outFile', 'machine.wasm', ...options, '--baseDir', MACHINE_SOURCES],
    {
      writeFile: (name: string, contents: Uint8Array | string) => {
        if (name.endsWith('.wasm')) output.bytes = contents as Uint8Array;
      },
    },
  );
  if (error) throw new Error(`The machine does not compile.\n${stderr}${stdout}`);
  if (!output.bytes) throw new Error('The compiler wrote no module.');
  return output.bytes;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const bytes = await compileMachine();
  mkdirSync(dirname(MACHINE_FILE), { recursive: true });
  // Written aside and renamed: another process may be reading it.
  const aside = `${MACHINE_FILE}.${process.pid}`;
  writeFileSync(aside, bytes);
  renameSync(aside, MACHINE_FILE);
  console.log(`machine.wasm: ${bytes.length} bytes`);
}

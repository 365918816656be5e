import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** Runs a TypeScript file in a fresh process and returns what it printed. It does not outlive this process. */
export async function runScript(file: URL, args: readonly string[]): Promise<string> {
  const running = promisify(execFile)(process.execPath, [
    '--import',
    TSX,
    fileURLToPath(file),
    ...args,
  ]);
  const end = () => running.child.kill('SIGKILL');
  process.once('exit', end);
  try {
    return (await running).stdout;
  } finally {
    process.off('exit', end);
  }
}

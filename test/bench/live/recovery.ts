import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const CHILD = fileURLToPath(new URL('recover-child.ts', import.meta.url));
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const MEASURED_MS = 1500;

/** Signatures a second that `processes` processes at once recover, all together. */
export async function recoveriesPerSecond(processes: number): Promise<number> {
  const one = async () => {
    const args = ['--import', TSX, CHILD, String(MEASURED_MS)];
    return Number((await promisify(execFile)(process.execPath, args)).stdout);
  };
  const rates = await Promise.all(Array.from({ length: processes }, one));
  return rates.reduce((sum, rate) => sum + rate, 0);
}

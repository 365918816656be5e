import { runScript } from '../processes.ts';

const CHILD = new URL('recover-child.ts', import.meta.url);
const MEASURED_MS = 1500;

/** Signatures a second that `processes` processes at once recover, all together. */
export async function recoveriesPerSecond(processes: number): Promise<number> {
  const one = async () => Number(await runScript(CHILD, [String(MEASURED_MS)]));
  const rates = await Promise.all(Array.from({ length: processes }, one));
  return rates.reduce((sum, rate) => sum + rate, 0);
}

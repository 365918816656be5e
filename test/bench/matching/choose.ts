import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BenchError } from '../errors.ts';
import { expectedFile } from '../workload.ts';
import { writeFlow } from './generate.ts';

/** The generator that the peers in the project's figures were measured with; beside the checkout, not part of it. */
const PEERS_GENERATOR = fileURLToPath(
  new URL('../../../../shared/peers/orderflow-gen.mjs', import.meta.url),
);
const COMMANDS = 2_000_000;

/**
 * The workload to measure on: the file asked for, else the peers' own flow, else (no generator beside the checkout) a flow of the
 * same format and shape that this bench makes and knows the result of.
 */
export async function chooseWorkload(
  asked: string | undefined,
  folder: string,
  progress: (line: string) => void,
): Promise<string> {
  if (asked !== undefined) {
    for (const file of [asked, expectedFile(asked)]) {
      if (existsSync(file)) continue;
      throw new BenchError(
        'NO_WORKLOAD',
        `${file} is not there: --workload names FILE.bin, with FILE.expected.json beside it.`,
      );
    }
    return asked;
  }
  const file = join(folder, 'workload.bin');
  if (existsSync(PEERS_GENERATOR)) {
    progress(`bench: making the peers' workload of ${COMMANDS} commands, seed 1`);
    const args = ['--n', String(COMMANDS), '--seed', '1', '--out', file];
    execFileSync(process.execPath, [PEERS_GENERATOR, ...args], { stdio: 'ignore' });
  } else {
    progress(`bench: no peers' generator beside this checkout: making a flow of the same shape`);
    writeFlow(file, { commands: COMMANDS, instruments: 100, prefill: 50_000, seed: 1 });
  }
  return file;
}

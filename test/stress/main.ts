/** `npm run stress -- --scenario NAME|FILE`: puts the whole exchange through a bad day and writes a report. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { PlimsollError } from '#shared/protocol/errors.ts';
import { readOptions } from './options.ts';
import { totalsLine } from './report/totals.ts';
import { verdictOf } from './report/verdict.ts';
import { writeReport } from './report/write.ts';
import { run } from './run.ts';

const progress = (line: string) => process.stderr.write(`${line}\n`);

async function main(): Promise<number> {
  const options = readOptions(process.argv);
  mkdirSync(options.out, { recursive: true });
  let failures = 0;
  for (const scenario of options.scenarios) {
    progress(`${scenario.name}: ${scenario.title}`);
    const directory = mkdtempSync(join(tmpdir(), 'plimsoll-stress-'));
    try {
      const { accounts, seed } = options;
      const log = pino({ level: options.logLevel }, pino.destination(2));
      const result = await run(scenario, { accounts, seed, directory, log, progress });
      const verdict = verdictOf(result);
      const file = writeReport(result, options.out);
      process.stdout.write(`${scenario.name}: ${verdict.sentence} Report: ${file}\n`);
      process.stdout.write(`${scenario.name}: ${totalsLine(result.samples)}.\n`);
      if (!verdict.holds) failures += 1;
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
  return failures === 0 ? 0 : 1;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    const known = error instanceof PlimsollError;
    progress(known ? `${error.code}: ${error.message}` : String(error?.stack ?? error));
    process.exitCode = 2;
  },
);

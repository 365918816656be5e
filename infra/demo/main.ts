/** `npm run demo`: everything Plimsoll does, shown unattended; exits 0 only if every check held. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { explain } from '#infra/devnet/errors.ts';
import { untilAskedToEnd } from '#infra/devnet/signals.ts';
import { CheckFailed, Checks } from './checks.ts';
import { type DemoOptions, parseDemoOptions } from './options.ts';
import { runSteps } from './steps.ts';

/** Bounded: what is not done by then has failed. */
const TIME_LIMIT_SECONDS = 290;

async function run(options: DemoOptions): Promise<number> {
  const startedAt = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-demo-'));
  const checks = new Checks({
    print: (line) => process.stdout.write(`${line}\n`),
    elapsedMs: () => performance.now() - startedAt,
  });
  const cleanups: (() => Promise<unknown>)[] = [];
  const late = untilAskedToEnd(TIME_LIMIT_SECONDS).then((reason) => {
    throw new Error(`ended before it was done: ${reason}`);
  });
  try {
    await Promise.race([runSteps({ ...options, folder }, checks, cleanups), late]);
  } catch (error) {
    if (!(error instanceof CheckFailed)) checks.aborted(explain(error));
  } finally {
    for (const cleanup of cleanups.reverse()) {
      await cleanup().catch((error: unknown) => checks.note(`while ending: ${explain(error)}`));
    }
  }
  const failed = checks.exitCode() !== 0;
  if (options.keep || failed) process.stdout.write(`\ndata and logs are kept in ${folder}\n`);
  else rmSync(folder, { recursive: true, force: true });
  process.stdout.write(`\n${checks.summary()}\n`);
  return checks.exitCode();
}

try {
  const options = parseDemoOptions(process.argv.slice(2), (text) => process.stdout.write(text));
  if (options !== undefined) process.exit(await run(options));
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exit(1);
}

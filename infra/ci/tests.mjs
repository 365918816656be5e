import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BIN, BUILD, ROOT } from '../setup/paths.mjs';
import { run } from './run.mjs';
import { addTallies, oneFailure, tallyForge, tallyVitest } from './tally.mjs';

/** All vitest tests, shown as they run. @param {string[]} filters parts of file names; none: everything */
export async function runVitest(filters) {
  const report = join(BUILD, 'vitest.json');
  mkdirSync(BUILD, { recursive: true });
  rmSync(report, { force: true });
  const { ok, why } = await run(
    join(BIN, 'vitest'),
    [
      'run',
      '--config',
      'test/vitest.config.ts',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...filters,
    ],
    { show: true },
  );
  if (!existsSync(report)) return oneFailure(`vitest ended without a report (${why})`);
  return tallyVitest(JSON.parse(readFileSync(report, 'utf8')), ok);
}

/** All forge tests; one line a suite. */
export async function runForge() {
  const { ok, why, stdout, output } = await run(join(BIN, 'forge'), ['test', '--json'], {
    cwd: join(ROOT, 'contracts'),
  });
  // Compiler messages may come first; the report is the last line that is an object.
  const line = stdout.split('\n').findLast((candidate) => candidate.startsWith('{'));
  if (!line) {
    process.stdout.write(output.slice(-4000));
    return oneFailure(`forge ended without a report (${why})`);
  }
  const report = JSON.parse(line);
  for (const [suite, { test_results: results }] of Object.entries(report)) {
    const all = Object.values(results);
    const good = all.filter(({ status }) => status === 'Success').length;
    process.stdout.write(
      `${good === all.length ? ' ✓' : ' ✗'} ${suite} (${good} of ${all.length})\n`,
    );
  }
  return tallyForge(report, ok);
}

/**
 * Unit and end-to-end tests (vitest), then the contracts' (forge).
 *
 * @param {string[]} args `--unit` or `--contracts` for one of the two; anything else filters vitest's files
 */
export async function runTests(args = []) {
  const filters = args.filter((arg) => !arg.startsWith('--'));
  const unknown = args.find(
    (arg) => arg.startsWith('--') && !['--unit', '--contracts'].includes(arg),
  );
  if (unknown) {
    return oneFailure(
      `no such option: ${unknown} (there are --unit, --contracts, and parts of file names)`,
    );
  }
  const contractsOnly = args.includes('--contracts');
  // A filter names vitest's files, so whoever gives one did not ask for the contracts.
  const unitOnly = args.includes('--unit') || (filters.length > 0 && !contractsOnly);

  let tally = contractsOnly ? null : await runVitest(filters);
  if (!unitOnly) {
    process.stdout.write('\n forge test … (compiles the tests first, which can take a minute)\n');
    const forge = await runForge();
    tally = tally ? addTallies(tally, forge) : forge;
  }
  return tally;
}

/** What passed only at the second attempt, the list of failures, what was skipped, and the closing line. @returns {boolean} whether all is well */
export function report({ passed, failed, skipped, failures, unstable }) {
  const inPlace = (/** @type {string} */ text) =>
    text.replaceAll(`${ROOT}/`, '').replaceAll('\n', '\n       ');
  const lines = [
    ...unstable.map((test) => `UNSTABLE, passed when run again: ${inPlace(test)}`),
    ...failures.map((failure) => `FAILED ${inPlace(failure)}`),
  ];
  if (skipped > 0) lines.push(`${skipped} skipped`);
  process.stdout.write(`\n${[...lines, `${passed} passed, ${failed} failed`].join('\n')}\n`);
  return failed === 0;
}

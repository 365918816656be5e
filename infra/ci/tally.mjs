/**
 * What the two test runners wrote, as numbers. A file that does not load, a crash between tests and a suite whose
 * set-up fails all count as a failure: a run must never look better than it was.
 */

/** @typedef {{ passed: number, failed: number, skipped: number, failures: string[], unstable: string[] }} Tally
 * `unstable`: passed, but only when run again (test/vitest.config.ts says which are) */

/** @returns {Tally} */
export const emptyTally = () => ({ passed: 0, failed: 0, skipped: 0, failures: [], unstable: [] });

/** @param {Tally} a @param {Tally} b @returns {Tally} */
export function addTallies(a, b) {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    failures: [...a.failures, ...b.failures],
    unstable: [...a.unstable, ...b.unstable],
  };
}

/** @param {string} message @returns {Tally} */
export const oneFailure = (message) => ({ ...emptyTally(), failed: 1, failures: [message] });

/**
 * vitest's `--reporter=json` report.
 *
 * @param {any} report
 * @param {boolean} exitedWell whether vitest itself returned 0
 * @returns {Tally}
 */
export function tallyVitest(report, exitedWell) {
  const tally = emptyTally();
  for (const file of report.testResults) {
    for (const test of file.assertionResults) {
      if (test.status === 'passed') {
        tally.passed++;
        // A test that passed has an error only from a first attempt.
        const [first] = test.failureMessages ?? [];
        if (first) tally.unstable.push(`${file.name}: ${test.fullName}: ${first.split('\n')[0]}`);
      } else if (test.status === 'failed') {
        tally.failed++;
        tally.failures.push(`${file.name}: ${test.fullName}`);
      } else tally.skipped++;
    }
    // The file itself failed: it did not load, or a hook outside any test threw.
    const explained = file.assertionResults.some((test) => test.status === 'failed');
    if (file.status === 'failed' && !explained) {
      tally.failed++;
      tally.failures.push(`${file.name}: ${file.message || 'the file failed outside its tests'}`);
    }
  }
  if (!exitedWell && tally.failed === 0) {
    return addTallies(
      tally,
      oneFailure('vitest failed outside the tests (an unhandled error, or no tests at all)'),
    );
  }
  return tally;
}

/**
 * `forge test --json`.
 *
 * @param {any} report suites by name
 * @param {boolean} exitedWell whether forge itself returned 0
 * @returns {Tally}
 */
export function tallyForge(report, exitedWell) {
  const tally = emptyTally();
  for (const [suite, { test_results: results }] of Object.entries(report)) {
    for (const [name, { status, reason }] of Object.entries(results)) {
      if (status === 'Success') tally.passed++;
      else if (status === 'Skipped') tally.skipped++;
      else {
        tally.failed++;
        tally.failures.push(`${suite}: ${name}: ${reason ?? status}`);
      }
    }
  }
  if (tally.passed + tally.failed === 0) return oneFailure('forge found no tests');
  if (!exitedWell && tally.failed === 0)
    return addTallies(tally, oneFailure('forge failed outside the tests'));
  return tally;
}

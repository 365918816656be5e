import { describe, expect, test } from 'vitest';
import { addTallies, tallyForge, tallyVitest } from './tally.mjs';

const file = (status: string, statuses: string[], message = '') => ({
  name: 'a.test.ts',
  status,
  message,
  assertionResults: statuses.map((each, i) => ({ status: each, fullName: `test ${i}` })),
});

describe('the tally of a run', () => {
  test('counts tests of each kind', () => {
    const report = { testResults: [file('failed', ['passed', 'failed', 'pending', 'passed'])] };
    expect(tallyVitest(report, false)).toMatchObject({ passed: 2, failed: 1, skipped: 1 });
  });

  test('a file that does not load is a failure, with its message', () => {
    const tally = tallyVitest({ testResults: [file('failed', [], 'no such module')] }, false);
    expect(tally).toMatchObject({ passed: 0, failed: 1 });
    expect(tally.failures[0]).toContain('no such module');
  });

  test('a file whose hook threw after its tests passed is a failure', () => {
    expect(tallyVitest({ testResults: [file('failed', ['passed'])] }, false).failed).toBe(1);
  });

  test('a runner that failed although every test passed is a failure', () => {
    expect(tallyVitest({ testResults: [file('passed', ['passed'])] }, false).failed).toBe(1);
    const suite = { 'A.t.sol:A': { test_results: { 'test_a()': { status: 'Success' } } } };
    expect(tallyForge(suite, false)).toMatchObject({ passed: 1, failed: 1 });
    expect(tallyForge(suite, true)).toMatchObject({ passed: 1, failed: 0 });
  });

  test('forge: failures carry their reason, and no tests at all are a failure', () => {
    const results = {
      'test_a()': { status: 'Success' },
      'test_b()': { status: 'Failure', reason: 'assertion failed' },
      'test_c()': { status: 'Skipped' },
    };
    const tally = tallyForge({ 'A.t.sol:A': { test_results: results } }, false);
    expect(tally).toMatchObject({ passed: 1, failed: 1, skipped: 1 });
    expect(tally.failures).toEqual(['A.t.sol:A: test_b(): assertion failed']);
    expect(tallyForge({}, true).failed).toBe(1);
  });

  test('a test that passed only when it was run again is named', () => {
    const again = {
      status: 'passed',
      fullName: 'slow',
      failureMessages: ['Error: in vain\n at x'],
    };
    const once = { status: 'passed', fullName: 'quick', failureMessages: [] };
    const report = { testResults: [{ ...file('passed', []), assertionResults: [again, once] }] };
    expect(tallyVitest(report, true)).toMatchObject({
      ...{ passed: 2, failed: 0, unstable: ['a.test.ts: slow: Error: in vain'] },
    });
  });

  test('adds up', () => {
    const a = { passed: 1, failed: 2, skipped: 3, failures: ['a'], unstable: [] };
    expect(addTallies(a, { ...a, failures: ['b'] })).toEqual({
      passed: 2,
      failed: 4,
      skipped: 6,
      failures: ['a', 'b'],
      unstable: [],
    });
  });
});

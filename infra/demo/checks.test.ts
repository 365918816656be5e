import { describe, expect, test } from 'vitest';
import { CheckFailed, Checks } from './checks.ts';

function record(): { checks: Checks; lines: string[] } {
  const lines: string[] = [];
  const checks = new Checks({ print: (line) => lines.push(line), elapsedMs: () => 12_400 });
  return { checks, lines };
}

describe('checks', () => {
  test('the last line counts what held and what did not', () => {
    const { checks, lines } = record();
    checks.step('Trading');
    checks.check('orders were sent', true);
    checks.equal('the vault is empty', 0n, 0n);
    expect(checks.exitCode()).toBe(0);
    checks.equal('the vault is empty', 5n, 0n);
    expect(checks.summary()).toBe('demo: 2 checks passed, 1 failed');
    expect(checks.exitCode()).toBe(1);
    expect(checks.failures).toEqual(['the vault is empty: got 5 instead of 0']);
    expect(lines).toEqual([
      '\n[ 12 s] Trading',
      '  ok    orders were sent',
      '  ok    the vault is empty',
      '  FAIL  the vault is empty: got 5 instead of 0',
    ]);
  });

  test('a check that everything hangs on ends the demo and is counted once', () => {
    const { checks } = record();
    expect(() => checks.must('the sequencer answers', false)).toThrow(CheckFailed);
    expect(checks.summary()).toBe('demo: 0 checks passed, 1 failed');
  });

  test('nothing checked is not a success', () => {
    const { checks } = record();
    expect(checks.exitCode()).toBe(1);
    checks.check('one', true);
    checks.aborted('it took longer than five minutes');
    expect(checks.summary()).toBe('demo: 1 checks passed, 1 failed');
    expect(checks.exitCode()).toBe(1);
  });
});

import type { Hex } from 'viem';
import { describe, expect, it } from 'vitest';
import { type Action, type ChainFacts, nextAction } from './session.ts';

const hash = (digit: number): Hex => `0x${`${digit}`.repeat(64)}`;
/** Three transactions: from state 1 over 2 and 3 to 4. */
const STEPS = [1, 2, 3].map((from) => ({ beforeHash: hash(from), afterHash: hash(from + 1) }));
const STANDING: ChainFacts = {
  block: 100n,
  now: 1_000n,
  batch: 'standing',
  openBefore: 2_000n,
  committedAt: null,
  session: { kind: 'none' },
  fall: null,
  credit: 0n,
};
const openAt = (digit: number, deadline = 3_000n) =>
  ({ kind: 'open', stateHash: hash(digit), deadline }) as const;
const FALL = { ours: true, settleFrom: 5_000n, leads: true, settled: false };

const next = (facts: Partial<ChainFacts>, steps = STEPS) =>
  nextAction(steps, { ...STANDING, ...facts });
const words = (action: Action) => (action.kind === 'end' ? action.outcome.kind : action.kind);

describe('what comes next', () => {
  it.each<[string, Partial<ChainFacts>, string]>([
    ['nothing is done', {}, 'commit'],
    ['the commitment is mined', { committedAt: 100n }, 'open'],
    ['the node is behind the commitment', { committedAt: 101n }, 'wait'],
    ['the challenge period ends in a second', { now: 1_999n }, 'commit'],
    ['the challenge period is over', { now: 2_000n }, 'lost'],
    ['it is over between commitment and opening', { now: 2_000n, committedAt: 90n }, 'lost'],
    ['the session is open at the deadline', { session: openAt(1), now: 3_000n }, 'go on'],
    ['the session is open after the deadline', { session: openAt(1), now: 3_001n }, 'close'],
    ['it may be finished after the challenge period', { session: openAt(2), now: 2_500n }, 'go on'],
    ['L1 has it in a state that the plan leaves out', { session: openAt(9) }, 'cut anew'],
    ['L1 left the branch with the batch', { batch: 'gone', session: openAt(2) }, 'gone'],
    ['the session failed', { session: { kind: 'closed' } }, 'lost'],
    ['somebody else was faster than our opening', { batch: 'fallen', fall: FALL }, 'overtaken'],
    [
      'somebody else was faster, but we committed earlier',
      { batch: 'fallen', fall: FALL, session: openAt(2) },
      'go on',
    ],
    [
      'somebody else committed and proved earlier',
      { batch: 'fallen', fall: { ...FALL, leads: false }, session: openAt(2) },
      'close',
    ],
    [
      'an earlier batch was felled, and ours with it',
      { batch: 'fallen', fall: { ...FALL, ours: false }, session: openAt(2) },
      'close',
    ],
    [
      'our earlier commitment is too late for the reward',
      { batch: 'fallen', fall: FALL, session: openAt(2, 9_000n), now: 5_000n },
      'close',
    ],
    [
      'our session ended before it could overtake',
      { batch: 'fallen', fall: FALL, session: openAt(2), now: 3_001n },
      'close',
    ],
    [
      'we proved it, and wait',
      { batch: 'fallen', session: { kind: 'proved' }, fall: FALL },
      'wait',
    ],
    [
      'we proved it, and the reward can be settled',
      { batch: 'fallen', session: { kind: 'proved' }, fall: FALL, now: 5_000n },
      'settle',
    ],
    [
      'the reward waits to be collected',
      {
        batch: 'fallen',
        session: { kind: 'proved' },
        fall: { ...FALL, settled: true },
        credit: 1n,
      },
      'collect',
    ],
    [
      'the reward is collected',
      { batch: 'fallen', session: { kind: 'proved' }, fall: { ...FALL, settled: true } },
      'rewarded',
    ],
    [
      'the reward went to an earlier commitment',
      {
        batch: 'fallen',
        session: { kind: 'proved' },
        fall: { ...FALL, leads: false, settled: true },
      },
      'proved',
    ],
    [
      'we proved a batch after the first fall',
      { batch: 'fallen', session: { kind: 'proved' }, fall: { ...FALL, ours: false } },
      'proved',
    ],
  ])('when %s', (_, facts, expected) => {
    expect(words(next(facts))).toBe(expected);
  });

  it.each([
    [1, 0],
    [2, 1],
    [3, 2],
    [4, 3],
  ])('goes on from the transaction whose state L1 has (%i)', (state, from) => {
    expect(next({ session: openAt(state) })).toEqual({ kind: 'go on', from });
  });

  it('begins again where a reorg took away what was done', () => {
    expect(next({ session: openAt(3) })).toEqual({ kind: 'go on', from: 2 });
    expect(next({ session: openAt(2) })).toEqual({ kind: 'go on', from: 1 });
    expect(next({ session: { kind: 'none' }, committedAt: 90n }).kind).toBe('open');
    expect(next({ session: { kind: 'none' } }).kind).toBe('commit');
  });
});

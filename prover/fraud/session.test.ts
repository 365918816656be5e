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
  commitment: null,
  session: { kind: 'none' },
  award: null,
  credit: 0n,
};
const openAt = (digit: number, deadline = 3_000n) =>
  ({ kind: 'open', stateHash: hash(digit), deadline, order: 5n }) as const;
const committed = { order: 5n, block: 100n, expires: 1_500n };
const theirs = { isOurs: false, order: 6n, until: 4_000n, settled: false };
const ours = { isOurs: true, order: 5n, until: 4_000n, settled: false };

const next = (facts: Partial<ChainFacts>) => nextAction(STEPS, { ...STANDING, ...facts });
const words = (action: Action) => (action.kind === 'end' ? action.outcome.kind : action.kind);

describe('against a standing batch', () => {
  it.each<[string, Partial<ChainFacts>, string]>([
    ['nothing is done', {}, 'commit'],
    ['the commitment is mined', { commitment: committed }, 'open'],
    ['the node is behind the commitment', { commitment: { ...committed, block: 101n } }, 'wait'],
    ['the commitment expires in a second', { commitment: committed, now: 1_499n }, 'open'],
    ['the commitment has expired', { commitment: committed, now: 1_500n }, 'commit anew'],
    ['the challenge period ends in a second', { now: 1_999n }, 'commit'],
    ['the challenge period is over', { now: 2_000n }, 'lost'],
    ['it is over before the opening', { now: 2_000n, commitment: committed }, 'lost'],
    ['the session ends in a second', { session: openAt(1), now: 2_999n }, 'go on'],
    ['the session has ended', { session: openAt(1), now: 3_000n }, 'close'],
    [
      'the challenge period is over, but not the session',
      { session: openAt(2), now: 2_500n },
      'go on',
    ],
    ['L1 has it in a state that the plan leaves out', { session: openAt(9) }, 'cut anew'],
    ['the session failed', { session: { kind: 'ended' } }, 'lost'],
    ['L1 left the branch with the batch', { batch: 'gone', session: openAt(2) }, 'gone'],
  ])('%s: %#', (_, facts, expected) => {
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
});

describe('after somebody else felled it', () => {
  const fallen = (facts: Partial<ChainFacts>): Partial<ChainFacts> => ({
    batch: 'fallen',
    award: theirs,
    ...facts,
  });
  const earlier = { ...theirs, order: 4n };

  it.each<[string, Partial<ChainFacts>, string]>([
    ['nothing was sent', fallen({}), 'overtaken'],
    ['we committed, but later', fallen({ commitment: committed, award: earlier }), 'reclaim'],
    ['we committed earlier', fallen({ commitment: committed }), 'open'],
    ['the bond is back', fallen({ credit: 1n }), 'collect'],
    [
      'our commitment has expired',
      fallen({ commitment: committed, now: 1_500n, award: { ...theirs, until: 1_600n } }),
      'overtaken',
    ],
    ['we opened, and committed earlier', fallen({ session: openAt(2) }), 'go on'],
    ['we opened, but committed later', fallen({ session: openAt(2), award: earlier }), 'close'],
    [
      'the reward can no longer be taken over',
      fallen({ session: openAt(2, 9_000n), now: 4_000n }),
      'close',
    ],
    [
      'the reward is settled',
      fallen({ session: openAt(2), award: { ...theirs, settled: true } }),
      'close',
    ],
    ['our session is over', fallen({ session: openAt(2), now: 3_000n }), 'close'],
    [
      'our session is closed, the bond back',
      fallen({ session: { kind: 'ended' }, credit: 1n }),
      'collect',
    ],
    ['and collected', fallen({ session: { kind: 'ended' } }), 'overtaken'],
  ])('%s: %#', (_, facts, expected) => {
    expect(words(next(facts))).toBe(expected);
  });
});

describe('after our proof', () => {
  const proved = (facts: Partial<ChainFacts>): Partial<ChainFacts> => ({
    batch: 'fallen',
    session: { kind: 'proved' },
    award: ours,
    credit: 1n,
    ...facts,
  });

  it.each<[string, Partial<ChainFacts>, string]>([
    ['earlier commitments may still come', proved({ now: 3_999n }), 'wait'],
    ['none can come any more', proved({ now: 4_000n }), 'settle'],
    ['it is settled', proved({ now: 4_000n, award: { ...ours, settled: true } }), 'collect'],
    ['it is collected', proved({ award: { ...ours, settled: true }, credit: 0n }), 'rewarded'],
    ['an earlier commitment took it: the bond comes back', proved({ award: theirs }), 'collect'],
    ['and nothing else', proved({ award: theirs, credit: 0n }), 'proved'],
    ['the node knows nothing of the fall yet', proved({ award: null }), 'wait'],
    ['and L1 has left the branch of the batch since', { batch: 'gone' }, 'gone'],
  ])('%s: %#', (_, facts, expected) => {
    expect(words(next(facts))).toBe(expected);
  });
});

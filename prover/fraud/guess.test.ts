import { describe, expect, it } from 'vitest';
import type { DecodedSegment } from '#shared/protocol/batch.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { rootBefore } from './accusation.ts';
import type { Case } from './case.ts';
import { guessLie } from './guess.ts';
import { withCase } from './testing.ts';
import { describeCase } from './words.ts';

function guess(kase: Case) {
  const { accusation, segments, before, inbox, after } = kase;
  if (accusation.kind !== 'segment' || before === undefined) throw new Error('nothing to guess');
  const segment = segments[accusation.segment] as DecodedSegment;
  const found = guessLie(segment, inbox, before, after);
  // Both states are as they were.
  expect(bytesToHex(after.watched.updatedRoot())).toBe(kase.report?.root);
  const claimed = rootBefore(kase.event.header, segments, accusation.segment);
  expect(bytesToHex(before.tree.root())).toBe(claimed);
  return found;
}

describe('what the operator did', () => {
  it.each([
    [
      'forge-order',
      'it executed command 0 (order) as if its signature were good',
      /^account 4, cash: 5086150000 is claimed, 5000000000 is true$/,
    ],
    [
      'drop-forced-command',
      'it counts the inbox message of command 0 (consume) as consumed without having executed it',
      /^account 4, withdrawn: 0 is claimed, 500000000 is true$/,
    ],
    [
      'pretend-trap',
      'it did not execute command 0 (withdraw), though it posted it',
      /^account 4, cash: 5000000000 is claimed, 4500000000 is true$/,
    ],
    [
      'reorder-commands',
      'it executed command 1 (order) before command 0 (order)',
      /^account 3, open orders: 0 is claimed, 1 is true$/,
    ],
  ])('%s is found out: %s', async (name, words, difference) => {
    await withCase(name, async (kase) => {
      const found = guess(kase);
      expect(found?.words).toBe(words);
      expect(found?.differences).toContainEqual(expect.stringMatching(difference));
      const said = (await describeCase(kase)).join('\n');
      expect(said).toContain(`just this leads to the root that it claims: ${words}.`);
    });
  });

  it.each(['credit-account', 'worse-price', 'garbage-root'])(
    'is not made up where nothing leads to the claimed root: %s',
    async (name) => {
      await withCase(name, (kase) => expect(guess(kase)).toBeNull());
    },
  );
});

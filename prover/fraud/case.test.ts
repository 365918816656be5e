import { describe, expect, it } from 'vitest';
import { hashHeader } from '#shared/protocol/batch.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { startLie } from '#test/liar/tell.ts';
import { type Accusation, rootBefore } from './accusation.ts';
import { inquire, openCase } from './case.ts';
import { caseDependencies, withCase } from './testing.ts';

describe('the case against', () => {
  it.each<[string, Accusation]>([
    ['credit-account', { kind: 'segment', segment: 1 }],
    ['mis-settle', { kind: 'segment', segment: 2 }],
    ['inbox-count-behind', { kind: 'segment', segment: 1 }],
    ['zero-root', { kind: 'zeroRoot' }],
    ['truncated-segment', { kind: 'zeroRoot' }],
    ['empty-segment-root', { kind: 'emptySegment', segment: 3 }],
    ['clock-ahead', { kind: 'fact', fact: 'clock' }],
    ['index-time', { kind: 'fact', fact: 'indexTime' }],
    ['volatility-time', { kind: 'fact', fact: 'volatilityTime' }],
    ['inbox-count-ahead', { kind: 'fact', fact: 'inboxCount' }],
  ])('%s', async (name, accusation) => {
    await withCase(name, ({ before, ...kase }, told) => {
      expect(kase.accusation).toEqual(accusation);
      expect(kase.event.hash).toBe(told.batch.hash);
      expect(hashHeader(kase.parent)).toBe(told.parent.hash);
      const { header } = kase.event;
      if (accusation.kind === 'segment') {
        const claimed = rootBefore(header, kase.segments, accusation.segment);
        expect(bytesToHex(before?.tree.root() ?? new Uint8Array(0))).toBe(claimed);
      } else if (accusation.kind === 'fact') {
        expect(bytesToHex(before?.tree.root() ?? new Uint8Array(0))).toBe(header.finalRoot);
      } else expect(before).toBeUndefined();
    });
  });

  it('an honest batch is none', async () => {
    const work = withCase('worse-price', () => 'opened', { honest: true });
    await expect(work).rejects.toMatchObject({ code: 'NOTHING_TO_PROVE' });
  });

  it('what comes after a wrong batch, or is not there, is none of its own', async () => {
    const told = await startLie('worse-price');
    try {
      await told.goOn();
      const deps = await caseDependencies(told);
      await expect(inquire(deps, 3n)).rejects.toMatchObject({ code: 'BATCH_DISAGREES' });
      const honest = openCase(deps, await inquire(deps, 1n));
      await expect(honest).rejects.toMatchObject({ code: 'NOTHING_TO_PROVE' });
      const wrong = await inquire(deps, 2n);
      for (const segment of [0, 2, 77]) {
        await expect(openCase(deps, wrong, segment)).rejects.toMatchObject({
          code: 'SEGMENT_NOT_PROVABLE',
        });
      }
      expect((await openCase(deps, wrong, 1)).accusation).toEqual({ kind: 'segment', segment: 1 });
    } finally {
      await told.exchange.close();
    }
  });

  it('a batch that never landed is none', async () => {
    const told = await startLie('worse-price', { honest: true });
    try {
      const deps = await caseDependencies(told);
      await expect(inquire(deps, 3n)).rejects.toMatchObject({ code: 'NO_SUCH_BATCH' });
    } finally {
      await told.exchange.close();
    }
  });
});

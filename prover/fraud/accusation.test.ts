import { describe, expect, it } from 'vitest';
import { decodeBatch, encodeBatch } from '#shared/protocol/batch.ts';
import { bytesToHex, concatBytes } from '#shared/protocol/bytes.ts';
import type { Finding, FindingCode } from '#shared/replay/types.ts';
import { accuse, describeAccusation } from './accusation.ts';
import { genesisOf } from './case.ts';

const root = (digit: number) => new Uint8Array(32).fill(digit);
const COMMAND = { commands: [Uint8Array.of(2)], root: root(2) };
const EMPTY = { commands: [], root: root(2) };
const SHORT = Uint8Array.of(0, 3, 1, 2, 3);

function headerFor(data: Uint8Array) {
  const header = genesisOf({ zeroRoot: bytesToHex(root(1)) }, 0n);
  const last = decodeBatch(data).at(-1);
  return { ...header, number: 1n, finalRoot: last ? bytesToHex(last.root) : header.previousRoot };
}

function accused(data: Uint8Array, finding: Partial<Finding> | null, segment?: number) {
  return accuse(headerFor(data), decodeBatch(data), finding as Finding | null, segment);
}

describe('an accusation', () => {
  it('is that a root is zero, before anything else', () => {
    const data = concatBytes(encodeBatch([COMMAND]), Uint8Array.of(9));
    expect(accused(data, { code: 'SEGMENT_ROOT', segment: 0 })).toEqual({ kind: 'zeroRoot' });
  });

  it('is that a segment has no room for a root, though an earlier one is wrong too', () => {
    const data = concatBytes(encodeBatch([COMMAND]), SHORT, encodeBatch([COMMAND]));
    const short = { kind: 'noRoot', segment: 1 };
    expect(accused(data, { code: 'SEGMENT_ROOT', segment: 0 })).toEqual(short);
    expect(accused(data, null)).toEqual(short);
  });

  it('is that a segment claims zero', () => {
    const data = encodeBatch([{ ...COMMAND, root: root(0) }, COMMAND]);
    expect(accused(data, { code: 'SEGMENT_ROOT', segment: 0 })).toEqual({
      kind: 'noRoot',
      segment: 0,
    });
  });

  it('is that a segment without commands changes the root, but not that it keeps it', () => {
    const changed = encodeBatch([COMMAND, { commands: [], root: root(3) }]);
    expect(accused(changed, null)).toEqual({ kind: 'emptySegment', segment: 1 });
    expect(accused(encodeBatch([COMMAND, EMPTY]), null)).toBeNull();
    expect(accused(encodeBatch([EMPTY]), null)).toEqual({ kind: 'emptySegment', segment: 0 });
  });

  it.each([
    ['CLOCK', 'clock'],
    ['INDEX_TIME', 'indexTime'],
    ['VOLATILITY_TIME', 'volatilityTime'],
    ['INBOX_COUNT', 'inboxCount'],
  ] as const)('of %s is one of the header', (code, fact) => {
    const data = encodeBatch([COMMAND]);
    expect(accused(data, { code, segment: null })).toEqual({ kind: 'fact', fact });
  });

  it('of a root is the segment', () => {
    const data = encodeBatch([COMMAND, COMMAND]);
    const found = accused(data, { code: 'SEGMENT_ROOT', segment: 1 });
    expect(found).toEqual({ kind: 'segment', segment: 1 });
    expect(describeAccusation(found as NonNullable<typeof found>)).toContain('segment 1');
  });

  it.each<FindingCode>(['DATA_HASH', 'PARENT_HASH', 'NUMBER', 'INBOX_ACCUMULATOR'])(
    'cannot be %s, which the contract checks itself',
    (code) => {
      expect(accused(encodeBatch([COMMAND]), { code, segment: null })).toBeNull();
    },
  );

  it('can be insisted on', () => {
    const data = concatBytes(encodeBatch([COMMAND]), SHORT);
    expect(accused(data, null, 0)).toEqual({ kind: 'segment', segment: 0 });
    expect(accused(data, null, 1)).toEqual({ kind: 'noRoot', segment: 1 });
  });
});

import { type BatchHeader, type DecodedSegment, ROOT_BYTES } from '#shared/protocol/batch.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import type { Finding, FindingCode } from '#shared/replay/types.ts';

/** A fact of the header that stands in leaf 0 of the final state. */
export type HeaderFact = 'clock' | 'indexTime' | 'volatilityTime' | 'inboxCount';

/**
 * What is said against a batch, in the forms that the judge takes. All but `segment` are proved by one transaction after the commitment;
 * a `segment` is run on L1.
 */
export type Accusation =
  /** The last claimed root is zero, which no state has. */
  | { readonly kind: 'zeroRoot' }
  /** A segment has no room for a root, or claims zero. */
  | { readonly kind: 'noRoot'; readonly segment: number }
  /** A segment without commands claims another root than the one before it. */
  | { readonly kind: 'emptySegment'; readonly segment: number }
  /** The header says something else than the state whose root it claims. */
  | { readonly kind: 'fact'; readonly fact: HeaderFact }
  /** The commands of a segment lead to another root than the one claimed. */
  | { readonly kind: 'segment'; readonly segment: number };

const ZERO_ROOT = bytesToHex(new Uint8Array(ROOT_BYTES));

const FACTS: Partial<Record<FindingCode, HeaderFact>> = {
  CLOCK: 'clock',
  INDEX_TIME: 'indexTime',
  VOLATILITY_TIME: 'volatilityTime',
  INBOX_COUNT: 'inboxCount',
};

/**
 * The cheapest thing to say against a wrong batch. What its bytes alone give away comes first: then nothing has to be run, even if
 * an earlier segment is wrong as well.
 *
 * @param finding what the replay found; null where only the bytes are looked at
 * @param segment the one to prove wrong, if the caller insists on one
 * @returns null if the judge has nothing to say about such a finding: the contract refuses such a batch when it lands
 */
export function accuse(
  header: BatchHeader,
  segments: readonly DecodedSegment[],
  finding: Finding | null,
  segment?: number,
): Accusation | null {
  if (segment !== undefined) return ofSegment(header, segments, segment);
  if (header.finalRoot === ZERO_ROOT) return { kind: 'zeroRoot' };
  for (const kind of ['noRoot', 'emptySegment'] as const) {
    for (let index = 0; index < segments.length; index++) {
      const found = ofSegment(header, segments, index);
      if (found.kind === kind) return found;
    }
  }
  if (finding === null) return null;
  const fact = FACTS[finding.code];
  if (fact !== undefined) return { kind: 'fact', fact };
  return finding.segment === null ? null : { kind: 'segment', segment: finding.segment };
}

function ofSegment(
  header: BatchHeader,
  segments: readonly DecodedSegment[],
  segment: number,
): Accusation {
  const { commands, root } = segments[segment] as DecodedSegment;
  const claimed = bytesToHex(root);
  if (claimed === ZERO_ROOT) return { kind: 'noRoot', segment };
  const differs = claimed !== rootBefore(header, segments, segment);
  return commands.length === 0 && differs
    ? { kind: 'emptySegment', segment }
    : { kind: 'segment', segment };
}

/** The root that the sequencer itself claimed for the state in which a segment begins. */
export function rootBefore(
  header: BatchHeader,
  segments: readonly DecodedSegment[],
  segment: number,
): `0x${string}` {
  const before = segments[segment - 1];
  return before === undefined ? header.previousRoot : bytesToHex(before.root);
}

const FACT_WORDS: Record<HeaderFact, string> = {
  clock: 'its clock',
  indexTime: 'the time of its last index price',
  volatilityTime: 'the time of its last volatility',
  inboxCount: 'the count of consumed inbox messages',
};

/** What is said, in words: `segment 3 claims a root that its commands do not lead to`. */
export function describeAccusation(accusation: Accusation): string {
  switch (accusation.kind) {
    case 'zeroRoot':
      return 'its last root is zero, which no state has';
    case 'noRoot':
      return `segment ${accusation.segment} claims no root, or zero, which no state has`;
    case 'emptySegment':
      return `segment ${accusation.segment} has no commands, and claims another root than the one before it`;
    case 'fact':
      return `the header misstates ${FACT_WORDS[accusation.fact]}: the state whose root it claims says otherwise`;
    case 'segment':
      return `segment ${accusation.segment} claims a root that its commands do not lead to`;
  }
}

/** Where it is in the batch; null for what the header alone shows. */
export function segmentOf(accusation: Accusation): number | null {
  return 'segment' in accusation ? accusation.segment : null;
}

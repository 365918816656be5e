import { encodeAbiParameters, type Hex, keccak256, zeroHash } from 'viem';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { proveLeaf } from '#shared/state/proofs.ts';
import { segmentOf } from './accusation.ts';
import type { Case } from './case.ts';
import { proveSegment } from './proofs.ts';
import type { SessionRecord } from './session.ts';
import { describeCase } from './words.ts';

/** What the judge calls the segment of a fraud that the header alone proves. */
export const HEADER_INDEX = 0xffff_ffff;

export interface RecordOptions {
  readonly challenger: Hex;
  /** What hides the commitment, by its number: one that has expired needs another. */
  readonly saltOf: (batchHash: Hex, index: number, attempt: number) => Promise<Hex>;
  readonly attempt: number;
  /** L1's present block and its seconds. */
  readonly block: bigint;
  readonly now: bigint;
}

/** All that is kept of a proof, from the case and the key alone: the same ones make the same record. */
export async function newRecord(kase: Case, options: RecordOptions): Promise<SessionRecord> {
  const { event, parent, accusation, segments } = kase;
  const { challenger, attempt } = options;
  const index = segmentOf(accusation) ?? HEADER_INDEX;
  const isShown = index !== HEADER_INDEX;
  const facts = accusation.kind === 'fact' ? factsOf(kase) : null;
  const finding = findingOf(kase, facts);
  const salt = await options.saltOf(event.hash, index, attempt);
  return {
    id: sessionId(event.hash, index, challenger),
    batchHash: event.hash,
    header: event.header,
    parent,
    accusation,
    index,
    finding,
    salt,
    commitment: commitmentOf({ challenger, batchHash: event.hash, index, finding, salt }),
    shown: isShown ? proveSegment(segments, index) : null,
    previous: isShown && index > 0 ? proveSegment(segments, index - 1) : null,
    facts,
    words: await describeCase(kase),
    begunAt: options.now,
    begunInBlock: options.block,
    landedInBlock: event.block.number,
    attempt,
    plan: 0,
    outcome: null,
  };
}

/** Leaf 0 of the final state, and its path. */
function factsOf({ before }: Case): SessionRecord['facts'] {
  if (before === undefined) throw new Error('A fact is proved from the final state.');
  const { bytes, path } = proveLeaf(before.tree, 0);
  return { leaf: bytesToHex(bytes), path: path.map(bytesToHex) };
}

/** What shows that we have replayed the batch, and do not only know that somebody accuses it. */
function findingOf({ accusation, report }: Case, facts: SessionRecord['facts']): Hex {
  if (facts !== null) return facts.leaf;
  if (accusation.kind !== 'segment') return zeroHash;
  if (report?.index !== accusation.segment) throw new Error('The accused segment was not run.');
  return report.root;
}

/** The judge's `sessionId`. */
export function sessionId(batchHash: Hex, index: number, challenger: Hex): Hex {
  const types = [{ type: 'bytes32' }, { type: 'uint32' }, { type: 'address' }] as const;
  return keccak256(encodeAbiParameters(types, [batchHash, index, challenger]));
}

/** The judge's `commitmentOf`. */
export function commitmentOf(parts: {
  readonly challenger: Hex;
  readonly batchHash: Hex;
  readonly index: number;
  readonly finding: Hex;
  readonly salt: Hex;
}): Hex {
  const { challenger, batchHash, index, finding, salt } = parts;
  const types = [
    { type: 'address' },
    { type: 'bytes32' },
    { type: 'uint32' },
    { type: 'bytes32' },
    { type: 'bytes32' },
  ] as const;
  return keccak256(encodeAbiParameters(types, [challenger, batchHash, index, finding, salt]));
}

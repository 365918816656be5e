import type { Hex } from 'viem';
import { settlementAbi } from '#contracts/abi/index.ts';
import { type BatchHeader, type DecodedSegment, decodeBatch } from '#shared/protocol/batch.ts';
import { runSegment, type SegmentInbox } from '#shared/replay/segment.ts';
import type { Finding, SegmentReport } from '#shared/replay/types.ts';
import { ProverError } from '../errors.ts';
import type { BatchEvent } from '../follower/events.ts';
import type { L1 } from '../follower/l1.ts';
import { patiently } from '../follower/patience.ts';
import {
  ChainState,
  type ChainStateDependencies,
  type ChainStateOptions,
} from '../replay/chain-state.ts';
import type { Inquest } from '../replay/explain.ts';
import type { Replica } from '../replay/replica.ts';
import { type Accusation, accuse, segmentOf } from './accusation.ts';

/** Everything that a proof against one batch is made of. */
export interface Case extends Inquest {
  readonly segments: readonly DecodedSegment[];
  readonly accusation: Accusation;
  /** The true state where the accused segment begins; for a header's fact at the end of the batch. Undefined if bytes alone prove it. */
  readonly before: Replica | undefined;
}

export interface CaseDependencies extends ChainStateDependencies {
  /** Where to look, but for what the case itself decides. */
  readonly options: Pick<
    ChainStateOptions,
    'fromBlock' | 'confirmations' | 'chunkBlocks' | 'fromGenesis'
  >;
}

/** A state of its own, held just before a batch, and what L1 has of that batch. */
export interface Held {
  readonly state: ChainState;
  readonly event: BatchEvent;
  readonly inbox: SegmentInbox;
}

/**
 * Rebuilds the state before a batch from snapshots and L1.
 *
 * @throws ProverError NO_SUCH_BATCH; BATCH_DISAGREES if an earlier batch is wrong: then that one has to be proved
 */
export async function stateBefore(deps: CaseDependencies, number: bigint): Promise<Held> {
  const earlier = async (header: BatchHeader) => header.number < number;
  const options = { ...deps.options, snapshotBatches: 1e9 };
  const state = await ChainState.open(options, deps, earlier);
  for (;;) {
    const step = await state.step(({ header }) => earlier(header));
    if (step.kind === 'held') {
      const messages = new Map(state.waiting.map(({ index, message }) => [index, message]));
      const inbox = {
        count: step.event.header.inboxCount,
        message: (index: bigint) => messageOf(messages, index),
      };
      return { state, event: step.event, inbox };
    }
    if (step.kind === 'current') {
      throw new ProverError(
        'NO_SUCH_BATCH',
        `L1 has no standing batch ${number}; the last is ${state.position.number}. A batch that fell needs no proof.`,
      );
    }
    if (step.kind === 'batch' && step.report.finding !== null) {
      const { batch } = step.report.finding;
      throw new ProverError(
        'BATCH_DISAGREES',
        `Batch ${batch} is wrong already, before batch ${number}: prove that one, and all after it fall.`,
      );
    }
  }
}

function messageOf(messages: ReadonlyMap<bigint, Uint8Array>, index: bigint): Uint8Array {
  const message = messages.get(index);
  if (message !== undefined) return message;
  throw new ProverError(
    'L1_INCOMPLETE',
    `The node does not show inbox message ${index}. Set --from-block to the settlement's own block or earlier.`,
  );
}

/** Replays a batch on top of the state before it. @throws ProverError those of `stateBefore` */
export async function inquire(deps: CaseDependencies, number: bigint): Promise<Inquest> {
  let report: SegmentReport | undefined;
  const onSegment = (one: SegmentReport) => {
    report = one;
  };
  const held = await stateBefore({ ...deps, hooks: { ...deps.hooks, onSegment } }, number);
  const { state, event, inbox } = held;
  const parent = state.last?.header ?? (await genesisHeader(deps));
  // What comes after this begins here.
  state.save();
  const step = await state.step(async ({ header }) => header.number <= number);
  if (step.kind !== 'batch' || step.event.hash !== event.hash) {
    throw new ProverError('NO_SUCH_BATCH', `L1 has just left batch ${number}. Try again.`);
  }
  const { finding } = step.report;
  return { event, parent, finding, report, inbox, after: state.replica };
}

/**
 * Gathers what proves a batch wrong: what is said against it, and the state where that begins, which the replay has gone past.
 *
 * @param segment insists on a segment
 * @throws ProverError NOTHING_TO_PROVE; SEGMENT_NOT_PROVABLE; those of `stateBefore`
 */
export async function openCase(
  deps: CaseDependencies,
  inquest: Inquest,
  segment?: number,
): Promise<Case> {
  const { event, finding } = inquest;
  const segments = decodeBatch(event.data);
  const accusation = accusationOf(event, segments, finding, segment);
  return { ...inquest, segments, accusation, before: await stateFor(deps, accusation, event) };
}

function accusationOf(
  { header }: BatchEvent,
  segments: readonly DecodedSegment[],
  finding: Finding | null,
  segment: number | undefined,
): Accusation {
  const accusation = accuse(header, segments, finding);
  if (accusation === null) {
    if (finding === null) {
      throw new ProverError(
        'NOTHING_TO_PROVE',
        `Batch ${header.number} is right: every root and every fact of its header agrees with a replay. A challenge would only lose its bond.`,
      );
    }
    throw new ProverError(
      'L1_INCONSISTENT',
      `The contract refuses a batch like this when it lands, and yet the node shows it: ${finding.message} Use another L1 node.`,
    );
  }
  if (segment === undefined) return accusation;
  if (segment >= segments.length) {
    throw new ProverError(
      'SEGMENT_NOT_PROVABLE',
      `Batch ${header.number} has ${segments.length} segments, counted from 0; there is no segment ${segment}.`,
    );
  }
  const chosen = accuse(header, segments, finding, segment) as Accusation;
  if (chosen.kind !== 'segment' || finding?.segment === segment) return chosen;
  const first = segmentOf(accusation) ?? finding?.segment ?? null;
  const advice = first === null ? 'the header is' : `segment ${first} is`;
  throw new ProverError(
    'SEGMENT_NOT_PROVABLE',
    `Segment ${segment} of batch ${header.number} cannot be proved wrong: ${advice} what is wrong first. Leave --segment out.`,
  );
}

/** The true state that the proof starts from; undefined where bytes alone prove it. */
async function stateFor(
  deps: CaseDependencies,
  accusation: Accusation,
  event: BatchEvent,
): Promise<Replica | undefined> {
  if (accusation.kind === 'segment') return stateAtSegment(deps, event, accusation.segment);
  return accusation.kind === 'fact'
    ? stateAtSegment(deps, event, Number.POSITIVE_INFINITY)
    : undefined;
}

/**
 * Rebuilds the true state where a segment of a batch begins.
 *
 * @param segment past the last: the state at the batch's end
 * @throws ProverError those of `stateBefore`; NO_SUCH_BATCH if L1 has left the batch
 */
export async function stateAtSegment(
  deps: CaseDependencies,
  event: BatchEvent,
  segment: number,
): Promise<Replica> {
  const { number } = event.header;
  const { state, event: found, inbox } = await stateBefore(deps, number);
  if (found.hash !== event.hash) {
    throw new ProverError('NO_SUCH_BATCH', `L1 has just left batch ${number}. Try again.`);
  }
  const { replica } = state;
  for (const earlier of decodeBatch(event.data).slice(0, segment)) {
    runSegment(replica.engine, earlier, inbox);
  }
  replica.watched.updatedRoot();
  return replica;
}

/** The header of batch 0, which nobody posted. */
export async function genesisHeader({
  l1,
  patience,
}: Pick<CaseDependencies, 'l1' | 'patience'>): Promise<BatchHeader> {
  const landedAt = await patiently(patience, () =>
    l1.client.readContract({
      address: l1.settlement,
      abi: settlementAbi,
      functionName: 'startedAt',
    }),
  );
  return genesisOf(l1, landedAt);
}

const ZERO: Hex = `0x${'00'.repeat(32)}`;

export function genesisOf({ zeroRoot }: Pick<L1, 'zeroRoot'>, landedAt: bigint): BatchHeader {
  return {
    number: 0n,
    parentHash: ZERO,
    previousRoot: zeroRoot,
    finalRoot: zeroRoot,
    inboxCount: 0n,
    inboxAccumulator: ZERO,
    clockMs: 0n,
    indexTimeMs: 0n,
    volatilityTimeMs: 0n,
    dataHash: ZERO,
    segmentsRoot: ZERO,
    landedAt,
  };
}

import type { Hex } from 'viem';
import type { BatchHeader } from '#shared/protocol/batch.ts';
import type { Accusation } from './accusation.ts';
import type { SegmentProof } from './proofs.ts';
import type { SegmentState, StepCall } from './step.ts';

/** What is kept of a proof. L1 says how far it is; this says what it is, so that a restart can go on. */
export interface SessionRecord {
  /** keccak256(abi.encode(batch hash, segment, challenger)): the judge's name for it. */
  readonly id: Hex;
  readonly batchHash: Hex;
  readonly header: BatchHeader;
  readonly parent: BatchHeader;
  readonly accusation: Accusation;
  /** The judge's number of the segment; see `judge.ts`. */
  readonly segment: number;
  readonly salt: Hex;
  readonly commitment: Hex;
  /** What shows the accused segment and the one before it; null where the header alone is shown. */
  readonly shown: SegmentProof | null;
  readonly previous: SegmentProof | null;
  /** The Merkle path of a header's fact; null for everything else. */
  readonly fact: { readonly leaf: Hex; readonly path: readonly Hex[] } | null;
  /** What it is about, in words. */
  readonly words: readonly string[];
  /** L1's seconds when it was begun. */
  readonly begunAt: bigint;
  /** Counts plans: a plan that was cut anew has other transactions. */
  readonly plan: number;
  /** How it ended; null while it goes on. */
  readonly outcome: Outcome | null;
}

export interface PlannedStep extends StepCall {
  readonly beforeHash: Hex;
  readonly after: SegmentState;
  readonly afterHash: Hex;
  /** Of the machine. */
  readonly steps: number;
  /** Limit of the transaction. */
  readonly gas: bigint;
}

export type OutcomeKind =
  /** Proved, and the reward is ours and collected. */
  | 'rewarded'
  /** Proved, but somebody committed earlier, or there was no reward left. */
  | 'proved'
  /** Somebody else proved the batch wrong before us; we stopped. */
  | 'overtaken'
  /** L1 left the branch that had the batch. */
  | 'gone'
  /** It can no longer be proved by us. */
  | 'lost'
  /** Proved; the reward cannot be collected yet. Nothing has ended. */
  | 'waiting';

export interface Outcome {
  readonly kind: OutcomeKind;
  /** One sentence. */
  readonly words: string;
}

/** What L1 says at one block. */
export interface ChainFacts {
  readonly block: bigint;
  /** L1's seconds. */
  readonly now: bigint;
  /** `gone`: L1 never had it on this branch; `fallen`: the judge felled it, or one before it. */
  readonly batch: 'standing' | 'fallen' | 'gone';
  /** A session opens only before this. */
  readonly openBefore: bigint;
  /** The block of our commitment, while it has not been used. */
  readonly committedAt: bigint | null;
  readonly session: SessionFacts;
  /** What became of the reward; null before the first fall. */
  readonly fall: FallFacts | null;
  /** Wei that wait for us. */
  readonly credit: bigint;
}

export type SessionFacts =
  | { readonly kind: 'none' }
  /** It goes on, up to and including `deadline`. */
  | { readonly kind: 'open'; readonly stateHash: Hex; readonly deadline: bigint }
  | { readonly kind: 'proved' }
  /** It ended without a proof: it failed, or was too late. */
  | { readonly kind: 'closed' };

export interface FallFacts {
  /** The batch of the first fall is this session's. */
  readonly ours: boolean;
  /** Until then earlier commitments may still be concluded; from then on the reward may be settled. */
  readonly settleFrom: bigint;
  /** Whether our commitment, once concluded, would come before those that are. */
  readonly leads: boolean;
  readonly settled: boolean;
}

/** What to do next. */
export type Action =
  | { readonly kind: 'commit' }
  /** And then whatever comes after it, in the same breath. */
  | { readonly kind: 'open' }
  | { readonly kind: 'go on'; readonly from: number }
  | { readonly kind: 'cut anew' }
  | { readonly kind: 'close' }
  | { readonly kind: 'settle' }
  | { readonly kind: 'collect' }
  /** Nothing, until L1 has a later block or time. */
  | { readonly kind: 'wait'; readonly why: string; readonly time: bigint | null }
  | { readonly kind: 'end'; readonly outcome: Outcome };

/** A planned transaction, as far as it matters here. */
export type Hashes = Pick<PlannedStep, 'beforeHash' | 'afterHash'>;

/** Whether one transaction after the commitment proves it. */
export function isImmediate(accusation: Accusation): boolean {
  return accusation.kind !== 'segment';
}

/**
 * What follows from what is kept and what L1 says. Pure: a restart, a reorg and somebody else's transactions are nothing but
 * other facts.
 *
 * @param steps the planned transactions; none for what is proved at once
 */
export function nextAction(steps: readonly Hashes[], facts: ChainFacts): Action {
  const { session, batch } = facts;
  if (session.kind === 'proved') return afterProof(facts);
  if (batch === 'gone') {
    return end('gone', 'L1 has left the branch with this batch; what was proved of it is void.');
  }
  if (session.kind === 'closed') {
    return end('lost', 'Our session has ended without a proof; its bond is gone.');
  }
  if (batch === 'fallen') return afterFall(facts, steps);
  if (session.kind === 'open') return goOn(session, steps, facts);
  if (facts.now >= facts.openBefore) {
    return end('lost', 'The challenge period of this batch is over: no session opens any more.');
  }
  if (facts.committedAt === null) return { kind: 'commit' };
  if (facts.block < facts.committedAt) {
    return { kind: 'wait', why: 'the block of the commitment', time: null };
  }
  return { kind: 'open' };
}

function goOn(
  { stateHash, deadline }: Extract<SessionFacts, { kind: 'open' }>,
  steps: readonly Hashes[],
  { now }: ChainFacts,
): Action {
  if (now > deadline) return { kind: 'close' };
  const from = steps.findIndex(({ beforeHash }) => beforeHash === stateHash);
  if (from >= 0) return { kind: 'go on', from };
  const isDone = steps.length > 0 && steps.at(-1)?.afterHash === stateHash;
  return isDone ? { kind: 'go on', from: steps.length } : { kind: 'cut anew' };
}

/** Somebody was faster. An earlier commitment still wins, so long as it is concluded in time. */
function afterFall(facts: ChainFacts, steps: readonly Hashes[]): Action {
  const { session, fall, now } = facts;
  if (session.kind !== 'open') {
    return end('overtaken', 'Somebody else proved it first, and the batch has fallen.');
  }
  const worthwhile = fall?.ours === true && fall.leads && !fall.settled && now < fall.settleFrom;
  if (worthwhile && now <= session.deadline) return goOn(session, steps, facts);
  return { kind: 'close' };
}

function afterProof({ fall, now, credit }: ChainFacts): Action {
  if (credit > 0n) return { kind: 'collect' };
  if (fall === null || !fall.ours) {
    return end('proved', 'The batch has fallen by our proof; the reward was for an earlier fall.');
  }
  if (fall.settled) {
    return fall.leads
      ? end('rewarded', 'The batch has fallen by our proof, and the reward is collected.')
      : end('proved', 'The batch has fallen; an earlier commitment took the reward.');
  }
  if (now >= fall.settleFrom) return { kind: 'settle' };
  return {
    kind: 'wait',
    why: 'the time in which earlier commitments may still be proved',
    time: fall.settleFrom,
  };
}

function end(kind: OutcomeKind, words: string): Action {
  return { kind: 'end', outcome: { kind, words } };
}

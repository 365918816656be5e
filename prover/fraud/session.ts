import type { Hex } from 'viem';
import type { SegmentState } from '#shared/machine/segment/state.ts';
import type { BatchHeader } from '#shared/protocol/batch.ts';
import type { Accusation } from './accusation.ts';
import type { SegmentProof } from './proofs.ts';
import type { StepCall } from './step.ts';

/** What is kept of a proof. L1 says how far it is; this says what it is, so that a restart can go on. */
export interface SessionRecord {
  /** The judge's name for it: keccak256(abi.encode(batch hash, index, challenger)). */
  readonly id: Hex;
  readonly batchHash: Hex;
  readonly header: BatchHeader;
  readonly parent: BatchHeader;
  readonly accusation: Accusation;
  /** Of the segment; HEADER_INDEX for what the header alone proves. */
  readonly index: number;
  /** What the commitment says was found: the true root after the segment, or leaf 0; zero where bytes alone prove it. */
  readonly finding: Hex;
  readonly salt: Hex;
  readonly commitment: Hex;
  /** The accused segment and the one before it; null where the header alone is shown. */
  readonly shown: SegmentProof | null;
  readonly previous: SegmentProof | null;
  /** Leaf 0 of the final state and its path, for a header's fact. */
  readonly facts: { readonly leaf: Hex; readonly path: readonly Hex[] } | null;
  /** What it is about, in words. */
  readonly words: readonly string[];
  /** L1's seconds and block when it was begun. */
  readonly begunAt: bigint;
  readonly begunInBlock: bigint;
  /** Block in which the batch landed. */
  readonly landedInBlock: bigint;
  /** Counts commitments: one that expired needs another salt. */
  readonly attempt: number;
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
  readonly leaves: number;
  /** Limit of the transaction. */
  readonly gas: bigint;
}

export type OutcomeKind =
  /** Proved, and the reward is ours and collected. */
  | 'rewarded'
  /** Proved, but an earlier commitment took the reward. */
  | 'proved'
  /** Somebody else proved it before us, and we stopped. */
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
  /** `gone`: this branch of L1 never had it; `fallen`: the judge felled it, or one before it. */
  readonly batch: 'standing' | 'fallen' | 'gone';
  /** A session opens only before this. */
  readonly openBefore: bigint;
  /** Our commitment, while it has not been used. */
  readonly commitment: CommitmentFacts | null;
  readonly session: SessionFacts;
  /** Who is to have the reward; null before the first fall. */
  readonly award: AwardFacts | null;
  /** Wei that the judge owes us. */
  readonly credit: bigint;
}

export interface CommitmentFacts {
  /** Among all commitments: the lower, the earlier. */
  readonly order: bigint;
  /** It can be opened from the next block on. */
  readonly block: bigint;
  /** And no more from this second on. */
  readonly expires: bigint;
}

export type SessionFacts =
  | { readonly kind: 'none' }
  /** It goes on, until `deadline` is reached. */
  | {
      readonly kind: 'open';
      readonly stateHash: Hex;
      readonly deadline: bigint;
      readonly order: bigint;
    }
  | { readonly kind: 'proved' }
  /** It ended without a proof: it failed, or was closed. */
  | { readonly kind: 'ended' };

export interface AwardFacts {
  readonly isOurs: boolean;
  /** Of the holder's commitment. */
  readonly order: bigint;
  /** An earlier commitment takes it over until then, and from then on it can be settled. */
  readonly until: bigint;
  readonly settled: boolean;
}

/** What to do next. */
export type Action =
  | { readonly kind: 'commit' }
  /** With another salt: the commitment has expired. */
  | { readonly kind: 'commit anew' }
  /** And then whatever comes after it, in the same breath. */
  | { readonly kind: 'open' }
  | { readonly kind: 'go on'; readonly from: number }
  | { readonly kind: 'cut anew' }
  | { readonly kind: 'close' }
  | { readonly kind: 'reclaim' }
  | { readonly kind: 'settle' }
  | { readonly kind: 'collect' }
  /** Nothing, until L1 has a later block or time. */
  | { readonly kind: 'wait'; readonly why: string; readonly time: bigint | null }
  | { readonly kind: 'end'; readonly outcome: Outcome };

/** A planned transaction, as far as it matters for what comes next. */
export type Hashes = Pick<PlannedStep, 'beforeHash' | 'afterHash'>;

/** Whether one transaction after the commitment proves it. */
export function isImmediate(accusation: Accusation): boolean {
  return accusation.kind !== 'segment';
}

/**
 * What follows from what is planned and what L1 says. Pure: a restart, a reorg and somebody else's transactions are nothing but
 * other facts.
 *
 * @param steps the planned transactions; none for what is proved at once
 */
export function nextAction(steps: readonly Hashes[], facts: ChainFacts): Action {
  const { session, batch, now } = facts;
  if (session.kind === 'proved') return afterProof(facts);
  if (batch === 'gone') {
    return end('gone', 'L1 has left the branch with this batch; what was sent against it is void.');
  }
  if (session.kind === 'open') {
    const worthwhile = batch === 'standing' || couldWin(session.order, facts);
    if (now >= session.deadline || !worthwhile) return { kind: 'close' };
    return goOn(session.stateHash, steps);
  }
  if (batch === 'fallen') return afterFall(facts);
  if (session.kind === 'ended') {
    return end('lost', 'Our session ended without a proof, and its bond is lost.');
  }
  return beforeOpening(facts);
}

function beforeOpening({ now, openBefore, commitment, block }: ChainFacts): Action {
  if (now >= openBefore) {
    return end('lost', 'The challenge period of the batch is over: it can no longer be disputed.');
  }
  if (commitment === null) return { kind: 'commit' };
  if (now >= commitment.expires) return { kind: 'commit anew' };
  if (block >= commitment.block) return { kind: 'open' };
  return { kind: 'wait', why: 'the node to know the block of our commitment', time: null };
}

function goOn(stateHash: Hex, steps: readonly Hashes[]): Action {
  const from = steps.findIndex(({ beforeHash }) => beforeHash === stateHash);
  if (from >= 0) return { kind: 'go on', from };
  const isDone = steps.at(-1)?.afterHash === stateHash;
  return isDone ? { kind: 'go on', from: steps.length } : { kind: 'cut anew' };
}

/** Whether a proof on a fallen batch would still take the reward over. */
function couldWin(order: bigint, { award, now }: ChainFacts): boolean {
  return award !== null && !award.settled && now < award.until && order < award.order;
}

/** Somebody was faster. An earlier commitment still wins, so long as its proof is concluded in time; else bonds come back. */
function afterFall(facts: ChainFacts): Action {
  const { commitment, credit, session, now } = facts;
  if (session.kind === 'none' && commitment !== null && now < commitment.expires) {
    return { kind: couldWin(commitment.order, facts) ? 'open' : 'reclaim' };
  }
  if (credit > 0n) return { kind: 'collect' };
  return end('overtaken', 'Somebody else has proved it first, and the batch has fallen.');
}

function afterProof({ award, now, credit }: ChainFacts): Action {
  if (award === null) return { kind: 'wait', why: 'the node to know of the fall', time: null };
  if (award.isOurs && !award.settled) {
    if (now >= award.until) return { kind: 'settle' };
    const why = 'the time in which somebody who committed earlier may still take the reward over';
    return { kind: 'wait', why, time: award.until };
  }
  if (credit > 0n) return { kind: 'collect' };
  return award.isOurs
    ? end('rewarded', 'The batch has fallen by our proof; reward and bond are collected.')
    : end(
        'proved',
        'Our proof stands, but an earlier commitment has the reward; the bond is back.',
      );
}

function end(kind: OutcomeKind, words: string): Action {
  return { kind: 'end', outcome: { kind, words } };
}

import { judgeAbi, settlementAbi } from '#contracts/abi/index.ts';
import type { Words } from '../sender/reverts.ts';

const LATE = 'Nothing more can be done against this batch.';
const AGAIN = 'L1 has changed since this was planned; the prover looks again.';

/** What the judge's errors, and those of the settlement behind it, mean to a prover. */
export const WORDS: Words = {
  abi: [...judgeAbi, ...settlementAbi],
  advice: {
    NotStanding: ['NO_SUCH_BATCH', 'The batch has fallen, or L1 has left its branch.'],
    TooLateToDispute: ['BATCH_FINAL', LATE],
    AlreadyFinal: ['BATCH_FINAL', LATE],
    NotFraud: ['NOTHING_TO_PROVE', 'The judge finds nothing wrong with it.'],
    WrongBond: ['REFUSED_BY_CONTRACT', 'The judge wants exactly its bond.'],
    AlreadyCommitted: ['REFUSED_BY_CONTRACT', AGAIN],
    NoCommitment: ['REFUSED_BY_CONTRACT', AGAIN],
    RevealedTooEarly: ['REFUSED_BY_CONTRACT', AGAIN],
    CommitmentExpired: ['REFUSED_BY_CONTRACT', 'The prover commits again.'],
    NoSession: ['REFUSED_BY_CONTRACT', AGAIN],
    SessionExists: ['REFUSED_BY_CONTRACT', AGAIN],
    SessionOver: ['REFUSED_BY_CONTRACT', 'The session was not finished in time.'],
    WrongState: ['REFUSED_BY_CONTRACT', AGAIN],
    NothingToSettle: ['REFUSED_BY_CONTRACT', 'The reward is settled, or not yet to be.'],
    NotPaid: ['NO_ETH', 'The judge owes this key nothing, or the key is a contract that refused.'],
  },
};

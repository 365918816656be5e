import type { Hex } from 'viem';
import { checkJudge, JudgeError } from '#contracts/program.ts';
import { ProverError } from '../errors.ts';
import type { L1 } from '../follower/l1.ts';
import { type Patience, patiently } from '../follower/patience.ts';

/**
 * Insists that the exchange's judge runs our own engine's program, and that the program still stands on L1.
 *
 * @param programHash of our own engine's program
 * @throws ProverError NO_JUDGE, WRONG_PROGRAM, PROGRAM_GONE, L1_UNREACHABLE
 */
export async function insistOnProgram(l1: L1, patience: Patience, programHash: Hex): Promise<void> {
  await patiently(patience, async () => {
    try {
      await checkJudge(l1.client, l1.settlement, programHash);
    } catch (error) {
      if (!(error instanceof JudgeError)) throw error;
      throw new ProverError(error.code, error.message, { cause: error });
    }
  });
}

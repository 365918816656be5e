import type { Logger } from 'pino';
import { checkJudge, engineProgram, JudgeError } from '#contracts/program.ts';
import { SequencerError } from './errors.ts';
import { ask, type L1 } from './l1.ts';

/**
 * Refuses an exchange whose judge runs another program than our engine: it would find our honest batches wrong, and the bond would be lost.
 * Without a judge nothing can happen to us, only to the users, so that is said and no more.
 *
 * @throws SequencerError WRONG_PROGRAM, L1_UNREACHABLE
 */
export async function refuseOtherProgram(
  { client, settlement }: Pick<L1, 'client' | 'settlement'>,
  log: Logger,
): Promise<void> {
  try {
    await ask(() => checkJudge(client, settlement, engineProgram().hash));
  } catch (error) {
    if (!(error instanceof JudgeError)) throw error;
    if (error.code === 'WRONG_PROGRAM') {
      throw new SequencerError(error.code, error.message, error);
    }
    log.warn({ code: error.code }, error.message);
  }
}

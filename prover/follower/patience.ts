import { setTimeout as sleep } from 'node:timers/promises';
import { BaseError, ContractFunctionRevertedError } from 'viem';
import { PlimsollError } from '#shared/protocol/errors.ts';
import { ProverError, textOf } from '../errors.ts';

/** How long to go on asking an L1 that does not answer. */
export interface Patience {
  /** Attempts before giving up; Infinity never does. */
  readonly attempts: number;
  /** Wait after the first failure, doubled after each further one. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** Hears of every failure that is going to be tried again. */
  readonly onTrouble?: (text: string, waitMs: number) => void;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

export const A_LITTLE_PATIENCE: Patience = { attempts: 6, firstWaitMs: 250, longestWaitMs: 4000 };

/**
 * Asks until it gets an answer. Our own errors and what a contract answers are answers; they pass at once.
 *
 * @throws ProverError L1_UNREACHABLE after the last attempt; the signal's reason
 */
export async function patiently<T>(patience: Patience, ask: () => Promise<T>): Promise<T> {
  let waitMs = patience.firstWaitMs;
  for (let attempt = 1; ; attempt++) {
    patience.signal?.throwIfAborted();
    try {
      return await ask();
    } catch (error) {
      if (error instanceof PlimsollError || isRevert(error)) throw error;
      if (attempt >= patience.attempts) {
        throw new ProverError(
          'L1_UNREACHABLE',
          `L1 does not answer: ${textOf(error)} Start the node, or correct --rpc, and try again.`,
          { cause: error },
        );
      }
      patience.onTrouble?.(textOf(error), waitMs);
    }
    await sleep(waitMs, undefined, patience.signal ? { signal: patience.signal } : {});
    waitMs = Math.min(waitMs * 2, patience.longestWaitMs);
  }
}

function isRevert(error: unknown): boolean {
  return (
    error instanceof BaseError &&
    error.walk((cause) => cause instanceof ContractFunctionRevertedError) !== null
  );
}

import type { Abi } from 'viem';
import { type Revert, revertOf } from '#shared/l1/errors.ts';
import { ProverError, type ProverErrorCode } from '../errors.ts';

/** What a contract's errors mean to whoever sends, by name: a code of ours, and what to do about it. */
export type Advice = Readonly<Record<string, readonly [ProverErrorCode, string]>>;

/** How a sender puts a contract's answers into words. */
export interface Words {
  /** With the errors of every contract that is sent to. */
  readonly abi: Abi;
  readonly advice: Advice;
}

/** The contract's no as an error of ours, or null if the failure is none of a contract's. */
export function refusalByContract(what: string, error: unknown, words: Words): ProverError | null {
  const revert = revertOf(error, words.abi);
  if (revert === null) return null;
  const [code, advice] = (revert.name === null ? undefined : words.advice[revert.name]) ?? [
    'REFUSED_BY_CONTRACT' as const,
    'contracts/src says what the error means.',
  ];
  return new ProverError(code, `The contract refuses ${what} ${revertText(revert)}. ${advice}`, {
    cause: error,
  });
}

/** `with NoCredit(0x…)`. */
export function revertText({ name, args }: Revert): string {
  if (name === null) return 'without saying why';
  return `with ${name}${args.length > 0 ? `(${args.join(', ')})` : ''}`;
}

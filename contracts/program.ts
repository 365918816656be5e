/** The program that judges: what our engine's is, and whether an exchange's judge runs it. */
import { type Address, type Hex, type PublicClient, zeroAddress } from 'viem';
import { judgeAbi, settlementAbi } from '#contracts/abi/index.ts';
import { readEngine } from '#shared/host/wasm-file.ts';
import { translateEngine } from '#shared/machine/program/engine.ts';
import type { Program } from '#shared/machine/program/program.ts';

/** Thrown when an exchange's judge is not one for this release's engine. `code` is stable. */
export class JudgeError extends Error {
  readonly code: 'NO_JUDGE' | 'WRONG_PROGRAM';

  constructor(code: JudgeError['code'], message: string) {
    super(message);
    this.name = 'JudgeError';
    this.code = code;
  }
}

let translated: Program | undefined;

/** The built engine's program (about half a second, once in a process). Throws ENGINE_NOT_BUILT. */
export function engineProgram(): Program {
  translated ??= translateEngine(readEngine().wasm);
  return translated;
}

/**
 * Insists that an exchange's frauds are judged by the program of our own engine. Returns the judge's address.
 *
 * A sequencer under another program would be slashed for honest batches; a watcher would prove in vain.
 * @param programHash of our own engine's program: `engineProgram().hash`
 * @throws JudgeError NO_JUDGE if the settlement names none or there is no contract, WRONG_PROGRAM
 */
export async function checkJudge(
  client: PublicClient,
  settlement: Address,
  programHash: Hex,
): Promise<Address> {
  const named = { address: settlement, abi: settlementAbi, functionName: 'judge' } as const;
  const judge = await client.readContract(named);
  const code = judge === zeroAddress ? undefined : await client.getCode({ address: judge });
  if (code === undefined || code === '0x') {
    throw new JudgeError(
      'NO_JUDGE',
      `The settlement contract at ${settlement} names ${judge} as its judge, and no contract is there: nobody can prove a fraud on this exchange.`,
    );
  }
  const contract = { address: judge, abi: judgeAbi, functionName: 'programHash' } as const;
  const theirs = await client.readContract(contract);
  if (theirs !== programHash) {
    throw new JudgeError(
      'WRONG_PROGRAM',
      `The judge at ${judge} runs the program ${theirs}, and this release's engine is ${programHash}. Use the release that the exchange was deployed with.`,
    );
  }
  return judge;
}

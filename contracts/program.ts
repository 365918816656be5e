/** The program that judges: what our engine's is, and whether an exchange's judge runs it. */
import {
  type Address,
  concatHex,
  type Hex,
  keccak256,
  type PublicClient,
  sliceHex,
  zeroAddress,
} from 'viem';
import { judgeAbi, segmentMachineAbi, settlementAbi } from '#contracts/abi/index.ts';
import { readEngine } from '#shared/host/wasm-file.ts';
import { translateEngine } from '#shared/machine/program/engine.ts';
import type { Program } from '#shared/machine/program/program.ts';

/** Thrown when an exchange's judge is not one for this release's engine. `code` is stable. */
export class JudgeError extends Error {
  readonly code: 'NO_JUDGE' | 'WRONG_PROGRAM' | 'PROGRAM_GONE';

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
 * @throws JudgeError NO_JUDGE if the settlement names none or there is no contract, WRONG_PROGRAM, PROGRAM_GONE
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
  await checkPages(client, judge);
  return judge;
}

/**
 * A program's hash was taken when its machine was made. Pages made in the same transaction may have gone with its end
 * (contracts/test/review/Vanish.t.sol), and then the machine can run nothing.
 */
async function checkPages(client: PublicClient, judge: Address): Promise<void> {
  const named = { address: judge, abi: judgeAbi, functionName: 'machine' } as const;
  const address = await client.readContract(named);
  const machine = { address, abi: segmentMachineAbi } as const;
  const codeHash = await client.readContract({ ...machine, functionName: 'codeHash' });
  const pages = await client.readContract({ ...machine, functionName: 'pageAddresses' });
  const codes = await Promise.all(pages.map((page) => client.getCode({ address: page })));
  // Each page begins with a STOP, which is not the program's.
  const parts = codes.map((code): Hex => (code && code !== '0x' ? sliceHex(code, 1) : '0x'));
  if (keccak256(concatHex(parts)) === codeHash) return;
  throw new JudgeError(
    'PROGRAM_GONE',
    `The machine at ${address} was made for the right program, but what stands at its pages is another: it can run nothing, and nobody can prove a fraud on this exchange.`,
  );
}

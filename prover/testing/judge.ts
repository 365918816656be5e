import { readFileSync } from 'node:fs';
import { type Abi, type Address, type Hex, parseEther } from 'viem';
import { judgeAbi } from '#contracts/abi/index.ts';
import type { DeployClients } from '#contracts/deploy.ts';
import { deployMachine, deployPages } from '#contracts/script/program.ts';
import { readEngine } from '#shared/host/wasm-file.ts';
import { translateEngine } from '#shared/machine/program/engine.ts';
import { entryWord, JUDGED_ENTRIES, type Program } from '#shared/machine/program/program.ts';

let program: Program | undefined;

/** The engine's program, translated once. */
export function engineProgram(): Program {
  program ??= translateEngine(readEngine().wasm);
  return program;
}

export const SESSION_BOND = parseEther('0.1');

function artifact(name: string): { readonly abi: Abi; readonly bytecode: Hex } {
  const file = new URL(`../../contracts/out/${name}.sol/${name}.json`, import.meta.url);
  const { abi, bytecode } = JSON.parse(readFileSync(file, 'utf8')) as {
    abi: Abi;
    bytecode: { object: Hex };
  };
  return { abi, bytecode: bytecode.object };
}

/** The machine with the engine's program, on the chain. */
export async function deploySegmentMachine(clients: DeployClients): Promise<Address> {
  const { code, pages: memoryPages, entries } = engineProgram();
  const { pages } = await deployPages(clients, code);
  const words = JUDGED_ENTRIES.map((name) => entryWord(entries.get(name)));
  const { address } = await deployMachine(clients, artifact('SegmentMachine'), [
    pages,
    memoryPages,
    words,
  ]);
  return address;
}

/** The judge, which must come to be at the address that the settlement names. */
export async function deployJudge(
  { wallet, client }: DeployClients,
  settlement: Address,
  machine: Address,
): Promise<Address> {
  const { bytecode } = artifact('Judge');
  const args = [settlement, machine, SESSION_BOND] as const;
  const hash = await wallet.deployContract({ abi: judgeAbi, bytecode, args });
  const { contractAddress } = await client.waitForTransactionReceipt({ hash });
  if (!contractAddress) throw new Error(`The judge was refused (transaction ${hash}).`);
  return contractAddress;
}

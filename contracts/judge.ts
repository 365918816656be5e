/** Puts the judge on a chain: the engine's program and its machine, settlement and judge that name each other. */
import { type Address, getContractAddress, type Hex } from 'viem';
import { judgeAbi, segmentMachineAbi, settlementAbi } from '#contracts/abi/index.ts';
import { bytecodeOf, type DeployClients, type Deployed, landed } from '#contracts/deployed.ts';
import type { SettlementParams } from '#contracts/params.ts';
import { engineProgram, JudgeError } from '#contracts/program.ts';
import { deployPages } from '#contracts/script/program.ts';
import { entryWord, JUDGED_ENTRIES, type Program } from '#shared/machine/program/program.ts';

export { checkJudge, engineProgram, JudgeError } from '#contracts/program.ts';

export interface DeployedSegmentMachine extends Deployed {
  readonly programHash: Hex;
  /** Of pages and machine together. */
  readonly gasUsed: bigint;
}

export interface DeployedJudge extends Deployed {
  readonly machine: Address;
}

export interface JudgeTerms {
  readonly machine: DeployedSegmentMachine;
  /** Wei that a commitment costs. */
  readonly sessionBond: bigint;
}

/** Puts a program's pages and the machine that runs them on the chain: about 43 million gas, 9 transactions. */
export async function deploySegmentMachine(
  clients: DeployClients,
  program: Program = engineProgram(),
): Promise<DeployedSegmentMachine> {
  const { pages, gasUsed } = await deployPages(clients, program.code);
  const [start, execute, advance, executeInbox] = JUDGED_ENTRIES.map((name) =>
    entryWord(program.entries.get(name)),
  );
  const entries = [start ?? 0n, execute ?? 0n, advance ?? 0n, executeInbox ?? 0n] as const;
  const request = {
    abi: segmentMachineAbi,
    bytecode: bytecodeOf('SegmentMachine'),
    args: [pages, program.pages, entries],
  } as const;
  const sent = clients.wallet.deployContract(request);
  const machine = await landed('SegmentMachine', clients.client, sent);
  const { address } = machine;
  const contract = { address, abi: segmentMachineAbi, functionName: 'programHash' } as const;
  const programHash = await clients.client.readContract(contract);
  if (programHash !== program.hash) {
    const message = `The machine at ${address} has the program ${programHash}, not ${program.hash}: the translator and the machine disagree about what the hash is of.`;
    throw new JudgeError('WRONG_PROGRAM', message);
  }
  return { ...machine, gasUsed: machine.gasUsed + gasUsed, programHash };
}

/**
 * Deploys the settlement contract and its judge. Each names the other for ever and neither has a setter, so the settlement contract
 * gets the address that the deployer's next contract will have, and the judge's constructor refuses to be anywhere else. The
 * deployer must send nothing else meanwhile: then the judge is refused (DEPLOYMENT_FAILED), and both are to be deployed anew.
 */
export async function deployWithJudge(
  { wallet, client }: DeployClients,
  params: SettlementParams,
  { machine, sessionBond }: JudgeTerms,
): Promise<{ settlement: Deployed; judge: DeployedJudge }> {
  const from = wallet.account.address;
  const nonce = await client.getTransactionCount({ address: from, blockTag: 'pending' });
  const address = getContractAddress({ from, nonce: BigInt(nonce) + 1n });
  const settlement = await landed(
    'Settlement',
    client,
    wallet.deployContract({
      abi: settlementAbi,
      bytecode: bytecodeOf('Settlement'),
      args: [{ ...params, judge: address }],
      nonce,
    }),
  );
  const judge = await landed(
    'Judge',
    client,
    wallet.deployContract({
      abi: judgeAbi,
      bytecode: bytecodeOf('Judge'),
      args: [settlement.address, machine.address, sessionBond],
      nonce: nonce + 1,
    }),
  );
  return { settlement, judge: { ...judge, machine: machine.address } };
}

/** The machine on a chain of its own: an anvil with the limit of a transaction in force. */
import { readFileSync } from 'node:fs';
import {
  type Abi,
  type Account,
  type Address,
  type Chain,
  createPublicClient,
  createWalletClient,
  decodeFunctionResult,
  encodeFunctionData,
  type Hash,
  type Hex,
  http,
  type PublicClient,
  parseAbi,
  type TransactionReceipt,
  type Transport,
  type WalletClient,
} from 'viem';
import { mnemonicToAccount } from 'viem/accounts';
import { foundry } from 'viem/chains';
import { type DeployedMachine, deployMachine, deployPages } from '#contracts/script/program.ts';
import { entryWord, JUDGED_ENTRIES, type Program } from '#shared/machine/program/program.ts';
import type { PlannedTransaction } from '#shared/machine/segment/plan.ts';
import { hashSegmentState } from '#shared/machine/segment/state.ts';
import { Anvil, freePort } from '#test/support/anvil.ts';
import { BenchError } from '../errors.ts';

const MNEMONIC = 'test test test test test test test test test test test junk';
const ATTEMPTS = 500;
const ATTEMPT_MS = 10;
const BLOCK_GAS = '0x8000000';
/** L1's limit of a transaction. */
export const TRANSACTION_GAS = 16_777_216n;

/** Named, so that nothing is asked of the chain before each transaction. */
const FEES = { maxFeePerGas: 10_000_000_000n, maxPriorityFeePerGas: 1n } as const;

const machineAbi = parseAbi([
  'struct SegmentState { bytes32 root; bytes32 checkpoint; bytes32 registersHash; uint32 pc; uint32 fp; uint8 command; uint8 phase; bool running; }',
  'struct SegmentInputs { bytes segment; uint64 inboxCount; uint64 firstMessage; bytes[] messages; }',
  'struct Witness { bytes registers; bytes indices; bytes leaves; bytes nodes; }',
  'struct Until { uint8 command; uint8 phase; uint32 pc; uint32 visits; }',
  'function step(SegmentState before, SegmentInputs inputs, Witness witness, Until until) view returns (SegmentState)',
]);

export interface Artifact {
  readonly abi: Abi;
  readonly bytecode: Hex;
}

/** What forge made of a contract. */
export function artifactOf(name: string): Artifact {
  const file = new URL(`../../../contracts/out/${name}.sol/${name}.json`, import.meta.url);
  try {
    const { abi, bytecode } = JSON.parse(readFileSync(file, 'utf8')) as {
      abi: Abi;
      bytecode: { object: Hex };
    };
    return { abi, bytecode: bytecode.object };
  } catch (cause) {
    throw new BenchError(
      'NOT_COMPILED',
      `${name} is not compiled: run \`npm run build\`, or \`forge build\` in contracts/.`,
      { cause },
    );
  }
}

export interface Deployment {
  readonly pagesGas: bigint;
  readonly pages: readonly Address[];
  readonly machine: DeployedMachine;
}

export class DisputeChain {
  readonly anvil: Anvil;
  readonly client: PublicClient;
  readonly wallet: WalletClient<Transport, Chain, Account>;

  private constructor(anvil: Anvil) {
    this.anvil = anvil;
    const transport = http(anvil.url, { retryCount: 0, timeout: 120_000 });
    this.client = createPublicClient({
      chain: foundry,
      transport,
      pollingInterval: 10,
      cacheTime: 0,
    });
    this.wallet = createWalletClient({
      chain: foundry,
      transport,
      account: mnemonicToAccount(MNEMONIC),
    });
  }

  static async start(): Promise<DisputeChain> {
    const chain = new DisputeChain(await Anvil.start({ port: await freePort() }));
    // Anvil mines what fits into a block, and leaves the rest of a burst waiting for another transaction.
    await chain.anvil.request('evm_setBlockGasLimit', [BLOCK_GAS]);
    return chain;
  }

  stop(): Promise<void> {
    return this.anvil.stop();
  }

  async deploySegmentMachine(program: Program): Promise<Deployment> {
    const { pages, gasUsed } = await deployPages(this, program.code);
    const entries = JUDGED_ENTRIES.map((name) => entryWord(program.entries.get(name)));
    const machine = await deployMachine(this, artifactOf('SegmentMachine'), [
      pages,
      program.pages,
      entries,
    ]);
    return { pagesGas: gasUsed, pages, machine };
  }

  /**
   * Sends a planned transaction to the machine itself and returns the gas that it took, after having checked that the machine comes to the
   * same state as the plan.
   *
   * @throws BenchError WRONG_STATE, STEP_REVERTED
   */
  async step(machine: Address, { before, inputs, witness, until, after }: PlannedTransaction) {
    const args = [before, inputs, witness, until] as const;
    const data = encodeFunctionData({ abi: machineAbi, functionName: 'step', args });
    const call = { to: machine, data, gas: TRANSACTION_GAS } as const;
    const { data: result = '0x' } = await this.client.call(call).catch((e: Error) => {
      throw new Error(String((e as { details?: string }).details ?? e.message).slice(0, 300));
    });
    const state = decodeFunctionResult({ abi: machineAbi, functionName: 'step', data: result });
    if (hashSegmentState(state) !== hashSegmentState(after)) {
      throw new BenchError('WRONG_STATE', 'The machine on L1 came to another state than the plan.');
    }
    const gas = await this.send(machine, data);
    return { gas, data };
  }

  /** Gas of a transaction as mined. */
  async send(to: Address, data: Hex): Promise<number> {
    const hash = await this.wallet.sendTransaction({ to, data, gas: TRANSACTION_GAS, ...FEES });
    const receipt = await this.#receipt(hash);
    if (receipt.status !== 'success') {
      throw new BenchError('STEP_REVERTED', `The transaction ${hash} was refused by the chain.`);
    }
    return Number(receipt.gasUsed);
  }

  /** A transaction is mined at once, alone in its block. */
  async #receipt(hash: Hash): Promise<TransactionReceipt> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const receipt = await this.client.getTransactionReceipt({ hash }).catch(() => undefined);
      if (receipt) return receipt;
      await new Promise((resolve) => setTimeout(resolve, ATTEMPT_MS));
    }
    throw new BenchError('STEP_REVERTED', `The transaction ${hash} was not mined.`);
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import {
  type Abi,
  type Address,
  createPublicClient,
  createWalletClient,
  decodeFunctionResult,
  encodeFunctionData,
  type Hex,
  http,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { anvil } from 'viem/chains';
import type { DeployClients } from '#contracts/deploy.ts';
import { deployMachine, deployPages } from '#contracts/script/program.ts';
// The only tool under shared/ that starts a chain: it takes the devnet's way of finding anvil.
import { anvilBinary } from '#infra/devnet/anvil.ts';
import { STATUS } from '#shared/machine/isa.ts';
import { MachineError } from '#shared/machine/run/errors.ts';
import type { Stretch } from '#shared/machine/run/machine.ts';
import type { RunnableProgram } from '#shared/machine/run/program.ts';
import { hashState, type MachineState } from '#shared/machine/run/state.ts';
import { TRANSACTION_GAS } from '#shared/machine/segment/gas.ts';
import { type Argument, type MachineModule, type ModuleResult, registersOf } from './module.ts';

/** Key of anvil's first account: public knowledge, and money on private chains only. */
const KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
/** A stretch is cut here: one instruction more may hash 8 KiB out of 257 leaves. */
const STRETCH_GAS = 11_000_000n;
const ARTIFACT = new URL('../../../contracts/out/Runner.sol/Runner.json', import.meta.url);
const ATTEMPTS = 200;
const PAUSE_MS = 50;

/** What a call took on the chain. */
export interface EvmResult extends ModuleResult {
  readonly transactions: number;
  /** Used by them together. */
  readonly gas: number;
}

/** An anvil of its own (Osaka, with the gas limit of a transaction), for any number of machines. */
export class EvmChain {
  readonly clients: DeployClients;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, clients: DeployClients) {
    this.#child = child;
    this.clients = clients;
  }

  /** @throws MachineError MACHINE_EVM; ChildError ANVIL_MISSING */
  static async start(): Promise<EvmChain> {
    const port = await freePort();
    // Room for all pages of a program in one block; a transaction has no more than L1 gives it.
    const limits = ['--enable-tx-gas-limit', '--gas-limit', '300000000'];
    const flags = ['--hardfork', 'osaka', '--silent', ...limits];
    const args = [...flags, '--host', '127.0.0.1', '--port', String(port)];
    const child = spawn(anvilBinary(), args, { stdio: 'ignore' });
    const kill = () => child.kill('SIGTERM');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    const clients = clientsOf(`http://127.0.0.1:${port}`);
    try {
      await untilItAnswers(child, clients);
    } catch (error) {
      kill();
      throw error;
    }
    return new EvmChain(child, clients);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }
}

/** The Solidity machine with a program in it. */
export class EvmMachine {
  readonly #clients: DeployClients;
  readonly #abi: Abi;
  readonly #runner: Address;

  private constructor(clients: DeployClients, abi: Abi, runner: Address) {
    this.#clients = clients;
    this.#abi = abi;
    this.#runner = runner;
  }

  /** @throws MachineError MACHINE_NOT_BUILT; DeploymentError */
  static async deploy({ clients }: EvmChain, program: RunnableProgram): Promise<EvmMachine> {
    const { abi, bytecode } = readArtifact();
    const { pages } = await deployPages(clients, program.code);
    const contract = { abi, bytecode };
    const { address } = await deployMachine(clients, contract, [pages, program.maxPages]);
    return new EvmMachine(clients, abi, address);
  }

  /**
   * Runs one stretch on the chain: `Runner.run` as a transaction, whose gas counts, and as a call, which tells what it returns.
   *
   * @throws MachineError MACHINE_EVM where it is refused, or returns another state than the stretch has
   */
  async run(stretch: Stretch): Promise<{ after: MachineState; gas: number }> {
    const { before, input, witness, untilPc, visits } = stretch;
    const args = [before, input, witness, untilPc, visits] as const;
    const { client, wallet } = this.#clients;
    const to = this.#runner;
    const data = encodeFunctionData({ abi: this.#abi, functionName: 'run', args });
    const gas = BigInt(TRANSACTION_GAS);
    try {
      const { data: returned = '0x' } = await client.call({ to, data, gas });
      const after = decodeFunctionResult({ abi: this.#abi, functionName: 'run', data: returned });
      const hash = await wallet.sendTransaction({ to, data, gas });
      const { status, gasUsed } = await client.waitForTransactionReceipt({ hash });
      if (status !== 'success') throw new Error('the transaction reverted');
      return { after: this.#compare(stretch, after as MachineState), gas: Number(gasUsed) };
    } catch (cause) {
      if (cause instanceof MachineError) throw cause;
      const why = (cause as Error).message.split('\n')[0];
      throw new MachineError('MACHINE_EVM', `The Solidity machine refused a stretch: ${why}`, {
        cause,
      });
    }
  }

  #compare(stretch: Stretch, after: MachineState): MachineState {
    if (hashState(after) === hashState(stretch.after)) return after;
    const states = `it has ${JSON.stringify(after)}, the machine off chain ${JSON.stringify(stretch.after)}`;
    throw new MachineError('MACHINE_EVM', `The Solidity machine ends elsewhere: ${states}.`);
  }
}

/** An instance of a module on both machines: every call runs on both, and a difference is an error. */
export class EvmModule {
  readonly #module: MachineModule;
  readonly #evm: EvmMachine;
  readonly #own: EvmChain | undefined;

  private constructor(module: MachineModule, evm: EvmMachine, own: EvmChain | undefined) {
    this.#module = module;
    this.#evm = evm;
    this.#own = own;
  }

  /** Takes the instance over: calls go through this object from now on. Without a chain it starts one, which `stop` ends. */
  static async start(module: MachineModule, chain?: EvmChain): Promise<EvmModule> {
    const own = chain === undefined ? await EvmChain.start() : undefined;
    try {
      const evm = await EvmMachine.deploy(chain ?? (own as EvmChain), module.program);
      return new EvmModule(module, evm, own);
    } catch (error) {
      await own?.stop();
      throw error;
    }
  }

  /** Calls an exported function, in as many transactions as it takes. @throws MachineError */
  async call(name: string, args: readonly Argument[] = []): Promise<EvmResult> {
    const { machine } = this.#module;
    const entry = machine.entry(name);
    machine.begin(name, registersOf(entry, name, args));
    let transactions = 0;
    let gas = 0;
    let steps = 0n;
    for (;;) {
      steps += machine.run({ gas: STRETCH_GAS });
      const result = machine.result();
      const ran = await this.#evm.run(machine.endStretch());
      gas += ran.gas;
      transactions++;
      if (machine.core.status === STATUS.RUNNING) continue;
      return { ...this.#module.resultOf(entry, { ...result, steps }), transactions, gas };
    }
  }

  async stop(): Promise<void> {
    await this.#own?.stop();
  }
}

function clientsOf(url: string): DeployClients {
  const account = privateKeyToAccount(KEY);
  const wallet = createWalletClient({ account, chain: anvil, transport: http(url) });
  const client = createPublicClient({ chain: anvil, transport: http(url), pollingInterval: 20 });
  return { client, wallet };
}

function readArtifact(): { abi: Abi; bytecode: Hex } {
  try {
    const { abi, bytecode } = JSON.parse(readFileSync(ARTIFACT, 'utf8'));
    return { abi, bytecode: bytecode.object };
  } catch (cause) {
    const message = 'The Solidity machine is not there. Run `npm run build`, then try again.';
    throw new MachineError('MACHINE_NOT_BUILT', message, { cause });
  }
}

async function untilItAnswers(child: ChildProcess, { client }: DeployClients): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS && child.exitCode === null; attempt++) {
    try {
      await client.getChainId();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
  throw new MachineError(
    'MACHINE_EVM',
    'anvil does not start: run `npm run build`, which installs it.',
  );
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

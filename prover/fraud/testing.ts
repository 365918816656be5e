import pino from 'pino';
import { type Hex, parseEther, parseEventLogs } from 'viem';
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts';
import { judgeAbi, settlementAbi } from '#contracts/abi/index.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { wallet } from '#test/engine/world.ts';
import { startLie, type TellOptions, type ToldLie } from '#test/liar/tell.ts';
import { connectL1 } from '../follower/l1.ts';
import { A_LITTLE_PATIENCE } from '../follower/patience.ts';
import { loadEngineCode } from '../replay/replica.ts';
import { readWatchOptions } from '../watch/options.ts';
import { CaseRoom, openProsecution, type Prosecution } from './assemble.ts';
import { type Case, type CaseDependencies, inquire, openCase } from './case.ts';
import { ProverMetrics } from './metrics.ts';
import type { ProverOptions } from './prover.ts';
import type { Outcome } from './session.ts';

const code = loadEngineCode(null);
const T = 60; // seconds; devnetParams

/** What a case against a told lie is made from. */
export async function caseDependencies({ exchange }: ToldLie): Promise<CaseDependencies> {
  const { settlement, anvil } = exchange;
  const l1 = await connectL1({ rpcUrl: anvil.url, settlement, chainId: null }, A_LITTLE_PATIENCE);
  const options = { fromBlock: 0n, confirmations: 0n, chunkBlocks: 10_000n, fromGenesis: false };
  const log = pino({ level: 'silent' });
  return { l1, patience: A_LITTLE_PATIENCE, code, store: null, log, options };
}

/** Tells a lie, and hands the case against it to `work`. */
export async function withCase<T>(
  name: string,
  work: (kase: Case, told: ToldLie) => Promise<T> | T,
  options: TellOptions = {},
): Promise<T> {
  const told = await startLie(name, options);
  try {
    const deps = await caseDependencies(told);
    return await work(await openCase(deps, await inquire(deps, told.batchNumber)), told);
  } finally {
    await told.exchange.close();
  }
}

export interface ChallengerOptions {
  /** Where it keeps its sessions; left out: nowhere. */
  readonly directory?: string;
  /** Command line of how proofs are sent. */
  readonly flags?: readonly string[];
  readonly prover?: Partial<ProverOptions>;
  readonly rpcUrl?: string;
  /** Hears each line; what it returns is waited for before anything else happens. */
  readonly onLine?: (line: string) => void;
  /** Without ETH. */
  readonly poor?: boolean;
}

/** Somebody with a key and the real prover. */
export interface Challenger {
  readonly account: PrivateKeyAccount;
  readonly lines: string[];
  readonly prosecution: Prosecution;
  /** Against the lie's batch. */
  prove(): Promise<Outcome>;
  /** As a kill would: what it had in memory is gone, and nothing more is sent. */
  kill(): void;
}

/** A lie on an L1 with the real judge, and those who prove it. */
export class Court {
  readonly told: ToldLie;

  private constructor(told: ToldLie) {
    this.told = told;
  }

  /** @param blockTime seconds from block to block, once the lie is told; left out: a block for each transaction */
  static async convene(lie: string, options: TellOptions = {}, blockTime = 0): Promise<Court> {
    const told = await startLie(lie, { judged: true, ...options });
    if (blockTime > 0) await told.exchange.anvil.request('evm_setIntervalMining', [blockTime]);
    return new Court(told);
  }

  get exchange() {
    return this.told.exchange;
  }

  async close(): Promise<void> {
    await this.exchange.close();
  }

  static key(number: number): Hex {
    return bytesToHex(wallet(number).key);
  }

  async challenger(number: number, options: ChallengerOptions = {}): Promise<Challenger> {
    const { anvil, settlement } = this.exchange;
    const account = privateKeyToAccount(Court.key(number));
    await this.fund(number, options.poor ? '0' : '10');
    const data = options.directory === undefined ? [] : ['--data', options.directory];
    const rpcUrl = options.rpcUrl ?? anvil.url;
    const argv = ['--rpc', rpcUrl, '--settlement', settlement, ...data, ...(options.flags ?? [])];
    const ending = new AbortController();
    const { signal } = ending;
    const patience = { ...A_LITTLE_PATIENCE, signal };
    const l1 = await connectL1({ rpcUrl, settlement, chainId: null }, patience);
    const lines: string[] = [];
    const say = (line: string) => {
      lines.push(line);
      options.onLine?.(line);
    };
    const log = pino({ level: 'silent' });
    const prover = { pollMs: 20, ...options.prover };
    const metrics = new ProverMetrics();
    const room = new CaseRoom(
      { ...readWatchOptions(argv, {}), prover },
      { l1, code, patience, metrics, log, say, signal },
    );
    const prosecution = await openProsecution(room, account);
    return {
      ...{ account, lines, prosecution },
      prove: async () => prosecution.prover.prove(await room.open(this.told.batchNumber)),
      kill: () => ending.abort(new Error('killed')),
    };
  }

  async fund(number: number, ether = '10'): Promise<void> {
    const { address } = privateKeyToAccount(Court.key(number));
    const wei = `0x${parseEther(ether).toString(16)}`;
    await this.exchange.anvil.request('anvil_setBalance', [address, wei]);
  }

  /** Time passes on L1 until the work has ended, and quickly once the batch is down. */
  async until<T>(work: Promise<T>): Promise<T> {
    let over = false;
    const note = () => {
      over = true;
    };
    void work.then(note, note);
    while (!over) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      if (!over && (await this.hasFallen())) await this.exchange.pass(T / 4);
    }
    return work;
  }

  async hasFallen(): Promise<boolean> {
    const { client, settlement } = this.exchange;
    const standing = await client.readContract({
      address: settlement,
      abi: settlementAbi,
      functionName: 'batchHash',
      args: [this.told.batchNumber],
    });
    return standing !== this.told.batch.hash;
  }

  async judgeAddress(): Promise<Hex> {
    const { client, settlement } = this.exchange;
    return client.readContract({ address: settlement, abi: settlementAbi, functionName: 'judge' });
  }

  /** Block of the lie's batch. */
  async landedIn(): Promise<bigint> {
    const { client, settlement } = this.exchange;
    const logs = await client.getLogs({ address: settlement, fromBlock: 0n });
    const posted = parseEventLogs({ abi: settlementAbi, logs, eventName: 'BatchPosted' });
    const found = posted.find(({ args }) => args.batchHash === this.told.batch.hash);
    if (found === undefined) throw new Error('L1 does not have the batch.');
    return found.blockNumber;
  }

  /** Everything that the judge has said. */
  async events() {
    const { client } = this.exchange;
    const logs = await client.getLogs({ address: await this.judgeAddress(), fromBlock: 0n });
    return parseEventLogs({ abi: judgeAbi, logs });
  }

  async count(name: string): Promise<number> {
    return (await this.events()).filter(({ eventName }) => eventName === name).length;
  }

  /** Wei that lie with the judge. */
  async held(): Promise<bigint> {
    return this.exchange.client.getBalance({ address: await this.judgeAddress() });
  }
}

import type { Logger } from 'pino';
import type { Hex, TransactionReceipt } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { settlementAbi } from '#contracts/abi/index.ts';
import type { BatchHeader } from '#shared/protocol/batch.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { proveAccount, type RangeProof } from '#shared/state/proofs.ts';
import { ProverError } from '../errors.ts';
import { connectL1, type L1 } from '../follower/l1.ts';
import { A_LITTLE_PATIENCE, type Patience } from '../follower/patience.ts';
import { ChainState, type ChainStateDependencies } from '../replay/chain-state.ts';
import { loadEngineCode } from '../replay/replica.ts';
import { SnapshotStore } from '../replay/snapshots.ts';
import { DEFAULT_CEILINGS, type FeeCeilings } from '../sender/ceiling.ts';
import { DEFAULT_SENDER, Sender } from '../sender/sender.ts';
import { FileStore, MemoryStore } from '../sender/store.ts';
import type { ChainOptions } from '../watch/options.ts';
import { type AccountState, allAccounts, readAccount } from './account.ts';
import { ADVICE } from './advice.ts';
import { SettlementSender } from './sender.ts';
import { type ExchangeStatus, finality, readStatus } from './status.ts';

export interface ExitToolDependencies {
  /** Pays for transactions; null: only looking. */
  readonly account: PrivateKeyAccount | null;
  readonly log: Logger;
  /** One line for people, as something happens. */
  readonly say: (line: string) => void;
  /** How transactions are sent; see `prover/sender`. Left out: its own defaults, and `defaultDepth`. */
  readonly sending?: SendingOptions;
}

export interface SendingOptions {
  readonly ceilings?: FeeCeilings;
  /** Blocks that must stand on a transaction's before it counts. */
  readonly depth?: bigint;
}

/** The devnet's chain makes a block for every transaction, and no more; elsewhere two blocks tell most reorgs. */
const DEVNET_CHAIN_ID = 31_337;
const DEPTH_BLOCKS = 2n;

/** `tip`: the last standing batch, an exit's. `final`: the newest final one, an ordinary withdrawal's. */
export type Target = 'tip' | 'final';

/** Real time between lines about a long replay. */
const PROGRESS_MS = 2000;
const SNAPSHOT_BATCHES = 1024;

/**
 * Everything an account's owner can do without any server of the operator's: the state rebuilt from L1, proofs of it, and the contract's
 * functions. The modules beside this one are its commands.
 */
export class ExitTool {
  readonly l1: L1;
  readonly sender: SettlementSender;
  readonly say: (line: string) => void;
  readonly #options: ChainOptions;
  readonly #deps: ChainStateDependencies;
  #tip: ChainState | undefined;
  #final: ChainState | undefined;

  private constructor(
    l1: L1,
    options: ChainOptions,
    deps: ChainStateDependencies,
    own: ExitToolDependencies,
  ) {
    this.l1 = l1;
    this.#options = options;
    this.#deps = deps;
    this.sender = new SettlementSender({
      l1,
      account: own.account,
      makeSender: (account) => this.#makeSender(account, own),
      say: own.say,
    });
    this.say = own.say;
  }

  /** Connects and checks; replays nothing yet. @throws ProverError, PlimsollError ENGINE_NOT_BUILT */
  static async open(options: ChainOptions, own: ExitToolDependencies): Promise<ExitTool> {
    const patience: Patience = {
      ...A_LITTLE_PATIENCE,
      onTrouble: (trouble, waitMs) =>
        own.log.warn({ trouble, waitMs }, 'L1 does not answer; asking again'),
    };
    const code = loadEngineCode(options.engineHash);
    const l1 = await connectL1(options, patience);
    const identity = { chainId: l1.chain.id, settlement: l1.settlement, engineHash: code.hash };
    const { dataDirectory } = options;
    const store = dataDirectory === null ? null : new SnapshotStore(dataDirectory, identity);
    return new ExitTool(l1, options, { l1, patience, code, store, log: own.log }, own);
  }

  status(): Promise<ExchangeStatus> {
    return readStatus(this.l1);
  }

  /**
   * The state at the end of the tip, or of the newest final batch, rebuilt from L1.
   *
   * @throws ProverError BATCH_DISAGREES if a batch up to there is wrong; NOTHING_FINAL
   */
  async state(target: Target): Promise<ChainState> {
    if (target === 'tip') {
      // A state at a final batch only has to be continued.
      this.#tip ??= this.#final ?? (await this.#open(async () => true));
      this.#final = this.#tip === this.#final ? undefined : this.#final;
      await this.#replay(this.#tip, async () => true);
      return this.#tip;
    }
    const wanted = await finality(this.l1);
    const reached = this.#tip?.last;
    if (this.#tip !== undefined && reached !== undefined && (await wanted(reached.header))) {
      await this.#replay(this.#tip, wanted);
      return this.#tip;
    }
    this.#final ??= await this.#open(wanted);
    await this.#replay(this.#final, wanted);
    if (this.#final.last === undefined) {
      throw new ProverError(
        'NOTHING_FINAL',
        'No batch is final yet, so nothing can be claimed. Try again when a challenge period has passed.',
      );
    }
    return this.#final;
  }

  /** The contract's account numbers of an owner, those without a consumed deposit included. */
  async accountsOf(owner: Hex): Promise<number[]> {
    const subaccounts = Array.from({ length: 16 }, (_, subaccount) => subaccount);
    const numbers = await Promise.all(
      subaccounts.map((subaccount) =>
        this.l1.client.readContract({
          address: this.l1.settlement,
          abi: settlementAbi,
          functionName: 'accountOf',
          args: [owner, subaccount],
        }),
      ),
    );
    return numbers.filter((number) => number !== 0);
  }

  /** An account of the tip's state. @throws ProverError NO_SUCH_ACCOUNT */
  async account(id: number, target: Target = 'tip'): Promise<AccountState> {
    const { view } = (await this.state(target)).replica.engine;
    const account = readAccount(view, id);
    if (account !== null) return account;
    throw new ProverError(
      'NO_SUCH_ACCOUNT',
      `The state has no account ${id}. A deposit that no batch has consumed yet has no account either; \`refund\` takes it back after a freeze.`,
    );
  }

  /** All accounts of the tip's state but the fund. */
  async everybody(): Promise<AccountState[]> {
    const { view } = (await this.state('tip')).replica.engine;
    return [...allAccounts(view)].slice(1);
  }

  /** An account's record under the root of a state. */
  prove(state: ChainState, id: number): { readonly record: Hex; readonly path: Hex[] } {
    return asCalldata(proveAccount(state.replica.tree, id));
  }

  /** What the contract has paid of an account's withdrawals. */
  paid(id: number): Promise<bigint> {
    return this.#ask('paid', BigInt(id));
  }

  /** Money that the token refused to pay to an owner, and that waits in the contract. */
  creditOf(owner: Hex): Promise<bigint> {
    return this.#ask('credits', owner);
  }

  async hasExited(id: number): Promise<boolean> {
    return this.#ask('hasExited', id);
  }

  async isReported(id: number): Promise<boolean> {
    return this.#ask('isReported', id);
  }

  /** Insists that the replayed tip is the contract's. @throws ProverError BATCH_DISAGREES */
  async tipAsOnL1(): Promise<ChainState> {
    const state = await this.state('tip');
    const { tipHash, tip } = await this.status();
    if (state.position.hash === tipHash) return state;
    throw new ProverError(
      'BATCH_DISAGREES',
      `The replay stands at batch ${state.position.number}, L1's tip is batch ${tip.number} with another hash. Run the command again; if it stays so, use another L1 node.`,
    );
  }

  /** Keeps what was replayed for the next time, if there is a data directory. */
  save(): void {
    (this.#tip ?? this.#final)?.save();
  }

  /** With a data directory transactions outlive the process. */
  #makeSender(account: PrivateKeyAccount, { log, sending }: ExitToolDependencies): Sender {
    const { client, chain } = this.l1;
    const { dataDirectory } = this.#options;
    const { address } = account;
    const store =
      dataDirectory === null
        ? new MemoryStore()
        : new FileStore(dataDirectory, { chainId: chain.id, address });
    const confirmations = sending?.depth ?? (chain.id === DEVNET_CHAIN_ID ? 0n : DEPTH_BLOCKS);
    const ceilings = sending?.ceilings ?? DEFAULT_CEILINGS;
    return new Sender(
      { ...DEFAULT_SENDER, ceilings, confirmations },
      {
        ...{ client, account, store, log },
        words: { abi: settlementAbi, advice: ADVICE },
        patience: this.#deps.patience,
      },
    );
  }

  async #open(accepts: (header: BatchHeader) => Promise<boolean>): Promise<ChainState> {
    const { fromBlock, confirmations, chunkBlocks, fromGenesis } = this.#options;
    const options = { fromBlock, confirmations, chunkBlocks, fromGenesis };
    return ChainState.open({ ...options, snapshotBatches: SNAPSHOT_BATCHES }, this.#deps, accepts);
  }

  async #replay(state: ChainState, wanted: (header: BatchHeader) => Promise<boolean>) {
    let toldAt = performance.now();
    for (;;) {
      const step = await state.step(({ header }) => wanted(header));
      if (step.kind === 'held' || step.kind === 'current') return;
      if (step.kind === 'rewound') this.say(`went back to batch ${step.to}: ${step.reason}`);
      if (step.kind !== 'batch') continue;
      const { finding } = step.report;
      if (finding !== null) {
        throw new ProverError(
          'BATCH_DISAGREES',
          `Batch ${finding.batch} on L1 is wrong: ${finding.message} Nothing after batch ${finding.batch - 1n} can be proved until it is felled; what was final before can be claimed.`,
        );
      }
      if (performance.now() - toldAt > PROGRESS_MS) {
        this.say(
          `replayed up to batch ${step.event.header.number}, L1 block ${step.event.block.number} of ${state.head?.number}`,
        );
        toldAt = performance.now();
      }
    }
  }

  async #ask<T>(
    functionName: 'paid' | 'hasExited' | 'isReported' | 'credits',
    about: bigint | number | Hex,
  ): Promise<T> {
    const { client, settlement: address } = this.l1;
    return (await client.readContract({
      address,
      abi: settlementAbi,
      functionName,
      args: [about],
    } as never)) as T;
  }
}

/** A proof as the contract's functions take it. */
export function asCalldata({ bytes, path }: RangeProof): { record: Hex; path: Hex[] } {
  return { record: bytesToHex(bytes), path: path.map(bytesToHex) };
}

export type Receipt = TransactionReceipt;

import { join } from 'node:path';
import type { Logger } from 'pino';
import type { PrivateKeyAccount } from 'viem/accounts';
import { engineProgram } from '#contracts/program.ts';
import type { Program } from '#shared/machine/program/program.ts';
import type { L1 } from '../follower/l1.ts';
import type { Patience } from '../follower/patience.ts';
import type { Inquest } from '../replay/explain.ts';
import type { EngineCode } from '../replay/replica.ts';
import { SnapshotStore } from '../replay/snapshots.ts';
import { DEFAULT_SENDER, Sender } from '../sender/sender.ts';
import { FileStore, MemoryStore } from '../sender/store.ts';
import type { ChainOptions, ProofOptions } from '../watch/options.ts';
import { WORDS } from './advice.ts';
import { type Case, type CaseDependencies, inquire, openCase } from './case.ts';
import { Judge } from './judge.ts';
import { MachineOnL1 } from './machine.ts';
import type { ProverMetrics } from './metrics.ts';
import { SegmentPlanner } from './plan.ts';
import { DEFAULT_PROVER, FraudProver, type ProverOptions } from './prover.ts';
import { saltOf } from './salt.ts';
import type { SessionRecord } from './session.ts';
import { MemorySessionStore, type SessionStore, SqliteSessionStore } from './store.ts';

/** The devnet's chain, which nobody reorganizes behind a prover's back. */
const DEVNET_CHAIN_ID = 31_337;
/** Below the data directory: a prover and an exit tool of one key keep their transactions apart. */
const FOLDER = 'proofs';

export interface RoomOptions extends ChainOptions {
  readonly proof: ProofOptions;
  readonly prover?: Partial<ProverOptions>;
}

export interface RoomDependencies {
  readonly l1: L1;
  readonly code: EngineCode;
  readonly patience: Patience;
  readonly metrics: ProverMetrics;
  readonly log: Logger;
  /** One line for people. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Where cases are made: everything but a key. */
export class CaseRoom {
  readonly options: RoomOptions;
  readonly deps: RoomDependencies;
  readonly program: Program;

  constructor(options: RoomOptions, deps: RoomDependencies) {
    this.options = options;
    this.deps = deps;
    this.program = engineProgram();
  }

  /** @throws ProverError as `inquire` and `openCase` */
  async open(number: bigint, segment?: number): Promise<Case> {
    return this.openFor(await inquire(this.#caseDependencies(), number), segment);
  }

  /** For what somebody has replayed already. @throws ProverError as `openCase` */
  openFor(inquest: Inquest, segment?: number): Promise<Case> {
    return openCase(this.#caseDependencies(), inquest, segment);
  }

  /** @throws ProverError NO_JUDGE, WRONG_PROGRAM */
  judge(challenger: PrivateKeyAccount['address']): Promise<Judge> {
    const { l1, patience } = this.deps;
    return Judge.find(l1, patience, challenger, this.program.hash);
  }

  planner(judge: Judge): SegmentPlanner {
    const { l1, patience, log } = this.deps;
    const machine = new MachineOnL1(l1, judge.constants.machine, patience);
    const { stepGas } = this.options.proof;
    const limit = stepGas === null ? {} : { limit: stepGas };
    return new SegmentPlanner({ program: this.program, machine, log, ...limit });
  }

  #caseDependencies(): CaseDependencies {
    const { l1, code, patience, log } = this.deps;
    const { dataDirectory, fromBlock, confirmations, chunkBlocks, fromGenesis } = this.options;
    const identity = { chainId: l1.chain.id, settlement: l1.settlement, engineHash: code.hash };
    const store = dataDirectory === null ? null : new SnapshotStore(dataDirectory, identity);
    const options = { fromBlock, confirmations, chunkBlocks, fromGenesis };
    return { l1, patience, code, store, log, options };
  }
}

/** A prover with a key, and what it keeps. */
export interface Prosecution {
  readonly prover: FraudProver;
  readonly store: SessionStore;
  readonly judge: Judge;
}

/** @throws ProverError NO_JUDGE, WRONG_PROGRAM, DATA_DIRECTORY_UNUSABLE, WRONG_DATA_DIRECTORY */
export async function openProsecution(
  room: CaseRoom,
  account: PrivateKeyAccount,
): Promise<Prosecution> {
  const { l1, metrics, log, say, signal } = room.deps;
  const judge = await room.judge(account.address);
  const chainId = l1.chain.id;
  const place = { judge: judge.constants.address, chainId };
  const store = sessionStore(room, account);
  const certainBlocks =
    room.options.proof.certainBlocks ??
    (chainId === DEVNET_CHAIN_ID ? 0n : DEFAULT_PROVER.certainBlocks);
  const reopen = ({ header, index, accusation }: SessionRecord) =>
    room.open(header.number, accusation.kind === 'segment' ? index : undefined);
  const prover = new FraudProver(
    { ...DEFAULT_PROVER, certainBlocks, ...room.options.prover },
    {
      ...{ judge, store, metrics, log, say, signal, reopen },
      planner: room.planner(judge),
      sender: senderOf(room, account),
      saltOf: (batchHash, index, attempt) =>
        saltOf(account, { ...place, batchHash, index, attempt }),
    },
  );
  return { prover, store, judge };
}

function sessionStore({ options, deps }: CaseRoom, account: PrivateKeyAccount): SessionStore {
  const { dataDirectory } = options;
  const { l1 } = deps;
  if (dataDirectory === null) return new MemorySessionStore();
  return new SqliteSessionStore(join(dataDirectory, FOLDER), {
    chainId: l1.chain.id,
    settlement: l1.settlement,
    challenger: account.address,
  });
}

function senderOf({ options, deps }: CaseRoom, account: PrivateKeyAccount): Sender {
  const { dataDirectory } = options;
  const { ceilings } = options.proof;
  const { l1, patience, log } = deps;
  const { client, chain } = l1;
  const store =
    dataDirectory === null
      ? new MemoryStore()
      : new FileStore(join(dataDirectory, FOLDER), { chainId: chain.id, address: account.address });
  return new Sender(
    // What a reorg takes away is seen in the facts and sent again: no need to wait for depth in between.
    { ...DEFAULT_SENDER, ceilings, confirmations: 0n },
    { client, account, store, words: WORDS, patience, log },
  );
}

import type { Logger } from 'pino';
import { encodeFunctionData, type Hex, size } from 'viem';
import { judgeAbi } from '#contracts/abi/index.ts';
import { MAX_TRANSACTION_GAS } from '#shared/l1/gas.ts';
import { MachineError } from '#shared/machine/run/errors.ts';
import type { RunnableProgram } from '#shared/machine/run/program.ts';
import { GAS_MODEL } from '#shared/machine/segment/gas.ts';
import { type PlannedTransaction, planTransactions } from '#shared/machine/segment/plan.ts';
import { hashSegmentState } from '#shared/machine/segment/state.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { ProverError } from '../errors.ts';
import type { Case } from './case.ts';
import type { MachineOnL1 } from './machine.ts';
import type { PlannedStep } from './session.ts';

export interface PlannerDependencies {
  /** The engine's, of the hash that the judge pins. */
  readonly program: RunnableProgram;
  /** The machine on L1, on which every step is tried before anything is sent. */
  readonly machine: MachineOnL1;
  readonly log: Logger;
  /** Most gas of one step to begin with, by the gas model. */
  readonly limit?: number;
}

/** Nodes take no transaction above 131,072 bytes into their pools; the signature and the header need a few. */
const MAX_CALLDATA_BYTES = 130_000;
/** How often a plan is cut smaller before it is given up, and by how much each time. */
const ATTEMPTS = 8;
const SMALLER = { by: 3, of: 4 } as const;
const NO_ID: Hex = `0x${'ff'.repeat(32)}`;

/** Cuts a wrong segment into transactions that L1 takes, and has tried each of them before any is paid for. */
export class SegmentPlanner {
  readonly #deps: PlannerDependencies;

  constructor(deps: PlannerDependencies) {
    this.#deps = deps;
  }

  /**
   * @returns the transactions in their order; the same case gives the same
   * @throws ProverError NOTHING_TO_PROVE if the segment is right after all, CANNOT_BE_PLANNED if L1 would take no plan
   */
  async plan(kase: Case): Promise<PlannedStep[]> {
    let limit = this.#deps.limit ?? GAS_MODEL.limit;
    let why = '';
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const cut = this.#cut(kase, limit);
      // Not even one step of the machine fits.
      if (cut === null) break;
      const tried = await this.#try(cut);
      if (tried.kind === 'fits') return tried.steps;
      why = tried.why;
      limit = Math.floor((Math.min(limit, tried.modelled) * SMALLER.by) / SMALLER.of);
      this.#deps.log.info({ why, limit }, 'the plan does not fit; cutting smaller');
    }
    throw new ProverError(
      'CANNOT_BE_PLANNED',
      `No way was found to cut segment ${segmentIn(kase)} of batch ${kase.event.header.number} into transactions that this L1 takes: ${why}. Try another node.`,
    );
  }

  /** Null if the limit is too small for a single step of the machine. */
  #cut(kase: Case, limit: number): readonly PlannedTransaction[] | null {
    try {
      return this.#cutAt(kase, limit);
    } catch (error) {
      if (error instanceof MachineError && error.code === 'SEGMENT_STEP_TOO_LARGE') return null;
      throw error;
    }
  }

  #cutAt(kase: Case, limit: number): readonly PlannedTransaction[] {
    const { before, segments, event, inbox } = kase;
    const segment = segments[segmentIn(kase)];
    if (before === undefined || segment === undefined) throw new Error('There is nothing to run.');
    const { transactions, root } = planTransactions({
      program: this.#deps.program,
      tree: before.tree,
      segment: segment.bytes,
      inboxCount: event.header.inboxCount,
      message: inbox.message,
      gas: { ...GAS_MODEL, limit },
    });
    if (root === bytesToHex(segment.root)) {
      throw new ProverError(
        'NOTHING_TO_PROVE',
        `The machine runs segment ${segmentIn(kase)} of batch ${event.header.number} to the root that was claimed. A challenge would only lose its bond.`,
      );
    }
    return transactions;
  }

  /** Each transaction on the node's own machine: does it take it, with what gas, and does it come to the same state? */
  async #try(transactions: readonly PlannedTransaction[]): Promise<Tried> {
    const steps: PlannedStep[] = [];
    for (const [index, transaction] of transactions.entries()) {
      const bytes = calldataBytes(transaction);
      const tooLarge = (why: string): Tried => {
        return { kind: 'too large', why, modelled: transaction.gas };
      };
      if (bytes > MAX_CALLDATA_BYTES) {
        return tooLarge(`step ${index + 1} has ${bytes} bytes of calldata`);
      }
      const tried = await this.#deps.machine.tryStep(transaction);
      if (tried.kind === 'refused') {
        return tooLarge(`the node refuses step ${index + 1}: ${tried.why}`);
      }
      const gas = limitFor(tried.gas, bytes);
      if (gas > MAX_TRANSACTION_GAS) return tooLarge(`step ${index + 1} takes ${tried.gas} gas`);
      const { before, inputs, witness, until, after, leaves } = transaction;
      const afterHash = hashSegmentState(after);
      if (hashSegmentState(tried.after) !== afterHash) {
        throw new ProverError(
          'CANNOT_BE_PLANNED',
          `The machine on L1 comes to another state than ours at step ${index + 1}: this is a bug in one of them. Nothing was sent.`,
        );
      }
      const hashes = { beforeHash: hashSegmentState(before), afterHash };
      const counts = { steps: transaction.steps, leaves, gas };
      steps.push({ before, inputs, witness, until, after, ...hashes, ...counts });
    }
    return { kind: 'fits', steps };
  }
}

type Tried =
  | { readonly kind: 'fits'; readonly steps: PlannedStep[] }
  /** `modelled`: the gas by which it was cut. */
  | { readonly kind: 'too large'; readonly why: string; readonly modelled: number };

function segmentIn({ accusation }: Case): number {
  if (accusation.kind !== 'segment') throw new Error('This accusation needs no run.');
  return accusation.segment;
}

function calldataBytes({ before, inputs, witness, until }: PlannedTransaction): number {
  const args = [NO_ID, before, inputs, witness, until] as const;
  return size(encodeFunctionData({ abi: judgeAbi, functionName: 'step', args }));
}

/**
 * The judge calls the machine with 63/64 of what it has left, copies the calldata twice, and has its own words to read and
 * to write; the estimate is of the machine called directly.
 */
function limitFor(machineGas: bigint, calldata: number): bigint {
  const words = BigInt(Math.ceil(calldata / 32));
  const copied = 12n * words + (words * words) / 128n;
  return (machineGas * 65n) / 64n + copied + 250_000n;
}

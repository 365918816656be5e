import {
  type Address,
  type ContractFunctionArgs,
  type ContractFunctionName,
  encodeFunctionData,
  type Hex,
  size,
} from 'viem';
import { judgeAbi } from '#contracts/abi/index.ts';
import type { L1 } from '../follower/l1.ts';
import { type Patience, patiently } from '../follower/patience.ts';
import type { Intent, Urgency } from '../sender/types.ts';
import { type Constants, readConstants } from './constants.ts';
import { readFacts } from './facts.ts';
import { insistOnProgram } from './program.ts';
import { NO_SEGMENT } from './proofs.ts';
import type { ChainFacts, PlannedStep, SessionRecord } from './session.ts';

/** Gas beside the calldata's, generously: what is not used is not paid. Measured in prover/fraud/README.md. */
const GAS = { open: 700_000n, prove: 1_500_000n, conclude: 1_000_000n } as const;
/** EIP-7623: the most that a byte of calldata costs. */
const CALLDATA_BYTE_GAS = 40n;
/** What `commit`, `open`, `conclude` and the collecting may take together beside calldata. */
const SMALL_CALLS_GAS = 2_500_000n;

type JudgeFunction = ContractFunctionName<typeof judgeAbi, 'nonpayable' | 'payable'>;

interface Call<N extends JudgeFunction> {
  readonly functionName: N;
  readonly args: ContractFunctionArgs<typeof judgeAbi, 'nonpayable' | 'payable', N>;
  readonly what: string;
  readonly value?: bigint;
  readonly urgency?: Urgency;
  /** Left out: estimated. */
  readonly gas?: (calldataBytes: number) => bigint;
}

export interface Prices {
  /** Wei that come back when the proof is concluded. */
  readonly sessionBond: bigint;
  /** At most. */
  readonly gas: bigint;
  /** Wei a unit, generously. */
  readonly gasPrice: bigint;
  /** Of the challenger, wei. */
  readonly balance: bigint;
}

/** The judge on L1 as a challenger sees it: what it says of a session, and the transactions that move one. */
export class Judge {
  readonly constants: Constants;
  readonly challenger: Address;
  readonly #l1: L1;
  readonly #patience: Patience;

  private constructor(l1: L1, patience: Patience, constants: Constants, challenger: Address) {
    this.#l1 = l1;
    this.#patience = patience;
    this.constants = constants;
    this.challenger = challenger;
  }

  /**
   * Finds the settlement's judge, and insists that it runs our program.
   *
   * @param programHash of our own engine's program
   * @throws ProverError NO_JUDGE, WRONG_PROGRAM, PROGRAM_GONE, L1_UNREACHABLE
   */
  static async find(
    l1: L1,
    patience: Patience,
    challenger: Address,
    programHash: Hex,
  ): Promise<Judge> {
    const constants = await readConstants(l1, patience);
    await insistOnProgram(l1, patience, programHash);
    return new Judge(l1, patience, constants, challenger);
  }

  /** What L1 says at its latest block. */
  async facts(record: SessionRecord): Promise<ChainFacts> {
    return patiently(this.#patience, () =>
      readFacts(this.#l1, this.constants, this.challenger, record),
    );
  }

  /** L1's latest block. */
  async head(): Promise<{ readonly block: bigint; readonly now: bigint }> {
    const block = await patiently(this.#patience, () => this.#l1.client.getBlock());
    return { block: block.number, now: block.timestamp };
  }

  /** What a proof costs at today's fees, and what there is to pay it with. */
  async prices(steps: readonly PlannedStep[]): Promise<Prices> {
    const { client } = this.#l1;
    const { sessionBond } = this.constants;
    const gas = steps.reduce((sum, step) => sum + step.gas, SMALL_CALLS_GAS);
    return patiently(this.#patience, async () => {
      const { maxFeePerGas } = await client.estimateFeesPerGas();
      const balance = await client.getBalance({ address: this.challenger });
      return { sessionBond, gas, gasPrice: maxFeePerGas, balance };
    });
  }

  commit({ commitment, attempt, ...record }: SessionRecord, urgency: Urgency): Intent {
    return this.#intent(
      { ...record, key: `commit ${attempt}` },
      {
        functionName: 'commit',
        args: [commitment],
        what: `commitment against batch ${record.header.number}`,
        value: this.constants.sessionBond,
        urgency,
      },
    );
  }

  open(record: SessionRecord, urgency: Urgency): Intent {
    const { header, index, shown, previous, finding, salt } = record;
    return this.#intent(
      { ...record, key: `open ${record.attempt}` },
      {
        functionName: 'open',
        args: [header, index, shown ?? NO_SEGMENT, previous ?? NO_SEGMENT, finding, salt],
        what: `opening on segment ${index} of batch ${header.number}`,
        urgency,
        // Only works after the commitment's block, so it cannot be estimated on the latest one.
        gas: (bytes) => GAS.open + BigInt(bytes) * CALLDATA_BYTE_GAS,
      },
    );
  }

  step(
    record: SessionRecord,
    step: PlannedStep,
    place: { readonly index: number; readonly count: number; readonly urgency: Urgency },
  ): Intent {
    const { before, inputs, witness, until, gas } = step;
    return this.#intent(
      { ...record, key: `step ${record.plan} ${place.index}` },
      {
        functionName: 'step',
        args: [record.id, before, inputs, witness, until],
        what: `step ${place.index + 1} of ${place.count} on batch ${record.header.number}`,
        urgency: place.urgency,
        gas: () => gas,
      },
    );
  }

  conclude(record: SessionRecord, done: PlannedStep['after'], urgency: Urgency): Intent {
    const { id, header, parent } = record;
    return this.#intent(
      { ...record, key: `conclude ${record.plan}` },
      {
        functionName: 'conclude',
        args: [id, done, header, parent],
        what: `conclusion on batch ${header.number}`,
        urgency,
        gas: (bytes) => GAS.conclude + BigInt(bytes) * CALLDATA_BYTE_GAS,
      },
    );
  }

  /** The one transaction of what needs no run. */
  prove(record: SessionRecord, urgency: Urgency): Intent {
    return this.#intent(
      { ...record, key: `prove ${record.attempt}` },
      {
        ...proofCall(record),
        what: `proof against batch ${record.header.number}`,
        urgency,
        gas: (bytes) => GAS.prove + BigInt(bytes) * CALLDATA_BYTE_GAS,
      },
    );
  }

  close(record: SessionRecord): Intent {
    return this.#intent(
      { ...record, key: 'close' },
      {
        functionName: 'close',
        args: [record.id],
        what: `end of our session on batch ${record.header.number}`,
      },
    );
  }

  /** The bond of a commitment that somebody else's proof has made useless. */
  reclaim(record: SessionRecord): Intent {
    const { header, batchHash, index, finding, salt } = record;
    return this.#intent(
      { ...record, key: `reclaim ${record.attempt}` },
      {
        functionName: 'reclaim',
        args: [header.number, batchHash, index, finding, salt],
        what: `return of the bond against batch ${header.number}`,
      },
    );
  }

  settle(record: SessionRecord): Intent {
    return this.#intent(
      { ...record, key: 'settle' },
      {
        functionName: 'settleReward',
        args: [],
        what: 'settling of the reward',
      },
    );
  }

  /** @param credit what is collected: another sum is another intention */
  collect(record: SessionRecord, credit: bigint): Intent {
    return this.#intent(
      { ...record, key: `collect ${credit}` },
      {
        functionName: 'withdraw',
        args: [this.challenger],
        what: 'collecting of reward and bond',
      },
    );
  }

  #intent<N extends JudgeFunction>(of: { id: Hex; key: string }, call: Call<N>): Intent {
    const { functionName, args, what, value, urgency, gas } = call;
    const data = encodeFunctionData({ abi: judgeAbi, functionName, args } as never);
    return {
      key: `${of.id} ${of.key}`,
      to: this.constants.address,
      data,
      what,
      ...(value === undefined ? {} : { value }),
      ...(urgency === undefined ? {} : { urgency }),
      ...(gas === undefined ? {} : { gas: gas(size(data)) }),
    };
  }
}

function proofCall(record: SessionRecord) {
  const { accusation, header, parent, salt, index, shown, previous, facts } = record;
  if (accusation.kind === 'zeroRoot') {
    return { functionName: 'proveNoRoot', args: [header, parent, salt] } as const;
  }
  if (accusation.kind === 'fact' && facts !== null) {
    return {
      functionName: 'proveFacts',
      args: [header, parent, salt, facts.leaf, facts.path],
    } as const;
  }
  const segments = [shown ?? NO_SEGMENT, previous ?? NO_SEGMENT] as const;
  return {
    functionName: 'proveSegment',
    args: [header, parent, salt, index, ...segments],
  } as const;
}

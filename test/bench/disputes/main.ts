/** What it costs to prove a segment on L1: gas of steps, of each kind of command, of ordinary segments and of the dearest ones. */
import { readEngine } from '#shared/host/wasm-file.ts';
import { translateEngine } from '#shared/machine/program/engine.ts';
import type { Program } from '#shared/machine/program/program.ts';
import { planTransactions } from '#shared/machine/segment/plan.ts';
import { Crowd } from '#test/engine/crowd.ts';
import { DEAREST } from '#test/engine/dearest/index.ts';
import { CrowdMemory, type Disputed, disputed } from '#test/engine/dearest/memory.ts';
import type { PartContext } from '../parts.ts';
import type { Row } from '../report.ts';
import { mean, median } from '../statistics.ts';
import { measureFalls } from './fall.ts';
import { fullSegments } from './full.ts';
import { type Deployment, DisputeChain } from './l1.ts';
import { priceSegments } from './prices.ts';
import { forTypicalSegments } from './typical.ts';

const TYPICAL_SEGMENTS = 20;
const STEP_GOAL_GAS = 300;
const TYPICAL_GOAL_TRANSACTIONS = 3;
const WORST_GOAL_GAS = 100_000_000;
const HOW =
  'anvil, Osaka rules and its limit of a transaction in force, each transaction planned by shared/machine/segment, mined, and checked to end in the planned state; calldata, witness, program and 21,000 included, the judge’s own work not';

/** What a segment took on L1. */
interface Proof {
  readonly name: string;
  readonly steps: number;
  readonly leaves: number;
  readonly transactions: readonly number[];
  readonly gas: number;
  /** The planner's estimate over the gas taken, less one, of each transaction. */
  readonly errors: readonly number[];
}

class Prover {
  readonly #chain: DisputeChain;
  readonly #deployment: Deployment;
  readonly #program: Program;

  constructor(chain: DisputeChain, deployment: Deployment, program: Program) {
    this.#chain = chain;
    this.#deployment = deployment;
    this.#program = program;
  }

  async prove(segment: Disputed): Promise<Proof> {
    const plan = planTransactions({ program: this.#program, ...segment });
    const transactions: number[] = [];
    for (const each of plan.transactions) {
      const { gas } = await this.#chain.step(this.#deployment.machine.address, each);
      transactions.push(gas);
    }
    return {
      name: segment.name,
      steps: plan.steps,
      leaves: plan.transactions.reduce((sum, { leaves }) => sum + leaves, 0),
      transactions,
      gas: transactions.reduce((sum, gas) => sum + gas, 0),
      errors: plan.transactions.map(({ gas }, i) => gas / (transactions[i] as number) - 1),
    };
  }
}

const words = ({ name, steps, leaves, transactions }: Proof) =>
  `${name} (${steps} steps, ${leaves} leaves, ${transactions.map((gas) => (gas / 1e6).toFixed(1)).join(' + ')} million)`;

/** What a command made to be dear is counted under. */
function kindOf(name: string): string {
  if (name.startsWith('forced: deposit')) return 'deposit message';
  return /^[a-z ]+/.exec(name)?.[0].replace('forced', 'forced message') ?? name;
}

/** One row a kind of command: its dearest case, and the median of its cases. `which`: how dear they are meant to be. */
function kindRows(proofs: ReadonlyMap<string, readonly Proof[]>, which: string): Row[] {
  return [...proofs].map(([kind, cases]) => {
    const sorted = [...cases].sort((a, b) => b.gas - a.gas);
    const worst = sorted[0] as Proof;
    return {
      id: `dispute.kind.${kind.replace(/\W+/g, '_')}`,
      name: `to prove a segment with one ${kind}, ${which}`,
      value: worst.gas,
      unit: `gas, ${worst.transactions.length} transaction(s)`,
      conditions: `${HOW}; ${words(worst)}; median of ${cases.length} case(s) ${(median(cases.map(({ gas }) => gas)) / 1e6).toFixed(2)} million gas and ${median(cases.map(({ steps }) => steps))} steps`,
      figures: {
        worst_steps: worst.steps,
        worst_transactions: worst.transactions.length,
        median_steps: median(cases.map(({ steps }) => steps)),
        median_transactions: median(cases.map(({ transactions }) => transactions.length)),
        median_gas: median(cases.map(({ gas }) => gas)),
      },
    };
  });
}

function typicalRows(proofs: readonly Proof[], commands: number): Row[] {
  const transactions = Math.max(...proofs.map((proof) => proof.transactions.length));
  const perStep = proofs.map(({ gas, steps }) => gas / steps);
  return [
    {
      id: 'dispute.typical',
      name: 'to prove an ordinary segment',
      value: median(proofs.map(({ gas }) => gas)),
      unit: 'gas',
      conditions: `${HOW}; ${proofs.length} segments of the workload with real signatures, ${commands.toFixed(1)} commands each; at most ${(Math.max(...proofs.map(({ gas }) => gas)) / 1e6).toFixed(1)} million gas, ${mean(proofs.map(({ steps }) => steps)).toFixed(0)} steps on average`,
    },
    {
      id: 'dispute.typical.transactions',
      name: 'step transactions for an ordinary segment, the most',
      value: transactions,
      unit: 'transactions',
      goal: {
        text: `at most ${TYPICAL_GOAL_TRANSACTIONS}`,
        met: transactions <= TYPICAL_GOAL_TRANSACTIONS,
      },
      conditions: 'the segments of the row above; commit, open and conclude come on top',
    },
    {
      id: 'dispute.typical.step',
      name: 'gas a step in an ordinary segment, all included',
      value: median(perStep),
      unit: 'gas a step',
      conditions:
        'the same: what a transaction, its witness, signatures and calls cost is spread over few steps here',
    },
  ];
}

function fullRows(proofs: readonly Proof[]): Row[] {
  const sorted = [...proofs].sort((a, b) => b.gas - a.gas);
  const worst = sorted[0] as Proof;
  const long = [...proofs].sort((a, b) => b.steps - a.steps)[0] as Proof;
  return [
    {
      id: 'dispute.worst',
      name: 'to prove the dearest segment known that the rules allow',
      value: worst.gas,
      unit: `gas, ${worst.transactions.length} transactions`,
      goal: { text: 'under 100 million', met: worst.gas < WORST_GOAL_GAS },
      conditions: `${HOW}; the work budget used up in different ways: ${sorted.map(words).join('; ')}`,
    },
    {
      id: 'dispute.step',
      name: 'gas a step in the longest segment, all included',
      value: long.gas / long.steps,
      unit: 'gas a step',
      goal: { text: `under ${STEP_GOAL_GAS}`, met: long.gas / long.steps < STEP_GOAL_GAS },
      conditions: `${words(long)}; witnesses, calldata and what each transaction costs by itself included`,
    },
  ];
}

function deploymentRows({ pagesGas, pages, machine }: Deployment, program: Program): Row[] {
  return [
    {
      id: 'dispute.deployment',
      name: 'deployment of the machine with its program',
      value: Number(pagesGas + machine.gasUsed),
      unit: 'gas',
      conditions: `${pages.length} data contracts for ${program.code.length} bytes of program (${pagesGas} gas) and SegmentMachine (${machine.gasUsed} gas), ${pages.length + 1} transactions on anvil`,
    },
  ];
}

function modelRow(proofs: readonly Proof[]): Row {
  const errors = proofs.flatMap((proof) => proof.errors);
  const low = Math.min(...errors);
  return {
    id: 'dispute.model',
    name: 'the planner’s estimate of gas, at its lowest',
    value: 100 * low,
    unit: '% of what was taken',
    conditions: `${errors.length} transactions of all rows above; at its highest ${(100 * Math.max(...errors)).toFixed(0)} % (short transactions: the estimate holds the judge’s own work too, which these do without)`,
  };
}

export async function run({ workload, progress }: PartContext): Promise<Row[]> {
  const program = translateEngine(readEngine().wasm);
  const chain = await DisputeChain.start();
  process.once('exit', () => void chain.stop());
  try {
    progress('deploying the program');
    const deployment = await chain.deploySegmentMachine(program);
    const prover = new Prover(chain, deployment, program);
    const crowd = new Crowd().open();
    const opened = crowd.now();
    const memory = new CrowdMemory(crowd);
    const kinds = new Map<string, Proof[]>();
    progress(`proving ${DEAREST.length} commands made to be dear`);
    for (const dear of DEAREST) {
      crowd.back(opened);
      const bytes = dear.build(crowd);
      const kind = kindOf(dear.name);
      const proof = await prover.prove(disputed(dear.name, memory.now(), bytes, dear));
      kinds.set(kind, [...(kinds.get(kind) ?? []), proof]);
    }
    crowd.back(opened);
    progress('proving prices');
    const prices = new Map<string, Proof[]>();
    for (const { kind, segment } of priceSegments(crowd, memory))
      prices.set(kind, [...(prices.get(kind) ?? []), await prover.prove(segment)]);
    crowd.back(opened);
    progress('proving segments with the whole work budget used up');
    const full: Proof[] = [];
    for (const segment of fullSegments(crowd, memory)) full.push(await prover.prove(segment));
    progress(`proving ${TYPICAL_SEGMENTS} segments of the workload`);
    const typical: Proof[] = [];
    let commands = 0;
    await forTypicalSegments(workload, TYPICAL_SEGMENTS, async (segment) => {
      const proof = await prover.prove(segment);
      typical.push(proof);
      commands += segment.commands;
    });
    const all = [...[...kinds.values(), ...prices.values()].flat(), ...full, ...typical];
    return [
      ...typicalRows(typical, commands / TYPICAL_SEGMENTS),
      ...fullRows(full),
      ...kindRows(kinds, 'the dearest known'),
      ...kindRows(prices, 'after half an hour of prices'),
      ...deploymentRows(deployment, program),
      modelRow(all),
      ...(await measureFalls(progress)),
    ];
  } finally {
    await chain.stop();
  }
}

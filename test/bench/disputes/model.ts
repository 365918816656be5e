/** The gas model of shared/machine/segment/gas.ts, measured: instructions one by one, the rest by least squares over real transactions. */
import { INSTRUCTIONS } from '#shared/machine/isa.ts';
import type { Program } from '#shared/machine/program/program.ts';
import type { GasModel } from '#shared/machine/segment/gas.ts';
import { type PlannedTransaction, planTransactions } from '#shared/machine/segment/plan.ts';
import type { Disputed } from '#test/engine/dearest/memory.ts';
import { fitNonNegative } from './fit.ts';
import { stepTable } from './opcode-gas.ts';

const HOST = ['host_read_command', 'host_keccak256', 'host_ecrecover'] as const;
const isAccess = (name: string) => /^(load|store)/.test(name);
/** Places of the counts in one sum: a run has fewer accesses, reads and hashes than these allow. */
const UNITS = {
  access: 1,
  host_read_command: 2 ** 18,
  host_keccak256: 2 ** 23,
  host_ecrecover: 2 ** 31,
};
const UNLIMITED = 2 ** 50;
const BYTE_GAS = 16;

/** What a transaction consists of, for the fit, and what it cost. */
export interface Sample {
  readonly name: string;
  readonly steps: number;
  /** Gas of its instructions, host functions aside, each as measured alone. */
  readonly stepGas: number;
  readonly accesses: number;
  readonly hostCalls: readonly number[];
  readonly leaves: number;
  readonly nodes: number;
  readonly bytes: number;
  readonly gas: number;
}

const bare = (steps: readonly number[], limit: number): GasModel => ({
  steps,
  leaf: 0,
  node: 0,
  register: 0,
  byte: 0,
  transaction: 0,
  limit,
});

/** The whole segment in one transaction, which may be more than L1 takes. */
export function planWhole(program: Program, segment: Disputed): PlannedTransaction {
  const [whole, second] = planTransactions({
    program,
    ...segment,
    gas: bare([], UNLIMITED),
  }).transactions;
  if (whole === undefined || second !== undefined)
    throw new Error('a segment that traps takes several');
  return whole;
}

export function sampleOf(
  program: Program,
  segment: Disputed,
  gas: number,
  table: readonly number[],
): Sample {
  const run = (steps: readonly number[]) =>
    planTransactions({ program, ...segment, gas: bare(steps, UNLIMITED) })
      .transactions[0] as PlannedTransaction;
  const whole = run(table);
  const counting = stepTable(
    new Map(
      INSTRUCTIONS.map(({ name }) => [
        name,
        isAccess(name) ? 1 : (UNITS[name as keyof typeof UNITS] ?? 0),
      ]),
    ),
  );
  let counts = run(counting).gas;
  const take = (unit: number) => {
    const count = Math.floor(counts / unit);
    counts -= count * unit;
    return count;
  };
  const [ecrecover, keccak, read] = [
    UNITS.host_ecrecover,
    UNITS.host_keccak256,
    UNITS.host_read_command,
  ].map(take);
  const { inputs, witness } = whole;
  const hex = [inputs.segment, ...inputs.messages].reduce(
    (sum, { length }) => sum + (length - 2) / 2,
    0,
  );
  return {
    name: segment.name,
    steps: whole.steps,
    stepGas: whole.gas,
    accesses: counts,
    hostCalls: [read, keccak, ecrecover] as number[],
    leaves: whole.leaves,
    nodes: (witness.nodes.length - 2) / 64,
    bytes: hex,
    gas,
  };
}

export interface Fit {
  readonly model: GasModel;
  readonly hostGas: ReadonlyMap<string, number>;
  readonly accessGas: number;
  /** Predicted over measured, less one. */
  readonly errors: readonly { readonly name: string; readonly error: number }[];
}

/** Fits what is not measured instruction by instruction. */
export function fitModel(
  samples: readonly Sample[],
  opcodes: ReadonlyMap<string, number>,
  limit: number,
): Fit {
  const features = (s: Sample) => [1, s.leaves, s.nodes, s.accesses, ...s.hostCalls];
  const coefficients = fitNonNegative(
    samples.map((sample) => ({
      features: features(sample),
      value: sample.gas - sample.stepGas - BYTE_GAS * sample.bytes,
      weight: 1 / sample.gas ** 2,
    })),
  );
  const [transaction = 0, leaf = 0, node = 0, access = 0, ...host] = coefficients;
  const hostGas = new Map(HOST.map((name, i) => [name as string, host[i] as number]));
  const all = new Map(
    INSTRUCTIONS.map(({ name }) => [
      name,
      (opcodes.get(name) ?? hostGas.get(name) ?? 0) + (isAccess(name) ? access : 0),
    ]),
  );
  const errors = samples.map((sample) => {
    const rest = features(sample).reduce(
      (sum, feature, k) => sum + feature * (coefficients[k] as number),
      0,
    );
    return {
      name: sample.name,
      error: (sample.stepGas + BYTE_GAS * sample.bytes + rest) / sample.gas - 1,
    };
  });
  const model = {
    steps: stepTable(all),
    leaf,
    node,
    register: 200,
    byte: BYTE_GAS,
    transaction,
    limit,
  };
  return { model, hostGas, accessGas: access, errors };
}

import { formatEther, type Hex } from 'viem';
import { describeAccusation } from './accusation.ts';
import type { Case } from './case.ts';
import { isImmediate, type PlannedStep, type SessionRecord } from './session.ts';

/** Wei in ETH, short. */
export function ether(wei: bigint): string {
  const text = formatEther(wei);
  const point = text.indexOf('.');
  return point < 0 ? text : text.slice(0, point + 7).replace(/\.?0+$/, '') || '0';
}

/** What is wrong with a batch, for whoever reads it first. */
export function describeCase({ event, accusation, finding }: Case): string[] {
  const { number } = event.header;
  const lines = [
    `batch ${number} (${event.hash}) in block ${event.block.number} is wrong: ${describeAccusation(accusation)}.`,
  ];
  if (finding !== null) lines.push(finding.message);
  return lines;
}

/** What is going to be sent. */
export function describePlan(
  record: Pick<SessionRecord, 'accusation'>,
  steps: readonly PlannedStep[],
): string[] {
  if (isImmediate(record.accusation)) {
    return ['plan: a commitment, and at least one block later one transaction that proves it.'];
  }
  const machineSteps = steps.reduce((sum, { steps: count }) => sum + count, 0);
  const gas = steps.reduce((sum, step) => sum + step.gas, 0n);
  return [
    `plan: a commitment, and at least one block later an opening, ${steps.length} ${steps.length === 1 ? 'transaction' : 'transactions'} of the machine and a conclusion.`,
    ...steps.map((step, index) => {
      const { command, phase } = step.after;
      const where = phase === 3 ? 'the end of the segment' : `command ${command}`;
      return `  step ${index + 1} of ${steps.length}: ${step.steps} machine steps and ${leaves(step.witness.indices)} leaves, to ${where}; ${step.gas} gas at most`;
    }),
    `  together ${machineSteps} machine steps, ${gas} gas at most, and about 1,500,000 for the rest.`,
  ];
}

function leaves(indices: Hex): number {
  return (indices.length - 2) / 8;
}

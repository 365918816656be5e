import { formatEther } from 'viem';
import { PHASE } from '#shared/machine/segment/state.ts';
import { explainSegment } from '../replay/explain.ts';
import { gwei } from '../sender/terms.ts';
import { describeAccusation } from './accusation.ts';
import type { Case } from './case.ts';
import { type Guess, guessLie } from './guess.ts';
import type { Prices } from './judge.ts';
import { isImmediate, type PlannedStep, type SessionRecord } from './session.ts';

const NAMED_DIFFERENCES = 12;

/** Wei in ETH, short. */
export function ether(wei: bigint): string {
  const text = formatEther(wei);
  const point = text.indexOf('.');
  return point < 0 ? text : text.slice(0, point + 7).replace(/\.?0+$/, '') || '0';
}

/** What is wrong with a batch, for whoever reads it first. */
export async function describeCase(kase: Case): Promise<string[]> {
  const { event, accusation, finding, before } = kase;
  const { number } = event.header;
  const lines = [
    `batch ${number} (${event.hash}) in block ${event.block.number} is wrong: ${describeAccusation(accusation)}.`,
  ];
  if (finding !== null) lines.push(finding.message);
  const segment = kase.segments[accusation.kind === 'segment' ? accusation.segment : -1];
  if (segment === undefined || before === undefined) return lines;
  lines.push(...(await explainSegment(kase, async () => before)));
  const guess = guessLie(segment, kase.inbox, before, kase.after);
  return guess === null ? lines : [...lines, ...describeGuess(guess)];
}

function describeGuess({ words, differences }: Guess): string[] {
  // People's money first.
  const ofAccounts = (line: string) => Number(!line.startsWith('account '));
  const ordered = [...differences].sort((a, b) => ofAccounts(a) - ofAccounts(b));
  const named = ordered.slice(0, NAMED_DIFFERENCES).map((line) => `  ${line}`);
  const more = differences.length - named.length;
  return [
    `The operator's memory is known all the same, since just this leads to the root that it claims: ${words}.`,
    ...named,
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

/** What is going to be sent, and what it may cost. */
export function describePlan(
  record: Pick<SessionRecord, 'accusation'>,
  steps: readonly PlannedStep[],
  { sessionBond, gas, gasPrice }: Prices,
): string[] {
  const cost = `  gas: ${gas} at most, ${ether(gas * gasPrice)} ETH at ${gwei(gasPrice)} gwei; bond: ${ether(sessionBond)} ETH, which a proof brings back`;
  if (isImmediate(record.accusation)) {
    const plan = 'plan: a commitment, and a block later one transaction that proves it';
    return [plan, cost];
  }
  const machineSteps = steps.reduce((sum, { steps: count }) => sum + count, 0);
  const transactions = `${steps.length} ${steps.length === 1 ? 'transaction' : 'transactions'}`;
  return [
    `plan: a commitment, and a block later an opening, ${transactions} with ${machineSteps} machine steps, and a conclusion`,
    ...steps.map((step, index) => {
      const { command, phase } = step.after;
      const where = phase === PHASE.DONE ? 'the end of the segment' : `command ${command}`;
      return `  step ${index + 1}: ${step.steps} machine steps and ${step.leaves} leaves, to ${where}; ${step.gas} gas at most`;
    }),
    cost,
  ];
}

import type { AppliedBatch } from '../replay/chain-state.ts';

/** `batch 12: 8 segments, 103 commands, 2 inbox messages, root 0x…, facts and links, 41 ms: agrees, invariants hold`. */
export function describeAgreement(
  { event, report, replayMs }: AppliedBatch,
  audited: string,
): string {
  const { number, finalRoot } = event.header;
  const counts = [
    plural(report.segments, 'segment'),
    plural(report.commands, 'command'),
    plural(report.inboxMessages, 'inbox message'),
  ].join(', ');
  return `batch ${number}: ${counts}, root ${finalRoot}, ${Math.round(replayMs)} ms: agrees${audited}`;
}

/** `batch 12: WRONG (SEGMENT_ROOT) in segment 3: …`. */
export function describeFinding({ report }: AppliedBatch): string {
  const { finding } = report;
  if (finding === null) throw new Error('There is nothing wrong with this batch.');
  const where = finding.segment === null ? 'in its header' : `in segment ${finding.segment}`;
  return `batch ${finding.batch}: WRONG (${finding.code}) ${where}: ${finding.message}`;
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

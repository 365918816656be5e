import { SCRATCH, SCRATCH_SIZE } from '#shared/engine/layout.ts';
import { type BatchHeader, type DecodedSegment, decodeBatch } from '#shared/protocol/batch.ts';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { describeCode } from '#shared/protocol/codes.ts';
import { decodeCommand } from '#shared/protocol/commands.ts';
import { isConsume, runSegment, type SegmentInbox } from '#shared/replay/segment.ts';
import type { Finding, SegmentReport } from '#shared/replay/types.ts';
import { type Difference, differences, firstDifference } from '#shared/state/difference.ts';
import { loadSnapshot } from '#shared/state/snapshot.ts';
import { StateTree } from '#shared/state/tree.ts';
import { ProverError } from '../errors.ts';
import type { BatchEvent } from '../follower/events.ts';
import type { Replica } from './replica.ts';

/** Changes named one by one; the rest is counted. */
const NAMED_CHANGES = 12;

/** What a replay has found out about a batch. */
export interface Inquest {
  readonly event: BatchEvent;
  readonly parent: BatchHeader;
  readonly finding: Finding | null;
  /** How the last segment went that was run: the wrong one, if one was found. */
  readonly report: SegmentReport | undefined;
  /** Messages that the batch may consume. */
  readonly inbox: SegmentInbox;
  /** The true state after that segment. */
  readonly after: Replica;
}

/** The true state where the segment begins: rebuilt, as the replay has gone past it. */
export type StateBefore = () => Promise<Replica>;

/**
 * What can honestly be said about a wrong segment, in sentences. L1 has the root that was claimed and not the memory behind it, so which
 * record the operator has otherwise cannot be read off it; what can be told are the commands, what they answer, and every record that
 * they change in a true replay.
 */
export async function explainSegment(wrong: Inquest, before: StateBefore): Promise<string[]> {
  const { finding, event } = wrong;
  if (finding === null || finding.segment === null) return [];
  const segments = decodeBatch(event.data);
  const segment = segments[finding.segment] as DecodedSegment;
  const lines = [describeCommands(segment, wrong.report)];
  if (segment.malformed)
    lines.push(
      'The data cannot be decoded there: the last segment is malformed, so its root counts as zero.',
    );
  else if (segment.bytes.length < 32)
    lines.push('The segment is too short to hold a root, so its root counts as zero.');
  if (segment.commands.length === 0) {
    return [...lines, 'A segment without commands must keep the root of the one before it.'];
  }
  const { tree } = await before();
  const changes = [...differences(tree, wrong.after.tree)].filter(isLasting);
  lines.push(
    `L1 holds the claimed root and not the memory behind it. In a true replay the segment changes ${changes.length} fields, and the operator has another value in at least one field of the state:`,
  );
  for (const { words, a, b } of changes.slice(0, NAMED_CHANGES)) {
    lines.push(`  ${words}: ${a} becomes ${b}`);
  }
  if (changes.length > NAMED_CHANGES) lines.push(`  and ${changes.length - NAMED_CHANGES} more`);
  return lines;
}

/**
 * Compares the true state at the end of a wrong batch with the memory the operator claims (a snapshot file of its sequencer), and names the
 * first record that differs. Leaves the replica at the end of the batch.
 *
 * @throws StateError if the file is no sound snapshot of this engine
 */
export function compareClaimed(wrong: Inquest, file: string, engineHash: string): string[] {
  const { finding, event, after: replica, inbox } = wrong;
  const last = finding?.segment ?? null;
  const rest = last === null ? [] : decodeBatch(event.data).slice(last + 1);
  for (const segment of rest) runSegment(replica.engine, segment, inbox);
  const own = bytesToHex(replica.watched.updatedRoot());
  const claimed = new StateTree({ state: new Uint8Array(replica.engine.bytes.length) });
  const { root } = loadSnapshot(file, claimed, { engineHash, dirty: false });
  const { number, finalRoot } = event.header;
  const lines =
    root === finalRoot
      ? [`${file} is the memory claimed for the end of batch ${number}.`]
      : [
          `${file} has the root ${root}, not the ${finalRoot} claimed for the end of batch ${number}; compared all the same.`,
        ];
  if (root === own) return [...lines, 'It agrees with the true replay to the byte.'];
  const first = firstDifference(replica.tree, claimed);
  if (first === undefined) {
    throw new ProverError(
      'BATCH_DISAGREES',
      'The roots differ, but no byte does: the trees are broken.',
    );
  }
  return [
    ...lines,
    `First difference: ${first.words} is ${first.b} there, ${first.a} in a true replay.`,
  ];
}

function isLasting({ address }: Difference): boolean {
  return address < SCRATCH || address >= SCRATCH + SCRATCH_SIZE;
}

function describeCommands(segment: DecodedSegment, report: SegmentReport | undefined): string {
  const words = segment.commands.map(({ bytes, malformed }, index) => {
    const code = report?.codes[index];
    const answer = code === undefined ? '?' : code === null ? 'no-op' : describeCode(code).name;
    return `${malformed ? 'malformed' : kindOf(bytes)} ${answer}`;
  });
  const count =
    words.length === 1 ? 'Its one command answers' : `Its ${words.length} commands answer`;
  return words.length === 0
    ? 'It has no commands.'
    : `${count} in a true replay: ${words.join(', ')}.`;
}

/** What a command is, in a word. */
export function kindOf(bytes: Uint8Array): string {
  if (isConsume(bytes)) return 'consume';
  const decoded = decodeCommand(bytes);
  return decoded.ok ? decoded.value.kind : 'malformed';
}

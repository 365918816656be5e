import { CMD_CONSUME } from '#shared/engine/kinds.ts';
import { FACT_INBOX_COUNT } from '#shared/engine/layout.ts';
import { commandInput, type DecodedCommand, type DecodedSegment } from '#shared/protocol/batch.ts';
import type { ReplayEngine } from './types.ts';

/** What a segment may consume: the messages below the batch header's inbox count. */
export interface SegmentInbox {
  readonly count: bigint;
  /** Message by its number. Asked only for numbers below `count`. */
  readonly message: (number: bigint) => Uint8Array;
}

/** True for the one byte that stands for "the next inbox message". */
export function isConsume(command: Uint8Array): boolean {
  return command.length === 1 && command[0] === CMD_CONSUME;
}

/**
 * Feeds a segment to the engine as shared/protocol/README.md says. Returns the result code of each command; `null` for a CONSUME
 * that was a no-op (nothing left to consume, or no room in the segment).
 */
export function runSegment(
  engine: ReplayEngine,
  segment: DecodedSegment,
  inbox: SegmentInbox,
): (number | null)[] {
  if (segment.commands.length > 0) engine.segmentStart();
  return segment.commands.map((command) => runCommand(engine, command, inbox));
}

function runCommand(
  engine: ReplayEngine,
  command: DecodedCommand,
  inbox: SegmentInbox,
): number | null {
  const input = commandInput(command);
  if (command.malformed || !isConsume(input)) return engine.execute(input);
  const number = engine.view.getBigUint64(FACT_INBOX_COUNT, true);
  if (number >= inbox.count) return null;
  const message = inbox.message(number);
  if (!engine.advance()) return null;
  return engine.executeInbox(message);
}

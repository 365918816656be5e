import { INPUT } from '#shared/engine/layout.ts';
import { commandInput, type DecodedCommand, type DecodedSegment } from '#shared/protocol/batch.ts';
import { isConsume, runSegment, type SegmentInbox } from '#shared/replay/segment.ts';
import type { ReplayEngine } from '#shared/replay/types.ts';
import { kindOf } from '../replay/explain.ts';
import type { Replica } from '../replay/replica.ts';
import { Trial } from './trial.ts';

/** A way to run a segment wrongly that leads to just the root that was claimed. */
export interface Guess {
  /** What the operator has done. */
  readonly words: string;
  /** Fields that have another value in its memory: `account 3, cash: 12 is claimed, 7 is true`. */
  readonly differences: readonly string[];
}

interface Variant {
  readonly words: string;
  readonly run: (engine: Replica['engine']) => void;
}

/**
 * What the operator did, told by trying. L1 has only the root of its memory; but if leaving out a command, or taking a signature for
 * good, leads to exactly that root, then that is its memory, as surely as SHA-256 holds. Most lies are none of these: then null.
 *
 * @param before the true state where the segment begins; stays as it is
 * @param after the true state after it; is worked in, and left as it was
 */
export function guessLie(
  segment: DecodedSegment,
  inbox: SegmentInbox,
  before: Replica,
  after: Replica,
): Guess | null {
  const trial = new Trial(before, after);
  try {
    for (const { words, run } of variants(segment, inbox)) {
      trial.begin();
      if (!runs(() => run(after.engine)) || !trial.reaches(segment.root)) continue;
      return { words, differences: trial.differences() };
    }
    return null;
  } finally {
    trial.end();
  }
}

/** Whether it ran to its end: a trap where nobody undoes it is no way to a root, and no reason to leave a lie unproved. */
function runs(run: () => void): boolean {
  try {
    run();
    return true;
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) return false;
    throw error;
  }
}

function* variants(segment: DecodedSegment, inbox: SegmentInbox): Generator<Variant> {
  const { commands } = segment;
  const named = (index: number) =>
    `command ${index} (${kindOf(commandInput(commands[index] as DecodedCommand))})`;
  const running = (others: readonly DecodedCommand[]) => (engine: Replica['engine']) => {
    if (others.length === 0) engine.segmentStart();
    runSegment(engine, { ...segment, commands: others }, inbox);
  };
  for (const [index, command] of commands.entries()) {
    const input = commandInput(command);
    yield {
      words: `it did not execute ${named(index)}, though it posted it`,
      run: running(commands.toSpliced(index, 1)),
    };
    if (!command.malformed && isConsume(input)) {
      yield {
        words: `it counts the inbox message of ${named(index)} as consumed without having executed it`,
        run: (engine) => runWith(engine, segment, inbox, index, () => void engine.advance()),
      };
      continue;
    }
    yield {
      words: `it executed ${named(index)} as if its signature were good`,
      run: (engine) =>
        runWith(engine, segment, inbox, index, () => {
          engine.bytes.set(input, INPUT);
          engine.executeRecovered(input.length);
        }),
    };
    yield {
      words: `it executed ${named(index)} twice`,
      run: running(commands.toSpliced(index, 0, command)),
    };
  }
  for (let index = 1; index < commands.length; index++) {
    const [first, second] = commands.slice(index - 1) as [DecodedCommand, DecodedCommand];
    yield {
      words: `it executed ${named(index)} before ${named(index - 1)}`,
      run: running(commands.toSpliced(index - 1, 2, second, first)),
    };
  }
}

/** Runs a segment as it should be, but for one command. */
function runWith(
  engine: Replica['engine'],
  segment: DecodedSegment,
  inbox: SegmentInbox,
  index: number,
  instead: () => void,
): void {
  // Each command by itself, in one segment: its start is not repeated.
  const within: ReplayEngine = {
    view: engine.view,
    segmentStart: () => {},
    execute: (command) => engine.execute(command),
    advance: () => engine.advance(),
    executeInbox: (message) => engine.executeInbox(message),
  };
  engine.segmentStart();
  for (const [at, command] of segment.commands.entries()) {
    if (at === index) instead();
    else runSegment(within, { ...segment, commands: [command] }, inbox);
  }
}

import { CMD_CONSUME } from '#shared/engine/kinds.ts';
import { SEGMENT_BYTES, SEGMENT_COMMANDS } from '#shared/engine/layout.ts';
import type { Engine } from '#shared/host/engine.ts';
import { type SegmentContent, segmentLength } from '#shared/protocol/batch.ts';
import { StateTree } from '#shared/state/tree.ts';

/**
 * Writes down everything that is done to an engine as segments with their roots, as an honest sequencer would post it: what is called
 * from outside is what runs, and what ran is what is recorded. Closes segments at their limits by itself.
 */
export class Recorder {
  readonly tree: StateTree;
  #closed: SegmentContent[] = [];
  #open: Uint8Array[] = [];

  /** Replaces the engine's entry points by ones that record. Needs marks. */
  constructor(engine: Engine) {
    const { marks } = engine.views;
    if (marks === undefined) throw new Error('The recorder needs an engine with marks.');
    this.tree = new StateTree({ state: engine.bytes, marks });
    const plain = {
      segmentStart: engine.segmentStart.bind(engine),
      execute: engine.execute.bind(engine),
      advance: engine.advance.bind(engine),
    };
    const start = () => {
      this.#close();
      plain.segmentStart();
    };
    const add = (command: Uint8Array) => {
      if (!this.#hasRoomFor(command)) start();
      // Segments open by themselves: nobody has to begin the first.
      else if (this.#open.length === 0) plain.segmentStart();
      this.#open.push(command.slice());
    };
    engine.segmentStart = () => this.#close();
    engine.execute = (command) => {
      add(command);
      return plain.execute(command);
    };
    engine.advance = () => {
      add(Uint8Array.of(CMD_CONSUME));
      return plain.advance();
    };
  }

  /** The segments since the last call. */
  take(): SegmentContent[] {
    this.#close();
    const segments = this.#closed;
    this.#closed = [];
    return segments;
  }

  #close() {
    if (this.#open.length === 0) return;
    this.#closed.push({ commands: this.#open, root: this.tree.updatedRoot() });
    this.#open = [];
  }

  #hasRoomFor(command: Uint8Array): boolean {
    const lengths = [...this.#open, command].map(({ length }) => length);
    return lengths.length <= SEGMENT_COMMANDS && segmentLength(lengths) <= SEGMENT_BYTES;
  }
}

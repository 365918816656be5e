/** Notes what is fed to an engine as segments, as a journal would hold them. */
import { MAX_COMMAND_BYTES, SEGMENT_BYTES, SEGMENT_COMMANDS } from '#shared/engine/layout.ts';
import type { Engine } from '#shared/host/engine.ts';
import { encodeSegment, segmentLength } from '#shared/protocol/batch.ts';

export interface RecordedSegment {
  /** As posted, without its length prefix; the root in it is zero. */
  readonly bytes: Uint8Array;
  /** Messages that may be consumed by its end. */
  readonly inboxCount: bigint;
}

const CONSUME = Uint8Array.of(1);

export class SegmentRecorder {
  readonly segments: RecordedSegment[] = [];
  readonly messages: Uint8Array[] = [];
  #commands: Uint8Array[] = [];

  constructor(engine: Engine) {
    const { segmentStart, execute, advance, executeInbox } = engine;
    engine.segmentStart = () => {
      this.close();
      segmentStart.call(engine);
    };
    engine.execute = (command) => {
      // Such bytes cannot be encoded as they are: CONSUME, and what is too long.
      const fed = command.length > MAX_COMMAND_BYTES ? new Uint8Array(0) : command;
      this.#push(engine, fed.length === 1 && fed[0] === 1 ? new Uint8Array(0) : fed);
      return execute.call(engine, this.#commands.at(-1) as Uint8Array);
    };
    engine.advance = () => {
      this.#push(engine, CONSUME);
      return advance.call(engine);
    };
    engine.executeInbox = (message) => {
      this.messages.push(message);
      return executeInbox.call(engine, message);
    };
  }

  /** Ends the open segment. */
  close(): void {
    if (this.#commands.length === 0) return;
    const bytes = encodeSegment({ commands: this.#commands, root: new Uint8Array(32) });
    this.segments.push({ bytes, inboxCount: BigInt(this.messages.length) });
    this.#commands = [];
  }

  #push(engine: Engine, command: Uint8Array): void {
    const lengths = [...this.#commands, command].map(({ length }) => length);
    const full = this.#commands.length === SEGMENT_COMMANDS;
    if (full || segmentLength(lengths) > SEGMENT_BYTES) engine.segmentStart();
    this.#commands.push(command);
  }
}

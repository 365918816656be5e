import type { Engine } from '#shared/host/engine.ts';
import { readEngine } from '#shared/host/wasm-file.ts';
import { translateEngine } from '../../program/engine.ts';
import { Twin } from './twin.ts';

const TRAPPED = -1;
const BLOCK = 4_096;

/** What one call of the engine did in both. */
export interface ShadowedCall {
  readonly entry: 'segmentStart' | 'execute' | 'advance' | 'executeInbox';
  readonly input: Uint8Array;
  readonly native: number;
  readonly twin: number;
  readonly steps: number;
}

/** Follows an engine in V8: whatever is called there is called in the twin as well. */
export class Shadow {
  readonly twin: Twin;
  readonly calls: ShadowedCall[] = [];
  readonly #engine: Engine;

  /** Attach it before the engine has run anything. */
  constructor(engine: Engine, twin = new Twin(translateEngine(readEngine().wasm))) {
    this.#engine = engine;
    this.twin = twin;
    const { segmentStart, execute, advance, executeInbox } = engine;
    const nothing = new Uint8Array(0);
    engine.segmentStart = () => {
      this.#both('segmentStart', nothing, () => {
        segmentStart.call(engine);
        return 0;
      });
    };
    engine.advance = () =>
      this.#both('advance', nothing, () => (advance.call(engine) ? 1 : 0)) === 1;
    engine.execute = (command) =>
      this.#both('execute', command, () => execute.call(engine, command));
    engine.executeInbox = (message) =>
      this.#both('executeInbox', message, () => executeInbox.call(engine, message));
  }

  #both(entry: ShadowedCall['entry'], input: Uint8Array, native: () => number): number {
    const result = native();
    const before = this.twin.steps;
    this.twin.input = input;
    const own = this.twin.call(entry);
    const twin = own === undefined ? TRAPPED : Number(own);
    const steps = this.twin.steps - before;
    this.calls.push({ entry, input: input.slice(), native: result, twin, steps });
    return result;
  }

  /** Address of the first byte in which the two memories differ, of all that either has written; undefined if there is none. */
  difference(): number | undefined {
    const { state, marks } = this.#engine.views;
    const touched = new Set(this.twin.touched);
    for (const [block, mark] of marks?.level1.entries() ?? []) {
      if (mark !== 0) touched.add(Math.floor((block * 128) / BLOCK));
    }
    for (const block of [...touched].sort((a, b) => a - b)) {
      const range = [block * BLOCK, (block + 1) * BLOCK] as const;
      const own = this.twin.memory.subarray(...range);
      const theirs = state.subarray(...range);
      if (Buffer.compare(own, theirs) === 0) continue;
      return range[0] + own.findIndex((byte, i) => byte !== theirs[i]);
    }
    return undefined;
  }
}

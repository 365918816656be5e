import { SEGMENT_BYTES, SEGMENT_COMMANDS } from '#shared/engine/layout.ts';

const PREFIX_BYTES = 2;
const ROOT_BYTES = 32;

/** Counts what is in the open segment, by the limits that L1 has. The engine's own work budget comes on top. */
export class Segmenter {
  /** Number of the open segment, from 1. */
  number: number;
  commands = 0;
  /** Whether `segmentStart` ran for it. A rejected command may have been the first. */
  started = false;
  #bytes = ROOT_BYTES;

  constructor(number: number) {
    this.number = number;
  }

  /** Whether a command of `length` bytes still fits. */
  fits(length: number): boolean {
    return this.commands < SEGMENT_COMMANDS && this.#bytes + PREFIX_BYTES + length <= SEGMENT_BYTES;
  }

  add(length: number): void {
    this.commands += 1;
    this.#bytes += PREFIX_BYTES + length;
  }

  close(): void {
    this.number += 1;
    this.commands = 0;
    this.started = false;
    this.#bytes = ROOT_BYTES;
  }
}

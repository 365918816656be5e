import type { L1Watch } from './inbox/l1-watch.ts';
import type { CommandStatus } from './matching/types.ts';
import type { ClockStatus } from './steady-clock.ts';

/** How far sealing and posting are: written by those who do it, read by the status. Lives on the main thread. */
export class Progress {
  inboxSeen = 0;
  sealedSegment = 0;
  sealedRoot = `0x${'00'.repeat(32)}`;
  sealedBatch = 0;
  checkedBatch = 0;
  landedBatch = 0;
  l1Connected = false;
  l1BlockNumber = 0;
  l1BlockTimeMs = 0;
  clock: ClockStatus = { trouble: null, offsetMs: 0 };
  followerTrouble: string | null = null;
  posterTrouble: string | null = null;
  /** Asked at every reading: time alone changes its answer. */
  l1Watch: Pick<L1Watch, 'finalized' | 'concerns'> | null = null;
  depositsHeld = false;
  /** Last sequence number of batch n at index n; batch 0 is genesis. */
  readonly #batchEnds: number[] = [0];

  /** Learns where batch `number` ends. Batches come in order. */
  addBatch(number: number, lastSequence: number): void {
    this.#batchEnds[number] = lastSequence;
    this.sealedBatch = number;
  }

  get landedSequence(): number {
    return this.#batchEnds[this.landedBatch] ?? 0;
  }

  /** Its part of the exchange's status. */
  get status() {
    return {
      inboxSeen: this.inboxSeen,
      sealedSegment: this.sealedSegment,
      sealedRoot: this.sealedRoot,
      sealedBatch: this.sealedBatch,
      checkedBatch: this.checkedBatch,
      landedBatch: this.landedBatch,
      landedSequence: this.landedSequence,
      clock: this.clock,
      l1: {
        connected: this.l1Connected,
        blockNumber: this.l1BlockNumber,
        blockTimeMs: this.l1BlockTimeMs,
        trouble: this.posterTrouble ?? this.followerTrouble,
        finalizedBlock: this.l1Watch?.finalized?.number ?? null,
        finalizedTimeMs: this.l1Watch?.finalized?.timeMs ?? null,
        concerns: this.l1Watch?.concerns ?? [],
        depositsHeld: this.depositsHeld,
      },
    };
  }

  /** @returns where a command stands; `batch` is null until one is cut that holds it. */
  commandStatus(sequence: number, durableSequence: number): CommandStatus {
    const durable = sequence >= 1 && sequence <= durableSequence;
    const batch = durable ? this.#batchHolding(sequence) : null;
    return { sequence, durable, batch, landed: batch !== null && batch <= this.landedBatch };
  }

  #batchHolding(sequence: number): number | null {
    let low = 1;
    let high = this.#batchEnds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#batchEnds[middle] as number) >= sequence) high = middle;
      else low = middle + 1;
    }
    return low < this.#batchEnds.length ? low : null;
  }
}

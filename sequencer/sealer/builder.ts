import { BATCH_BYTES } from '#shared/engine/layout.ts';
import { type BatchHeader, encodeSegment } from '#shared/protocol/batch.ts';
import { bytesToHex, concatBytes, hexToBytes } from '#shared/protocol/bytes.ts';
import { keccak256 } from '#shared/protocol/keccak.ts';
import { segmentHash, segmentsRoot } from '#shared/protocol/segments-root.ts';
import type { BatchRow } from '../journal/store.ts';
import { encodeStoredHeader, packMessages, ZERO_HASH } from './batch-row.ts';
import type { Facts } from './facts.ts';

const PREFIX_BYTES = 2;

/** A segment that has its root. */
export interface SealedSegment {
  readonly number: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** As on L1: CONSUME for an inbox message. */
  readonly commands: readonly Uint8Array[];
  /** The inbox messages it consumed. */
  readonly messages: readonly Uint8Array[];
  /** State at its end. */
  readonly facts: Facts;
}

/** Gathers segments into the next batch. Which segments go together is decided by who calls `cut`. */
export class BatchBuilder {
  #number: number;
  #previous: Facts;
  #segments: SealedSegment[] = [];
  #encoded: Uint8Array[] = [];
  #bytes = 0;

  /** @param number of the batch to build; `previous` is the state before it */
  constructor(number: number, previous: Facts) {
    this.#number = number;
    this.#previous = previous;
  }

  get number(): number {
    return this.#number;
  }

  get segments(): number {
    return this.#segments.length;
  }

  /** Last segment in it so far; 0 if there is none. */
  get lastSegment(): number {
    return this.#segments.at(-1)?.number ?? 0;
  }

  /** Whether the encoded segment still fits; an empty batch takes any. */
  fits(segment: SealedSegment): boolean {
    return this.#bytes + PREFIX_BYTES + encode(segment).length <= BATCH_BYTES;
  }

  add(segment: SealedSegment): void {
    const encoded = encode(segment);
    this.#segments.push(segment);
    this.#encoded.push(encoded);
    this.#bytes += PREFIX_BYTES + encoded.length;
  }

  /** The batch of what was added, at least one segment; the builder goes on with the next number. */
  cut(): BatchRow {
    const first = this.#segments[0] as SealedSegment;
    const last = this.#segments.at(-1) as SealedSegment;
    const data = concatBytes(...this.#encoded.flatMap((bytes) => [lengthPrefix(bytes), bytes]));
    const row: BatchRow = {
      number: this.#number,
      firstSegment: first.number,
      lastSegment: last.number,
      firstSequence: first.firstSequence,
      lastSequence: last.lastSequence,
      header: encodeStoredHeader(this.#header(data, last.facts)),
      data,
      messages: packMessages(this.#segments.flatMap((segment) => segment.messages)),
    };
    this.#number += 1;
    this.#previous = last.facts;
    this.#segments = [];
    this.#encoded = [];
    this.#bytes = 0;
    return row;
  }

  #header(data: Uint8Array, facts: Facts): BatchHeader {
    return {
      number: BigInt(this.#number),
      parentHash: ZERO_HASH,
      previousRoot: this.#previous.root,
      finalRoot: facts.root,
      inboxCount: facts.inboxCount,
      inboxAccumulator: facts.inboxAccumulator,
      clockMs: facts.clockMs,
      indexTimeMs: facts.indexTimeMs,
      volatilityTimeMs: facts.volatilityTimeMs,
      dataHash: bytesToHex(keccak256(data)),
      segmentsRoot: bytesToHex(segmentsRoot(this.#encoded.map(segmentHash))),
      landedAt: 0n,
    };
  }
}

function encode(segment: SealedSegment): Uint8Array {
  return encodeSegment({ commands: segment.commands, root: hexToBytes(segment.facts.root) });
}

function lengthPrefix(bytes: Uint8Array): Uint8Array {
  return Uint8Array.of(bytes.length >> 8, bytes.length & 255);
}

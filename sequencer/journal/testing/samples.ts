import { ENTRY_CLOSE, ENTRY_COMMAND, RowBuilder } from '../entry.ts';
import type { Identity } from '../schema.ts';
import type { BatchRow, CommitGroup } from '../store.ts';

export const TEST_IDENTITY: Identity = {
  chainId: 31_337,
  settlement: `0x${'5e'.repeat(20)}`,
  engineHash: 'ab'.repeat(32),
};

/** The bytes of the sample command with this sequence number. */
export function sampleCommand(sequence: number): Uint8Array {
  return new TextEncoder().encode(`command ${sequence} ${'x'.repeat(sequence % 97)}`);
}

/** Row `id` with `count` commands from `sequence` on, ending its segment. */
export function sampleGroup(id: number, sequence: number, count: number): CommitGroup {
  const builder = new RowBuilder();
  const signers = new Uint8Array(24).fill(id & 255);
  for (let i = 0; i < count; i++) {
    builder.add(ENTRY_COMMAND, 0, sampleCommand(sequence + i), signers, i % 2 ? 24 : 0);
  }
  builder.add(ENTRY_CLOSE, 0, new Uint8Array(0), signers, 0);
  const last = sequence + count - 1;
  return {
    entries: {
      id,
      firstSequence: sequence,
      lastSequence: last,
      firstSegment: id,
      data: builder.take(),
    },
    segments: [
      {
        number: id,
        firstSequence: sequence,
        lastSequence: last,
        root: new Uint8Array(32).fill(id),
      },
    ],
  };
}

export function sampleBatch(number: number): BatchRow {
  return {
    number,
    firstSegment: number,
    lastSegment: number,
    firstSequence: number,
    lastSequence: number,
    header: new Uint8Array(100).fill(1),
    data: new Uint8Array(20_000).fill(number),
    messages: new Uint8Array(0),
  };
}

import { decodeAbiParameters, type Hex } from 'viem';
import { BATCH_HEADER_COMPONENTS, type BatchHeader, encodeHeader } from '#shared/protocol/batch.ts';
import { bytesToHex, hexToBytes } from '#shared/protocol/bytes.ts';
import { JournalError } from '../errors.ts';
import type { BatchRow } from '../journal/store.ts';

export const ZERO_HASH: Hex = `0x${'00'.repeat(32)}`;

/**
 * The header as it is stored before anything is sent: all of it but what only landing decides, `parentHash` (it contains
 * the parent's landing time) and `landedAt`, which are zero here. Nothing else of a batch ever changes.
 */
export function encodeStoredHeader(header: BatchHeader): Uint8Array {
  return hexToBytes(encodeHeader({ ...header, parentHash: ZERO_HASH, landedAt: 0n }));
}

export function decodeStoredHeader(bytes: Uint8Array): BatchHeader {
  const components = [{ type: 'tuple', components: BATCH_HEADER_COMPONENTS }] as const;
  const [header] = decodeAbiParameters(components, bytesToHex(bytes));
  return header;
}

/** Inbox messages side by side, each with its length (u16, big-endian) before it. */
export function packMessages(messages: readonly Uint8Array[]): Uint8Array {
  const length = messages.reduce((sum, message) => sum + 2 + message.length, 0);
  const packed = new Uint8Array(length);
  let at = 0;
  for (const message of messages) {
    packed[at] = message.length >> 8;
    packed[at + 1] = message.length & 255;
    packed.set(message, at + 2);
    at += 2 + message.length;
  }
  return packed;
}

export function unpackMessages(packed: Uint8Array): Uint8Array[] {
  const messages: Uint8Array[] = [];
  let at = 0;
  while (at < packed.length) {
    const length = ((packed[at] as number) << 8) | (packed[at + 1] ?? 0);
    const end = at + 2 + length;
    if (end > packed.length) {
      throw new JournalError('JOURNAL_CORRUPT', 'The inbox messages of a batch end in the middle.');
    }
    messages.push(packed.subarray(at + 2, end));
    at = end;
  }
  return messages;
}

/** The row as a replay takes it: header, data, and the messages by number. */
export function toReplayBatch(row: BatchRow, firstMessage: bigint) {
  const messages = unpackMessages(row.messages);
  return {
    header: decodeStoredHeader(row.header),
    data: row.data,
    message: (number: bigint) => messages[Number(number - firstMessage)],
  };
}

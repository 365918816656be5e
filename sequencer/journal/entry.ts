import { JournalError } from '../errors.ts';

/**
 * One entry of the journal, as bytes inside a row, little-endian:
 *
 *   0       1          2         4        8
 *   | kind  | signers  | length  | code   | bytes (length) | signers x (digest prefix 4, address 20)
 *   | u8    | u8       | u16     | i32    |
 *
 * The addresses are what the recovery of signatures gave while the entry ran, in the order in which the engine asked, so
 * that a replay needs no recovery; address zero stands for "no address recovers".
 */
export const ENTRY_COMMAND = 0;
export const ENTRY_INBOX = 1;
/** Ends a segment. Has no sequence number and no bytes. */
export const ENTRY_CLOSE = 2;

export const ENTRY_HEADER_BYTES = 8;
export const SIGNER_BYTES = 24;
export const SIGNER_DIGEST_BYTES = 4;

export interface JournalEntry {
  readonly kind: number;
  /** Engine result code. 0 for commands, anything for inbox messages. */
  readonly code: number;
  /** The command's or message's bytes: a view into the row. */
  readonly bytes: Uint8Array;
  /** `SIGNER_BYTES` for each recovery: a view into the row. */
  readonly signers: Uint8Array;
}

/** Reads a row's entries one after another. `JOURNAL_CORRUPT` if they do not fill the row exactly. */
export function* decodeEntries(row: Uint8Array): Generator<JournalEntry> {
  const view = new DataView(row.buffer, row.byteOffset, row.byteLength);
  let at = 0;
  while (at < row.length) {
    if (row.length - at < ENTRY_HEADER_BYTES) throw malformedRow(at);
    const kind = view.getUint8(at);
    const signersLength = view.getUint8(at + 1) * SIGNER_BYTES;
    const length = view.getUint16(at + 2, true);
    const code = view.getInt32(at + 4, true);
    const end = at + ENTRY_HEADER_BYTES + length + signersLength;
    if (kind > ENTRY_CLOSE || end > row.length) throw malformedRow(at);
    const bytes = row.subarray(at + ENTRY_HEADER_BYTES, at + ENTRY_HEADER_BYTES + length);
    yield { kind, code, bytes, signers: row.subarray(end - signersLength, end) };
    at = end;
  }
}

function malformedRow(at: number): JournalError {
  return new JournalError(
    'JOURNAL_CORRUPT',
    `A journal row has no readable entry at byte ${at}. Restore the data directory from a backup, or rebuild it from L1.`,
  );
}

/** Collects entries into the bytes of one row. */
export class RowBuilder {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacityBytes = 65_536) {
    this.#bytes = new Uint8Array(capacityBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** Appends one entry. `signers` holds `signersLength` bytes, a multiple of `SIGNER_BYTES`. */
  add(kind: number, code: number, bytes: Uint8Array, signers: Uint8Array, signersLength: number) {
    const need = this.#length + ENTRY_HEADER_BYTES + bytes.length + signersLength;
    if (need > this.#bytes.length) this.#grow(need);
    const at = this.#length;
    this.#view.setUint8(at, kind);
    this.#view.setUint8(at + 1, signersLength / SIGNER_BYTES);
    this.#view.setUint16(at + 2, bytes.length, true);
    this.#view.setInt32(at + 4, code, true);
    this.#bytes.set(bytes, at + ENTRY_HEADER_BYTES);
    if (signersLength > 0) {
      this.#bytes.set(signers.subarray(0, signersLength), at + ENTRY_HEADER_BYTES + bytes.length);
    }
    this.#length = need;
  }

  /** A copy of the row in a buffer of its own (so that it can be transferred), and an empty builder again. */
  take(): Uint8Array<ArrayBuffer> {
    const row = new Uint8Array(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    return row;
  }

  #grow(need: number) {
    const bytes = new Uint8Array(Math.max(need, this.#bytes.length * 2));
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

import { createHash } from 'node:crypto';
import { bytesToHex } from '#shared/protocol/bytes.ts';
import { StateError } from './errors.ts';
import { PAGE_BYTES } from './tree.ts';

/**
 *     0        8         12            16           20    24          56
 *     | magic  | version | head bytes  | page count | 0   | head sum  | head (JSON) | page table | pages | sum |
 *
 * Integers are little-endian u32, the table has one a page, ascending. The head sum is the SHA-256 of
 * bytes 0 to 23, head and table; the sum at the end that of the pages. So a head can be trusted before
 * gigabytes are read.
 */
export const SNAPSHOT_VERSION = 1;
export const PREFIX_BYTES = 56;
export const SUM_BYTES = 32;
const SUMMED_PREFIX_BYTES = 24;
const MAGIC = new TextEncoder().encode('PLIMSNAP');
const MAX_HEAD_BYTES = 1 << 20;
const MAX_PAGES = 2 ** 32 / PAGE_BYTES;

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/** What a snapshot says about itself. */
export interface SnapshotHead {
  /** keccak256 or SHA-256 of the engine module, as the caller identifies it, `0x…`. */
  readonly engineHash: string;
  /** State root, `0x…`. */
  readonly root: string;
  /** Journal sequence number of the last command in the state. */
  readonly sequence: bigint;
  /** Segments sealed so far. */
  readonly segment: bigint;
  /** Whatever else the caller needs to continue. */
  readonly metadata: Json;
}

export interface Prefix {
  readonly headBytes: number;
  readonly pageCount: number;
  readonly headSum: Uint8Array;
}

/** Everything that stands before the pages. */
export function encodeFront(head: SnapshotHead, pages: Uint32Array): Uint8Array {
  const text = { ...head, sequence: `${head.sequence}`, segment: `${head.segment}` };
  const json = new TextEncoder().encode(JSON.stringify(text));
  if (json.length > MAX_HEAD_BYTES) throw corrupt('its metadata is larger than 1 MiB');
  const front = new Uint8Array(PREFIX_BYTES + json.length + pages.length * 4);
  const view = new DataView(front.buffer);
  front.set(MAGIC);
  for (const [i, value] of [SNAPSHOT_VERSION, json.length, pages.length, 0].entries()) {
    view.setUint32(8 + 4 * i, value, true);
  }
  front.set(json, PREFIX_BYTES);
  for (const [i, page] of pages.entries()) {
    view.setUint32(PREFIX_BYTES + json.length + 4 * i, page, true);
  }
  front.set(headSumOf(front), SUMMED_PREFIX_BYTES);
  return front;
}

/** The first `PREFIX_BYTES` bytes. Throws SNAPSHOT_CORRUPT, SNAPSHOT_WRONG_VERSION. */
export function decodePrefix(prefix: Uint8Array): Prefix {
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  if (MAGIC.some((byte, i) => prefix[i] !== byte)) throw corrupt('it is not a snapshot at all');
  const version = view.getUint32(8, true);
  if (version !== SNAPSHOT_VERSION) {
    throw new StateError(
      'SNAPSHOT_WRONG_VERSION',
      `The snapshot has version ${version}, this program reads ${SNAPSHOT_VERSION}. Delete it and replay.`,
    );
  }
  const headBytes = view.getUint32(12, true);
  const pageCount = view.getUint32(16, true);
  if (headBytes > MAX_HEAD_BYTES || pageCount > MAX_PAGES)
    throw corrupt('its sizes are impossible');
  return { headBytes, pageCount, headSum: prefix.slice(SUMMED_PREFIX_BYTES, PREFIX_BYTES) };
}

/** Head and page table of a whole front. Throws SNAPSHOT_CORRUPT. */
export function decodeFront(front: Uint8Array, prefix: Prefix, stateBytes: number) {
  if (Buffer.compare(headSumOf(front), prefix.headSum) !== 0) {
    throw corrupt('the checksum of its head does not match');
  }
  const tableAt = PREFIX_BYTES + prefix.headBytes;
  const view = new DataView(front.buffer, front.byteOffset, front.byteLength);
  const pages = Uint32Array.from({ length: prefix.pageCount }, (_, i) =>
    view.getUint32(tableAt + 4 * i, true),
  );
  if (pages.some((page, i) => i > 0 && page <= (pages[i - 1] as number))) {
    throw corrupt('its page table is not ascending');
  }
  if ((pages.at(-1) ?? 0) * PAGE_BYTES >= stateBytes) throw corrupt('a page lies behind the state');
  return { head: parseHead(front.subarray(PREFIX_BYTES, tableAt)), pages };
}

export function corrupt(what: string, options?: { cause?: unknown }): StateError {
  return new StateError(
    'SNAPSHOT_CORRUPT',
    `The snapshot is corrupt: ${what}. Delete it; an older one or the journal rebuilds the state.`,
    options,
  );
}

function parseHead(json: Uint8Array): SnapshotHead {
  try {
    const head = JSON.parse(new TextDecoder().decode(json)) as Record<string, Json>;
    const { engineHash, root, sequence, segment, metadata = null } = head;
    return {
      engineHash: String(engineHash),
      root: String(root),
      sequence: BigInt(sequence as string),
      segment: BigInt(segment as string),
      metadata,
    };
  } catch (cause) {
    throw corrupt('its head is not what this program writes', { cause });
  }
}

function headSumOf(front: Uint8Array): Uint8Array {
  const hash = createHash('sha256').update(front.subarray(0, SUMMED_PREFIX_BYTES));
  return hash.update(front.subarray(PREFIX_BYTES)).digest();
}

/** SHA-256 of an engine module as `0x…`: what `engineHash` is for callers without a better one. */
export function engineHashOf(wasm: Uint8Array): string {
  return bytesToHex(createHash('sha256').update(wasm).digest());
}

import { encodeAbiParameters, type Hex } from 'viem';
import {
  BATCH_BYTES,
  MAX_COMMAND_BYTES,
  SEGMENT_BYTES,
  SEGMENT_COMMANDS,
} from '#shared/engine/layout.ts';
import { ByteWriter, bytesToHex, hexToBytes } from './bytes.ts';
import { EncodingError } from './errors.ts';
import { keccak256 } from './keccak.ts';

/** A batch's data as segments of commands; the decoding is total (README, "Batches"). */
export const ROOT_BYTES = 32;
const PREFIX_BYTES = 2;

/** What goes into a segment: commands of at most 4,096 bytes and the state root after them. */
export interface SegmentContent {
  readonly commands: readonly Uint8Array[];
  readonly root: Uint8Array;
}

export interface DecodedCommand {
  readonly bytes: Uint8Array;
  /** What was left where a command should have been. Fed to the engine all the same: see `commandInput`. */
  readonly malformed: boolean;
}

export interface DecodedSegment {
  /** Its bytes in the data, without the length: what the segment hash is of. */
  readonly bytes: Uint8Array;
  readonly commands: readonly DecodedCommand[];
  readonly root: Uint8Array;
  readonly malformed: boolean;
}

/** How many bytes a segment takes in `data`, its own length prefix left out. */
export function segmentLength(commandLengths: readonly number[]): number {
  return commandLengths.reduce((sum, length) => sum + PREFIX_BYTES + length, ROOT_BYTES);
}

/** The bytes of a segment without its length prefix. Throws `EncodingError` beyond the limits. */
export function encodeSegment(segment: SegmentContent): Uint8Array {
  if (segment.commands.length > SEGMENT_COMMANDS) {
    throw new EncodingError(`${segment.commands.length} commands; a segment holds 16.`);
  }
  const writer = new ByteWriter(1024);
  for (const command of segment.commands) {
    if (command.length > MAX_COMMAND_BYTES) {
      throw new EncodingError(`A command of ${command.length} bytes; 4,096 are allowed.`);
    }
    writer.u16be(command.length).bytes(command);
  }
  writer.bytes(segment.root, ROOT_BYTES);
  if (writer.length > SEGMENT_BYTES) {
    throw new EncodingError(`A segment of ${writer.length} bytes; 16,384 are allowed.`);
  }
  return writer.finish();
}

/** `data` of a batch. Throws `EncodingError` beyond the limits of segments and of 120 KiB. */
export function encodeBatch(segments: readonly SegmentContent[]): Uint8Array {
  const writer = new ByteWriter(8192);
  for (const segment of segments) {
    const bytes = encodeSegment(segment);
    writer.u16be(bytes.length).bytes(bytes);
  }
  if (writer.length > BATCH_BYTES) {
    throw new EncodingError(`A batch of ${writer.length} bytes; 122,880 are allowed.`);
  }
  return writer.finish();
}

/** Every byte string is some list of segments; never throws. */
export function decodeBatch(data: Uint8Array): DecodedSegment[] {
  const segments: DecodedSegment[] = [];
  let at = 0;
  while (at < data.length) {
    const left = data.length - at - PREFIX_BYTES;
    const length = left < 0 ? 0 : readU16be(data, at);
    if (left < 0 || length > left || length > SEGMENT_BYTES) {
      segments.push(malformedSegment(data.subarray(at)));
      break;
    }
    at += PREFIX_BYTES;
    segments.push(decodeSegment(data.subarray(at, at + length)));
    at += length;
  }
  return segments;
}

function malformedSegment(bytes: Uint8Array): DecodedSegment {
  const commands = [{ bytes, malformed: true }];
  return { bytes, commands, root: new Uint8Array(ROOT_BYTES), malformed: true };
}

/** One segment of a length that the data allowed. */
export function decodeSegment(bytes: Uint8Array): DecodedSegment {
  const rooted = bytes.length >= ROOT_BYTES;
  const end = rooted ? bytes.length - ROOT_BYTES : bytes.length;
  const root = rooted ? bytes.subarray(end) : new Uint8Array(ROOT_BYTES);
  return { bytes, commands: decodeCommands(bytes.subarray(0, end)), root, malformed: false };
}

function decodeCommands(bytes: Uint8Array): DecodedCommand[] {
  const commands: DecodedCommand[] = [];
  let at = 0;
  while (at < bytes.length) {
    const left = bytes.length - at - PREFIX_BYTES;
    const length = left < 0 ? 0 : readU16be(bytes, at);
    const full = commands.length === SEGMENT_COMMANDS;
    if (full || left < 0 || length > left || length > MAX_COMMAND_BYTES) {
      commands.push({ bytes: bytes.subarray(at), malformed: true });
      break;
    }
    at += PREFIX_BYTES;
    commands.push({ bytes: bytes.subarray(at, at + length), malformed: false });
    at += length;
  }
  return commands;
}

/** What the engine is fed for a command: its bytes, or none if they are longer than 4,096. */
export function commandInput(command: DecodedCommand): Uint8Array {
  return command.bytes.length > MAX_COMMAND_BYTES ? command.bytes.subarray(0, 0) : command.bytes;
}

function readU16be(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

/** The header of the contract, field by field in its order; bytes32 are hexadecimal. */
export interface BatchHeader {
  readonly number: bigint;
  readonly parentHash: Hex;
  readonly previousRoot: Hex;
  readonly finalRoot: Hex;
  readonly inboxCount: bigint;
  readonly inboxAccumulator: Hex;
  readonly clockMs: bigint;
  readonly indexTimeMs: bigint;
  readonly volatilityTimeMs: bigint;
  readonly dataHash: Hex;
  readonly segmentsRoot: Hex;
  /** Seconds; filled by the contract, as are dataHash and segmentsRoot. */
  readonly landedAt: bigint;
}

export const BATCH_HEADER_COMPONENTS = [
  { name: 'number', type: 'uint64' },
  { name: 'parentHash', type: 'bytes32' },
  { name: 'previousRoot', type: 'bytes32' },
  { name: 'finalRoot', type: 'bytes32' },
  { name: 'inboxCount', type: 'uint64' },
  { name: 'inboxAccumulator', type: 'bytes32' },
  { name: 'clockMs', type: 'uint64' },
  { name: 'indexTimeMs', type: 'uint64' },
  { name: 'volatilityTimeMs', type: 'uint64' },
  { name: 'dataHash', type: 'bytes32' },
  { name: 'segmentsRoot', type: 'bytes32' },
  { name: 'landedAt', type: 'uint64' },
] as const;

const HEADER_ABI = [{ type: 'tuple', components: BATCH_HEADER_COMPONENTS }] as const;

/** `abi.encode(header)`. */
export function encodeHeader(header: BatchHeader): Hex {
  return encodeAbiParameters(HEADER_ABI, [header]);
}

/** keccak256(abi.encode(header)). */
export function hashHeader(header: BatchHeader): Hex {
  return bytesToHex(keccak256(hexToBytes(encodeHeader(header))));
}

import { MAX_SWEEP } from '#shared/engine/layout.ts';
import type { ByteReader } from './bytes.ts';
import { ByteWriter } from './bytes.ts';
import type {
  IndexCommand,
  SurfaceEntry,
  SystemCommand,
  VolatilityCommand,
} from './command-types.ts';
import { EncodingError } from './errors.ts';
import { SIGNATURE_BYTES } from './signatures.ts';

/** Bodies of the unsigned kinds. Counts are checked here; who may sign and what prices mean is the engine's. */
export const MAX_SURFACE_ENTRIES = 32;
const SURFACE_ENTRY_BYTES = 46;

export function encodeSystemBody(writer: ByteWriter, command: SystemCommand): void {
  switch (command.kind) {
    case 'consume':
      return;
    case 'clock':
      writer.u64(command.timeMs);
      return;
    case 'index':
      return writeIndex(writer, command);
    case 'volatility':
      return writeVolatility(writer, command);
    case 'reprice':
      writer.u8(command.underlying);
      return;
    case 'list':
      writer.u8(command.underlying).u16(command.expiryDay).u32(command.strike);
      writer.u8(command.optionKind);
      return;
    case 'settleInstrument':
    case 'delist':
      writer.u16(command.instrument);
      return;
    case 'riskRequest':
      writer.u8(command.underlying).u16(command.multiplier).u64(command.untilMs);
      writer.u32(command.sequence).u16(command.reason).bytes(command.signature, SIGNATURE_BYTES);
      return;
    case 'settleAccount':
    case 'liquidationStep':
      writer.varint32(command.account);
      return;
    case 'liquidate':
      writer.varint32(command.account).u8(command.scenario);
      return;
    case 'deleverage':
      writer.varint32(command.account).u16(command.instrument);
      return;
    case 'sweep':
      checkCount(command.orderIds.length, MAX_SWEEP, 'orders');
      writer.u8(command.orderIds.length);
      for (const id of command.orderIds) writer.varint(id);
  }
}

function writeIndex(writer: ByteWriter, command: IndexCommand): void {
  writer.u8(command.underlying).u32(command.round).u8(command.observations.length);
  for (const { signer, price, timeMs, signature } of command.observations) {
    writer.u8(signer).u64(price).u64(timeMs).bytes(signature, SIGNATURE_BYTES);
  }
}

function writeVolatility(writer: ByteWriter, command: VolatilityCommand): void {
  const { entries, signatures } = command;
  checkCount(entries.length, MAX_SURFACE_ENTRIES, 'surface entries');
  writer.u8(command.underlying).u32(command.round).u64(command.timeMs).u8(entries.length);
  writer.bytes(encodeSurface(entries)).u8(signatures.length);
  for (const { signer, signature } of signatures) {
    writer.u8(signer).bytes(signature, SIGNATURE_BYTES);
  }
}

/** The entries' bytes as in the command: what `surface` of the oracle's typed data is the hash of. */
export function encodeSurface(entries: readonly SurfaceEntry[]): Uint8Array {
  const writer = new ByteWriter(SURFACE_ENTRY_BYTES * entries.length);
  for (const { expiryDay, forward, index = 0n, a, b, rho, m, sigma } of entries) {
    writer.u16(expiryDay).u64(forward).u64(index).u64(unsigned64(a)).u64(b);
    writer.u32(unsigned32(rho)).u32(unsigned32(m)).u32(sigma);
  }
  return writer.finish();
}

/** Two's complement of a signed integer; what does not fit is refused, not cut. */
function unsigned64(value: bigint): bigint {
  if (BigInt.asIntN(64, value) !== value) throw new EncodingError(`${value} is beyond 64 bits`);
  return BigInt.asUintN(64, value);
}

function unsigned32(value: number): number {
  if ((value | 0) !== value) throw new EncodingError(`${value} is no signed 32-bit integer`);
  return value >>> 0;
}

function checkCount(count: number, max: number, what: string): void {
  if (count < 1 || count > max)
    throw new EncodingError(`${count} ${what}; 1 to ${max} are allowed.`);
}

/** A command, or why the bytes are none. The caller looks at `reader.failed` and at what is left. */
export function decodeSystemBody(
  reader: ByteReader,
  kind: SystemCommand['kind'],
): SystemCommand | string {
  switch (kind) {
    case 'consume':
      return { kind };
    case 'clock':
      return { kind, timeMs: reader.u64() };
    case 'index':
      return readIndex(reader);
    case 'volatility':
      return readVolatility(reader);
    case 'reprice':
      return { kind, underlying: reader.u8() };
    case 'list':
      return {
        kind,
        underlying: reader.u8(),
        expiryDay: reader.u16(),
        strike: reader.u32(),
        optionKind: reader.u8(),
      };
    case 'settleInstrument':
    case 'delist':
      return { kind, instrument: reader.u16() };
    case 'riskRequest':
      return {
        kind,
        underlying: reader.u8(),
        multiplier: reader.u16(),
        untilMs: reader.u64(),
        sequence: reader.u32(),
        reason: reader.u16(),
        signature: reader.bytes(SIGNATURE_BYTES),
      };
    case 'settleAccount':
    case 'liquidationStep':
      return { kind, account: reader.varint32() };
    case 'liquidate':
      return { kind, account: reader.varint32(), scenario: reader.u8() };
    case 'deleverage':
      return { kind, account: reader.varint32(), instrument: reader.u16() };
    case 'sweep':
      return readSweep(reader);
  }
}

function readSweep(reader: ByteReader): SystemCommand | string {
  const count = reader.u8();
  if (count < 1 || count > MAX_SWEEP) return `a sweep names 1 to ${MAX_SWEEP} orders`;
  return { kind: 'sweep', orderIds: Array.from({ length: count }, () => reader.varint()) };
}

function readIndex(reader: ByteReader): IndexCommand {
  const underlying = reader.u8();
  const round = reader.u32();
  const count = reader.u8();
  const observations = Array.from({ length: count }, () => ({
    signer: reader.u8(),
    price: reader.u64(),
    timeMs: reader.u64(),
    signature: reader.bytes(SIGNATURE_BYTES),
  }));
  return { kind: 'index', underlying, round, observations };
}

function readVolatility(reader: ByteReader): VolatilityCommand | string {
  const underlying = reader.u8();
  const round = reader.u32();
  const timeMs = reader.u64();
  const count = reader.u8();
  if (count < 1 || count > MAX_SURFACE_ENTRIES) {
    return `a surface has 1 to ${MAX_SURFACE_ENTRIES} entries`;
  }
  const entries = Array.from({ length: count }, () => ({
    expiryDay: reader.u16(),
    forward: reader.u64(),
    index: reader.u64(),
    a: BigInt.asIntN(64, reader.u64()),
    b: reader.u64(),
    rho: reader.u32() | 0,
    m: reader.u32() | 0,
    sigma: reader.u32(),
  }));
  const signers = reader.u8();
  const signatures = Array.from({ length: signers }, () => ({
    signer: reader.u8(),
    signature: reader.bytes(SIGNATURE_BYTES),
  }));
  return { kind: 'volatility', underlying, round, timeMs, entries, signatures };
}

import * as codes from '#shared/engine/codes.ts';
import * as K from '#shared/engine/kinds.ts';
import { MAX_COMMAND_BYTES } from '#shared/engine/layout.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import {
  type Action,
  type Command,
  isSigned,
  KIND_NUMBERS,
  kindOfNumber,
  type OrderAction,
  type SignedCommand,
  type SystemCommand,
} from './command-types.ts';
import { EncodingError } from './errors.ts';
import { SIGNATURE_BYTES } from './signatures.ts';
import { decodeSystemBody, encodeSystemBody } from './system-codec.ts';
import { lots, money, ticks } from './units.ts';

export * from './command-types.ts';

const U32_MAX = 0xffff_ffff;

/** What bytes turned out to be. `code` is what the engine would answer; `reason` says it in words. */
export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: number; readonly reason: string };

/**
 * The bytes of any command. Throws `EncodingError` when a field is out of range or contradicts the flags,
 * or when the command would be longer than 4,096 bytes.
 */
export function encodeCommand(command: Command): Uint8Array {
  const writer = new ByteWriter();
  if (isSigned(command)) {
    writeEnvelope(writer, command);
    writeActionBody(writer, command);
    writer.bytes(command.signature, SIGNATURE_BYTES);
  } else {
    writer.u8(KIND_NUMBERS[command.kind]);
    encodeSystemBody(writer, command);
  }
  if (writer.length > MAX_COMMAND_BYTES) {
    throw new EncodingError(`The command takes ${writer.length} bytes; 4,096 are allowed.`);
  }
  return writer.finish();
}

function writeEnvelope(writer: ByteWriter, command: SignedCommand): void {
  if (!Number.isInteger(command.keySlot) || command.keySlot < 0 || command.keySlot > 7) {
    throw new EncodingError(`Key slot ${command.keySlot} is not one of 0 to 7.`);
  }
  writer
    .u8(KIND_NUMBERS[command.kind] | (command.keySlot << 5))
    .varint32(command.account)
    .varint(command.nonce)
    .u32(command.validUntil);
}

/** Kind byte (key slot 0) and body: what an inbox message of kind FORCED carries. */
export function encodeForcedAction(action: Action): Uint8Array {
  const writer = new ByteWriter().u8(KIND_NUMBERS[action.kind]);
  writeActionBody(writer, action);
  return writer.finish();
}

function writeActionBody(writer: ByteWriter, action: Action): void {
  switch (action.kind) {
    case 'order':
      return writeOrder(writer, action);
    case 'cancel':
      writer.varint(action.orderId);
      return;
    case 'cancelLabel':
      writer.u64(action.label);
      return;
    case 'cancelAll':
      return;
    case 'amend':
      writer.varint(action.orderId).varint32(action.price).varint32(action.lots);
      return;
    case 'withdraw':
      writer.varint(action.amount);
      return;
    case 'transfer':
      writer.varint32(action.toAccount).varint(action.amount);
      return;
    case 'setKey':
      writer.u8(action.slot).bytes(action.address, 20).u8(action.scope).u32(action.expiry);
      return;
    case 'revokeKey':
      writer.u8(action.slot);
      return;
    case 'setMarginMode':
      writer.u8(action.mode);
      return;
    case 'bid':
      writer.varint32(action.auction).u32(action.share).u16(action.limit);
  }
}

function writeOrder(writer: ByteWriter, order: OrderAction): void {
  const { flags, label, expiry } = order;
  const labelled = (flags & K.FLAG_LABEL) !== 0;
  const timed = ((flags >> K.FLAG_TIF_SHIFT) & 3) === K.TIF_GTT;
  if (labelled !== (label !== undefined)) {
    throw new EncodingError('An order has a label exactly when FLAG_LABEL is set.');
  }
  if (timed !== (expiry !== undefined)) {
    throw new EncodingError('An order has an expiry exactly when it is good till time.');
  }
  writer.u16(order.instrument).u16(flags).varint32(order.price).varint32(order.lots);
  if (label !== undefined) writer.u64(label);
  if (expiry !== undefined) writer.u32(expiry);
}

/** Any bytes in, a command or a reason out; never throws. What it accepts encodes to the same bytes again. */
export function decodeCommand(bytes: Uint8Array): Decoded<Command> {
  if (bytes.length > MAX_COMMAND_BYTES) return malformed('longer than 4,096 bytes');
  const reader = new ByteReader(bytes);
  const first = reader.u8();
  if (reader.failed) return malformed('no bytes');
  const kind = kindOfNumber(first & 31);
  const keySlot = first >> 5;
  if (kind === undefined) return keySlot === 0 ? unknownKind(first) : malformed('no such kind');
  if ((first & 31) >= K.CMD_ORDER) return decodeSigned(reader, kind as Action['kind'], keySlot);
  if (keySlot !== 0) return malformed('an unsigned kind has key slot 0');
  const value = decodeSystemBody(reader, kind as SystemCommand['kind']);
  if (typeof value === 'string' && !reader.failed) return malformed(value);
  return finished(reader) ?? { ok: true, value: value as SystemCommand };
}

function decodeSigned(
  reader: ByteReader,
  kind: Action['kind'],
  keySlot: number,
): Decoded<SignedCommand> {
  const account = reader.varint32();
  const envelope = { keySlot, account, nonce: reader.varint(), validUntil: reader.u32() };
  const action = readActionBody(reader, kind);
  const signature = reader.bytes(SIGNATURE_BYTES);
  const value = { ...action, ...envelope, signature } as SignedCommand;
  return finished(reader) ?? tooLarge(action) ?? { ok: true, value };
}

/** The inverse of `encodeForcedAction`; never throws. */
export function decodeForcedAction(bytes: Uint8Array): Decoded<Action> {
  const reader = new ByteReader(bytes);
  const first = reader.u8();
  if (reader.failed) return malformed('no bytes');
  const kind = kindOfNumber(first & 31);
  if (first >> 5 !== 0) return malformed('a forced command has key slot 0');
  if (kind === undefined) return unknownKind(first);
  if (first < K.CMD_ORDER) {
    return { ok: false, code: codes.NOT_ALLOWED_HERE, reason: `A ${kind} command is not signed.` };
  }
  const value = readActionBody(reader, kind as Action['kind']);
  return finished(reader) ?? tooLarge(value) ?? { ok: true, value };
}

/**
 * A price or quantity beyond 32 bits is well-formed, and refused for its size, as the engine does it. Rounding to
 * a double cannot bring one back below the limit.
 */
function tooLarge(action: Action): Refusal | null {
  if (action.kind !== 'order' && action.kind !== 'amend') return null;
  if (action.price > U32_MAX) return outOfRange(codes.BAD_PRICE, 'price');
  return action.lots > U32_MAX ? outOfRange(codes.BAD_QUANTITY, 'quantity') : null;
}

/** Fields in their order on the wire; the caller looks at `reader.failed`. */
function readActionBody(reader: ByteReader, kind: Action['kind']): Action {
  switch (kind) {
    case 'order':
      return readOrder(reader);
    case 'cancel':
      return { kind, orderId: reader.varint() };
    case 'cancelLabel':
      return { kind, label: reader.u64() };
    case 'cancelAll':
      return { kind };
    case 'amend':
      return {
        kind,
        orderId: reader.varint(),
        price: ticks(Number(reader.varint())),
        lots: lots(Number(reader.varint())),
      };
    case 'withdraw':
      return { kind, amount: money(reader.varint()) };
    case 'transfer':
      return { kind, toAccount: reader.varint32(), amount: money(reader.varint()) };
    case 'setKey':
      return {
        kind,
        slot: reader.u8(),
        address: reader.bytes(20),
        scope: reader.u8(),
        expiry: reader.u32(),
      };
    case 'revokeKey':
      return { kind, slot: reader.u8() };
    case 'setMarginMode':
      return { kind, mode: reader.u8() };
    case 'bid':
      return { kind, auction: reader.varint32(), share: reader.u32(), limit: reader.u16() };
  }
}

function readOrder(reader: ByteReader): OrderAction {
  const instrument = reader.u16();
  const flags = reader.u16();
  const price = ticks(Number(reader.varint()));
  const quantity = lots(Number(reader.varint()));
  const label = flags & K.FLAG_LABEL ? reader.u64() : undefined;
  const timed = ((flags >> K.FLAG_TIF_SHIFT) & 3) === K.TIF_GTT;
  const expiry = timed ? reader.u32() : undefined;
  return {
    kind: 'order',
    instrument,
    flags,
    price,
    lots: quantity,
    ...(label === undefined ? {} : { label }),
    ...(expiry === undefined ? {} : { expiry }),
  };
}

type Refusal = { readonly ok: false; readonly code: number; readonly reason: string };

function finished(reader: ByteReader): Refusal | null {
  if (reader.failed)
    return malformed('truncated, or an integer is too large or not in its shortest form');
  return reader.remaining === 0 ? null : malformed(`${reader.remaining} bytes too many`);
}

function malformed(reason: string): Refusal {
  return { ok: false, code: codes.MALFORMED, reason: `Not a command: ${reason}.` };
}

function outOfRange(code: number, what: string): Refusal {
  return { ok: false, code, reason: `The ${what} does not fit 32 bits.` };
}

function unknownKind(kind: number): Refusal {
  return { ok: false, code: codes.UNKNOWN_KIND, reason: `There is no command of kind ${kind}.` };
}

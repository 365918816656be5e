import * as codes from '#shared/engine/codes.ts';
import * as K from '#shared/engine/kinds.ts';
import { MAX_COMMAND_BYTES } from '#shared/engine/layout.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import {
  type Action,
  type Command,
  type Envelope,
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
import { type Lots, type Money, money, type Ticks } from './units.ts';

export * from './command-types.ts';

/** What bytes turned out to be. `code` is what the engine would answer; `reason` says it in words. */
export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: number; readonly reason: string };

const U32_MAX = 0xffff_ffffn;

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
    .varint(command.account)
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
      writer.varint(action.orderId).varint(action.price).varint(action.lots);
      return;
    case 'withdraw':
      writer.varint(action.amount);
      return;
    case 'transfer':
      writer.varint(action.toAccount).varint(action.amount);
      return;
    case 'setKey':
      writer.u8(action.slot).bytes(action.address, 20).u8(action.scope).u32(action.expiry);
      return;
    case 'revokeKey':
      writer.u8(action.slot);
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
  writer.u16(order.instrument).u16(flags).varint(order.price).varint(order.lots);
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
  if (kind === undefined) return unknownKind(first & 31);
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
  const account = reader.varint();
  const nonce = reader.varint();
  const validUntil = reader.u32();
  const body = readActionBody(reader, kind);
  const signature = reader.bytes(SIGNATURE_BYTES);
  const failure = finished(reader) ?? (body.ok ? null : body);
  if (failure) return failure;
  if (account > U32_MAX) return outOfRange(codes.NO_SUCH_ACCOUNT, 'account');
  const envelope: Envelope = { keySlot, account: Number(account), nonce, validUntil };
  const { value } = body as { value: Action };
  return { ok: true, value: { ...value, ...envelope, signature } as SignedCommand };
}

/** The inverse of `encodeForcedAction`; never throws. */
export function decodeForcedAction(bytes: Uint8Array): Decoded<Action> {
  const reader = new ByteReader(bytes);
  const first = reader.u8();
  if (reader.failed) return malformed('no bytes');
  const kind = kindOfNumber(first & 31);
  if (first >> 5 !== 0) return malformed('a forced command has key slot 0');
  if (kind === undefined) return unknownKind(first);
  if (first < K.CMD_ORDER)
    return { ok: false, code: codes.NOT_ALLOWED_HERE, reason: `${kind} is not signed` };
  const body = readActionBody(reader, kind as Action['kind']);
  return finished(reader) ?? body;
}

/** Reads a body whole before judging its numbers, since truncation comes before range in the engine too. */
function readActionBody(reader: ByteReader, kind: Action['kind']): Decoded<Action> {
  switch (kind) {
    case 'order':
      return readOrder(reader);
    case 'cancel':
      return accept({ kind, orderId: reader.varint() });
    case 'cancelLabel':
      return accept({ kind, label: reader.u64() });
    case 'cancelAll':
      return accept({ kind });
    case 'amend':
      return readAmend(reader);
    case 'withdraw':
      return accept({ kind, amount: money(reader.varint()) });
    case 'transfer': {
      const toAccount = reader.varint();
      const amount = reader.varint() as Money;
      if (toAccount > U32_MAX) return outOfRange(codes.NO_SUCH_ACCOUNT, 'receiving account');
      return accept({ kind, toAccount: Number(toAccount), amount });
    }
    case 'setKey': {
      const slot = reader.u8();
      const address = reader.bytes(20);
      return accept({ kind, slot, address, scope: reader.u8(), expiry: reader.u32() });
    }
    case 'revokeKey':
      return accept({ kind, slot: reader.u8() });
  }
}

function readOrder(reader: ByteReader): Decoded<Action> {
  const instrument = reader.u16();
  const flags = reader.u16();
  const price = reader.varint();
  const lots = reader.varint();
  const label = flags & K.FLAG_LABEL ? reader.u64() : undefined;
  const timed = ((flags >> K.FLAG_TIF_SHIFT) & 3) === K.TIF_GTT;
  const expiry = timed ? reader.u32() : undefined;
  if (price > U32_MAX) return outOfRange(codes.BAD_PRICE, 'price');
  if (lots > U32_MAX) return outOfRange(codes.BAD_QUANTITY, 'quantity');
  return accept({
    kind: 'order',
    instrument,
    flags,
    price: Number(price) as Ticks,
    lots: Number(lots) as Lots,
    ...(label === undefined ? {} : { label }),
    ...(expiry === undefined ? {} : { expiry }),
  });
}

function readAmend(reader: ByteReader): Decoded<Action> {
  const orderId = reader.varint();
  const price = reader.varint();
  const lots = reader.varint();
  if (price > U32_MAX) return outOfRange(codes.BAD_PRICE, 'price');
  if (lots > U32_MAX) return outOfRange(codes.BAD_QUANTITY, 'quantity');
  return accept({
    kind: 'amend',
    orderId,
    price: Number(price) as Ticks,
    lots: Number(lots) as Lots,
  });
}

type Refusal = { readonly ok: false; readonly code: number; readonly reason: string };

function accept(value: Action): Decoded<Action> {
  return { ok: true, value };
}

function finished(reader: ByteReader): Refusal | null {
  if (reader.failed) return malformed('truncated, or an integer is not in its shortest form');
  return reader.remaining === 0 ? null : malformed(`${reader.remaining} bytes too many`);
}

function malformed(reason: string): Refusal {
  return { ok: false, code: codes.MALFORMED, reason: `Not a command: ${reason}.` };
}

function unknownKind(kind: number): Refusal {
  return { ok: false, code: codes.UNKNOWN_KIND, reason: `There is no command of kind ${kind}.` };
}

function outOfRange(code: number, what: string): Refusal {
  return { ok: false, code, reason: `The ${what} is larger than any the engine has.` };
}

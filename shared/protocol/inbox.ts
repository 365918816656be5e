import * as K from '#shared/engine/kinds.ts';
import { MAX_COMMAND_BYTES } from '#shared/engine/layout.ts';
import { ByteReader, ByteWriter, concatBytes } from './bytes.ts';
import { EncodingError } from './errors.ts';
import { keccak256 } from './keccak.ts';
import { type Money, money } from './units.ts';

/**
 * Messages that the settlement contract writes into the inbox, and the accumulator over them. Header fields
 * are big-endian (`abi.encodePacked`); what follows them in FORCED and SYSTEM is a command's own bytes.
 */
export interface GenesisUnderlying {
  /** At most 8 ASCII characters. */
  readonly name: string;
  /** Money per contract and tick. */
  readonly tick: bigint;
  readonly lotsPerContract: number;
  /** Whole USDC. */
  readonly strikeStep: number;
  readonly strikeBandBps: number;
  readonly priceBandBps: number;
}
export interface GenesisMessage {
  readonly kind: 'genesis';
  readonly version: number;
  readonly chainId: bigint;
  readonly contract: Uint8Array;
  readonly feeRecipient: Uint8Array;
  /** May ask for higher margin multipliers; zero: nobody. */
  readonly riskMonitor: Uint8Array;
  /** 1e-6 of the underlying's notional. */
  readonly makerFee: number;
  readonly takerFee: number;
  readonly maxOpenOrders: number;
  /** Bit 0: an order may allow self-trade. */
  readonly flags: number;
  readonly signers: readonly Uint8Array[];
  readonly underlyings: readonly GenesisUnderlying[];
}
export interface DepositMessage {
  readonly kind: 'deposit';
  readonly account: number;
  readonly owner: Uint8Array;
  readonly subaccount: number;
  readonly amount: Money;
}
export interface ForcedMessage {
  readonly kind: 'forced';
  readonly account: number;
  /** Kind byte and body of a signed kind: `encodeForcedAction`, `decodeForcedAction`. */
  readonly action: Uint8Array;
}
export interface SystemMessage {
  readonly kind: 'system';
  /** An unsigned command's bytes. */
  readonly command: Uint8Array;
}
export interface LateBatchMessage {
  readonly kind: 'lateBatch';
  readonly timeMs: bigint;
}
export type InboxMessage =
  | GenesisMessage
  | DepositMessage
  | ForcedMessage
  | SystemMessage
  | LateBatchMessage;

const NAME_BYTES = 8;

/** The bytes as the contract writes them. Throws `EncodingError` when a field is out of range. */
export function encodeInboxMessage(message: InboxMessage): Uint8Array {
  const writer = new ByteWriter();
  switch (message.kind) {
    case 'genesis':
      writeGenesis(writer.u8(K.MSG_GENESIS), message);
      break;
    case 'deposit':
      writer.u8(K.MSG_DEPOSIT).u32be(message.account).bytes(message.owner, 20);
      writer.u8(message.subaccount).u64be(message.amount);
      break;
    case 'forced':
      writer.u8(K.MSG_FORCED).u32be(message.account).bytes(message.action);
      break;
    case 'system':
      writer.u8(K.MSG_SYSTEM).bytes(message.command);
      break;
    case 'lateBatch':
      writer.u8(K.MSG_LATE_BATCH).u64be(message.timeMs);
  }
  if (writer.length > MAX_COMMAND_BYTES) {
    throw new EncodingError(`The message takes ${writer.length} bytes; 4,096 are allowed.`);
  }
  return writer.finish();
}

function writeGenesis(writer: ByteWriter, genesis: GenesisMessage): void {
  writer.u8(genesis.version).u64be(genesis.chainId).bytes(genesis.contract, 20);
  writer.bytes(genesis.feeRecipient, 20).bytes(genesis.riskMonitor, 20);
  writer.u32be(genesis.makerFee).u32be(genesis.takerFee);
  writer.u32be(genesis.maxOpenOrders).u32be(genesis.flags).u8(genesis.signers.length);
  for (const signer of genesis.signers) writer.bytes(signer, 20);
  writer.u8(genesis.underlyings.length);
  for (const underlying of genesis.underlyings) {
    writer.bytes(encodeName(underlying.name)).u64be(underlying.tick);
    writer.u32be(underlying.lotsPerContract).u32be(underlying.strikeStep);
    writer.u32be(underlying.strikeBandBps).u32be(underlying.priceBandBps);
  }
}

function encodeName(name: string): Uint8Array {
  if (!/^[A-Za-z0-9_]{1,8}$/.test(name)) {
    throw new EncodingError(`'${name}' is no name of 1 to 8 letters, digits or underscores.`);
  }
  const bytes = new Uint8Array(NAME_BYTES);
  for (let i = 0; i < name.length; i++) bytes[i] = name.charCodeAt(i);
  return bytes;
}

export type DecodedMessage =
  | { readonly ok: true; readonly value: InboxMessage }
  | { readonly ok: false; readonly reason: string };

/** Any bytes in, a message or a reason out; never throws. What it accepts encodes to the same bytes again. */
export function decodeInboxMessage(bytes: Uint8Array): DecodedMessage {
  if (bytes.length > MAX_COMMAND_BYTES) return { ok: false, reason: 'longer than 4,096 bytes' };
  const reader = new ByteReader(bytes);
  const value = readMessage(reader, reader.u8());
  if (reader.failed) return { ok: false, reason: 'truncated' };
  if (typeof value === 'string') return { ok: false, reason: value };
  if (reader.remaining > 0) return { ok: false, reason: `${reader.remaining} bytes too many` };
  return { ok: true, value };
}

function readMessage(reader: ByteReader, kind: number): InboxMessage | string {
  switch (kind) {
    case K.MSG_GENESIS:
      return readGenesis(reader);
    case K.MSG_DEPOSIT:
      return {
        kind: 'deposit',
        account: reader.u32be(),
        owner: reader.bytes(20),
        subaccount: reader.u8(),
        amount: money(reader.u64be()),
      };
    case K.MSG_FORCED:
      return { kind: 'forced', account: reader.u32be(), action: reader.rest() };
    case K.MSG_SYSTEM:
      return { kind: 'system', command: reader.rest() };
    case K.MSG_LATE_BATCH:
      return { kind: 'lateBatch', timeMs: reader.u64be() };
    default:
      return `there is no message of kind ${kind}`;
  }
}

function readGenesis(reader: ByteReader): GenesisMessage | string {
  const head = {
    kind: 'genesis',
    version: reader.u8(),
    chainId: reader.u64be(),
    contract: reader.bytes(20),
    feeRecipient: reader.bytes(20),
    riskMonitor: reader.bytes(20),
    makerFee: reader.u32be(),
    takerFee: reader.u32be(),
    maxOpenOrders: reader.u32be(),
    flags: reader.u32be(),
  } as const;
  const signers = Array.from({ length: reader.u8() }, () => reader.bytes(20));
  const underlyings: GenesisUnderlying[] = [];
  for (let left = reader.u8(); left > 0; left--) {
    const name = decodeName(reader.bytes(NAME_BYTES));
    if (name === null) return 'an underlying has no name of ASCII letters, digits or underscores';
    underlyings.push({
      name,
      tick: reader.u64be(),
      lotsPerContract: reader.u32be(),
      strikeStep: reader.u32be(),
      strikeBandBps: reader.u32be(),
      priceBandBps: reader.u32be(),
    });
  }
  return { ...head, signers, underlyings };
}

function decodeName(bytes: Uint8Array): string | null {
  const text = String.fromCharCode(...bytes);
  return /^[A-Za-z0-9_]+\0*$/.test(text) ? text.replace(/\0+$/, '') : null;
}

/** accumulator(0). */
export const EMPTY_ACCUMULATOR: Uint8Array = new Uint8Array(32);

/** accumulator(n + 1) from accumulator(n) and message n. */
export function accumulate(accumulator: Uint8Array, message: Uint8Array): Uint8Array {
  return keccak256(concatBytes(accumulator, keccak256(message)));
}

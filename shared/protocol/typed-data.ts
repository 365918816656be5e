import type { Hex } from 'viem';
import { bytesToHex } from './bytes.ts';
import type { Action, Envelope, SignableCommand, SurfaceEntry } from './command-types.ts';
import { keccak256 } from './keccak.ts';
import { actionSentence, type InstrumentWords } from './sentence.ts';
import { encodeSurface } from './system-codec.ts';

/**
 * EIP-712 by hand: the digests of the order path, some seventy times as fast as viem's general encoder and
 * equal to it (test). The same things as objects for wallets: `toTypedData`.
 */
export interface DomainParameters {
  readonly chainId: bigint;
  /** The settlement contract, 20 bytes. */
  readonly contract: Uint8Array;
}

const utf8 = new TextEncoder();
const hashText = (text: string): Uint8Array => keccak256(utf8.encode(text));

const DOMAIN_TYPE = hashText(
  'EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)',
);
const ACTION_TYPE = hashText(
  'Action(string action,uint32 account,uint64 nonce,uint64 validUntil,uint32 keyEpoch)',
);
const INDEX_TYPE = hashText(
  'IndexPrice(string underlying,uint64 round,uint64 price,uint64 timeMs)',
);
const SURFACE_TYPE = hashText(
  'VolatilitySurface(string underlying,uint64 round,uint64 timeMs,bytes32 surface)',
);
const RISK_TYPE = hashText(
  'RiskRequest(string underlying,uint32 multiplier,uint64 untilMs,uint64 sequence,uint32 reason)',
);
const DOMAIN_NAME = 'Plimsoll';
const DOMAIN_VERSION = '1';
const NAME_HASH = hashText(DOMAIN_NAME);
const VERSION_HASH = hashText(DOMAIN_VERSION);

/** 32 bytes; compute it once per deployment. */
export function domainSeparator({ chainId, contract }: DomainParameters): Uint8Array {
  const words = new Uint8Array(160);
  const view = new DataView(words.buffer);
  words.set(DOMAIN_TYPE, 0);
  words.set(NAME_HASH, 32);
  words.set(VERSION_HASH, 64);
  view.setBigUint64(120, chainId);
  words.set(contract, 140);
  return keccak256(words);
}

/** keccak256(0x1901 ++ domain ++ struct): what the key signs. */
function digestOf(domain: Uint8Array, struct: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(66);
  bytes[0] = 0x19;
  bytes[1] = 0x01;
  bytes.set(domain, 2);
  bytes.set(struct, 34);
  return keccak256(bytes);
}

export interface SigningContext {
  /** From `domainSeparator`. */
  readonly domain: Uint8Array;
  /** Epoch of the signing key in its slot; 0 for the owner. */
  readonly keyEpoch: number;
  /** Needed for orders and amends. */
  readonly instrument?: InstrumentWords;
}

/** The digest of a command, 32 bytes. Throws `EncodingError` when an order's instrument is missing. */
export function commandDigest(command: SignableCommand, context: SigningContext): Uint8Array {
  const sentence = actionSentence(command, context.instrument);
  return actionDigest(sentence, command, context);
}

/** The same from a sentence already written. */
export function actionDigest(
  sentence: string,
  { account, nonce, validUntil }: Pick<Envelope, 'account' | 'nonce' | 'validUntil'>,
  { domain, keyEpoch }: Pick<SigningContext, 'domain' | 'keyEpoch'>,
): Uint8Array {
  const words = new Uint8Array(192);
  const view = new DataView(words.buffer);
  words.set(ACTION_TYPE, 0);
  words.set(hashText(sentence), 32);
  view.setUint32(92, account);
  view.setBigUint64(120, nonce);
  view.setUint32(156, validUntil);
  view.setUint32(188, keyEpoch);
  return digestOf(domain, keccak256(words));
}

export interface IndexObservationTerms {
  readonly underlying: string;
  readonly round: number;
  readonly price: bigint;
  readonly timeMs: bigint;
}

/** What one oracle signer signs for one observation. */
export function indexDigest(terms: IndexObservationTerms, domain: Uint8Array): Uint8Array {
  const words = new Uint8Array(160);
  const view = new DataView(words.buffer);
  words.set(INDEX_TYPE, 0);
  words.set(hashText(terms.underlying), 32);
  view.setBigUint64(88, BigInt(terms.round));
  view.setBigUint64(120, terms.price);
  view.setBigUint64(152, terms.timeMs);
  return digestOf(domain, keccak256(words));
}

export interface SurfaceTerms {
  readonly underlying: string;
  readonly round: number;
  readonly timeMs: bigint;
  readonly entries: readonly SurfaceEntry[];
}

/** What all oracle signers sign for a volatility surface. */
export function surfaceDigest(terms: SurfaceTerms, domain: Uint8Array): Uint8Array {
  const words = new Uint8Array(160);
  const view = new DataView(words.buffer);
  words.set(SURFACE_TYPE, 0);
  words.set(hashText(terms.underlying), 32);
  view.setBigUint64(88, BigInt(terms.round));
  view.setBigUint64(120, terms.timeMs);
  words.set(keccak256(encodeSurface(terms.entries)), 128);
  return digestOf(domain, keccak256(words));
}

export interface RiskRequestTerms {
  readonly underlying: string;
  readonly multiplier: number;
  readonly untilMs: bigint;
  readonly sequence: number;
  readonly reason: number;
}

/** What the risk monitor signs for a request. */
export function riskRequestDigest(terms: RiskRequestTerms, domain: Uint8Array): Uint8Array {
  const words = new Uint8Array(192);
  const view = new DataView(words.buffer);
  words.set(RISK_TYPE, 0);
  words.set(hashText(terms.underlying), 32);
  view.setUint32(92, terms.multiplier);
  view.setBigUint64(120, terms.untilMs);
  view.setBigUint64(152, BigInt(terms.sequence));
  view.setUint32(188, terms.reason);
  return digestOf(domain, keccak256(words));
}

// ---- the same as objects: viem's `signTypedData`, any wallet's eth_signTypedData_v4 -------------------------
export const ACTION_TYPES = {
  Action: [
    { name: 'action', type: 'string' },
    { name: 'account', type: 'uint32' },
    { name: 'nonce', type: 'uint64' },
    { name: 'validUntil', type: 'uint64' },
    { name: 'keyEpoch', type: 'uint32' },
  ],
} as const;
export const INDEX_TYPES = {
  IndexPrice: [
    { name: 'underlying', type: 'string' },
    { name: 'round', type: 'uint64' },
    { name: 'price', type: 'uint64' },
    { name: 'timeMs', type: 'uint64' },
  ],
} as const;
export const SURFACE_TYPES = {
  VolatilitySurface: [
    { name: 'underlying', type: 'string' },
    { name: 'round', type: 'uint64' },
    { name: 'timeMs', type: 'uint64' },
    { name: 'surface', type: 'bytes32' },
  ],
} as const;

export const RISK_REQUEST_TYPES = {
  RiskRequest: [
    { name: 'underlying', type: 'string' },
    { name: 'multiplier', type: 'uint32' },
    { name: 'untilMs', type: 'uint64' },
    { name: 'sequence', type: 'uint64' },
    { name: 'reason', type: 'uint32' },
  ],
} as const;

export interface TypedDataDomain {
  readonly name: string;
  readonly version: string;
  readonly chainId: bigint;
  readonly verifyingContract: Hex;
}

export function typedDataDomain({ chainId, contract }: DomainParameters): TypedDataDomain {
  const verifyingContract = bytesToHex(contract);
  return { name: DOMAIN_NAME, version: DOMAIN_VERSION, chainId, verifyingContract };
}

export interface WalletContext {
  readonly domain: DomainParameters;
  readonly keyEpoch: number;
  readonly instrument?: InstrumentWords;
}

/** What a wallet is asked to sign for a command. */
export function toTypedData(command: Action & Envelope, context: WalletContext) {
  return {
    domain: typedDataDomain(context.domain),
    types: ACTION_TYPES,
    primaryType: 'Action' as const,
    message: {
      action: actionSentence(command, context.instrument),
      account: command.account,
      nonce: command.nonce,
      validUntil: BigInt(command.validUntil),
      keyEpoch: context.keyEpoch,
    },
  };
}

/** An observation as typed data. */
export function toIndexTypedData(terms: IndexObservationTerms, domain: DomainParameters) {
  return {
    domain: typedDataDomain(domain),
    types: INDEX_TYPES,
    primaryType: 'IndexPrice' as const,
    message: { ...terms, round: BigInt(terms.round) },
  };
}

/** A request of the risk monitor as typed data. */
export function toRiskRequestTypedData(terms: RiskRequestTerms, domain: DomainParameters) {
  return {
    domain: typedDataDomain(domain),
    types: RISK_REQUEST_TYPES,
    primaryType: 'RiskRequest' as const,
    message: { ...terms, sequence: BigInt(terms.sequence) },
  };
}

/** A volatility surface as typed data. */
export function toSurfaceTypedData(terms: SurfaceTerms, domain: DomainParameters) {
  const surface = bytesToHex(keccak256(encodeSurface(terms.entries)));
  const { underlying, round, timeMs } = terms;
  return {
    domain: typedDataDomain(domain),
    types: SURFACE_TYPES,
    primaryType: 'VolatilitySurface' as const,
    message: { underlying, round: BigInt(round), timeMs, surface },
  };
}

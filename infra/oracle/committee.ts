import secp256k1 from 'secp256k1';
import type { Market } from '#infra/market/market.ts';
import { Random } from '#infra/market/random.ts';
import { forwardPrice, impliedSmile } from '#infra/market/volatility.ts';
import type { SurfaceEntry } from '#shared/protocol/command-types.ts';
import { encodeCommand } from '#shared/protocol/commands.ts';
import { expiryMs } from '#shared/protocol/instruments.ts';
import { keccak256 } from '#shared/protocol/keccak.ts';
import { smileOf } from '#shared/protocol/smile.ts';
import { indexDigest, surfaceDigest } from '#shared/protocol/typed-data.ts';
import { expiryDays } from './calendar.ts';

/** Relative standard deviation of one signer's observation around the market. */
const NOISE = 0.00003;
/** How much earlier than the round a signer may have looked, virtual ms; the engine allows 2 s between signers. */
const LOOK_BACK_MS = 800;
/** Chance that one signer misses a round; four of five are still more than two thirds. */
const ABSENT = 0.05;
const MICRO = 1_000_000;

export interface Signer {
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** 20 bytes. */
  readonly address: Uint8Array;
}

/** Keys of a devnet's committee: anybody who knows the seed has them, so they are worth nothing elsewhere. */
export function devnetSigners(seed: number, count = 5): Signer[] {
  return Array.from({ length: count }, (_, index) => {
    const key = keccak256(new TextEncoder().encode(`plimsoll devnet oracle ${seed} ${index}`));
    const publicKey = secp256k1.publicKeyCreate(key, false);
    return { key, address: keccak256(publicKey.subarray(1)).slice(12) };
  });
}

/** 64 bytes, EIP-2098; the library already gives low s. */
export function signDigest(digest: Uint8Array, key: Uint8Array): Uint8Array {
  const { signature, recid } = secp256k1.ecdsaSign(digest, key);
  const compact = Uint8Array.from(signature);
  compact[32] = (compact[32] ?? 0) | (recid << 7);
  return compact;
}

/**
 * The oracle committee: every signer looks at the market by itself, a little off and at a slightly different time, and
 * signs what it saw; all sign the same volatilities. Makes the wire bytes of price commands and sends nothing.
 */
export class OracleCommittee {
  readonly signers: readonly Signer[];
  #domain: Uint8Array;
  #random: Random;

  /** `domain` is `domainSeparator` of the deployment. */
  constructor(options: { signers: readonly Signer[]; domain: Uint8Array; seed: number }) {
    this.signers = options.signers;
    this.#domain = options.domain;
    this.#random = new Random(options.seed, 'oracle');
  }

  /** An INDEX command: `price` in USDC per unit as the market shows it at `timeMs`. */
  indexCommand(options: {
    underlying: number;
    name: string;
    round: number;
    price: number;
    timeMs: number;
  }): Uint8Array {
    const { underlying, name, round } = options;
    const absent = this.#random.chance(ABSENT)
      ? this.#random.integer(0, this.signers.length - 1)
      : -1;
    const observations = this.signers.flatMap((signer, index) => {
      const seen = options.price * (1 + NOISE * this.#random.normal());
      const price = BigInt(Math.max(1, Math.round(seen * MICRO)));
      const timeMs = BigInt(options.timeMs - this.#random.integer(0, LOOK_BACK_MS));
      if (index === absent) return [];
      const digest = indexDigest({ underlying: name, round, price, timeMs }, this.#domain);
      return [{ signer: index, price, timeMs, signature: signDigest(digest, signer.key) }];
    });
    return encodeCommand({ kind: 'index', underlying, round, observations });
  }

  /** A VOLATILITY command for every expiry that may be listed at `timeMs`, from the market's realized volatility. */
  volatilityCommand(options: {
    underlying: number;
    name: string;
    round: number;
    timeMs: number;
    market: Market;
  }): Uint8Array {
    const { underlying, name, round, market } = options;
    const timeMs = BigInt(options.timeMs);
    const entries = surfaceEntries(market, name, options.timeMs);
    const digest = surfaceDigest({ underlying: name, round, timeMs, entries }, this.#domain);
    const signatures = this.signers.map((signer, index) => ({
      signer: index,
      signature: signDigest(digest, signer.key),
    }));
    return encodeCommand({ kind: 'volatility', underlying, round, timeMs, entries, signatures });
  }
}

/** Forward and smile of every expiry of the calendar, in the wire's units. */
export function surfaceEntries(market: Market, name: string, timeMs: number): SurfaceEntry[] {
  const index = market.price(name);
  const realized = market.realizedVolatility(name);
  return expiryDays(timeMs).map((expiryDay) => {
    const leftMs = expiryMs(expiryDay) - timeMs;
    return {
      expiryDay,
      forward: BigInt(Math.round(forwardPrice(index, leftMs) * MICRO)),
      index: BigInt(Math.round(index * MICRO)),
      ...smileOf(impliedSmile(realized, leftMs)),
    };
  });
}

import secp256k1 from 'secp256k1';
import { signDigest } from '#infra/oracle/committee.ts';
import type { Outcome } from '#sequencer/matching/types.ts';
import type { Action, SignableCommand, SignedCommand } from '#shared/protocol/command-types.ts';
import { encodeCommand } from '#shared/protocol/commands.ts';
import { keccak256 } from '#shared/protocol/keccak.ts';
import { packOrderFlags } from '#shared/protocol/order-flags.ts';
import { commandDigest } from '#shared/protocol/typed-data.ts';
import { lots, ticks } from '#shared/protocol/units.ts';
import type { Stage } from '../stage/stage.ts';
import type { Option } from './options.ts';

/**
 * Who trades: makers quote both sides; naked ones sell options and hold nothing against them; hedged ones hold spreads; buyers hold options
 * and nothing else; bidders have money ready for auctions; idle ones only keep cash; the whale is a naked one of another size.
 */
export const ROLES = ['maker', 'naked', 'hedged', 'buyer', 'bidder', 'idle', 'whale'] as const;
export type Role = (typeof ROLES)[number];

export interface OrderTerms {
  readonly option: Option;
  readonly side: 'buy' | 'sell';
  readonly ticks: number;
  readonly lots: number;
  readonly style: 'rest' | 'postOnly' | 'immediate' | 'reduce';
}

/** One account with its key. */
export class Trader {
  readonly account: number;
  readonly role: Role;
  readonly address: Uint8Array;
  /** Deposited at the start, 1e-6 USDC. */
  readonly deposit: bigint;
  /** Margined by scenarios, which is for one underlying; null: by the standard rules, in all of them. */
  readonly underlying: number | null;
  readonly #key: Uint8Array;
  readonly #stage: Stage;
  readonly #domain: Uint8Array;
  #nonce = 0n;

  constructor(
    terms: {
      account: number;
      role: Role;
      deposit: bigint;
      underlying: number | null;
      seed: number;
    },
    context: { stage: Stage; domain: Uint8Array },
  ) {
    this.account = terms.account;
    this.role = terms.role;
    this.deposit = terms.deposit;
    this.underlying = terms.underlying;
    const name = `plimsoll stress ${terms.seed} ${terms.account}`;
    this.#key = keccak256(new TextEncoder().encode(name));
    const point = secp256k1.publicKeyCreate(this.#key, false);
    this.address = keccak256(point.subarray(1)).slice(12);
    this.#stage = context.stage;
    this.#domain = context.domain;
  }

  order({ option, side, ticks: price, lots: quantity, style }: OrderTerms): Promise<Outcome> {
    const immediate = style === 'immediate' || style === 'reduce';
    const flags = packOrderFlags({
      side,
      timeInForce: immediate ? 'ioc' : 'gtc',
      postOnly: style === 'postOnly',
      reduceOnly: style === 'reduce',
    });
    const instrument = option.slot;
    return this.act(
      { kind: 'order', instrument, flags, price: ticks(price), lots: lots(quantity) },
      option,
    );
  }

  /** Margin one lot of a short needs by this account's own rules, money. */
  initialOf(option: Option): number {
    return this.underlying === null ? option.initial : option.portfolioInitial;
  }

  mayTrade(option: Option): boolean {
    return this.underlying === null || this.underlying === option.underlying;
  }

  cancelAll(): Promise<Outcome> {
    return this.act({ kind: 'cancelAll' });
  }

  /** Signs and submits; `option` is what an order is in. */
  act(action: Action, option?: Option): Promise<Outcome> {
    const command = {
      ...action,
      account: this.account,
      keySlot: 0,
      nonce: this.#nonce,
      validUntil: Math.floor(this.#stage.nowMs / 1000) + 600,
    } as SignableCommand;
    this.#nonce += 1n;
    const digest = commandDigest(command, {
      domain: this.#domain,
      keyEpoch: 0,
      ...(option ? { instrument: option.words } : {}),
    });
    const signature = signDigest(digest, this.#key);
    return this.#stage.submit(encodeCommand({ ...command, signature } as SignedCommand));
  }
}

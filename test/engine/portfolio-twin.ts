/**
 * Portfolio margin's decisions written again in whole numbers, only to be obviously right: everything is counted anew from cash,
 * positions, resting orders and risk arrays, never from the engine's sums.
 */
import * as K from '#shared/engine/kinds.ts';
import * as L from '#shared/engine/layout.ts';
import { instrumentFacts, type PortfolioSums, sumsOf } from '#shared/replay/portfolio.ts';
import type { Auditor } from './invariants.ts';

export const least = (a: bigint, b: bigint) => (a < b ? a : b);
const most = (a: bigint, b: bigint) => (a > b ? a : b);
const ceil = (a: bigint, b: bigint) => (a + b - 1n) / b;
const positive = (value: bigint) => most(value, 0n);

export interface Proposal {
  readonly instrument: number;
  readonly sell: boolean;
  /** Ticks. */
  readonly price: bigint;
  readonly lots: bigint;
  readonly reduce: boolean;
  readonly rests: boolean;
}

export class PortfolioTwin {
  readonly auditor: Auditor;

  readonly #mode: () => { readonly multiplier: number; readonly confidence: number };

  /** `mode` says what the underlying's prices make of new risk now. */
  constructor(
    auditor: Auditor,
    mode: () => { readonly multiplier: number; readonly confidence: number },
  ) {
    this.auditor = auditor;
    this.#mode = mode;
  }

  cash(account: number): bigint {
    return this.auditor.i64(this.auditor.account(account) + L.ACCOUNT_CASH);
  }

  isPortfolio(account: number): boolean {
    return this.auditor.u32(this.auditor.account(account) + L.ACCOUNT_RISK_MODE) === 1;
  }

  /** Premiums and fees that live buys may still cost. */
  premiums(account: number): bigint {
    const { auditor } = this;
    const generation = auditor.u32(auditor.account(account) + L.ACCOUNT_GENERATION);
    let sum = 0n;
    for (let slot = 0; slot < auditor.orderTop; slot++) {
      const at = L.ORDERS + slot * L.ORDER_SIZE;
      if (auditor.i64(at) === 0n || auditor.u32(at + 16) !== account) continue;
      if (auditor.u32(at + 20) !== generation) continue;
      const flags = auditor.view.getUint16(at + 58, true);
      if (flags & (K.FLAG_REDUCE_ONLY | K.FLAG_SELL)) continue;
      const { tick } = instrumentFacts(auditor, auditor.view.getUint16(at + 56, true));
      const perLot = BigInt(auditor.u32(at + 24)) * tick + BigInt(auditor.u32(at + 32));
      sum += BigInt(auditor.u32(at + 28)) * perLot;
    }
    return sum;
  }

  /** The account's sums, as if it held `lots` more of an instrument. */
  sums(account: number, instrument = -1, lots = 0n): PortfolioSums {
    const positions = this.auditor.positions(account);
    if (lots !== 0n) {
      const old = positions.get(instrument) ?? { lots: 0, openBuy: 0, openSell: 0 };
      positions.set(instrument, { ...old, lots: old.lots + Number(lots) });
    }
    const [first] = positions.keys();
    const underlying = first === undefined ? 0 : instrumentFacts(this.auditor, first).underlying;
    return sumsOf(this.auditor, positions, underlying);
  }

  indexPerLot(underlying: number): bigint {
    const at = L.UNDERLYINGS + underlying * L.UNDERLYING_SIZE;
    const lots = BigInt(this.auditor.u32(at + 12));
    return ceil(this.auditor.view.getBigUint64(at + 96, true), lots);
  }

  /** With the shorts that pay while prices are not sure: those held, and for open orders' sake those offered. */
  initial({ loss, naked, basis, underlying, shorts }: PortfolioSums, offered = 0n): bigint {
    const perLot = this.indexPerLot(underlying);
    const unsure = this.surcharge(perLot, shorts + offered);
    return loss + ceil(naked * perLot, 100n) + basis + unsure;
  }

  surcharge(indexPerLot: bigint, shorts: bigint): bigint {
    const confidence = BigInt(this.#mode().confidence);
    return confidence < 5_500n ? ceil(shorts * indexPerLot * (10_000n - confidence), 10_000n) : 0n;
  }

  equity(account: number): bigint {
    return this.cash(account) + this.sums(account).value;
  }

  /** By scenarios; or the cash that open buys and settled shorts are not to take, of an account without shorts held or offered. */
  free(account: number): bigint {
    const { shorts, openSells } = this.sums(account);
    const free = this.freeByScenarios(account);
    return shorts === 0n && openSells === 0n ? most(free, this.unspent(account)) : free;
  }

  unspent(account: number): bigint {
    return this.cash(account) - this.premiums(account) - this.sums(account).owed;
  }

  freeByScenarios(account: number): bigint {
    const sums = this.sums(account);
    return (
      this.cash(account) +
      sums.value -
      this.initial(sums, sums.openSells) -
      sums.reserve -
      this.premiums(account)
    );
  }

  /** The most that the basis can be between two portfolios that differ in one instrument's lots. */
  basisBetween(one: PortfolioSums, other: PortfolioSums): bigint {
    let bound = 0n;
    for (const shock of ['down', 'up'] as const) {
      const sum = (sums: PortfolioSums, sign: bigint) =>
        [...sums.expiries.values()].reduce(
          (total, each) => total + positive(sign * each[shock]),
          0n,
        );
      const gains = most(sum(one, 1n), sum(other, 1n));
      const losses = most(sum(one, -1n), sum(other, -1n));
      bound = most(bound, least(gains, losses));
    }
    return bound;
  }

  fee(instrument: number, value: bigint, rate: bigint): bigint {
    const { indexPerLot, underlying } = instrumentFacts(this.auditor, instrument);
    const at = L.UNDERLYINGS + underlying * L.UNDERLYING_SIZE;
    const index = this.auditor.view.getBigUint64(at + 96, true);
    const lots = BigInt(this.auditor.u32(at + 12));
    return indexPerLot === 0n ? 0n : least(ceil(index * rate, 1_000_000n * lots), value / 8n);
  }

  allows(account: number, proposal: Proposal, rate: bigint): boolean {
    const { instrument, sell, price, lots, reduce, rests } = proposal;
    const facts = instrumentFacts(this.auditor, instrument);
    const value = price * facts.tick;
    const fee = this.fee(instrument, value, rate);
    const cost = (sell ? facts.mark - value : value - facts.mark) + fee;
    const held = BigInt(this.auditor.positions(account).get(instrument)?.lots ?? 0);
    const traded = reduce ? least(lots, sell ? held : -held) : lots;
    const before = this.sums(account);
    if (before.shorts === 0n && before.openSells === 0n) {
      const unspent = this.unspent(account);
      if (!sell && unspent >= lots * (value + fee)) return true;
      if (sell && (!rests || reduce) && unspent >= 0n && traded <= held) return true;
    }
    const after = this.sums(account, instrument, sell ? -traded : traded);
    const bound = this.basisBetween(before, after);
    const free = this.freeByScenarios(account);
    const open = before.openSells;
    const worst = { ...after, basis: bound };
    const freeAfter = free + this.initial(before, open) - this.initial(worst, open) - traded * cost;
    const added = positive(this.initial(worst) - this.initial(before));
    const extra = ceil(added * BigInt(this.#mode().multiplier - 10_000), 10_000n);
    if (rests && !reduce) {
      const alone =
        facts.risk(37) + facts.risk(38) + ceil(this.indexPerLot(facts.underlying), 100n);
      const kept = traded * (sell ? alone : facts.risk(38) + value + fee);
      const unsure = sell ? this.surcharge(this.indexPerLot(facts.underlying), traded) : 0n;
      return freeAfter >= extra && free >= kept + unsure + extra;
    }
    if (freeAfter >= extra && (free >= 0n || bound <= before.basis)) return true;
    if (cost > 0n || bound > before.basis) return false;
    if (this.free(account) > free && !(sell && traded <= held)) return false;
    const bare = (sums: PortfolioSums) => this.initial({ ...sums, basis: 0n });
    return bare(after) <= bare(before) && this.initial(after) < this.initial(before);
  }
}

import type { Random } from '#infra/market/random.ts';
import type { Crowd } from '../scenarios/types.ts';
import { markTicks, type Option } from './options.ts';
import type { Trader } from './trader.ts';

/** Buyers put at most this share of their money into one purchase. */
const BUYERS_SHARE = 0.4;
const MOST_BUYERS = 6;
/** Between which shares of its limit a naked short stands at the opening. */
const SHORTS_FROM = 0.5;
const SHORTS_TO = 0.97;
/** Fees and rounding. */
const COST = 1.01;
const MOST_LOTS = 400_000;
/** Who waits for answers waits for many at once. */
const AT_ONCE = 256;

/** Who holds what before anything happens: everybody trades at the mark with somebody who wants the other side. */
export class Opening {
  readonly #options: readonly Option[];
  readonly #random: Random;
  readonly #buyers: readonly Trader[];
  readonly #money: Map<number, number>;
  #waiting: Promise<unknown>[] = [];

  constructor(traders: readonly Trader[], options: readonly Option[], random: Random) {
    this.#options = options;
    this.#random = random;
    this.#buyers = traders.filter(({ role }) => role === 'buyer');
    this.#money = new Map(traders.map(({ account, deposit }) => [account, Number(deposit)]));
  }

  /** Naked shorts sell up to their limits to buyers; hedged accounts trade spreads with each other. */
  async trade(traders: readonly Trader[], crowd: Crowd): Promise<void> {
    for (const seller of traders) {
      if (seller.role === 'naked' || seller.role === 'whale') await this.#sellNaked(seller, crowd);
    }
    const hedged = traders.filter(({ role }) => role === 'hedged');
    for (let at = 0; at + 1 < hedged.length; at += 2) {
      await this.#swapSpreads(hedged[at] as Trader, hedged[at + 1] as Trader);
    }
    await this.#flush();
  }

  async #sellNaked(seller: Trader, { shorts }: Crowd) {
    const option = this.#pick((one) => {
      const away = Math.log(one.strike / one.index) * (one.optionKind === 'call' ? 1 : -1);
      const wanted = shorts === 'both' || shorts === `${one.optionKind}s`;
      return seller.mayTrade(one) && wanted && away > -0.02 && one.mark > 2 * one.tickMoney;
    });
    if (option === null) return;
    const price = markTicks(option);
    const premium = price * option.tickMoney;
    const fee = option.index * 1e4 * 0.0003;
    const used = SHORTS_FROM + (SHORTS_TO - SHORTS_FROM) * this.#random.uniform();
    const needed = Math.max(
      seller.initialOf(option) - premium + fee,
      seller.initialOf(option) / 20,
    );
    let left = Math.min(MOST_LOTS, Math.floor((used * this.#moneyOf(seller)) / needed));
    const buyers = seller.role === 'whale' ? this.#buyers.length : MOST_BUYERS;
    for (let i = 0; i < buyers && left > 0; i++) {
      const buyer = this.#random.pick(this.#buyers);
      const affordable = (BUYERS_SHARE * this.#moneyOf(buyer)) / (premium * COST + fee);
      const lots = Math.min(left, Math.floor(affordable));
      if (lots < 1) continue;
      this.#cross({ buyer, seller, option, lots, price });
      left -= lots;
      this.#spend(buyer, lots * (premium * COST + fee));
      if (this.#waiting.length >= AT_ONCE) await this.#flush();
    }
  }

  /** One buys the near strike and sells the far one, the other the opposite; the one who sells first could carry it alone. */
  async #swapSpreads(one: Trader, other: Trader) {
    const near = this.#pick((option) => option.mark > 4 * option.tickMoney);
    const far = near && this.#fartherThan(near);
    if (near === null || far === null) return;
    const money = Math.min(this.#moneyOf(one), this.#moneyOf(other));
    const needed = Math.max(far.initial, near.mark) * COST + near.mark;
    const lots = Math.min(MOST_LOTS, Math.floor((0.5 * money) / needed));
    if (lots < 1) return;
    this.#cross({ buyer: one, seller: other, option: far, lots, price: markTicks(far) });
    this.#cross({ buyer: other, seller: one, option: near, lots, price: markTicks(near) });
    if (this.#waiting.length >= AT_ONCE) await this.#flush();
  }

  #fartherThan(near: Option): Option | null {
    const sign = near.optionKind === 'call' ? 1 : -1;
    return this.#pick(
      (option) =>
        option.underlying === near.underlying &&
        option.optionKind === near.optionKind &&
        option.expiryMs === near.expiryMs &&
        sign * (option.strike - near.strike) > 0,
    );
  }

  /** The buyer's order rests and the seller takes it at once; whatever a refusal leaves over is the next one's. */
  #cross(terms: { buyer: Trader; seller: Trader; option: Option; lots: number; price: number }) {
    const { buyer, seller, option, lots, price } = terms;
    const order = { option, lots, ticks: price };
    this.#waiting.push(buyer.order({ ...order, side: 'buy', style: 'rest' }));
    this.#waiting.push(seller.order({ ...order, side: 'sell', style: 'immediate' }));
  }

  #pick(fits: (option: Option) => boolean): Option | null {
    const fitting = this.#options.filter(fits);
    return fitting.length === 0 ? null : this.#random.pick(fitting);
  }

  #moneyOf(trader: Trader): number {
    return this.#money.get(trader.account) ?? 0;
  }

  #spend(trader: Trader, amount: number) {
    this.#money.set(trader.account, this.#moneyOf(trader) - amount);
  }

  async #flush() {
    await Promise.all(this.#waiting.splice(0));
  }
}

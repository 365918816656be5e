import type { Market } from '#infra/market/market.ts';
import type { Random } from '#infra/market/random.ts';
import type { BotStats } from './stats.ts';
import { type BotInstrument, type BotOrder, fairValue, type TradingAccount } from './trading.ts';

const MAX_LOTS = 4;
const CANCEL_ALL = 0.02;

/**
 * Somebody who trades for reasons of their own: mostly immediate orders that cross the spread by a random margin, now
 * and then a resting one, and sometimes everything is cancelled.
 */
export class Taker {
  readonly #account: TradingAccount;
  readonly #market: Market;
  readonly #random: Random;
  readonly #stats: BotStats;
  #instruments: readonly BotInstrument[] = [];

  constructor(account: TradingAccount, deps: { market: Market; random: Random; stats: BotStats }) {
    this.#account = account;
    this.#market = deps.market;
    this.#random = deps.random;
    this.#stats = deps.stats;
  }

  setInstruments(instruments: readonly BotInstrument[]): void {
    this.#instruments = instruments;
  }

  /** Sends one command. Returns commands sent. */
  async act(nowMs: number): Promise<number> {
    const alive = this.#instruments.filter((one) => one.expiryMs > nowMs);
    if (alive.length === 0) return 0;
    if (this.#random.chance(CANCEL_ALL)) {
      await this.#stats.count(() => this.#account.cancelAll());
      return 1;
    }
    const order = this.#choose(alive, nowMs);
    const answer = await this.#stats.count(() => this.#account.order(order));
    if (answer !== undefined && answer.filled > 0) this.#stats.trades += 1;
    return 1;
  }

  #choose(alive: readonly BotInstrument[], nowMs: number): BotOrder {
    const random = this.#random;
    const instrument = random.pick(alive);
    const side = random.chance(0.5) ? 'buy' : 'sell';
    const value = fairValue(instrument, this.#market, nowMs);
    const sign = side === 'buy' ? 1 : -1;
    const eagerness = random.uniform() * 0.03 * value + random.uniform() * 6 * instrument.tick;
    const rests = random.chance(0.2);
    const price = value + sign * (rests ? -eagerness : eagerness * 2 + 2 * instrument.tick);
    const ticks = Math.max(1, Math.round(price / instrument.tick));
    const lots = random.integer(1, MAX_LOTS);
    const style = rests ? 'rest' : random.chance(0.1) ? 'fillOrKill' : 'immediate';
    return { instrument, side, ticks, lots, style };
  }
}

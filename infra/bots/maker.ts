import type { Market } from '#infra/market/market.ts';
import type { Random } from '#infra/market/random.ts';
import type { BotStats } from './stats.ts';
import { type BotInstrument, fairValue, type TradingAccount } from './trading.ts';

/** Half the spread: a share of the value plus a share of the underlying, and at least one tick. */
const SPREAD_OF_VALUE = 0.01;
const SPREAD_OF_UNDERLYING = 0.0002;
/** A quote is renewed when it is further than this share of the half spread from where it should be. */
const TOLERANCE = 0.5;
const MAX_LOTS = 8;

interface Quote {
  orderId: string;
  ticks: number;
}

/** Where a two-sided quote stands, in ticks; `bid` is undefined where the option is worth less than a tick. */
export function quoteTicks(
  value: number,
  underlying: number,
  tick: number,
): { bid: number | undefined; ask: number; half: number } {
  const half = Math.max(1, (SPREAD_OF_VALUE * value + SPREAD_OF_UNDERLYING * underlying) / tick);
  const bid = Math.floor(value / tick - half);
  return { bid: bid >= 1 ? bid : undefined, ask: Math.ceil(value / tick + half), half };
}

/**
 * A market maker: keeps a post-only bid and ask around what it thinks each of its instruments is worth. `act` does one
 * thing (one or two commands), so that the caller decides how fast it works.
 */
export class Maker {
  readonly #account: TradingAccount;
  readonly #market: Market;
  readonly #random: Random;
  readonly #stats: BotStats;
  readonly #quotes = new Map<string, Quote>();
  #instruments: readonly BotInstrument[] = [];
  #at = 0;

  constructor(account: TradingAccount, deps: { market: Market; random: Random; stats: BotStats }) {
    this.#account = account;
    this.#market = deps.market;
    this.#random = deps.random;
    this.#stats = deps.stats;
  }

  setInstruments(instruments: readonly BotInstrument[]): void {
    this.#instruments = instruments;
    const names = new Set(instruments.map((one) => one.name));
    for (const key of this.#quotes.keys()) {
      if (!names.has(key.slice(0, key.lastIndexOf(' ')))) this.#quotes.delete(key);
    }
  }

  /** Looks at the next side of the next instrument and renews the quote if it is off. Returns commands sent. */
  async act(nowMs: number): Promise<number> {
    const count = this.#instruments.length * 2;
    for (let tries = 0; tries < Math.min(count, 32); tries++) {
      const at = this.#at++ % count;
      const instrument = this.#instruments[at >> 1];
      if (instrument === undefined || instrument.expiryMs <= nowMs) continue;
      const sent = await this.#renew(instrument, at % 2 === 0 ? 'buy' : 'sell', nowMs);
      if (sent > 0) return sent;
    }
    return 0;
  }

  async #renew(instrument: BotInstrument, side: 'buy' | 'sell', nowMs: number): Promise<number> {
    const value = fairValue(instrument, this.#market, nowMs);
    const underlying = this.#market.price(instrument.underlying);
    const { bid, ask, half } = quoteTicks(value, underlying, instrument.tick);
    const ticks = side === 'buy' ? bid : ask;
    const key = `${instrument.name} ${side}`;
    const quote = this.#quotes.get(key);
    const near = ticks !== undefined && quote !== undefined;
    if (near && Math.abs(quote.ticks - ticks) <= TOLERANCE * half) return 0;
    let sent = 0;
    if (quote !== undefined) {
      this.#quotes.delete(key);
      await this.#stats.count(() => this.#account.cancel(quote.orderId));
      sent += 1;
    }
    if (ticks === undefined) return sent;
    const lots = this.#random.integer(1, MAX_LOTS);
    const answer = await this.#stats.count(() =>
      this.#account.order({ instrument, side, ticks, lots, style: 'postOnly' }),
    );
    if (answer?.open === true) this.#quotes.set(key, { orderId: answer.orderId, ticks });
    return sent + 1;
  }
}

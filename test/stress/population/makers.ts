import { fairValue } from '#infra/bots/trading.ts';
import type { Market } from '#infra/market/market.ts';
import type { Position } from '../measure/positions.ts';
import type { MakerConduct } from '../scenarios/types.ts';
import type { Option } from './options.ts';
import type { Trader } from './trader.ts';

/** Half the spread: a share of the value and a share of the underlying, at least a tick. */
const SPREAD_OF_VALUE = 0.015;
const SPREAD_OF_UNDERLYING = 0.0003;
/** Every maker quotes one option in this many, those nearest to the money first. */
const A_SIDE = 2;
/** Of 64 entries for positions and open orders, a few stay free for what a quote leaves behind. */
const MOST_OPTIONS = 44;
/** Money behind one quote, share of the maker's deposit. */
const QUOTE_SHARE = 0.004;

/** Makers who quote around their own idea of the value, from the market itself and not from the exchange's marks. */
export class Makers {
  readonly #makers: readonly Trader[];
  readonly #positions: (account: number) => readonly Position[];

  constructor(traders: readonly Trader[], positions: (account: number) => readonly Position[]) {
    this.#positions = positions;
    this.#makers = traders.filter(({ role }) => role === 'maker');
  }

  /** Everybody pulls their quotes, and those who are present quote anew. */
  async requote(options: readonly Option[], market: Market, nowMs: number, conduct: MakerConduct) {
    const waiting: Promise<unknown>[] = [];
    const present = Math.round(conduct.present * this.#makers.length);
    for (const [index, maker] of this.#makers.entries()) {
      waiting.push(maker.cancelAll());
      if (index >= present) continue;
      for (const option of this.#choose(maker, index, options)) {
        waiting.push(...this.#quote(maker, option, fairMoney(option, market, nowMs), conduct));
      }
    }
    await Promise.all(waiting);
  }

  /** What the maker has already, and then the nearest to the money, as many as an account can hold. */
  #choose(maker: Trader, index: number, options: readonly Option[]): Option[] {
    const held = new Set(this.#positions(maker.account).map(({ instrument }) => instrument));
    const own = options.filter((option) => {
      return maker.mayTrade(option) && option.slot % A_SIDE === (index >> 1) % A_SIDE;
    });
    const away = (option: Option) => Math.abs(Math.log(option.strike / option.index));
    const rank = (option: Option) => (held.has(option.slot) ? -1 : 0) + away(option);
    return own.sort((a, b) => rank(a) - rank(b)).slice(0, MOST_OPTIONS);
  }

  #quote(maker: Trader, option: Option, fair: number, { spread, size }: MakerConduct) {
    const contract = option.words.lotsPerContract;
    const underlying = (option.index * 1e6) / contract;
    const half = spread * (SPREAD_OF_VALUE * fair + SPREAD_OF_UNDERLYING * underlying);
    const halfTicks = Math.max(1, half / option.tickMoney);
    const bid = Math.floor(fair / option.tickMoney - halfTicks);
    const ask = Math.ceil(fair / option.tickMoney + halfTicks);
    const money = Number(maker.deposit) * QUOTE_SHARE * size;
    const lots = Math.max(
      1,
      Math.floor(money / Math.max(maker.initialOf(option), underlying / 20)),
    );
    const quotes = [maker.order({ option, side: 'sell', ticks: ask, lots, style: 'postOnly' })];
    if (bid >= 1)
      quotes.push(maker.order({ option, side: 'buy', ticks: bid, lots, style: 'postOnly' }));
    return quotes;
  }
}

/** What the option is worth to somebody who watches the market, money per lot. */
function fairMoney(option: Option, market: Market, nowMs: number): number {
  const terms = {
    name: option.words.name,
    underlying: option.underlyingName,
    strike: option.strike,
    optionKind: option.optionKind,
    expiryMs: option.expiryMs,
    tick: 0,
    lot: 0,
  };
  return (fairValue(terms, market, nowMs) * 1e6) / option.words.lotsPerContract;
}

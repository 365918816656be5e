import type { Random } from '#infra/market/random.ts';
import type { Position } from '../measure/positions.ts';
import { markTicks, type Option } from './options.ts';
import type { Trader } from './trader.ts';

/** Of all traders, how many act each time. */
const ACTIVE = 0.02;
/** How much worse than the mark somebody accepts who wants to be done. */
const EAGER = 0.04;
/** A short that has grown to this many times what it was sold for makes some people buy back. */
const NERVOUS = 0.3;

/** Orders for reasons of one's own: buyers buy more or take profits, some of the naked buy back, hedged ones sit still. */
export class Flow {
  readonly #random: Random;
  readonly #traders: readonly Trader[];
  readonly #positions: (account: number) => readonly Position[];

  constructor(
    traders: readonly Trader[],
    deps: { random: Random; positions: (account: number) => readonly Position[] },
  ) {
    this.#traders = traders.filter(({ role }) => role === 'buyer' || role === 'naked');
    this.#random = deps.random;
    this.#positions = deps.positions;
  }

  async act(options: readonly Option[]): Promise<void> {
    if (options.length === 0 || this.#traders.length === 0) return;
    const bySlot = new Map(options.map((option) => [option.slot, option]));
    const waiting: Promise<unknown>[] = [];
    for (let i = 0; i < Math.ceil(ACTIVE * this.#traders.length); i++) {
      const trader = this.#random.pick(this.#traders);
      const order = trader.role === 'buyer' ? this.#buyer(trader, options, bySlot) : null;
      const done = order ?? this.#naked(trader, bySlot);
      if (done !== null) waiting.push(done);
    }
    await Promise.all(waiting);
  }

  #buyer(trader: Trader, options: readonly Option[], bySlot: ReadonlyMap<number, Option>) {
    const held = this.#held(trader, bySlot, (lots) => lots > 0);
    if (held !== null && this.#random.chance(0.5)) {
      const lots = Math.max(1, Math.floor(held.lots / 2));
      const ticks = Math.max(1, Math.floor(markTicks(held.option) * (1 - EAGER)) - 2);
      return trader.order({ option: held.option, side: 'sell', ticks, lots, style: 'reduce' });
    }
    const option = this.#random.pick(options);
    const ticks = Math.ceil(markTicks(option) * (1 + EAGER)) + 2;
    const lots = Math.floor((Number(trader.deposit) * 0.05) / (ticks * option.tickMoney));
    if (lots < 1) return null;
    return trader.order({ option, side: 'buy', ticks, lots, style: 'immediate' });
  }

  #naked(trader: Trader, bySlot: ReadonlyMap<number, Option>) {
    if (trader.role !== 'naked' || !this.#random.chance(NERVOUS)) return null;
    const held = this.#held(trader, bySlot, (lots) => lots < 0);
    if (held === null) return null;
    const ticks = Math.ceil(markTicks(held.option) * (1 + EAGER)) + 2;
    const lots = Math.max(1, Math.floor(-held.lots / 3));
    return trader.order({ option: held.option, side: 'buy', ticks, lots, style: 'reduce' });
  }

  #held(trader: Trader, bySlot: ReadonlyMap<number, Option>, fits: (lots: number) => boolean) {
    for (const { instrument, lots } of this.#positions(trader.account)) {
      const option = bySlot.get(instrument);
      if (option !== undefined && fits(lots)) return { option, lots };
    }
    return null;
  }
}

import { money } from '#shared/protocol/units.ts';
import { cashOf } from '../measure/positions.ts';
import type { Trader } from './trader.ts';

/**
 * Those who keep only cash and want it back while everybody else is in trouble. Cash of an account without positions can be withdrawn in
 * every mode (the design's protocol.md, section 7), so each refusal is a fault.
 */
export class Leavers {
  readonly #idle: readonly Trader[];
  readonly #view: () => DataView;
  #next = 0;
  left = 0;
  refused = 0;

  constructor(traders: readonly Trader[], view: () => DataView) {
    this.#idle = traders.filter(({ role }) => role === 'idle');
    this.#view = view;
  }

  /** Has everybody leave whose turn has come when this share of the run is over; the last tenth stays to the end. */
  async act(share: number): Promise<void> {
    const due = Math.floor(0.9 * share * this.#idle.length);
    const waiting: Promise<void>[] = [];
    while (this.#next < due) waiting.push(this.#leave(this.#idle[this.#next++] as Trader));
    await Promise.all(waiting);
  }

  async #leave(trader: Trader) {
    const amount = money(cashOf(this.#view(), trader.account));
    const { code } = await trader.act({ kind: 'withdraw', amount });
    if (code === 0) this.left += 1;
    else this.refused += 1;
  }
}

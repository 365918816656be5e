import * as L from '#shared/engine/layout.ts';
import { type Auditor, InvariantError } from '#shared/replay/audit.ts';
import { type OrderShare, orderShare } from '#shared/replay/margin.ts';

/** What the orders of one account and generation reserve together. */
interface Sum {
  orders: number;
  money: bigint;
  /** Lots by instrument: buys and sells. */
  readonly open: Map<number, { buy: number; sell: number }>;
}

/** Keeps what resting orders reserve, by account, so that only orders that were written have to be looked at again. */
export class Reserves {
  readonly #shares = new Map<number, OrderShare>();
  readonly #sums = new Map<string, Sum>();

  clear(): void {
    this.#shares.clear();
    this.#sums.clear();
  }

  /** Looks at a slot again. Returns the accounts it was and is about. */
  move(auditor: Auditor, slot: number): number[] {
    const touched: number[] = [];
    const before = this.#shares.get(slot);
    if (before !== undefined) {
      this.#add(before, -1);
      this.#shares.delete(slot);
      touched.push(before.account);
    }
    const now = orderShare(auditor, slot);
    if (now !== null) {
      this.#add(now, 1);
      this.#shares.set(slot, now);
      touched.push(now.account);
    }
    return touched;
  }

  /** Holds an account's own figures to its orders. Orders of an older generation count for nothing. */
  check(auditor: Auditor, id: number): void {
    const at = auditor.account(id);
    const generation = auditor.u32(at + L.ACCOUNT_GENERATION);
    const sum = this.#sums.get(`${id}/${generation}`);
    const stated = auditor.u32(at + L.ACCOUNT_OPEN_ORDERS);
    if (stated !== (sum?.orders ?? 0)) {
      throw new InvariantError(
        3,
        `account ${id} counts ${stated} orders, ${sum?.orders ?? 0} rest`,
      );
    }
    const reserved = auditor.i64(at + L.ACCOUNT_PREMIUM_RESERVE);
    if (reserved !== (sum?.money ?? 0n)) {
      const words = `account ${id} reserves ${reserved}, its buy orders need ${sum?.money ?? 0n}`;
      throw new InvariantError(4, words);
    }
    const positions = auditor.positions(id);
    const instruments = new Set([...positions.keys(), ...(sum?.open.keys() ?? [])]);
    for (const instrument of instruments) {
      const { openBuy, openSell } = positions.get(instrument) ?? { openBuy: 0, openSell: 0 };
      const { buy, sell } = sum?.open.get(instrument) ?? { buy: 0, sell: 0 };
      if (openBuy === buy && openSell === sell) continue;
      const words = `account ${id} has ${openBuy} and ${openSell} lots open in ${instrument}, ${buy} and ${sell} rest`;
      throw new InvariantError(3, words);
    }
  }

  #add(share: OrderShare, sign: 1 | -1): void {
    const key = `${share.account}/${share.generation}`;
    const sum = this.#sums.get(key) ?? { orders: 0, money: 0n, open: new Map() };
    sum.orders += sign;
    sum.money += BigInt(sign) * share.reservedMoney;
    const open = sum.open.get(share.instrument) ?? { buy: 0, sell: 0 };
    if (share.sell) open.sell += sign * share.reservedLots;
    else open.buy += sign * share.reservedLots;
    if (open.buy === 0 && open.sell === 0) sum.open.delete(share.instrument);
    else sum.open.set(share.instrument, open);
    if (sum.orders === 0) this.#sums.delete(key);
    else this.#sums.set(key, sum);
  }
}

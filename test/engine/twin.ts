/** A naive twin of the order book, written only to be obviously right. No margin: its accounts are rich. */
import * as C from '#shared/engine/codes.ts';
import * as K from '#shared/engine/kinds.ts';

export interface TwinOrder {
  id: bigint;
  account: number;
  instrument: number;
  sell: boolean;
  price: number;
  lots: number;
  flags: number;
  label: bigint;
  expiry: number;
}

export interface TwinResult {
  code: number;
  filled: number;
  resting: number;
  cancelled: number;
  why: number;
}

const TOUCHES = 16;
const none = (code: number): TwinResult => ({ code, filled: 0, resting: 0, cancelled: 0, why: 0 });

export class Twin {
  /** In time order. */
  orders: TwinOrder[] = [];
  /** Dead ones still in the way, by id. */
  dead = new Set<bigint>();
  positions = new Map<string, number>();
  nowMs = 0;

  lots(account: number, instrument: number): number {
    return this.positions.get(`${account}/${instrument}`) ?? 0;
  }

  #move(account: number, instrument: number, lots: number): void {
    this.positions.set(`${account}/${instrument}`, this.lots(account, instrument) + lots);
  }

  isDead(order: TwinOrder): boolean {
    return this.dead.has(order.id) || (order.expiry !== 0 && order.expiry <= this.nowMs);
  }

  /** The other side's orders that a limit reaches, best price first, then oldest. */
  reach(order: TwinOrder): TwinOrder[] {
    return this.orders
      .filter((other) => other.instrument === order.instrument && other.sell !== order.sell)
      .filter((other) => (order.sell ? other.price >= order.price : other.price <= order.price))
      .sort(
        (a, b) =>
          (a.price - b.price) * (order.sell ? -1 : 1) ||
          this.orders.indexOf(a) - this.orders.indexOf(b),
      );
  }

  remove(order: TwinOrder): void {
    this.orders.splice(this.orders.indexOf(order), 1);
  }

  place(order: TwinOrder): TwinResult {
    const tif = (order.flags >> K.FLAG_TIF_SHIFT) & 3;
    const stp = (order.flags >> K.FLAG_STP_SHIFT) & 3;
    if (tif === K.TIF_GTT && order.expiry <= this.nowMs) return none(C.EXPIRY_PAST);
    if (order.label !== 0n && tif <= K.TIF_GTT && this.labelled(order.account, order.label))
      return none(C.DUPLICATE_LABEL);
    if (order.flags & K.FLAG_REDUCE_ONLY) {
      const closable = this.lots(order.account, order.instrument) * (order.sell ? 1 : -1);
      if (closable <= 0) return none(C.NOTHING_TO_REDUCE);
      order.lots = Math.min(order.lots, closable);
    }
    const post = order.flags & (K.FLAG_POST_ONLY | K.FLAG_POST_SLIDE);
    if (post) {
      const code = this.#post(order, post === K.FLAG_POST_SLIDE);
      if (code !== C.OK) return none(code);
    }
    if (tif === K.TIF_FOK) {
      const code = this.#fillable(order, stp);
      if (code !== C.OK) return none(code);
    }
    return this.#match(order, tif, stp);
  }

  labelled(account: number, label: bigint): TwinOrder | undefined {
    return this.orders.find(
      (order) => order.account === account && order.label === label && !this.isDead(order),
    );
  }

  #blocking(order: TwinOrder): { code: number; price: number } {
    for (const [index, other] of this.reach(order).entries()) {
      if (index === TOUCHES) return { code: C.TOO_MANY_TOUCHES, price: 0 };
      if (!this.isDead(other)) return { code: C.WOULD_TAKE, price: other.price };
    }
    return { code: C.OK, price: 0 };
  }

  #post(order: TwinOrder, slide: boolean): number {
    let found = this.#blocking(order);
    if (found.code === C.WOULD_TAKE && slide) {
      order.price = order.sell ? found.price + 1 : found.price - 1;
      if (order.price === 0) return C.WOULD_TAKE;
      found = this.#blocking(order);
    }
    if (found.code !== C.OK) return found.code;
    for (const other of this.reach(order)) this.remove(other);
    return C.OK;
  }

  /** A reduce-only maker in the way may or may not trade, and is not risked (match.ts). */
  #fillable(order: TwinOrder, stp: number): number {
    let wanted = order.lots;
    for (const [index, other] of this.reach(order).entries()) {
      if (index === TOUCHES) return C.NOT_FILLABLE;
      if (this.isDead(other)) continue;
      if (other.account === order.account && stp !== K.STP_ALLOW) {
        if (stp === K.STP_CANCEL_MAKER) continue;
        return C.SELF_TRADE;
      }
      if (other.flags & K.FLAG_REDUCE_ONLY) return C.NOT_FILLABLE;
      wanted -= Math.min(wanted, other.lots);
      if (wanted === 0) return C.OK;
    }
    return C.NOT_FILLABLE;
  }

  #match(order: TwinOrder, tif: number, stp: number): TwinResult {
    const result = none(C.OK);
    let wanted = order.lots;
    let touches = 0;
    let ownFilled = 0;
    while (wanted > 0) {
      const maker = this.reach(order)[0];
      if (!maker) break;
      if (touches === TOUCHES) {
        result.why = C.TOO_MANY_TOUCHES;
        break;
      }
      touches++;
      if (this.isDead(maker)) {
        this.remove(maker);
        continue;
      }
      if (maker.account === order.account && stp !== K.STP_ALLOW) {
        if (stp !== K.STP_CANCEL_TAKER) this.remove(maker);
        if (stp === K.STP_CANCEL_MAKER) continue;
        result.why = C.SELF_TRADE;
        break;
      }
      let lots = maker.lots;
      let offered = lots;
      if (maker.flags & K.FLAG_REDUCE_ONLY) {
        // The taker's own fills are booked at the end of the match, so its resting orders see its position from before.
        const closable =
          (this.lots(maker.account, maker.instrument) -
            (maker.account === order.account ? ownFilled : 0)) *
          (maker.sell ? 1 : -1);
        lots = Math.min(lots, Math.max(0, closable));
        offered = lots;
        if (lots === 0) {
          this.remove(maker);
          continue;
        }
      }
      lots = Math.min(lots, wanted);
      this.#move(maker.account, maker.instrument, maker.sell ? -lots : lots);
      this.#move(order.account, order.instrument, order.sell ? -lots : lots);
      ownFilled += order.sell ? -lots : lots;
      wanted -= lots;
      maker.lots -= lots;
      // A reduce-only order with nothing left to close goes at once, if the taker wants more.
      if (maker.lots === 0 || (offered === lots && maker.lots > 0 && wanted > 0))
        this.remove(maker);
    }
    result.filled = order.lots - wanted;
    if (wanted > 0 && tif >= K.TIF_IOC && result.why === 0) result.why = C.NOT_FILLABLE;
    if (result.why !== 0) result.cancelled = wanted;
    else if (wanted > 0) {
      result.resting = wanted;
      order.lots = wanted;
      this.orders.push(order);
    }
    return result;
  }

  find(account: number, id: bigint): { code: number; order?: TwinOrder } {
    const order = this.orders.find((other) => other.id === id);
    if (!order) return { code: C.NO_SUCH_ORDER };
    if (order.account !== account) return { code: C.NOT_YOUR_ORDER };
    if (this.dead.has(id)) return { code: C.NO_SUCH_ORDER };
    return { code: C.OK, order };
  }

  cancelAll(account: number): void {
    for (const order of this.orders) if (order.account === account) this.dead.add(order.id);
  }
}

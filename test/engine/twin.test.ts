import { describe, expect, it } from 'vitest';
import * as C from '#shared/engine/codes.ts';
import * as K from '#shared/engine/kinds.ts';
import { ORDER_SIZE, ORDERS } from '#shared/engine/layout.ts';
import { lots, ticks } from '#shared/protocol/units.ts';
import { Auditor } from './invariants.ts';
import { Twin, type TwinOrder } from './twin.ts';
import { DAY_MS, START_MS, World, wallet } from './world.ts';

const COMMANDS = Number(process.env.PLIMSOLL_TWIN_COMMANDS ?? 4000);
const MARK_TICKS = 400;

/** sfc32, from one seed. */
function random(seed: number): (below: number) => number {
  let [a, b, c, d] = [0x9e3779b9 ^ seed, 0x243f6a88, 0xb7e15162, seed | 0];
  const next = () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 20; i++) next();
  return (below) => next() % below;
}

class Run {
  readonly world = new World().start();
  readonly twin = new Twin();
  readonly accounts: number[] = [];
  readonly auditor = new Auditor(this.world.engine.view);
  readonly pick: (below: number) => number;

  constructor(seed: number) {
    this.pick = random(seed);
    this.world.freshSegments = true;
    for (let index = 0; index < 6; index++)
      this.accounts.push(this.world.deposit(wallet(index + 1), 10n ** 15n));
    this.world.expect(this.world.index(0, 90_000_000_000n));
    const day = Math.floor(START_MS / DAY_MS) + 4;
    for (const optionKind of [0, 1]) {
      this.world.expect(
        this.world.run({ kind: 'list', underlying: 0, expiryDay: day, strike: 90_000, optionKind }),
      );
    }
    this.world.prices();
    this.twin.nowMs = START_MS;
  }

  step(): void {
    const { pick } = this;
    const what = pick(100);
    const account = this.accounts[pick(this.accounts.length)] as number;
    if (what < 62) this.place(account);
    else if (what < 78) this.cancel(account);
    else if (what < 90) this.amend(account);
    else if (what < 92) this.cancelAll(account);
    else if (what < 97) this.sweep();
    else this.wait();
  }

  place(account: number): void {
    const { pick, world, twin } = this;
    let flags = pick(2);
    const tif = pick(10) < 6 ? K.TIF_GTC : 1 + pick(3);
    flags |= tif << K.FLAG_TIF_SHIFT;
    if (tif <= K.TIF_GTT && pick(4) === 0) flags |= pick(2) ? K.FLAG_POST_ONLY : K.FLAG_POST_SLIDE;
    if (pick(6) === 0) flags |= K.FLAG_REDUCE_ONLY;
    flags |= pick(4) << K.FLAG_STP_SHIFT;
    const label = pick(3) === 0 ? BigInt(1 + pick(8)) : 0n;
    if (label !== 0n) flags |= K.FLAG_LABEL;
    const price = MARK_TICKS - 8 + pick(17);
    const quantity = 1 + pick(pick(5) === 0 ? 60 : 8);
    const instrument = pick(2);
    const seconds = Math.floor(world.nowMs / 1000) + pick(20);
    const code = world.order(
      account,
      instrument,
      flags & 1 ? 'sell' : 'buy',
      price,
      quantity,
      flags & ~1,
      {
        ...(label !== 0n ? { label } : {}),
        ...(tif === K.TIF_GTT ? { expiry: seconds } : {}),
      },
    );
    const order: TwinOrder = {
      id: code === 0 ? world.result.orderId : 0n,
      account,
      instrument,
      sell: (flags & 1) === 1,
      price,
      lots: quantity,
      flags,
      label,
      expiry: tif === K.TIF_GTT ? seconds * 1000 : 0,
    };
    const expected = twin.place(order);
    expect(code).toBe(expected.code);
    if (code !== 0) return;
    const { filled, resting, cancelled, why } = world.result;
    expect({ code, filled, resting, cancelled, why }).toEqual(expected);
    if (tif === K.TIF_FOK) expect(cancelled).toBe(0);
  }

  cancel(account: number): void {
    const { pick, world, twin } = this;
    const target = twin.orders[pick(Math.max(1, twin.orders.length))];
    if (target && target.label !== 0n && pick(2) === 0) {
      const owner = pick(5) === 0 ? account : target.account;
      const found = twin.labelled(owner, target.label);
      const code = world.run(world.signed(owner, { kind: 'cancelLabel', label: target.label }));
      expect(code).toBe(found ? C.OK : C.NO_SUCH_ORDER);
      if (found) twin.remove(found);
      return;
    }
    const id = target?.id ?? 12345n;
    const owner = target && pick(8) !== 0 ? target.account : account;
    const expected = twin.find(owner, id);
    expect(world.run(world.signed(owner, { kind: 'cancel', orderId: id }))).toBe(expected.code);
    if (expected.order) twin.remove(expected.order);
  }

  amend(account: number): void {
    const { pick, world, twin } = this;
    const target = twin.orders[pick(Math.max(1, twin.orders.length))];
    if (!target) return;
    const owner = pick(8) !== 0 ? target.account : account;
    const found = twin.find(owner, target.id);
    const price = pick(2) === 0 ? target.price : MARK_TICKS - 8 + pick(17);
    const quantity = 1 + pick(target.lots + 4);
    const code = world.run(
      world.signed(owner, {
        kind: 'amend',
        orderId: target.id,
        price: ticks(price),
        lots: lots(quantity),
      }),
    );
    if (!found.order || twin.isDead(found.order)) {
      expect(code).toBe(found.order ? C.NO_SUCH_ORDER : found.code);
      return;
    }
    if (price === target.price && quantity <= target.lots) {
      expect(code).toBe(C.OK);
      target.lots = quantity;
      return;
    }
    const at = twin.orders.indexOf(target);
    twin.remove(target);
    const id = code === 0 ? world.result.orderId : 0n;
    const expected = twin.place({ ...target, id, price, lots: quantity });
    expect(code).toBe(expected.code);
    if (code !== 0) twin.orders.splice(at, 0, target);
  }

  cancelAll(account: number): void {
    const live = this.twin.orders.some(
      (order) => order.account === account && !this.twin.dead.has(order.id),
    );
    expect(this.world.run(this.world.signed(account, { kind: 'cancelAll' }))).toBe(
      live ? C.OK : C.NOTHING_TO_DO,
    );
    this.twin.cancelAll(account);
  }

  sweep(): void {
    const dead = this.twin.orders.filter((order) => this.twin.isDead(order)).slice(0, 5);
    const live = this.twin.orders.filter((order) => !this.twin.isDead(order)).slice(0, 2);
    const orderIds = [...dead, ...live].map((order) => order.id);
    if (orderIds.length === 0) return;
    expect(this.world.run({ kind: 'sweep', orderIds })).toBe(
      dead.length > 0 ? C.OK : C.NOTHING_TO_DO,
    );
    for (const order of dead) this.twin.remove(order);
  }

  wait(): void {
    const { world } = this;
    world.clock(world.nowMs + 1 + this.pick(3000));
    this.twin.nowMs = world.nowMs;
    world.expect(world.index(0, 90_000_000_000n));
    world.expect(world.index(1, 3_000_000_000n));
    if (this.pick(4) === 0) world.prices();
  }

  /** The two books, order by order. */
  compare(): void {
    const { auditor, twin } = this;
    for (const instrument of [0, 1]) {
      const engine = auditor.ticks(instrument).flatMap((tick) =>
        auditor.queue(instrument, tick).map((slot) => {
          const at = ORDERS + slot * ORDER_SIZE;
          return `${tick}:${auditor.view.getBigUint64(at, true)}:${auditor.u32(at + 28)}`;
        }),
      );
      const naive = twin.orders
        .filter((order) => order.instrument === instrument)
        .sort((a, b) => a.price - b.price || twin.orders.indexOf(a) - twin.orders.indexOf(b))
        .map((order) => `${order.price}:${order.id}:${order.lots}`);
      expect(engine).toEqual(naive);
      for (const account of this.accounts) {
        expect(auditor.positions(account).get(instrument)?.lots ?? 0).toBe(
          twin.lots(account, instrument),
        );
      }
    }
    auditor.audit();
  }
}

describe('the book and its naive twin', () => {
  for (const seed of [1, 2, 3]) {
    it(`agree on random commands, seed ${seed}`, { timeout: 120_000 }, () => {
      const run = new Run(seed);
      for (let index = 0; index < COMMANDS / 3; index++) {
        run.step();
        if (index % 10 === 0) run.compare();
      }
      run.compare();
    });
  }
});

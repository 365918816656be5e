/** Random commands of every kind on a small world, most of them sensible, some of them bent or garbage. */
import * as K from '#shared/engine/kinds.ts';
import { Random } from '#shared/machine/run/random.ts';
import type { Action } from '#shared/protocol/commands.ts';
import { flatSmile } from '#shared/protocol/smile.ts';
import { lots, money, ticks } from '#shared/protocol/units.ts';
import { DAY_MS, type World, wallet } from '#test/engine/world.ts';

const MARK_TICKS = 400;

export class RandomFlow {
  readonly #world: World;
  readonly #random: Random;
  readonly #accounts: number[] = [];
  readonly #orders: { id: bigint; account: number }[] = [];
  #last: Uint8Array = Uint8Array.of(0);
  #label = 1;

  constructor(world: World, seed: number) {
    this.#world = world;
    this.#random = new Random(seed);
  }

  /** Accounts, two instruments of the next Friday and marks. */
  open(accounts = 5): this {
    const world = this.#world;
    for (let i = 0; i < accounts; i++) {
      this.#accounts.push(world.deposit(wallet(i + 1), 10n ** 13n));
    }
    world.expect(world.index(0, 90_000_000_000n));
    const expiryDay = Math.floor(world.nowMs / DAY_MS) + 4;
    for (const optionKind of [0, 1]) {
      world.expect(
        world.run({ kind: 'list', underlying: 0, expiryDay, strike: 90_000, optionKind }),
      );
    }
    const entries = [{ expiryDay, forward: 90_000_000_000n, ...flatSmile(600_000) }];
    world.expect(world.volatility(0, entries));
    world.reprice(0);
    return this;
  }

  /** One command or message; returns its code. */
  step(): number {
    const random = this.#random;
    const what = random.below(100);
    if (what < 50) return this.#order();
    if (what < 60) return this.#cancel();
    if (what < 66) return this.#amend();
    if (what < 74) return this.#account();
    if (what < 82) return this.#garbage();
    if (what < 90) return this.#message();
    return this.#system();
  }

  #run(bytes: Uint8Array): number {
    this.#last = bytes;
    return this.#world.run(bytes);
  }

  #signed(account: number, action: Action): number {
    return this.#run(this.#world.signed(account, action));
  }

  #order(): number {
    const random = this.#random;
    const account = random.pick(this.#accounts);
    let flags = random.below(2) | (random.below(4) << K.FLAG_TIF_SHIFT);
    flags |= random.below(4) << K.FLAG_STP_SHIFT;
    if (random.below(5) === 0) flags |= K.FLAG_POST_ONLY;
    if (random.below(6) === 0) flags |= K.FLAG_REDUCE_ONLY;
    if (random.below(3) === 0) flags |= K.FLAG_LABEL;
    const gtt = ((flags >> K.FLAG_TIF_SHIFT) & 3) === K.TIF_GTT;
    const expiry = Math.floor(this.#world.nowMs / 1000) + random.below(40);
    const code = this.#signed(account, {
      kind: 'order',
      instrument: random.below(2),
      flags,
      price: ticks(MARK_TICKS - 8 + random.below(17)),
      lots: lots(1 + random.below(random.below(5) === 0 ? 500 : 12)),
      ...(flags & K.FLAG_LABEL ? { label: BigInt(this.#label++ % 9) + 1n } : {}),
      ...(gtt ? { expiry } : {}),
    } as Action);
    if (code === 0) this.#orders.push({ id: this.#world.result.orderId, account });
    return code;
  }

  #target() {
    const none = { id: 12345n, account: 2 };
    const order = this.#orders.length === 0 ? none : this.#random.pick(this.#orders);
    const account = this.#random.below(8) === 0 ? this.#random.pick(this.#accounts) : order.account;
    return { id: order.id, account };
  }

  #cancel(): number {
    const { id, account } = this.#target();
    const kind = this.#random.below(10);
    if (kind === 0) return this.#signed(account, { kind: 'cancelAll' });
    if (kind < 3) {
      const label = BigInt(1 + this.#random.below(9));
      return this.#signed(account, { kind: 'cancelLabel', label });
    }
    return this.#signed(account, { kind: 'cancel', orderId: id });
  }

  #amend(): number {
    const { id, account } = this.#target();
    const price = ticks(MARK_TICKS - 8 + this.#random.below(17));
    const quantity = lots(1 + this.#random.below(20));
    return this.#signed(account, { kind: 'amend', orderId: id, price, lots: quantity });
  }

  #account(): number {
    const random = this.#random;
    const account = random.pick(this.#accounts);
    const amount = money(random.u64() % 10n ** 13n);
    switch (random.below(4)) {
      case 0:
        return this.#signed(account, { kind: 'withdraw', amount });
      case 1:
        return this.#signed(account, {
          kind: 'transfer',
          toAccount: random.pick(this.#accounts),
          amount,
        } as Action);
      case 2:
        return this.#signed(account, {
          kind: 'setKey',
          slot: 1 + random.below(7),
          address: wallet(50 + random.below(9)).address,
          scope: random.below(8),
          expiry: Math.floor(this.#world.nowMs / 1000) + 1000,
        } as Action);
      default:
        return this.#signed(account, { kind: 'revokeKey', slot: 1 + random.below(7) } as Action);
    }
  }

  /** Bytes that are none, or the last command with something changed, cut off or added. */
  #garbage(): number {
    const random = this.#random;
    const bytes = Uint8Array.from(this.#last);
    switch (random.below(4)) {
      case 0:
        return this.#world.run(random.bytes(random.below(200)));
      case 1:
        bytes[random.below(bytes.length)] = random.below(256);
        return this.#world.run(bytes);
      case 2:
        return this.#world.run(bytes.subarray(0, random.below(bytes.length)));
      default:
        return this.#world.run(Uint8Array.of(random.below(256), ...random.bytes(random.below(90))));
    }
  }

  #message(): number {
    const random = this.#random;
    const kind = random.below(5);
    const bytes = random.bytes(random.below(60));
    if (kind === 0) {
      this.#accounts.push(this.#world.deposit(wallet(random.below(8) + 1), 10n ** 12n));
      return 0;
    }
    return this.#world.message(Uint8Array.of(kind, ...bytes));
  }

  #later(): number {
    this.#world.nowMs += this.#random.below(3000);
    return this.#world.nowMs;
  }

  #system(): number {
    const world = this.#world;
    const random = this.#random;
    switch (random.below(7)) {
      case 0:
        return world.run({ kind: 'clock', timeMs: BigInt(this.#later()) });
      case 1:
        return world.index(0, 90_000_000_000n + BigInt(random.below(100)) * 1_000_000n);
      case 2:
        return world.run({ kind: 'reprice', underlying: random.below(2) });
      case 3: {
        const orderIds = [this.#target().id, this.#target().id];
        return world.run({ kind: 'sweep', orderIds });
      }
      case 4:
        return world.run({ kind: 'settleAccount', account: random.pick(this.#accounts) });
      case 5:
        return world.run({ kind: 'settleInstrument', instrument: random.below(3) });
      default:
        return world.run({ kind: 'delist', instrument: random.below(3) });
    }
  }
}

/** What a hostile reader tried: mutated messages, crowded position tables, and listings that come and go in mid-repricing. */
import { describe, expect, it } from 'vitest';
import * as C from '#shared/engine/codes.ts';
import * as L from '#shared/engine/layout.ts';
import { type Action, encodeCommand, encodeForcedAction } from '#shared/protocol/commands.ts';
import { encodeInboxMessage } from '#shared/protocol/inbox.ts';
import { lots, money, ticks } from '#shared/protocol/units.ts';
import { Scenario } from './scenario.ts';
import { DAY_MS, World, wallet } from './world.ts';

/** Marsaglia's xorshift32. */
function random(seed: number): (below: number) => number {
  let state = (seed * 0x9e3779b1) | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const forced = (account: number, action: Action) =>
  encodeInboxMessage({ kind: 'forced', account, action: encodeForcedAction(action) });

describe('inbox messages with wrong bytes in them', () => {
  it('never trap, and leave the invariants as they were', { timeout: 120_000 }, () => {
    const pick = random(11);
    const s = new Scenario();
    const { world } = s;
    const accounts = ['A', 'B', 'C'].map((name) => s.account(name));
    const ids: bigint[] = [];
    const action = (): Action => {
      const kind = pick(6);
      const price = ticks(380 + pick(40));
      const quantity = lots(1 + pick(50));
      const orderId = ids[pick(Math.max(1, ids.length))] ?? 1n;
      if (kind < 2) {
        const flags = [0, 1, 4, 5, 6, 7, 8, 9, 16, 17, 32, 33, 65, 128, 193, 36][
          pick(16)
        ] as number;
        return { kind: 'order', instrument: pick(7), flags, price, lots: quantity };
      }
      if (kind === 2) return { kind: 'amend', orderId, price, lots: quantity };
      if (kind === 3) return { kind: 'cancel', orderId };
      if (kind === 4) return { kind: 'withdraw', amount: money(BigInt(1 + pick(1000))) };
      return { kind: 'cancelAll' };
    };
    const codes = new Set<number>();
    for (let index = 0; index < 4000; index++) {
      const bytes = forced(accounts[pick(3)] as number, action());
      if (pick(3) === 0) {
        for (let change = pick(3); change >= 0; change--)
          bytes[1 + pick(bytes.length - 1)] = pick(256);
      }
      const code = world.message(pick(12) === 0 ? bytes.slice(0, 1 + pick(bytes.length)) : bytes);
      expect(code, Buffer.from(bytes).toString('hex')).not.toBe(C.TRAPPED);
      codes.add(code);
      if (code === C.OK && world.result.resting > 0) ids.push(world.result.orderId);
      if (ids.length > 40) ids.shift();
      if (index % 100 === 0) {
        world.clock(world.nowMs + 2000);
        world.expect(world.index(0, 90_000_000_000n));
        s.auditor.audit();
      }
    }
    s.auditor.audit();
    for (const code of [C.OK, C.MALFORMED, C.UNKNOWN_KIND, C.NO_SUCH_ORDER, C.NO_SUCH_ACCOUNT])
      expect(codes).toContain(code);
  });
});

describe('a position table', () => {
  it('finds everything while entries of 100 instruments come and go', { timeout: 120_000 }, () => {
    const pick = random(5);
    const s = new Scenario(new World(), 10n ** 14n);
    const { world } = s;
    for (let index = 0; index < 94; index++) {
      const strike = 100_000 + 500 * (index >> 1);
      world.expect(
        world.run({
          kind: 'list',
          underlying: 0,
          expiryDay: s.expiryDay,
          strike,
          optionKind: index & 1,
        }),
      );
    }
    world.clock(world.nowMs + 1000);
    world.prices();
    const a = s.account('A');
    const orders = new Map<number, bigint>();
    const codes = new Set<number>();
    for (let index = 0; index < 3000; index++) {
      const instrument = pick(100);
      const id = orders.get(instrument);
      if (id !== undefined && (orders.size > 60 || pick(2) === 0)) {
        world.expect(world.message(forced(a, { kind: 'cancel', orderId: id })));
        orders.delete(instrument);
      } else if (id === undefined) {
        const order: Action = {
          kind: 'order',
          instrument,
          flags: 0,
          price: ticks(1),
          lots: lots(1),
        };
        const code = world.message(forced(a, order));
        codes.add(code);
        if (code === C.OK) orders.set(instrument, world.result.orderId);
        else expect(code === C.TOO_MANY_POSITIONS && orders.size === 64).toBe(true);
      }
      expect([...s.auditor.positions(a).keys()].sort()).toEqual([...orders.keys()].sort());
    }
    expect(codes).toContain(C.OK);
    s.auditor.audit();
  });
});

describe('listings', () => {
  /** Every instrument in use is once in its underlying's list and once in its bucket; the others are in the free list. */
  function consistent(world: World): void {
    const { view } = world.engine;
    const top = view.getUint32(136, true);
    const at = (slot: number) => L.INSTRUMENTS + slot * L.INSTRUMENT_SIZE;
    const used = new Set(
      Array.from({ length: top }, (_, slot) => slot).filter(
        (slot) => view.getUint8(at(slot)) !== 0,
      ),
    );
    const walk = (head: number) => {
      const slots: number[] = [];
      for (
        let slot = head;
        slot !== 0 && slots.length <= top;
        slot = view.getUint32(at(slot - 1) + 160, true)
      )
        slots.push(slot - 1);
      return slots;
    };
    const listed = [0, 1].flatMap((underlying) => {
      const slots = walk(
        view.getUint32(L.UNDERLYINGS + underlying * L.UNDERLYING_SIZE + 136, true),
      );
      for (const slot of slots) expect(view.getUint8(at(slot) + 1)).toBe(underlying);
      expect(view.getUint32(L.UNDERLYINGS + underlying * L.UNDERLYING_SIZE + 140, true)).toBe(
        (slots.at(-1) ?? -1) + 1,
      );
      return slots;
    });
    expect(listed.toSorted((a, b) => a - b)).toEqual([...used]);
    const free = walk(view.getUint32(140, true));
    expect(free.length + used.size).toBe(top);
    const inBuckets: number[] = [];
    for (let place = 0; place < L.LISTINGS_SIZE; place += 4) {
      const slot = view.getUint32(L.LISTINGS + place, true);
      if (slot !== 0) inBuckets.push(slot - 1);
    }
    expect(inBuckets.toSorted((a, b) => a - b)).toEqual([...used]);
  }

  it('stay whole while they are priced, settled and given back in any order', {
    timeout: 120_000,
  }, () => {
    const pick = random(3);
    const world = new World().start();
    world.deposit(wallet(1), 10n ** 12n);
    world.prices();
    const codes = new Map<string, number>();
    const run = (command: Parameters<typeof encodeCommand>[0]) => {
      const code = world.run(encodeCommand(command));
      expect(code).not.toBe(C.TRAPPED);
      if (code === C.OK) codes.set(command.kind, (codes.get(command.kind) ?? 0) + 1);
    };
    for (let index = 0; index < 2500; index++) {
      const today = Math.floor(world.nowMs / DAY_MS);
      const what = pick(10);
      const underlying = pick(2);
      if (what < 3) {
        const strike = underlying === 0 ? 500 * (120 + pick(120)) : 25 * (60 + pick(120));
        run({
          kind: 'list',
          underlying,
          expiryDay: today + 1 + pick(3),
          strike,
          optionKind: pick(2),
        });
      } else if (what < 6) run({ kind: 'reprice', underlying });
      else if (what < 7) run({ kind: 'settleInstrument', instrument: pick(60) });
      else if (what < 9) run({ kind: 'delist', instrument: pick(60) });
      else {
        world.clock(world.nowMs + (pick(12) === 0 ? 9 * 3_600_000 : 20_000));
        world.expect(world.index(0, 90_000_000_000n));
        world.expect(world.index(1, 3_000_000_000n));
      }
      if (index % 10 === 0) consistent(world);
    }
    consistent(world);
    for (const kind of ['list', 'reprice', 'settleInstrument', 'delist'])
      expect(codes.get(kind)).toBeGreaterThan(20);
  });
});

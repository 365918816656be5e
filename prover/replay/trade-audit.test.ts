import { beforeEach, describe, expect, it } from 'vitest';
import { INSUFFICIENT_MARGIN } from '#shared/engine/codes.ts';
import { FLAG_REDUCE_ONLY } from '#shared/engine/kinds.ts';
import * as L from '#shared/engine/layout.ts';
import { money } from '#shared/protocol/units.ts';
import { Auditor } from '#shared/replay/audit.ts';
import { freeCollateral } from '#shared/replay/margin.ts';
import { DAY_MS, START_MS, World, wallet } from '#test/engine/world.ts';
import { Heard, TradeAudit } from './trade-audit.ts';

const USDC = 1_000_000n;
let world: World;
let trades: TradeAudit;
let poor: number;
let rich: number;
/** How often the audit took a command back to look at what stood before it. */
let takenBack: number;

/** A world whose every command runs under the audit. */
function audited(): { world: World; trades: TradeAudit } {
  const heard = new Heard();
  const one = new World({ onEvent: heard.listener });
  const { engine } = one;
  const plain = {
    view: engine.view,
    segmentStart: engine.segmentStart.bind(engine),
    execute: engine.execute.bind(engine),
    advance: engine.advance.bind(engine),
    executeInbox: engine.executeInbox.bind(engine),
    undo: () => {
      takenBack += 1;
      engine.undo();
    },
  };
  const audit = new TradeAudit(plain, heard);
  engine.execute = (command) => audit.execute(command);
  engine.executeInbox = (message) => audit.executeInbox(message);
  return { world: one.start(), trades: audit };
}

beforeEach(() => {
  takenBack = 0;
  ({ world, trades } = audited());
  poor = world.deposit(wallet(1), 20_000n * USDC);
  rich = world.deposit(wallet(2), 10_000_000n * USDC);
  fill(world);
});

/** Prices, and calls and puts at three strikes. */
function fill(one: World): void {
  one.expect(one.index(0, 90_000n * USDC));
  const expiryDay = Math.floor(START_MS / DAY_MS) + 4;
  for (const strike of [85_000, 90_000, 95_000]) {
    for (const optionKind of [0, 1]) {
      one.expect(one.run({ kind: 'list', underlying: 0, expiryDay, strike, optionKind }));
    }
  }
  one.prices();
}

const broken = expect.objectContaining({ code: 'INVARIANT_BROKEN', invariant: 4 });

function corrupt(account: number, field: number, by: bigint): void {
  const { view } = world.engine;
  const at = L.ACCOUNTS + account * L.ACCOUNT_SIZE + field;
  view.setBigInt64(at, view.getBigInt64(at, true) + by, true);
}

/** A small generator from one seed (Marsaglia's xorshift32). */
function random(seed: number): (below: number) => number {
  let state = (seed * 0x9e3779b1) | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

describe('an audit of trades', () => {
  it('finds an order that the engine lets through because the margin it remembers is corrupt', () => {
    expect(world.order(poor, 2, 'sell', 600, 500)).toBe(INSUFFICIENT_MARGIN);
    trades.check();
    // The engine settles nearly every check by this sum, and believes it.
    corrupt(poor, L.ACCOUNT_SHORT_MARGIN, -1_000_000n * USDC);
    world.expect(world.order(poor, 2, 'sell', 600, 500));
    expect(() => trades.check()).toThrow(broken);
    trades.check();
  });

  it('finds a withdrawal of what margin needs, let through for the same reason', () => {
    world.expect(world.order(poor, 2, 'sell', 400, 50));
    world.expect(world.order(rich, 2, 'buy', 400, 50));
    const amount = money(20_000n * USDC);
    const withdraw = () => world.run(world.signed(poor, { kind: 'withdraw', amount }));
    expect(withdraw()).toBe(INSUFFICIENT_MARGIN);
    trades.check();
    corrupt(poor, L.ACCOUNT_SHORT_MARGIN, -1_000_000n * USDC);
    world.expect(withdraw());
    expect(() => trades.check()).toThrow(
      /Invariant 4 is broken: account 2 traded or withdrew with -/,
    );
  });

  it('finds a maker that could not carry the fill', () => {
    world.expect(world.order(poor, 2, 'sell', 400, 50));
    // The cash under its order is gone, and the sum that would say so as well.
    corrupt(poor, L.ACCOUNT_CASH, -19_000n * USDC);
    corrupt(poor, L.ACCOUNT_SHORT_MARGIN, -1_000_000n * USDC);
    world.expect(world.order(rich, 2, 'buy', 400, 50));
    // Filling what was reserved for makes it no worse, so this is allowed; one lot more would not be.
    trades.check();
    world.expect(world.order(poor, 2, 'sell', 400, 1));
    expect(() => trades.check()).toThrow(broken);
  });

  it('leaves memory as the engine left it, also where a command was run twice', () => {
    const plain = new World().start();
    const script = (one: World) => {
      const [first, second] = [wallet(1), wallet(2)].map((who, index) =>
        one.deposit(who, BigInt(index === 0 ? 20_000 : 10_000_000) * USDC),
      ) as [number, number];
      one.nowMs = world.nowMs;
      fill(one);
      one.expect(one.order(first, 2, 'sell', 400, 60));
      one.expect(one.order(second, 2, 'buy', 400, 60));
      for (let minute = 0; minute < 2; minute++) {
        one.nowMs += 1000;
        one.clock(one.nowMs);
        one.index(0, 125_000n * USDC);
      }
      one.prices(125_000n * USDC);
      one.expect(one.order(second, 2, 'sell', 6990, 10));
      return [first, one.order(first, 2, 'buy', 6990, 10, FLAG_REDUCE_ONLY)] as const;
    };
    const watched = audited();
    const [account, code] = script(watched.world);
    expect(script(plain)).toEqual([account, code]);
    expect(code).toBe(0);
    expect(freeCollateral(new Auditor(plain.engine.view), account)).toBeLessThan(0n);
    expect(takenBack).toBe(1);
    watched.trades.check();
    for (const [from, size] of [
      [0, L.GLOBALS_SIZE],
      [L.INSTRUMENTS, 16 * L.INSTRUMENT_SIZE],
      [L.ORDERS, 64 * L.ORDER_SIZE],
      [L.ACCOUNTS, 16 * L.ACCOUNT_SIZE],
    ] as const) {
      const part = (one: World) => Buffer.from(one.engine.bytes.subarray(from, from + size));
      expect(part(watched.world).equals(part(plain))).toBe(true);
    }
  });

  it.each([1, 2, 3])('holds through random orders, withdrawals and prices, seed %i', (seed) => {
    const pick = random(seed);
    let price = 90_000;
    let below = 0;
    const auditor = new Auditor(world.engine.view);
    const accounts = [poor, rich, world.deposit(wallet(3), 8_000n * USDC)];
    for (let step = 0; step < 1200; step++) {
      const account = accounts[pick(3)] as number;
      const what = pick(40);
      if (what === 0) {
        price = 80_000 + pick(25_000);
        world.nowMs += 1000;
        world.clock(world.nowMs);
        world.index(0, BigInt(price) * USDC);
        world.nowMs += 1000;
        world.clock(world.nowMs);
        world.prices(BigInt(price) * USDC);
      } else if (what < 3) {
        const amount = money(BigInt(1 + pick(500)) * USDC);
        world.run(world.signed(account, { kind: 'withdraw', amount }));
      } else if (what === 3) world.run(world.signed(account, { kind: 'cancelAll' }));
      else {
        const flags = pick(4) === 0 ? FLAG_REDUCE_ONLY : 0;
        const side = pick(2) === 0 ? 'buy' : 'sell';
        world.order(account, pick(6), side, 200 + pick(1200), 1 + pick(40), flags);
      }
      trades.check();
      if (accounts.some((one) => freeCollateral(auditor, one) < 0n)) below += 1;
    }
    auditor.audit();
    expect(below).toBeGreaterThan(0);
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import * as L from '#shared/engine/layout.ts';
import { BLOCK_BYTES } from '#shared/machine/wasm/areas.ts';
import { MarkCollector } from '#shared/state/marks.ts';
import { DAY_MS, START_MS, World, wallet } from '#test/engine/world.ts';
import { RunningAudit } from './running-audit.ts';

let world: World;
let collector: MarkCollector;
let accounts: number[];

beforeEach(() => {
  world = new World().start();
  accounts = [1, 2].map((number) => world.deposit(wallet(number), 1_000_000_000_000n));
  world.expect(world.index(0, 90_000_000_000n));
  const expiryDay = Math.floor(START_MS / DAY_MS) + 4;
  const terms = { underlying: 0, expiryDay, strike: 90_000, optionKind: 0 };
  world.expect(world.run({ kind: 'list', ...terms }));
  world.prices();
  collector = new MarkCollector(world.engine.views.marks as never);
});

function trade(price: number): void {
  const [a, b] = accounts as [number, number];
  world.expect(world.order(a, 0, 'sell', price, 5));
  world.expect(world.order(b, 0, 'buy', price, 3));
}

/** Writes behind the engine's back, and tells the audit of it as a store's mark would. */
function tamper(audit: RunningAudit, address: number, by: bigint): void {
  const { view } = world.engine;
  view.setBigInt64(address, view.getBigInt64(address, true) + by, true);
  audit.written(Uint32Array.of(Math.floor(address / BLOCK_BYTES)));
}

const cashOf = (account: number) => L.ACCOUNTS + account * L.ACCOUNT_SIZE + L.ACCOUNT_CASH;
const lotsOf = (account: number) =>
  L.ACCOUNTS + account * L.ACCOUNT_SIZE + L.ACCOUNT_POSITIONS + L.POSITION_LOTS;

describe.each(['incremental', 'full'] as const)('an audit, %s', (mode) => {
  const start = () => {
    const audit = new RunningAudit(mode, world.engine.view);
    audit.reset(world.engine.view);
    return audit;
  };

  it('holds while the engine trades', () => {
    const audit = start();
    audit.check();
    for (let price = 400; price < 420; price++) {
      trade(price);
      audit.written(collector.collect());
      audit.check();
    }
  });

  it.each([
    ['cash that came from nowhere', 1, () => cashOf(3), 1n],
    ['a position without its opposite', 2, () => lotsOf(3), 1n],
    ['a best bid that crosses the best ask', 3, () => L.INSTRUMENTS + 64, 400n],
    [
      'a withdrawal that was not counted',
      5,
      () => L.ACCOUNTS + 3 * L.ACCOUNT_SIZE + L.ACCOUNT_WITHDRAWN,
      7n,
    ],
  ] as const)('finds %s (invariant %i)', (_, invariant, address, by) => {
    const audit = start();
    trade(400);
    audit.written(collector.collect());
    audit.check();
    tamper(audit, address(), by);
    expect(() => audit.check()).toThrow(
      expect.objectContaining({ code: 'INVARIANT_BROKEN', invariant }),
    );
  });

  it.each([
    ['a reserve that its orders do not need', 4, L.ACCOUNT_PREMIUM_RESERVE],
    ['a cached margin that is not what the shorts need', 4, L.ACCOUNT_SHORT_MARGIN],
    ['an order that its account does not know of', 3, L.ACCOUNT_OPEN_ORDERS],
    ['lots open to buy that do not rest', 3, L.ACCOUNT_POSITIONS + L.POSITION_OPEN_BUY],
  ] as const)('finds %s (invariant %i)', (_, invariant, field) => {
    const audit = start();
    trade(400);
    const [, buyer] = accounts as [number, number];
    world.expect(world.order(buyer, 0, 'buy', 300, 2));
    audit.written(collector.collect());
    audit.check();
    const found = expect.objectContaining({ code: 'INVARIANT_BROKEN', invariant });
    tamper(audit, L.ACCOUNTS + buyer * L.ACCOUNT_SIZE + field, 1n);
    expect(() => audit.check()).toThrow(found);
  });

  it('holds when orders are cancelled one by one, all at once, and swept', () => {
    const audit = start();
    const [a, b] = accounts as [number, number];
    const ids: bigint[] = [];
    for (let tick = 300; tick < 310; tick++) {
      world.expect(world.order(a, 0, 'buy', tick, 1));
      ids.push(world.result.orderId);
      world.expect(world.order(b, 0, 'sell', tick + 200, 1));
    }
    const step = (code: number) => {
      world.expect(code);
      audit.written(collector.collect());
      audit.check();
    };
    step(world.run(world.signed(a, { kind: 'cancel', orderId: ids[0] as bigint })));
    step(world.run(world.signed(a, { kind: 'cancelAll' })));
    step(world.run({ kind: 'sweep', orderIds: ids.slice(1, 5) }));
    step(world.order(a, 0, 'buy', 320, 4));
    step(world.run(world.signed(b, { kind: 'cancelAll' })));
  });

  it('finds a clock that goes back', () => {
    const audit = start();
    audit.check();
    tamper(audit, L.FACT_CLOCK, -1n);
    expect(() => audit.check()).toThrow(expect.objectContaining({ invariant: 5 }));
  });
});

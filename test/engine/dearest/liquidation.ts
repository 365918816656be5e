/** The dearest that liquidations can be made to do: accounts of 64 positions, stale, with takers and holders who have as many. */
import * as C from '#shared/engine/codes.ts';
import * as K from '#shared/engine/kinds.ts';
import { ACCOUNT_LIQUIDATION, ACCOUNT_SIZE, ACCOUNTS, FACT_CLOCK } from '#shared/engine/layout.ts';
import { encodeInboxMessage } from '#shared/protocol/inbox.ts';
import { money } from '#shared/protocol/units.ts';
import { COLLIDING, type Crowd, forced, X } from '../crowd.ts';
import { type Dear, IOC, level, signedBy, system } from './scene.ts';

const BTC_SLOTS = 640; // listed first, five expiries of 128
const CASH = 8; // of an account

/** 63 instruments of X's underlying over all its expiries. */
const spread = (which: number): number[] =>
  Array.from({ length: 63 }, (_, index) => 1 + ((which + 10 * index) % (BTC_SLOTS - 1)));

const at = (account: number) => ACCOUNTS + account * ACCOUNT_SIZE;

/** Sets cash that no command would leave; the memory of an engine that is only measured. */
function setCash(c: Crowd, account: number, cash: bigint): void {
  c.world.engine.view.setBigInt64(at(account) + CASH, cash, true);
}

/** Short in 64 instruments, X among them. */
function shorted(
  c: Crowd,
  portfolio: boolean,
  others: readonly number[],
  buyer = c.account(),
): number {
  const id = c.account();
  if (portfolio) c.force(id, { kind: 'setMarginMode', mode: 1 });
  c.short(id, buyer, [...others, X]);
  return id;
}

/** At a stage, with so much equity, its caches and everybody's stale. */
function inStage(c: Crowd, id: number, stage: number, equity: bigint, failures = 0): void {
  const { view } = c.world.engine;
  const own = at(id) + ACCOUNT_LIQUIDATION;
  view.setUint32(own, stage, true);
  view.setBigUint64(own + 32, view.getBigUint64(FACT_CLOCK, true), true);
  view.setBigInt64(own + 40, 1n << 60n, true);
  view.setUint32(own + 8, failures, true); // slices before it that found nothing
  let value = 0n;
  for (let index = 0; index < 64; index++) {
    const entry = at(id) + 1024 + 16 * index;
    const lots = view.getInt32(entry + 4, true);
    if (lots !== 0) value += BigInt(lots) * c.markOf(view.getUint16(entry, true));
  }
  setCash(c, id, equity - value);
}

const step = (id: number) => system({ kind: 'liquidationStep', account: id });
const kinds = [
  ['portfolio margin', true],
  ['standard margin', false],
] as const;
const tables = [
  ['64 stale positions', spread(0)],
  ['64 colliding positions', COLLIDING],
] as const;
const message = (bytes: Uint8Array) => encodeInboxMessage({ kind: 'system', command: bytes });

/** As a command, and through the inbox. */
const both = (
  name: string,
  kind: number,
  build: Dear['build'],
  more: Partial<Dear> = {},
): Dear[] => [
  { name, kind, code: C.OK, build, ...more },
  {
    ...{ name: `forced: ${name}`, kind: K.CMD_CONSUME, code: C.OK, inbox: true, ...more },
    build: (c) => message(build(c)),
  },
];

export const OF_LIQUIDATIONS: readonly Dear[] = kinds.flatMap(([mode, portfolio]) =>
  tables.flatMap(([table, others]): Dear[] => {
    const of =
      portfolio && table.includes('colliding') ? others.filter((each) => each < BTC_SLOTS) : others;
    const words = `${mode}, ${table}`;
    return [
      ...both(`liquidate: ${words}`, K.CMD_LIQUIDATE, (c) => {
        const id = shorted(c, portfolio, of);
        c.order(id, X, 'sell', 29_000);
        c.epoch();
        setCash(c, id, 0n);
        return system({ kind: 'liquidate', account: id, scenario: 24 });
      }),
      {
        name: `liquidate, refused: ${words}`,
        kind: K.CMD_LIQUIDATE,
        code: C.NOT_BELOW_MAINTENANCE,
        build: (c: Crowd) => {
          const id = shorted(c, portfolio, of);
          c.epoch();
          return system({ kind: 'liquidate', account: id, scenario: 24 });
        },
      },
      ...both(`slice that two makers fill: ${words}`, K.CMD_LIQUIDATION_STEP, (c) => {
        const id = shorted(c, portfolio, of);
        const buyer = c.account();
        c.order(buyer, X, 'buy', 6_100, { lots: 900 });
        c.order(id, X, 'sell', 6_100, { lots: 900, flags: IOC });
        for (let index = 0; index < 2; index++) {
          const maker = shorted(c, portfolio, spread(index + 1));
          c.order(maker, X, 'sell', level(0), { lots: 1 });
        }
        c.epoch();
        inStage(c, id, K.STAGE_REDUCING, 1_000_000_000n);
        return step(id);
      }),
      ...both(`slice that finds nothing: ${words}`, K.CMD_LIQUIDATION_STEP, (c) => {
        const id = shorted(c, portfolio, of);
        c.epoch();
        inStage(c, id, K.STAGE_REDUCING, 1_000_000_000n, 2);
        return step(id);
      }),
      ...both(`slice that finds nothing, fresh: ${words}`, K.CMD_LIQUIDATION_STEP, (c) => {
        const id = shorted(c, portfolio, of);
        c.epoch();
        inStage(c, id, K.STAGE_REDUCING, 1_000_000_000n, 2);
        const more = money(1n);
        const refused = c.world.message(forced(id, { kind: 'withdraw', amount: more }));
        c.world.expect(refused, C.INSUFFICIENT_MARGIN);
        return step(id);
      }),
      ...both(`tick: ${words}`, K.CMD_LIQUIDATION_STEP, (c) => {
        const id = shorted(c, portfolio, of);
        c.epoch();
        inStage(c, id, K.STAGE_AUCTION, 1_000_000_000n);
        c.world.clock(c.world.nowMs + 16_000);
        return step(id);
      }),
      ...both(`takeover by a fund of as many: ${words}`, K.CMD_LIQUIDATION_STEP, (c) => {
        const id = shorted(c, portfolio, of);
        c.world.deposit(c.world.owners.get(id) as never, 10n ** 13n, 0, 0);
        const more = shorted(c, portfolio, of);
        inStage(c, more, K.STAGE_TAKEOVER, 0n);
        while (c.entriesOf(more) > 0) c.world.expect(c.world.run(step(more)));
        c.epoch();
        inStage(c, id, K.STAGE_TAKEOVER, -1_000_000n);
        return step(id);
      }),
      ...both(`given up to deleveraging, the fund helps: ${words}`, K.CMD_LIQUIDATION_STEP, (c) => {
        const id = shorted(c, portfolio, of);
        c.world.deposit(c.world.owners.get(id) as never, 10n ** 13n, 0, 0);
        const more = shorted(c, portfolio, of);
        inStage(c, more, K.STAGE_TAKEOVER, 0n);
        while (c.entriesOf(more) > 0) c.world.expect(c.world.run(step(more)));
        c.epoch();
        inStage(c, id, K.STAGE_TAKEOVER, -(10n ** 14n));
        return step(id);
      }),
      ...both(`deleveraged against holders of 64: ${words}`, K.CMD_DELEVERAGE, (c) => {
        const holders = Array.from({ length: 5 }, () => c.account());
        const sold = c.account();
        for (const holder of holders) {
          if (portfolio) c.force(holder, { kind: 'setMarginMode', mode: 1 });
          c.short(sold, holder, of);
        }
        const id = c.account();
        if (portfolio) c.force(id, { kind: 'setMarginMode', mode: 1 });
        c.short(id, c.account(), of);
        for (const holder of holders) {
          const price = c.price(X);
          c.order(id, X, 'sell', price, { lots: 1 });
          c.order(holder, X, 'buy', price, { lots: 1, flags: IOC });
        }
        c.epoch();
        inStage(c, id, K.STAGE_DELEVERAGE, -5_000_000n);
        return system({ kind: 'deleverage', account: id, instrument: X });
      }),
      {
        name: `bid for all of it, a bidder of none: ${words}`,
        kind: K.CMD_BID,
        code: C.OK,
        build: (c: Crowd) => {
          const id = shorted(c, portfolio, of);
          const bidder = c.account();
          if (portfolio) c.force(bidder, { kind: 'setMarginMode', mode: 1 });
          c.epoch();
          inStage(c, id, K.STAGE_AUCTION, 1_000_000n);
          const action = { kind: 'bid', auction: id, share: 1_000_000, limit: 10_000 } as const;
          return signedBy(c, bidder, action);
        },
      },
      {
        name: `bid of one who holds the same: ${words}`,
        kind: K.CMD_BID,
        code: C.OK,
        build: (c: Crowd) => {
          const id = shorted(c, portfolio, of);
          const bidder = shorted(c, portfolio, of);
          c.order(bidder, X, 'buy', 5_900);
          c.epoch();
          inStage(c, id, K.STAGE_AUCTION, 1_000_000n);
          const action = { kind: 'bid', auction: id, share: 1_000_000, limit: 10_000 } as const;
          return signedBy(c, bidder, action);
        },
      },
      {
        name: `forced bid for as much as may be: ${words}`,
        kind: K.CMD_CONSUME,
        code: C.OK,
        inbox: true,
        build: (c: Crowd) => {
          const some = of.slice(0, portfolio ? 26 : 48);
          const id = shorted(c, portfolio, some);
          const bidder = shorted(c, portfolio, some);
          c.epoch();
          inStage(c, id, K.STAGE_AUCTION, 1_000_000n);
          const action = { kind: 'bid', auction: id, share: 1_000_000, limit: 10_000 } as const;
          return forced(bidder, action);
        },
      },
    ];
  }),
);

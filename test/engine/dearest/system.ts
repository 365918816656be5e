import * as C from '#shared/engine/codes.ts';
import * as K from '#shared/engine/kinds.ts';
import { encodeInboxMessage } from '#shared/protocol/inbox.ts';
import { lots, money, ticks } from '#shared/protocol/units.ts';
import { COLLIDING, type Crowd, disjoint, forced, orderAction, X } from '../crowd.ts';
import { DAY_MS, START_MS, wallet } from '../world.ts';
import {
  colliding,
  type Dear,
  deadOrders,
  HIGHER,
  makers,
  pass,
  spreader,
  system,
  TOP,
  unwell,
} from './scene.ts';

/** What anyone may send. */
export const SYSTEM: readonly Dear[] = [
  ...[
    { name: '64 stale terms each', others: disjoint },
    { name: '64 colliding positions each', others: colliding },
  ].map(({ name, others }) => ({
    name: `sweep: 8 orders of accounts with ${name}`,
    kind: K.CMD_SWEEP,
    code: C.OK,
    build: (c: Crowd) => {
      const orderIds = deadOrders(c, 8, others);
      if (others === disjoint) c.epoch();
      return system({ kind: 'sweep', orderIds });
    },
  })),
  {
    name: 'settle account: 16 of 64 colliding positions',
    kind: K.CMD_SETTLE_ACCOUNT,
    code: C.OK,
    build: (c) => {
      const account = c.account();
      c.short(account, c.account(), [...COLLIDING, X]);
      pass(c, 18);
      for (const instrument of COLLIDING.filter((each) => each < 512))
        c.world.expect(c.world.run({ kind: 'settleInstrument', instrument }));
      return system({ kind: 'settleAccount', account });
    },
  },
  {
    name: 'settle account: 16 of 64 colliding positions, fresh',
    kind: K.CMD_SETTLE_ACCOUNT,
    code: C.OK,
    build: (c) => {
      const account = c.account();
      c.short(account, c.account(), [...COLLIDING, X]);
      pass(c, 18);
      for (const instrument of COLLIDING.filter((each) => each < 512))
        c.world.expect(c.world.run({ kind: 'settleInstrument', instrument }));
      const all = money(c.world.cash(account));
      const refused = c.world.message(forced(account, { kind: 'withdraw', amount: all }));
      c.world.expect(refused, C.INSUFFICIENT_MARGIN); // which has brought its margin up to date
      return system({ kind: 'settleAccount', account });
    },
  },
  {
    name: 'settle account: 16 more of 48 colliding positions, fresh',
    kind: K.CMD_SETTLE_ACCOUNT,
    code: C.OK,
    build: (c) => {
      const account = c.account();
      c.short(account, c.account(), [...COLLIDING, X]);
      pass(c, 18);
      for (const instrument of COLLIDING.filter((each) => each < 512))
        c.world.expect(c.world.run({ kind: 'settleInstrument', instrument }));
      c.world.expect(c.world.run({ kind: 'settleAccount', account }));
      return system({ kind: 'settleAccount', account });
    },
  },
  {
    name: 'settle account: the last 16, in debt to the fund',
    kind: K.CMD_SETTLE_ACCOUNT,
    code: C.OK,
    build: (c) => {
      c.world.deposit(wallet(1), 1n, 0, 0); // the fund has too little
      const account = c.account();
      const calls = Array.from({ length: 16 }, (_, index) => 384 + 2 * index);
      c.short(account, c.account(), calls);
      c.leave(account, 10_000_000_000n);
      c.epoch(180_000_000_000n);
      pass(c, 18);
      for (const instrument of calls)
        c.world.expect(c.world.run({ kind: 'settleInstrument', instrument }));
      return system({ kind: 'settleAccount', account });
    },
    after: (c) => c.world.cash(0) === 0n,
  },
  {
    name: 'settle instrument: 18 days after the last price',
    kind: K.CMD_SETTLE_INSTRUMENT,
    code: C.OK,
    build: (c) => {
      pass(c, 18);
      return system({ kind: 'settleInstrument', instrument: 3 * 128 });
    },
  },
  ...Array.from({ length: 8 }, (_, index) => ({
    name: `list: ${index + 1}`,
    kind: K.CMD_LIST,
    code: C.OK,
    build: () =>
      system({
        kind: 'list',
        underlying: 1,
        expiryDay: Math.floor(START_MS / DAY_MS) + 11,
        strike: 3_500 + 25 * (index >> 1),
        optionKind: index & 1,
      }),
  })),
  {
    name: 'delist: in the middle',
    kind: K.CMD_DELIST,
    code: C.OK,
    build: (c) => {
      c.epoch(25_000_000_000n);
      return system({ kind: 'delist', instrument: 64 });
    },
  },
  {
    name: 'clock',
    kind: K.CMD_CLOCK,
    code: C.OK,
    build: (c) => system({ kind: 'clock', timeMs: BigInt(c.world.nowMs + 1) }),
  },
];

const forcing = (name: string, code: number, build: Dear['build']): Dear => ({
  name: `forced: ${name}`,
  kind: K.CMD_CONSUME,
  code,
  build,
  inbox: true,
});

/** The same through the inbox, where a message has less room. */
export const MESSAGES: readonly Dear[] = [
  forcing('deposit to a new account', C.OK, (c) =>
    encodeInboxMessage({
      kind: 'deposit',
      account: c.world.nextAccount,
      owner: wallet(1).address,
      subaccount: 1,
      amount: money(1n),
    }),
  ),
  forcing('late batch', C.OK, () =>
    encodeInboxMessage({ kind: 'lateBatch', timeMs: BigInt(START_MS) }),
  ),
  forcing('order that takes 16 stale makers', C.OK, (c) => {
    makers(c, disjoint);
    const account = c.account();
    c.offer(account, COLLIDING);
    c.epoch();
    return forced(account, orderAction(X, 'buy', TOP, { lots: 16 }));
  }),
  forcing('order that needs the exact margin, then takes two', C.OK, (c) => {
    makers(c, colliding);
    const account = spreader(c, [0], 62);
    return forced(account, orderAction(X, 'buy', TOP, { lots: 2 }));
  }),
  forcing('amend with two exact margins of 64, stale', C.OK, (c) => {
    const { account, id } = unwell(c, disjoint(0), K.FLAG_REDUCE_ONLY);
    c.epoch(HIGHER);
    return forced(account, { kind: 'amend', orderId: id, price: ticks(5_900), lots: lots(1) });
  }),
  forcing('cancel all of 64 colliding positions', C.OK, (c) => {
    const account = c.account();
    c.short(account, c.account(), COLLIDING);
    c.offer(account, [X]);
    c.epoch();
    return forced(account, { kind: 'cancelAll' });
  }),
  forcing('withdraw refused by the exact margin', C.INSUFFICIENT_MARGIN, (c) => {
    const account = c.account();
    c.offer(account, [...COLLIDING, X]);
    c.epoch();
    return forced(account, { kind: 'withdraw', amount: money(c.world.cash(account)) });
  }),
];

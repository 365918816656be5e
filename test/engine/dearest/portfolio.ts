/** What portfolio margin makes of commands: vectors of 64 positions counted anew, tried, and filled. */
import * as C from '#shared/engine/codes.ts';
import * as K from '#shared/engine/kinds.ts';
import { lots, money, ticks } from '#shared/protocol/units.ts';
import { type Crowd, forced, type More, orderAction, X } from '../crowd.ts';
import {
  buyX,
  type Dear,
  FOK,
  HIGHER,
  IOC,
  LITTLE,
  level,
  sellX,
  signedBy,
  system,
  TOP,
} from './scene.ts';

const BTC_SLOTS = 640; // listed first, five expiries of 128
const PORTFOLIO = 1;

/** 63 instruments of X's underlying over all its expiries, few of them two accounts' of at most ten. */
const spread = (which: number): number[] =>
  Array.from({ length: 63 }, (_, index) => 1 + ((which + 10 * index) % (BTC_SLOTS - 1)));

/** An account with portfolio margin, short in 63 instruments. */
function account(c: Crowd, which: number, deposit?: bigint): number {
  const id = c.account(deposit);
  c.force(id, { kind: 'setMarginMode', mode: PORTFOLIO });
  c.short(id, c.account(), spread(which));
  return id;
}

/** As many of them that offer a lot of X each. */
function makers(c: Crowd, count: number, more: More = {}): number[] {
  return Array.from({ length: count }, (_, index) => {
    const id = account(c, index);
    c.order(id, X, 'sell', level(index), { label: BigInt(index + 1), ...more });
    return id;
  });
}

const order = (name: string, build: Dear['build'], filled?: number): Dear => ({
  name: `order, portfolio margin: ${name}`,
  kind: K.CMD_ORDER,
  code: C.OK,
  build,
  ...(filled === undefined ? {} : { filled }),
});

const ORDERS_OF_64: readonly Dear[] = [
  order(
    '64 stale positions, rests',
    (c) => {
      const id = account(c, 0);
      c.epoch();
      return sellX(c, id, 29_000, {});
    },
    0,
  ),
  order('64 fresh positions, rests', (c) => sellX(c, account(c, 0), 29_000, {}), 0),
  order(
    '16 fresh makers of 64 positions',
    (c) => {
      makers(c, 16);
      return buyX(c, account(c, 16), TOP, { lots: 16 });
    },
    16,
  ),
  order('makers of 64 stale positions', (c) => {
    makers(c, 10);
    c.epoch();
    return buyX(c, account(c, 16), TOP, { lots: 10 });
  }),
  order(
    'fills all of four stale makers or is killed',
    (c) => {
      makers(c, 3);
      c.epoch();
      return buyX(c, account(c, 16), TOP, { lots: 3, flags: FOK });
    },
    3,
  ),
  order(
    '16 makers that the fill is tried for',
    (c) => {
      for (let index = 0; index < 16; index++) {
        const id = account(c, index);
        c.order(c.account(), X, 'sell', 6_000);
        c.order(id, X, 'buy', 6_000, { flags: IOC });
        c.order(id, X, 'sell', level(index), { flags: K.FLAG_REDUCE_ONLY });
      }
      return buyX(c, account(c, 16), TOP, { lots: 16 });
    },
    16,
  ),
  order(
    'reduces while below its margin',
    (c) => {
      const id = account(c, 0, 200_000_000_000n);
      c.order(c.account(), X, 'buy', 6_100, { lots: 9 });
      c.order(id, X, 'sell', 6_100, { lots: 9, flags: IOC });
      c.epoch(HIGHER);
      return buyX(c, id, 5_900, { flags: K.FLAG_REDUCE_ONLY });
    },
    0,
  ),
];

const stale = (
  name: string,
  kind: number,
  code: number,
  build: (c: Crowd, id: number, orderId: bigint) => Uint8Array,
): Dear => ({
  name: `${name}, portfolio margin: 64 stale positions`,
  kind,
  code,
  build: (c) => {
    const id = account(c, 0);
    const orderId = c.order(id, X, 'sell', 29_000, { label: 1n });
    c.epoch();
    return build(c, id, orderId);
  },
});

const OTHERS: readonly Dear[] = [
  stale('withdraw', K.CMD_WITHDRAW, C.OK, (c, id) =>
    signedBy(c, id, { kind: 'withdraw', amount: money(1_000_000n) }),
  ),
  stale('transfer', K.CMD_TRANSFER, C.INSUFFICIENT_MARGIN, (c, id) => {
    const toAccount = c.world.deposit(c.world.owners.get(id) as never, 1n, 1);
    return signedBy(c, id, { kind: 'transfer', toAccount, amount: money(c.world.cash(id)) });
  }),
  stale('amend', K.CMD_AMEND, C.OK, (c, id, orderId) =>
    signedBy(c, id, { kind: 'amend', orderId, price: ticks(29_001), lots: lots(2) }),
  ),
  stale('cancel', K.CMD_CANCEL, C.OK, (c, id, orderId) =>
    signedBy(c, id, { kind: 'cancel', orderId }),
  ),
  stale('cancel all', K.CMD_CANCEL_ALL, C.OK, (c, id) => signedBy(c, id, { kind: 'cancelAll' })),
  stale('sweep', K.CMD_SWEEP, C.OK, (c, id, orderId) => {
    c.force(id, { kind: 'cancelAll' });
    c.epoch();
    return system({ kind: 'sweep', orderIds: [orderId] });
  }),
  stale('standard margin', K.CMD_SET_MARGIN_MODE, C.OK, (c, id) =>
    signedBy(c, id, { kind: 'setMarginMode', mode: 0 }),
  ),
  {
    name: 'portfolio margin: 64 stale positions of standard margin',
    kind: K.CMD_SET_MARGIN_MODE,
    code: C.OK,
    build: (c) => {
      const id = c.account();
      c.short(id, c.account(), spread(0));
      c.order(id, X, 'sell', 29_000);
      c.epoch();
      return signedBy(c, id, { kind: 'setMarginMode', mode: PORTFOLIO });
    },
  },
  {
    name: 'portfolio margin: 64 stale positions that only the exact margin keeps',
    kind: K.CMD_SET_MARGIN_MODE,
    code: C.OK,
    build: (c) => {
      const id = c.account();
      c.spreads(id, c.account(), [0], 62);
      c.leave(id, LITTLE);
      c.epoch();
      return signedBy(c, id, { kind: 'setMarginMode', mode: PORTFOLIO });
    },
  },
];

const forcing = (name: string, build: Dear['build']): Dear => ({
  name: `forced, portfolio margin: ${name}`,
  kind: K.CMD_CONSUME,
  code: C.OK,
  build,
  inbox: true,
});

const MESSAGES_OF_64: readonly Dear[] = [
  forcing('order of 64 stale positions that takes stale makers', (c) => {
    makers(c, 4);
    const id = account(c, 16);
    c.epoch();
    return forced(id, orderAction(X, 'buy', TOP, { lots: 4 }));
  }),
  forcing('the margin mode of 64 stale positions', (c) => {
    const id = account(c, 0);
    c.epoch();
    return forced(id, { kind: 'setMarginMode', mode: 0 });
  }),
];

export const OF_PORTFOLIOS: readonly Dear[] = [...ORDERS_OF_64, ...OTHERS, ...MESSAGES_OF_64];

import * as C from '#shared/engine/codes.ts';
import * as K from '#shared/engine/kinds.ts';
import { COLLIDING, disjoint, X } from '../crowd.ts';
import {
  bidder,
  buyX,
  colliding,
  type Dear,
  deadOrders,
  FOK,
  HIGHER,
  IOC,
  LITTLE,
  labelled,
  level,
  makers,
  none,
  sellX,
  spreader,
  TOP,
  unwell,
} from './scene.ts';

const order = (name: string, build: Dear['build'], code: number = C.OK, filled?: number): Dear => ({
  name: `order: ${name}`,
  kind: K.CMD_ORDER,
  code,
  build,
  ...(filled === undefined ? {} : { filled }),
});

/** Orders: what they rest on, and whom they meet. */
export const ORDERS: readonly Dear[] = [
  order('rests in an empty book', (c) => buyX(c, c.account(), 5_000, {}), C.OK, 0),
  order(
    'takes one order',
    (c) => {
      makers(c, none, { count: 1 });
      return buyX(c, c.account(), TOP, {});
    },
    C.OK,
    1,
  ),
  order(
    'rests, 64 colliding positions, a full bucket of labels',
    (c) => {
      const { account, labels } = labelled(c, COLLIDING);
      return sellX(c, account, 29_000, { label: labels[0] as bigint });
    },
    C.OK,
    0,
  ),
  order(
    'takes 16 fresh makers',
    (c) => {
      makers(c, none);
      return buyX(c, c.account(), TOP, { lots: 16 });
    },
    C.OK,
    16,
  ),
  order(
    'takes 16 fresh makers, 64 colliding positions each',
    (c) => {
      makers(c, colliding);
      const { account, labels } = labelled(c, COLLIDING.slice(0, 62));
      return buyX(c, account, TOP, { lots: 17, label: labels[0] as bigint });
    },
    C.OK,
    16,
  ),
  order(
    'takes makers that bid and offer, 64 colliding positions',
    (c) => {
      for (let index = 0; index < 16; index++) bidder(c, [...COLLIDING, X], index);
      return sellX(c, c.account(), 4_000, { lots: 48, flags: IOC });
    },
    C.OK,
    48,
  ),
  order(
    'closes positions of makers, the first of 64 colliding ones',
    (c) => {
      for (let index = 0; index < 16; index++) bidder(c, [X, ...COLLIDING], index);
      return sellX(c, c.account(), 4_000, { lots: 48, flags: IOC });
    },
    C.OK,
    48,
  ),
  order(
    'takes the first of two orders at 16 levels',
    (c) => {
      makers(c, disjoint, { more: { label: 1n } });
      makers(c, none);
      return buyX(c, c.account(), TOP, { lots: 31 });
    },
    C.OK,
    16,
  ),
  order(
    'meets four makers well by the exact margin only',
    (c) => {
      for (let index = 0; index < 4; index++) {
        const account = spreader(c, [index + 1], 62);
        c.order(account, X, 'sell', level(index));
      }
      return buyX(c, c.account(), TOP, { lots: 4 });
    },
    C.OK,
    4,
  ),
  order(
    'meets four reduce-only makers well by the exact margin only',
    (c) => {
      for (let index = 0; index < 4; index++) {
        const account = c.account();
        c.short(c.account(), account, [X]);
        c.spreads(account, c.account(), [index + 1], 62);
        c.leave(account, LITTLE);
        c.order(account, X, 'sell', level(index), { flags: K.FLAG_REDUCE_ONLY });
      }
      return buyX(c, c.account(), TOP, { lots: 4 });
    },
    C.OK,
    4,
  ),
  order(
    'takes makers with 64 stale terms of their own',
    (c) => {
      makers(c, disjoint);
      c.epoch();
      return buyX(c, c.account(), TOP, { lots: 16 });
    },
    C.OK,
    16,
  ),
  order(
    'takes makers with 64 stale, colliding terms',
    (c) => {
      makers(c, colliding);
      c.epoch();
      return buyX(c, c.account(), TOP, { lots: 16 });
    },
    C.OK,
    16,
  ),
  order(
    'fills 8 of fresh makers or is killed',
    (c) => {
      makers(c, colliding);
      return buyX(c, c.account(), TOP, { lots: 8, flags: FOK });
    },
    C.OK,
    8,
  ),
  order(
    'fills all of stale makers or is killed',
    (c) => {
      makers(c, disjoint);
      c.epoch();
      return buyX(c, c.account(), TOP, { lots: 16, flags: FOK });
    },
    C.OK,
    16,
  ),
  order('needs the exact margin of 64 of one expiry', (c) => {
    const account = spreader(c, [0], 62);
    c.epoch();
    return buyX(c, account, 6_000, {});
  }),
  order('needs the exact margin of 64 of eight expiries', (c) => {
    const account = spreader(c, [0, 1, 2, 3, 4, 5, 6], 8);
    c.epoch();
    return buyX(c, account, 6_000, {});
  }),
  order(
    'needs the exact margin, then takes two',
    (c) => {
      makers(c, colliding);
      const account = spreader(c, [0], 62);
      return buyX(c, account, TOP, { lots: 2 });
    },
    C.OK,
    2,
  ),
  order('needs two exact margins to reduce', (c) => {
    const { account } = unwell(c, disjoint(0), 0);
    c.epoch(HIGHER);
    return buyX(c, account, 5_900, { flags: K.FLAG_REDUCE_ONLY });
  }),
  order(
    'meets four makers below their margin',
    (c) => {
      for (let index = 0; index < 4; index++) unwell(c, disjoint(index), 0);
      c.epoch(HIGHER);
      return sellX(c, c.account(), 6_000, { lots: 4, flags: IOC });
    },
    C.OK,
    4,
  ),
  order(
    'meets six reduce-only makers below their margin',
    (c) => {
      for (let index = 0; index < 6; index++) unwell(c, disjoint(index), K.FLAG_REDUCE_ONLY);
      c.epoch(HIGHER);
      return sellX(c, c.account(), 6_000, { lots: 6, flags: IOC });
    },
    C.OK,
    5,
  ),
  order('slides behind an ask past dead ones', (c) => {
    deadOrders(c, 7, colliding);
    const live = c.account();
    c.order(live, X, 'sell', level(8));
    return buyX(c, c.account(), TOP, { flags: K.FLAG_POST_SLIDE });
  }),
  order(
    'posts through dead and stale ones',
    (c) => {
      deadOrders(c, 16, disjoint);
      c.epoch();
      return buyX(c, c.account(), TOP, { flags: K.FLAG_POST_ONLY });
    },
    C.OK,
    0,
  ),
  order('takes through 16 dead and stale ones', (c) => {
    deadOrders(c, 16, disjoint);
    c.epoch();
    return buyX(c, c.account(), TOP, {});
  }),
];

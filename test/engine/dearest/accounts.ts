import * as C from '#shared/engine/codes.ts';
import * as K from '#shared/engine/kinds.ts';
import { lots, money, ticks } from '#shared/protocol/units.ts';
import { COLLIDING, type Crowd, disjoint, X } from '../crowd.ts';
import { START_MS, wallet } from '../world.ts';
import {
  colliding,
  type Dear,
  HIGHER,
  labelled,
  makers,
  signedBy,
  spreader,
  TOP,
  unwell,
} from './scene.ts';

/** The other commands of an account. */
export const OF_ACCOUNTS: readonly Dear[] = [
  ...[true, false].flatMap((stale): Dear[] => [
    {
      name: `cancel: the first of 64 colliding positions, ${stale ? 'stale' : 'fresh'}`,
      kind: K.CMD_CANCEL,
      code: C.OK,
      build: (c) => {
        const account = c.account();
        const orderId = c.order(account, X, 'sell', TOP, { label: 1n });
        c.offer(account, COLLIDING);
        if (stale) c.epoch();
        return signedBy(c, account, { kind: 'cancel', orderId });
      },
    },
    {
      name: `cancel by label: a full bucket, ${stale ? 'stale' : 'fresh'}`,
      kind: K.CMD_CANCEL_LABEL,
      code: C.OK,
      build: (c) => {
        const { account, labels } = labelled(c, COLLIDING);
        if (stale) c.epoch();
        return signedBy(c, account, { kind: 'cancelLabel', label: labels[7] as bigint });
      },
    },
    {
      name: `withdraw: exact margin of 64, ${stale ? 'stale' : 'fresh'}`,
      kind: K.CMD_WITHDRAW,
      code: C.OK,
      build: (c) => {
        const account = spreader(c, [0], 62);
        if (stale) c.epoch();
        return signedBy(c, account, { kind: 'withdraw', amount: money(1_000_000n) });
      },
    },
    {
      name: `withdraw: refused by the exact margin of 64 of all expiries, ${stale ? 'stale' : 'fresh'}`,
      kind: K.CMD_WITHDRAW,
      code: C.INSUFFICIENT_MARGIN,
      build: (c) => {
        const account = c.account();
        c.offer(
          account,
          Array.from({ length: 64 }, (_, index) => (index * 397) % 1016),
        );
        if (stale) c.epoch();
        return signedBy(c, account, { kind: 'withdraw', amount: money(c.world.cash(account)) });
      },
    },
  ]),
  ...[
    { name: 'all held', held: COLLIDING, open: [X] },
    { name: 'none held', held: [], open: [...COLLIDING, X] },
    { name: 'half held', held: COLLIDING.slice(0, 32), open: [...COLLIDING.slice(32), X] },
  ].map(({ name, held, open }) => ({
    name: `cancel all: 64 colliding positions, ${name}`,
    kind: K.CMD_CANCEL_ALL,
    code: C.OK,
    build: (c: Crowd) => {
      const account = c.account();
      c.short(account, c.account(), held);
      c.offer(account, open);
      c.epoch();
      return signedBy(c, account, { kind: 'cancelAll' });
    },
  })),
  {
    name: 'amend: exact margin of 64, then takes two',
    kind: K.CMD_AMEND,
    code: C.OK,
    build: (c) => {
      makers(c, colliding);
      const account = spreader(c, [0], 62);
      const orderId = c.order(account, X, 'buy', 100);
      return signedBy(c, account, { kind: 'amend', orderId, price: ticks(TOP), lots: lots(2) });
    },
  },
  {
    name: 'amend: two exact margins of 64, stale',
    kind: K.CMD_AMEND,
    code: C.OK,
    build: (c) => {
      const { account, id } = unwell(c, disjoint(0), K.FLAG_REDUCE_ONLY);
      c.epoch(HIGHER);
      return signedBy(c, account, {
        kind: 'amend',
        orderId: id,
        price: ticks(5_900),
        lots: lots(1),
      });
    },
  },
  {
    name: 'amend: two exact margins of 64 colliding, a full bucket of labels',
    kind: K.CMD_AMEND,
    code: C.OK,
    build: (c) => {
      const { account, id } = unwell(c, COLLIDING, K.FLAG_REDUCE_ONLY, true);
      c.epoch(HIGHER);
      return signedBy(c, account, {
        kind: 'amend',
        orderId: id,
        price: ticks(5_900),
        lots: lots(1),
      });
    },
  },
  {
    name: 'amend: 64 colliding positions, a full bucket of labels, fresh',
    kind: K.CMD_AMEND,
    code: C.OK,
    build: (c) => {
      const { account } = labelled(c, COLLIDING);
      const orderId = c.world.result.orderId;
      return signedBy(c, account, { kind: 'amend', orderId, price: ticks(29_000), lots: lots(2) });
    },
  },
  {
    name: 'amend: 64 colliding positions, takes 16 stale makers',
    kind: K.CMD_AMEND,
    code: C.OK,
    build: (c) => {
      makers(c, disjoint);
      const account = c.account();
      c.offer(account, COLLIDING);
      const orderId = c.order(account, X, 'buy', 100, { label: 1n });
      c.epoch();
      return signedBy(c, account, { kind: 'amend', orderId, price: ticks(TOP), lots: lots(16) });
    },
  },
  {
    name: 'transfer: exact margin of 64, stale',
    kind: K.CMD_TRANSFER,
    code: C.OK,
    build: (c) => {
      const account = spreader(c, [0], 62);
      const owner = c.world.owners.get(account) as ReturnType<typeof wallet>;
      const toAccount = c.world.deposit(owner, 1n, 1);
      c.epoch();
      return signedBy(c, account, { kind: 'transfer', toAccount, amount: money(1_000_000n) });
    },
  },
  {
    name: 'set key',
    kind: K.CMD_SET_KEY,
    code: C.OK,
    build: (c) => {
      const expiry = Math.floor(START_MS / 1000) + 1000;
      const address = wallet(7).address;
      return signedBy(c, c.account(), { kind: 'setKey', slot: 7, address, scope: 7, expiry });
    },
  },
  {
    name: 'revoke key',
    kind: K.CMD_REVOKE_KEY,
    code: C.OK,
    build: (c) => {
      const account = c.account();
      const expiry = Math.floor(START_MS / 1000) + 1000;
      c.force(account, { kind: 'setKey', slot: 7, address: wallet(7).address, scope: 7, expiry });
      return signedBy(c, account, { kind: 'revokeKey', slot: 7 });
    },
  },
];

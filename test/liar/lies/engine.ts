import { WALLETS } from '#prover/testing/scene.ts';
import * as CODES from '#shared/engine/codes.ts';
import { flatSmile } from '#shared/protocol/smile.ts';
import { money, ticks, lots as toLots } from '#shared/protocol/units.ts';
import type { Lie } from '../lie.ts';
import type { Stage } from '../stage.ts';

/** Account 4 of every stage, `flat`: the one that the operator does not like. */
const VICTIM = 4;
const USDC = 1_000_000n;
const { OK } = CODES;
const BOTH_ACCEPT = { honest: OK, lying: OK };

/** Seconds from the stage's midnight to the first expiry, 08:00 UTC of the next day, and the 25 hours after which the last price decides. */
const TO_SETTLEMENT = (32 + 25) * 3600 + 5;
const DAY_MS = 86_400_000;

function signedWithdrawal(stage: Stage, account: number, amount: bigint): Uint8Array {
  return stage.world.signed(account, { kind: 'withdraw', amount: money(amount) });
}

/** Lies about what commands do: a line of the engine's sources is another one. */
export const engineLies: readonly Lie[] = [
  {
    name: 'credit-account',
    description:
      'Credits an account with money that nobody deposited: a transfer to itself adds to its cash.',
    patch: {
      file: 'commands/money.ts',
      from: 'if (body.to == account.id) return SAME_ACCOUNT;',
      to: 'if (body.to == account.id) { changeCash(account, <i64>body.amount); Globals.get().collateral += <i64>body.amount; return OK; }',
    },
    tell: ({ world, accounts }) => {
      const action = {
        kind: 'transfer',
        toAccount: accounts.other,
        amount: money(1_000_000n * USDC),
      } as const;
      return world.run(world.signed(accounts.other, action));
    },
    answers: { honest: CODES.SAME_ACCOUNT, lying: OK },
    finding: 'SEGMENT_ROOT',
    where: 'told',
    words: [/transfer SAME_ACCOUNT/],
  },
  {
    name: 'skip-fill',
    description: 'Takes an order off the book instead of filling it, when its turn has come.',
    patch: {
      file: 'book/match.ts',
      from: 'let lots = offered(maker);',
      to: `let lots = maker.account == ${VICTIM} ? <u32>0 : offered(maker);`,
    },
    prepare: (stage) => {
      stage.order(stage.accounts.flat, 'sell', 400, 5);
      stage.order(stage.accounts.other, 'sell', 410, 5);
    },
    tell: ({ world, scene, accounts }) => world.order(accounts.long, scene.call, 'buy', 410, 5),
    answers: BOTH_ACCEPT,
    finding: 'SEGMENT_ROOT',
    where: 'told',
    words: [/Its one command answers in a true replay: order OK\./],
  },
  {
    name: 'break-time-priority',
    description: 'Fills the newest order of a price level before the oldest.',
    patch: {
      file: 'book/book.ts',
      from: 'return load<u32>(levelOf(instrument, tick));',
      to: 'return load<u32>(levelOf(instrument, tick), 4);',
    },
    prepare: (stage) => {
      stage.order(stage.accounts.flat, 'sell', 405, 5);
      stage.order(stage.accounts.other, 'sell', 405, 5);
    },
    tell: ({ world, scene, accounts }) => world.order(accounts.long, scene.call, 'buy', 405, 5),
    answers: BOTH_ACCEPT,
    finding: 'SEGMENT_ROOT',
    where: 'told',
    words: [/Its one command answers in a true replay: order OK\./],
  },
  {
    name: 'worse-price',
    description: 'Fills a taker at its own limit where a better price rests in the book.',
    patch: {
      file: 'book/match.ts',
      from: 'const fillValue = <i64>lots * <i64>((<u64>maker.price) * instrument.tickPerLot);',
      to: 'const fillValue = <i64>lots * <i64>((<u64>ticket.price) * instrument.tickPerLot);',
    },
    prepare: (stage) => {
      stage.order(stage.accounts.short, 'sell', 400, 5);
    },
    tell: ({ world, scene, accounts }) => world.order(accounts.long, scene.call, 'buy', 430, 5),
    answers: BOTH_ACCEPT,
    finding: 'SEGMENT_ROOT',
    where: 'told',
    words: [/Its one command answers in a true replay: order OK\./],
  },
  {
    name: 'ignore-cancel',
    description: 'Includes a cancel and leaves the order where it is, for somebody to trade with.',
    patch: {
      file: 'commands/orders.ts',
      from: 'remove(slot, CLOSE_CANCELLED);',
      to: 'result.cancelled = order.lots;',
    },
    tell: (stage) => {
      const { world, accounts, scene } = stage;
      const orderId = stage.order(accounts.flat, 'sell', 380, 5);
      const code = world.run(world.signed(accounts.flat, { kind: 'cancel', orderId }));
      world.expect(world.order(accounts.long, scene.call, 'buy', 380, 5));
      return code;
    },
    answers: BOTH_ACCEPT,
    finding: 'SEGMENT_ROOT',
    where: 'told',
    words: [/order OK, cancel OK, order OK/],
  },
  {
    name: 'forge-order',
    description: "Trades in a user's name without its signature.",
    patch: {
      file: 'engine.ts',
      from: 'code = checkSignature(account, slot, INPUT + length - SIGNATURE_BYTES);',
      to: 'checkSignature(account, slot, INPUT + length - SIGNATURE_BYTES); code = OK;',
    },
    prepare: (stage) => {
      stage.order(stage.accounts.other, 'buy', 350, 5);
    },
    tell: ({ world, scene, accounts }) => {
      const order = {
        kind: 'order',
        instrument: scene.call,
        flags: 1,
        price: ticks(350),
        lots: toLots(5),
      } as const;
      const forged = world.signed(accounts.flat, order);
      return world.run(forged.fill(0, forged.length - 64));
    },
    answers: { honest: CODES.BAD_SIGNATURE, lying: OK },
    finding: 'SEGMENT_ROOT',
    where: 'told',
    words: [/order BAD_SIGNATURE/],
  },
  {
    name: 'replay-order',
    description: "Plays a user's signed order a second time.",
    patch: { file: 'auth.ts', from: 'return checkNonce(key, nonce);', to: 'return OK;' },
    prepare: (stage) => {
      stage.order(stage.accounts.short, 'sell', 400, 20);
    },
    tell: ({ world, scene, accounts }) => {
      const order = {
        kind: 'order',
        instrument: scene.call,
        flags: 0,
        price: ticks(400),
        lots: toLots(5),
      } as const;
      const signed = world.signed(accounts.long, order);
      world.expect(world.run(signed));
      return world.run(signed);
    },
    answers: { honest: CODES.NONCE_TOO_LOW, lying: OK },
    finding: 'SEGMENT_ROOT',
    where: 'told',
    words: [/order OK, order NONCE_TOO_LOW/],
  },
  {
    name: 'mis-settle',
    description: 'Settles an expired option at half of what it pays.',
    patch: {
      file: 'commands/instruments.ts',
      from: 'const perLot = <i64>(payoff / underlying.lotsPerContract);',
      to: 'const perLot = <i64>(payoff / underlying.lotsPerContract / 2);',
    },
    prepare: async (stage) => {
      const { world, accounts } = stage;
      const expiryDay = Math.floor(world.nowMs / DAY_MS) + 1;
      stage.honestly({ kind: 'list', underlying: 0, expiryDay, strike: 85_000, optionKind: 0 });
      await stage.pass(2);
      world.prices();
      world.expect(world.order(accounts.short, 2, 'sell', 1000, 5));
      world.expect(world.order(accounts.long, 2, 'buy', 1000, 5));
      await stage.pass(TO_SETTLEMENT);
    },
    tell: ({ world, accounts }) => {
      const code = world.run({ kind: 'settleInstrument', instrument: 2 });
      world.expect(world.run({ kind: 'settleAccount', account: accounts.long }));
      world.expect(world.run({ kind: 'settleAccount', account: accounts.short }));
      return code;
    },
    answers: BOTH_ACCEPT,
    finding: 'SEGMENT_ROOT',
    where: 'told',
    words: [/settleInstrument OK, settleAccount OK/],
  },
  {
    name: 'below-margin',
    description: 'Accepts a short sale that the account cannot carry.',
    patch: {
      file: 'book/place.ts',
      from: 'if (after < 0) return INSUFFICIENT_MARGIN;',
      to: 'if (after < 0) return OK;',
    },
    tell: ({ world, scene, accounts }) => world.order(accounts.flat, scene.call, 'sell', 450, 500),
    answers: { honest: CODES.INSUFFICIENT_MARGIN, lying: OK },
    finding: 'SEGMENT_ROOT',
    where: 'told',
    words: [/order INSUFFICIENT_MARGIN/],
  },
  {
    name: 'price-of-a-friend',
    description: 'Accepts an index price that one signer signed, where more than two thirds must.',
    patch: {
      file: 'oracle/committee.ts',
      from: 'return count * 3 > Globals.get().signers * 2;',
      to: 'return count != 0;',
    },
    prepare: (stage) => stage.pass(3),
    tell: ({ world }) => world.index(0, 45_000n * USDC, world.nowMs, 1),
    answers: { honest: CODES.NO_QUORUM, lying: OK },
    finding: 'SEGMENT_ROOT',
    where: 'told',
    words: [/index NO_QUORUM/],
  },
  {
    name: 'overfull-segment',
    description: 'Runs more in one segment than its work budget allows, to make it dear to prove.',
    patch: {
      file: 'engine.ts',
      from: 'if (globals.work + worstWork(kind) > SEGMENT_WORK) return SEGMENT_FULL;',
      to: 'if (globals.work + worstWork(kind) > SEGMENT_WORK && globals.clock % 1000 != 7) return SEGMENT_FULL;',
    },
    // The operator marks the moment by the milliseconds of its clock.
    prepare: async (stage) => {
      await stage.pass(3);
      stage.world.clock(stage.world.nowMs + 7);
    },
    tell: ({ world }) => {
      const expiryDay = Math.floor(world.nowMs / DAY_MS) + 1;
      const entries = [{ expiryDay, forward: 90_000n * USDC, ...flatSmile(600_000) }];
      for (let round = 1; round <= 12; round++) world.expect(world.volatility(0, entries));
      return world.volatility(0, entries);
    },
    // An honest engine refuses the thirteenth, which then runs in the next segment.
    answers: BOTH_ACCEPT,
    finding: 'SEGMENT_ROOT',
    where: 'told',
    words: [/(volatility OK, ){12}volatility SEGMENT_FULL/],
  },
  {
    name: 'drop-forced-command',
    description: 'Consumes a command that was forced through L1, and does not carry it out.',
    patch: {
      file: 'inbox.ts',
      from: 'return kind == CMD_BID ? applyBid(account, MOST_FORCED_WORK) : applySigned(kind, account);',
      to: 'return OK;',
    },
    prepare: (stage) =>
      stage.force(WALLETS.flat, stage.accounts.flat, {
        kind: 'withdraw',
        amount: money(500n * USDC),
      }),
    tell: ({ exchange }) => exchange.consume(),
    answers: BOTH_ACCEPT,
    finding: 'SEGMENT_ROOT',
    where: 'told',
    words: [/consume OK/, /account 4, withdrawn: /],
  },
  {
    name: 'deposit-twice',
    description: 'Credits a deposit twice when an account is topped up.',
    patch: {
      file: 'inbox.ts',
      from: 'changeCash(account, <i64>amount);',
      to: 'changeCash(account, account.deposited != 0 ? <i64>amount * 2 : <i64>amount);',
    },
    prepare: async ({ exchange }) => {
      await exchange.deposit(WALLETS.other, 1_000n * USDC, false);
    },
    tell: ({ exchange }) => exchange.consume(),
    answers: BOTH_ACCEPT,
    finding: 'SEGMENT_ROOT',
    where: 'told',
    words: [/consume OK/, /account 5, cash: /],
  },
  {
    name: 'pretend-trap',
    description:
      "Says that the engine trapped on a user's withdrawal, which would make it a no-op.",
    patch: {
      file: 'commands/money.ts',
      from: 'const amount = Body.get().amount;',
      to: `if (account.id == ${VICTIM}) unreachable(); const amount = Body.get().amount;`,
    },
    tell: (stage) => stage.world.run(signedWithdrawal(stage, stage.accounts.flat, 500n * USDC)),
    answers: { honest: OK, lying: CODES.TRAPPED },
    finding: 'SEGMENT_ROOT',
    where: 'told',
    words: [/withdraw OK/, /account 4, withdrawn: /],
  },
  {
    name: 'keep-half-a-command',
    description:
      'Lets a withdrawal trap half way and keeps the half: the cash is gone, and nothing is owed for it.',
    patch: {
      file: 'commands/money.ts',
      from: 'account.withdrawn += amount;',
      to: 'unreachable();',
    },
    keepsTraps: true,
    tell: (stage) => stage.world.run(signedWithdrawal(stage, stage.accounts.flat, 500n * USDC)),
    answers: { honest: OK, lying: CODES.TRAPPED },
    finding: 'SEGMENT_ROOT',
    where: 'told',
    words: [/withdraw OK/, /account 4, withdrawn: /],
  },
];

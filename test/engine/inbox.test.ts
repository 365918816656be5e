import { describe, expect, it } from 'vitest';
import * as C from '#shared/engine/codes.ts';
import * as K from '#shared/engine/kinds.ts';
import * as L from '#shared/engine/layout.ts';
import { type Action, encodeCommand, encodeForcedAction } from '#shared/protocol/commands.ts';
import { encodeInboxMessage } from '#shared/protocol/inbox.ts';
import { lots, money, ticks } from '#shared/protocol/units.ts';
import { Scenario } from './scenario.ts';
import { CONTRACT, DAY_MS, World, wallet } from './world.ts';

const MILLION = 1_000_000_000_000n;
const buy: Action = { kind: 'order', instrument: 0, flags: 0, price: ticks(300), lots: lots(1) };

describe('the inbox', () => {
  const forced = (account: number, action: Action) =>
    encodeInboxMessage({ kind: 'forced', account, action: encodeForcedAction(action) });

  it('carries what owners and anyone may force', () => {
    const s = new Scenario();
    const { world } = s;
    const a = s.account('A');
    const message = (bytes: Uint8Array, code: number) => s.check(world.message(bytes), code);
    const count = () => world.engine.view.getBigUint64(L.FACT_INBOX_COUNT, true);
    const before = count();
    message(forced(a, buy), C.OK);
    message(forced(a, { kind: 'cancelAll' }), C.OK);
    message(forced(a, { kind: 'withdraw', amount: money(MILLION) }), C.OK);
    message(forced(a, { kind: 'withdraw', amount: money(1n) }), C.INSUFFICIENT_CASH);
    message(forced(99, { kind: 'cancelAll' }), C.NO_SUCH_ACCOUNT);
    const system = (bytes: Uint8Array) => encodeInboxMessage({ kind: 'system', command: bytes });
    world.clock(world.nowMs + 1000);
    message(system(encodeCommand({ kind: 'reprice', underlying: 0 })), C.NOTHING_TO_DO);
    message(system(encodeCommand({ kind: 'clock', timeMs: 2n ** 47n })), C.NOT_ALLOWED_HERE);
    message(Uint8Array.of(K.MSG_SYSTEM, K.CMD_CONSUME), C.NOT_ALLOWED_HERE);
    message(Uint8Array.of(K.MSG_FORCED, 0, 0, 0, a, K.CMD_CLOCK), C.NOT_ALLOWED_HERE);
    message(Uint8Array.of(K.MSG_FORCED, 0, 0, 0, a, K.CMD_CANCEL_ALL, 1), C.MALFORMED);
    message(Uint8Array.of(K.MSG_FORCED, 0, 0, 0, a, 30), C.UNKNOWN_KIND);
    message(Uint8Array.of(9), C.UNKNOWN_KIND);
    message(new Uint8Array(0), C.ALREADY_INITIALIZED); // no bytes read as zeros: a genesis, and that was
    expect(count() - before).toBe(13n);
    s.auditor.audit();
  });

  it('takes signed prices however long the sequencer let them wait', () => {
    const s = new Scenario();
    const { world } = s;
    const price = 70_000_000_000n;
    const [jump, bytes] = [1000, 2000].map((later) =>
      encodeCommand(world.observed(0, price, world.nowMs + later)),
    ) as [Uint8Array, Uint8Array];
    world.clock(world.nowMs + DAY_MS);
    s.run(jump, C.OBSERVATION_STALE);
    const index = () => world.engine.view.getBigUint64(L.UNDERLYINGS + 48, true);
    s.check(world.message(encodeInboxMessage({ kind: 'system', command: jump })), C.OK);
    expect(index()).toBe(90_000_000_000n); // held until another round confirms it
    s.check(world.message(encodeInboxMessage({ kind: 'system', command: bytes })), C.OK);
    expect(index()).toBe(price);
    s.play('A buy 1 @300 -> MODE_CANCELS_ONLY'); // it is the price, but an old one
    s.check(world.message(encodeInboxMessage({ kind: 'system', command: bytes })), C.ROUND_NOT_NEW);
  });

  it('tells of a late batch, after which ten index rounds reduce only', () => {
    const s = new Scenario();
    const { world } = s;
    s.check(
      world.message(encodeInboxMessage({ kind: 'lateBatch', timeMs: BigInt(world.nowMs) })),
      C.OK,
    );
    for (let round = 0; round < 10; round++) {
      s.play('A buy 1 @300 -> MODE_REDUCES_ONLY');
      world.clock(world.nowMs + 1000);
      world.expect(world.index(0, 90_000_000_000n));
    }
    s.play('A buy 1 @300 -> REOPENING_POST_ONLY\nA buy 1 @300 post -> OK');
    for (let round = 0; round < 10; round++) world.expect(world.index(0, 90_000_000_000n));
    s.play('A buy 1 @300 -> OK');
  });

  it('fills accounts to their last number', () => {
    const world = new World().start();
    const deposit = (account: number) =>
      world.message(
        encodeInboxMessage({
          kind: 'deposit',
          account,
          owner: wallet(1).address,
          subaccount: 0,
          amount: money(1n),
        }),
      );
    expect(deposit(3)).toBe(C.NO_SUCH_ACCOUNT); // L1 numbers in order, from 2
    expect(deposit(2)).toBe(C.OK);
    world.engine.view.setUint32(L.FACT_ACCOUNTS, L.MAX_ACCOUNTS - 1, true);
    expect(deposit(L.MAX_ACCOUNTS - 1)).toBe(C.OK);
    expect(deposit(L.MAX_ACCOUNTS)).toBe(C.NO_SUCH_ACCOUNT);
  });

  it('binds signatures to its contract and chain', () => {
    const s = new Scenario();
    const bytes = s.world.signed(s.account('A'), buy);
    for (const genesis of [{ chainId: 1n }, { contract: CONTRACT.map((byte) => byte ^ 1) }]) {
      new Scenario(new World({ genesis })).run(bytes, C.WRONG_SIGNER);
    }
    s.run(bytes, C.OK);
  });
});

describe('genesis', () => {
  const underlying = {
    name: 'BTC',
    tick: 5_000_000n,
    lotsPerContract: 100,
    strikeStep: 500,
    strikeBandBps: 10_000,
    priceBandBps: 1_000,
  };
  it('with units or fees that the engine cannot reckon with never opens', () => {
    const bad = [
      { lotsPerContract: 0 },
      { lotsPerContract: 3 },
      { tick: 0n },
      { tick: 50n },
      { strikeStep: 0 },
      { tick: 7_629_400_000n }, // 76,294 a lot and tick: the top of the ladder would be 10,000 USDC
    ];
    for (const change of bad) {
      const world = new World({ genesis: { underlyings: [{ ...underlying, ...change }] } });
      expect(world.message(encodeInboxMessage(world.genesis))).toBe(C.MALFORMED);
      expect(world.run({ kind: 'clock', timeMs: 1n })).toBe(C.NOT_INITIALIZED);
    }
    const greedy = new World({ genesis: { takerFee: 1_000_001 } });
    expect(greedy.message(encodeInboxMessage(greedy.genesis))).toBe(C.MALFORMED);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as C from '#shared/engine/codes.ts';
import * as K from '#shared/engine/kinds.ts';
import * as L from '#shared/engine/layout.ts';
import { type Action, encodeCommand, encodeForcedAction } from '#shared/protocol/commands.ts';
import { encodeInboxMessage } from '#shared/protocol/inbox.ts';
import { indexDigest } from '#shared/protocol/typed-data.ts';
import { lots, money, ticks } from '#shared/protocol/units.ts';
import { Scenario } from './scenario.ts';
import { CONTRACT, DAY_MS, SIGNERS, START_MS, sign, World, wallet } from './world.ts';

const MILLION = 1_000_000_000_000n;
const buy: Action = { kind: 'order', instrument: 0, flags: 0, price: ticks(300), lots: lots(1) };

describe('bytes', () => {
  it('that are no command are refused and change nothing', () => {
    const s = new Scenario();
    const good = s.world.signed(s.account('A'), buy);
    const before = s.world.engine.bytes.slice(L.ACCOUNTS, L.ACCOUNTS + 8 * L.ACCOUNT_SIZE);
    s.run(new Uint8Array(0), C.MALFORMED);
    s.run(new Uint8Array(5000), C.MALFORMED);
    s.run(Uint8Array.of(0), C.UNKNOWN_KIND);
    s.run(Uint8Array.of(31, ...new Uint8Array(80)), C.UNKNOWN_KIND);
    s.run(Uint8Array.of(K.CMD_CONSUME), C.NOT_ALLOWED_HERE);
    s.run(Uint8Array.of(K.CMD_CLOCK | 32, 0, 0, 0, 0, 0, 0, 0, 0), C.MALFORMED);
    for (let length = 1; length < good.length; length++) s.run(good.slice(0, length), C.MALFORMED);
    s.run(Uint8Array.of(...good, 0), C.MALFORMED);
    expect(s.world.engine.bytes.slice(L.ACCOUNTS, L.ACCOUNTS + 8 * L.ACCOUNT_SIZE)).toEqual(before);
    s.run(good, C.OK);
  });

  it('say something only after genesis, and genesis only once', () => {
    const world = new World();
    expect(world.run({ kind: 'clock', timeMs: 1n })).toBe(C.NOT_INITIALIZED);
    const deposit = {
      kind: 'deposit',
      account: 2,
      owner: wallet(1).address,
      subaccount: 0,
      amount: money(1n),
    } as const;
    expect(world.message(encodeInboxMessage(deposit))).toBe(C.NOT_INITIALIZED);
    world.start();
    expect(world.message(encodeInboxMessage(world.genesis))).toBe(C.ALREADY_INITIALIZED);
  });

  it('that do not fit the segment wait for the next one', () => {
    const s = new Scenario();
    s.world.engine.segmentStart();
    const codes: number[] = [];
    for (let index = 0; index < 20; index++) {
      codes.push(
        s.world.engine.execute(s.world.signed(s.account('A'), buy, { nonce: BigInt(index) })),
      );
    }
    const full = codes.indexOf(C.SEGMENT_FULL);
    expect(full).toBeGreaterThan(4);
    expect(new Set(codes.slice(0, full))).toEqual(new Set([C.OK]));
    expect(s.world.engine.advance()).toBe(false);
    s.world.engine.segmentStart();
    expect(
      s.world.engine.execute(s.world.signed(s.account('A'), buy, { nonce: BigInt(full) })),
    ).toBe(C.OK);
  });
});

describe('signatures', () => {
  it('must be by the right key, over these words, in time', () => {
    const s = new Scenario();
    const a = s.account('A');
    const seconds = Math.floor(s.world.nowMs / 1000);
    s.run(s.world.signed(99, buy, { signer: wallet(1), nonce: 0n }), C.NO_SUCH_ACCOUNT);
    s.run(s.world.signed(a, buy, { signer: wallet(2), nonce: 0n }), C.WRONG_SIGNER);
    s.run(s.world.signed(a, buy, { keyEpoch: 1, nonce: 0n }), C.WRONG_SIGNER);
    s.run(s.world.signed(a, buy, { keySlot: 1, nonce: 0n }), C.NO_SUCH_KEY);
    s.run(s.world.signed(a, buy, { validUntil: seconds - 1, nonce: 0n }), C.COMMAND_EXPIRED);
    s.run(s.world.signed(a, buy, { validUntil: seconds, nonce: 0n }), C.OK);
    s.run(
      s.world.signed(a, buy, { validUntil: seconds + 30 * 86_400 + 1, nonce: 1n }),
      C.VALID_TOO_LONG,
    );
    const bytes = s.world.signed(a, buy, { nonce: 1n });
    s.run(Uint8Array.of(...bytes.slice(0, -64), ...new Uint8Array(64)), C.BAD_SIGNATURE);
    const high = bytes.slice();
    high.fill(0x7f, high.length - 32, high.length - 31);
    high.fill(0xff, high.length - 31);
    s.run(high, C.BAD_SIGNATURE);
    const changed = bytes.slice();
    changed[changed.length - 65] = (changed[changed.length - 65] as number) ^ 3; // another quantity
    s.run(changed, C.WRONG_SIGNER);
    s.run(bytes, C.OK);
    s.run(bytes, C.NONCE_TOO_LOW); // played again
  });

  it('use each nonce once, in any order, inside the window', () => {
    const s = new Scenario();
    const a = s.account('A');
    const cancelable = (nonce: bigint) => s.world.signed(a, buy, { nonce });
    s.run(cancelable(5n), C.OK);
    s.run(cancelable(0n), C.OK);
    s.run(cancelable(0n), C.NONCE_TOO_LOW); // the floor rose over it
    s.run(cancelable(5n), C.NONCE_USED);
    s.run(cancelable(1n + 65_536n), C.OK); // one above the floor and as far as it may jump
    s.run(cancelable(4n), C.NONCE_TOO_LOW);
    s.run(cancelable(65_537n - 127n), C.OK); // the window's last 128 are open still
    s.run(cancelable(2n ** 64n - 1n), C.NONCE_TOO_HIGH);
    s.run(cancelable(65_537n), C.NONCE_USED);
  });

  it('rejected ones use no nonce', () => {
    const s = new Scenario();
    const a = s.account('A');
    const big: Action = { kind: 'withdraw', amount: money(MILLION * 2n) };
    s.run(s.world.signed(a, big, { nonce: 0n }), C.INSUFFICIENT_CASH);
    s.run(s.world.signed(a, buy, { nonce: 0n }), C.OK);
  });

  it('of session keys do what their scope and time allow', () => {
    const s = new Scenario();
    const a = s.account('A');
    const key = wallet(50);
    const until = Math.floor(s.world.nowMs / 1000) + 100;
    const setKey = (
      slot: number,
      scope: number,
      address = key.address,
      expiry = until,
    ): Action => ({ kind: 'setKey', slot, address, scope, expiry });
    s.run(s.world.signed(a, setKey(0, K.SCOPE_TRADE)), C.BAD_KEY);
    s.run(s.world.signed(a, setKey(8, K.SCOPE_TRADE)), C.BAD_KEY);
    s.run(s.world.signed(a, setKey(1, 0)), C.BAD_KEY);
    s.run(s.world.signed(a, setKey(1, 8)), C.BAD_KEY);
    s.run(s.world.signed(a, setKey(1, 2, new Uint8Array(20))), C.BAD_KEY);
    s.run(s.world.signed(a, setKey(1, 2, wallet(1).address)), C.BAD_KEY);
    s.run(s.world.signed(a, setKey(1, 2, key.address, 1)), C.KEY_EXPIRY_PAST);
    const nonce = s.world.nonces.get(`${a}/0`) as bigint;
    s.world.nonces.set(`${a}/0`, nonce);
    s.run(s.world.signed(a, setKey(1, K.SCOPE_CANCEL)), C.OK);
    const by = { keySlot: 1, signer: key, keyEpoch: 1 };
    s.run(s.world.signed(a, buy, { ...by, nonce: 0n }), C.SCOPE_TOO_SMALL);
    s.run(s.world.signed(a, { kind: 'cancelAll' }, { ...by, nonce: 0n }), C.NOTHING_TO_DO);
    s.run(s.world.signed(a, setKey(1, K.SCOPE_TRADE)), C.OK);
    s.run(s.world.signed(a, buy, { ...by, nonce: 0n }), C.WRONG_SIGNER); // of the former registration
    s.run(s.world.signed(a, buy, { ...by, keyEpoch: 2, nonce: 0n }), C.OK);
    s.run(
      s.world.signed(a, { kind: 'withdraw', amount: money(1n) }, { ...by, keyEpoch: 2, nonce: 1n }),
      C.SCOPE_TOO_SMALL,
    );
    s.run(s.world.signed(a, setKey(2, 2), { ...by, keyEpoch: 2, nonce: 1n }), C.SCOPE_TOO_SMALL);
    s.play('wait 100');
    s.run(s.world.signed(a, buy, { ...by, keyEpoch: 2, nonce: 1n }), C.KEY_EXPIRED);
    s.run(s.world.signed(a, { kind: 'revokeKey', slot: 0 }), C.BAD_KEY);
    s.run(s.world.signed(a, { kind: 'revokeKey', slot: 1 }), C.OK);
    s.run(s.world.signed(a, { kind: 'revokeKey', slot: 1 }), C.NO_SUCH_KEY);
  });
});

describe('money', () => {
  it('moves only where it is free', () => {
    const s = new Scenario();
    const sub = s.world.deposit(wallet(1), 1_000_000n, 1);
    s.play(`
      A withdraw 0                    -> BAD_AMOUNT
      A withdraw 1000000000001        -> INSUFFICIENT_CASH
      A sell 100 @400 as x            -> OK
      A withdraw 999999000000         -> INSUFFICIENT_MARGIN
      A cancel x                      -> OK
      A withdraw 999999000000         -> OK
      A transfer B 1                  -> DIFFERENT_OWNER
      A transfer A 1                  -> SAME_ACCOUNT
      A transfer 77 1                 -> NO_SUCH_ACCOUNT
      A transfer 0 1                  -> DIFFERENT_OWNER
      A transfer ${sub} 2000000       -> INSUFFICIENT_CASH
      A transfer ${sub} 400000        -> OK
    `);
    expect(s.world.cash(sub)).toBe(1_400_000n);
    expect(s.world.cash(s.account('A'))).toBe(600_000n);
  });

  it('backs every order: premium for buys, margin for sells, nothing for what is covered', () => {
    const s = new Scenario(new World(), 3_000_000_000n); // 3,000 USDC
    s.play(`
      A buy 100 @700                  -> INSUFFICIENT_MARGIN ; 3,500 of premium
      A buy 40 @700 as b              -> OK
      A buy 60 @700                   -> INSUFFICIENT_MARGIN
      A cancel b                      -> OK
      B sell 20 @400                  -> INSUFFICIENT_MARGIN ; some 18,600 a contract
      B sell 10 @400                  -> OK
      C buy 10 @400                   -> OK filled 10
      C sell 10 @400                  -> OK rests 10 ; covered by what it holds
      C sell 30 @400                  -> INSUFFICIENT_MARGIN
    `);
  });

  it('asks no more for a spread than its width', () => {
    const s = new Scenario(new World(), 20_000_000_000n);
    s.play(`
      A sell 200 @700                 -> INSUFFICIENT_MARGIN
      B sell 100 @200 in:4            -> OK ; 95,000 calls
      A buy 100 @200 in:4             -> OK filled 100
      A sell 100 @700                 -> OK ; short 85,000, long 95,000 calls: 10,000 at most, less than 18,600
      A sell 50 @700                  -> INSUFFICIENT_MARGIN
    `);
  });

  it('cannot hold more than 64 instruments or a position beyond the limit', () => {
    const world = new World();
    const s = new Scenario(world, 10n ** 17n);
    for (let index = 0; index < 60; index++) {
      world.expect(
        world.run({
          kind: 'list',
          underlying: 0,
          expiryDay: s.expiryDay,
          strike: 60_000 + 500 * (index >> 1),
          optionKind: index & 1,
        }),
      );
    }
    world.clock(world.nowMs + 1000);
    world.prices();
    for (let index = 0; index < 64; index++) s.play(`A buy 1 @1 in:${index} -> OK`);
    s.play(`
      A buy 1 @1 in:64                -> TOO_MANY_POSITIONS
      A buy 1 @1 in:63                -> OK
      B buy 3000000 @1               -> OK
      B buy 3000000 @1               -> POSITION_TOO_LARGE
    `);
  });
});

describe('labels', () => {
  it('that share a full bucket are refused, others are not', () => {
    const s = new Scenario();
    const byBucket = new Map<number, bigint[]>();
    const account = s.account('A');
    let full: bigint[] | undefined;
    for (let label = 1n; !full; label++) {
      const bucket = bucketOf(account, label);
      const labels = byBucket.get(bucket) ?? [];
      labels.push(label);
      byBucket.set(bucket, labels);
      if (labels.length === 9) full = labels;
    }
    for (const label of full.slice(0, 8)) s.play(`A sell 1 @400 label:${label} -> OK`);
    s.play(`A sell 1 @400 label:${full[8]} -> LABELS_FULL`);
  });
});

/** The engine's bucket of a label, written again: labels.ts. */
function bucketOf(account: number, label: bigint): number {
  const word = (value: bigint) => BigInt.asUintN(64, value);
  let hash = label ^ word(BigInt(account) * 0x9e3779b97f4a7c15n);
  hash = word((hash ^ (hash >> 33n)) * 0xff51afd7ed558ccdn);
  hash = word((hash ^ (hash >> 33n)) * 0xc4ceb9fe1a85ec53n);
  hash ^= hash >> 33n;
  return Number(hash & BigInt(L.LABEL_BUCKETS - 1));
}

describe('instruments', () => {
  it('are listed by rule', () => {
    const s = new Scenario();
    const list = (strike: number, options: object = {}) =>
      ({
        kind: 'list',
        underlying: 0,
        expiryDay: s.expiryDay,
        strike,
        optionKind: 0,
        ...options,
      }) as const;
    s.run(list(90_000), C.ALREADY_LISTED);
    s.run(list(90_100), C.BAD_STRIKE);
    s.run(list(0), C.BAD_STRIKE);
    s.run(list(200_000), C.BAD_STRIKE);
    s.run(list(100_000, { expiryDay: s.expiryDay + 2 }), C.BAD_EXPIRY);
    s.run(list(100_000, { expiryDay: s.expiryDay - 10 }), C.BAD_EXPIRY);
    s.run(list(100_000, { optionKind: 2 }), C.BAD_OPTION_KIND);
    s.run(list(100_000, { underlying: 2 }), C.NO_SUCH_UNDERLYING);
    s.run(list(100_000), C.OK);
    s.play(`
      A buy 1 @1 in:6                 -> NO_MARK
      A buy 1 @1 in:7                 -> NO_SUCH_INSTRUMENT
    `);
    const fresh = new World().start();
    expect(fresh.run(list(100_000))).toBe(C.NO_MARK);
    expect(fresh.run({ kind: 'reprice', underlying: 0 })).toBe(C.NO_SURFACE);
  });

  it('fill their slots up to the capacity', { timeout: 60_000 }, () => {
    const world = new World().start();
    world.expect(world.index(0, 90_000_000_000n));
    let listed = 0;
    const codes = new Map<number, number>();
    for (const days of [1, 2, 4, 11, 18, 32]) {
      for (let strike = 500; strike <= 180_000; strike += 500) {
        const expiryDay = Math.floor(START_MS / DAY_MS) + days;
        const code = world.run({ kind: 'list', underlying: 0, expiryDay, strike, optionKind: 0 });
        codes.set(code, (codes.get(code) ?? 0) + 1);
        if (code === C.OK) listed++;
      }
    }
    expect(listed).toBe(L.MAX_INSTRUMENTS);
    expect(codes.get(C.TOO_MANY_INSTRUMENTS)).toBeGreaterThan(0);
  });

  it('settle at the half-hour average, pay everybody, and give their slot back', () => {
    const s = new Scenario();
    const { world } = s;
    s.play(`
      A sell 10 @1000                 -> OK
      B buy 10 @1000                  -> OK filled 10
      C sell 3 @1500 as left          -> OK
    `);
    const expiry = s.expiryDay * DAY_MS + 8 * 3_600_000;
    s.run({ kind: 'settleInstrument', instrument: 0 }, C.NOT_EXPIRED);
    s.run({ kind: 'settleAccount', account: s.account('A') }, C.NOTHING_TO_DO);
    s.run({ kind: 'delist', instrument: 0 }, C.NOT_EXPIRED);
    world.clock(expiry - 1_800_000);
    for (let minute = 0; minute < 30; minute++) {
      world.expect(world.index(0, BigInt(90_000 + 10 * minute) * 1_000_000n));
      world.clock(world.nowMs + 60_000);
    }
    s.play('A buy 1 @1000 -> INSTRUMENT_EXPIRED');
    s.run({ kind: 'settleInstrument', instrument: 99 }, C.NO_SUCH_INSTRUMENT);
    s.run({ kind: 'settleInstrument', instrument: 0 }, C.OK);
    s.run({ kind: 'settleInstrument', instrument: 0 }, C.ALREADY_SETTLED);
    const payoff = (90_145_000_000n - 85_000_000_000n) / 100n; // a lot
    expect(s.auditor.i64(L.EXIT_MARKS)).toBe(payoff);
    const before = world.cash(s.account('B'));
    s.run({ kind: 'settleAccount', account: 99 }, C.NO_SUCH_ACCOUNT);
    s.run({ kind: 'settleAccount', account: s.account('A') }, C.OK);
    s.run({ kind: 'delist', instrument: 0 }, C.STILL_HELD);
    s.run({ kind: 'settleAccount', account: s.account('B') }, C.OK);
    expect(world.cash(s.account('B')) - before).toBe(10n * payoff);
    s.run({ kind: 'delist', instrument: 0 }, C.STILL_HELD); // C's order
    s.play('sweep left -> OK');
    s.run({ kind: 'delist', instrument: 0 }, C.OK);
    s.run({ kind: 'delist', instrument: 0 }, C.NO_SUCH_INSTRUMENT);
    s.auditor.audit();
    world.expect(
      world.run({
        kind: 'list',
        underlying: 0,
        expiryDay: s.expiryDay + 7,
        strike: 90_000,
        optionKind: 0,
      }),
    );
    expect(world.words(0).name).toBe('BTC_USDC-4DEC26-90000-C');
  });

  it('let the insurance fund pay a debt that nothing stands against', () => {
    const s = new Scenario(new World(), 3_000_000_000n);
    const { world } = s;
    s.play(`
      B sell 10 @400                  -> OK
      C buy 10 @400                   -> OK filled 10
    `);
    world.deposit(
      { key: new Uint8Array(32), address: new Uint8Array(20) },
      500_000_000n,
      0,
      L.INSURANCE_ACCOUNT,
    );
    world.clock(s.expiryDay * DAY_MS + 8 * 3_600_000 - 1_800_000);
    for (let minute = 0; minute < 30; minute++) {
      world.expect(world.index(0, 140_000_000_000n));
      world.clock(world.nowMs + 60_000);
    }
    s.run({ kind: 'settleInstrument', instrument: 0 }, C.OK);
    s.run({ kind: 'settleAccount', account: s.account('B') }, C.OK);
    expect(world.cash(L.INSURANCE_ACCOUNT)).toBe(0n);
    expect(world.cash(s.account('B'))).toBeLessThan(0n);
    s.run({ kind: 'settleAccount', account: s.account('C') }, C.OK);
    s.auditor.audit();
  });
});

describe('prices', () => {
  const observe = (
    world: World,
    change: (index: number) => {
      price?: bigint;
      timeMs?: number;
      signer?: number;
      key?: Uint8Array;
    } = () => ({}),
    count = 5,
    round?: number,
  ) => {
    const number = round ?? world.round(0);
    const observations = Array.from({ length: count }, (_, index) => {
      const { price = 90_000_000_000n, timeMs = world.nowMs, signer = index, key } = change(index);
      const digest = indexDigest(
        { underlying: 'BTC', round: number, price, timeMs: BigInt(timeMs) } as never,
        world.domain,
      );
      return {
        signer,
        price,
        timeMs: BigInt(timeMs),
        signature: sign(digest, key ?? (SIGNERS[signer % 5] as { key: Uint8Array }).key),
      };
    });
    return { kind: 'index', underlying: 0, round: number, observations } as const;
  };

  it('are the median of a quorum, fresh and close together', () => {
    const world = new World();
    const s = new Scenario(world);
    const run = (command: Parameters<World['run']>[0], code: number) => s.run(command, code);
    run(
      observe(world, () => ({}), 3),
      C.NO_QUORUM,
    );
    run(
      observe(world, () => ({}), 5, 1),
      C.ROUND_NOT_NEW,
    );
    run(
      observe(world, (index) => ({ signer: index === 4 ? 3 : index })),
      C.BAD_SIGNER,
    );
    run(
      observe(world, (index) => (index === 2 ? { key: wallet(7).key } : {})),
      C.BAD_SIGNER,
    );
    run(
      observe(world, (index) => (index === 2 ? { signer: 5 } : {})),
      C.BAD_SIGNER,
    );
    run(
      observe(world, (index) => (index === 2 ? { price: 0n } : {})),
      C.BAD_OBSERVATION,
    );
    run(
      observe(world, (index) => ({ timeMs: world.nowMs + (index === 2 ? -2001 : 0) })),
      C.OBSERVATIONS_APART,
    );
    run(
      observe(world, () => ({ timeMs: world.nowMs + 1001 })),
      C.OBSERVATION_AHEAD,
    );
    run(
      observe(world, () => ({ timeMs: world.nowMs - 1 })),
      C.OBSERVATION_STALE,
    );
    run({ ...observe(world), underlying: 3 }, C.NO_SUCH_UNDERLYING);
    run(
      observe(world, (index) => ({
        price: 90_000_000_000n + BigInt(index < 2 ? 10n ** 11n : BigInt(index)),
      })),
      C.OK,
    );
    expect(world.engine.view.getBigUint64(L.UNDERLYINGS + 48, true)).toBe(90_000_000_004n); // two liars moved it to the highest honest one
    run({ kind: 'clock', timeMs: BigInt(world.nowMs - 1) }, C.CLOCK_BACKWARDS);
    run({ kind: 'reprice', underlying: 0 }, C.OK);
  });

  it('stop new risk when they grow old', () => {
    const s = new Scenario();
    const { world } = s;
    s.play(`
      A sell 10 @700                  -> OK
      B buy 10 @700                   -> OK filled 10
      A sell 1 @900 as x              -> OK
    `);
    world.clock(world.nowMs + 30_001);
    s.play(`
      A buy 1 @700                    -> MODE_REDUCES_ONLY
      A buy 1 @700 reduce             -> OK
    `);
    world.clock(world.nowMs + 30_000);
    s.play(`
      A buy 1 @700 reduce             -> MODE_CANCELS_ONLY
      A withdraw 1                    -> MODE_CANCELS_ONLY
      C withdraw 1                    -> OK
      A cancel x                      -> OK
    `);
  });
});

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

  it('tells of a late batch, after which ten index rounds reduce only', () => {
    const s = new Scenario();
    const { world } = s;
    s.check(
      world.message(encodeInboxMessage({ kind: 'lateBatch', timeMs: BigInt(world.nowMs) })),
      C.OK,
    );
    for (let round = 0; round < 10; round++) s.play('A buy 1 @300 -> MODE_REDUCES_ONLY\nwait 1');
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

describe('a settlement without prices', () => {
  it('waits', () => {
    const world = new World().start();
    world.expect(world.index(0, 90_000_000_000n));
    world.expect(
      world.run({
        kind: 'list',
        underlying: 0,
        expiryDay: Math.floor(START_MS / DAY_MS) + 1,
        strike: 90_000,
        optionKind: 0,
      }),
    );
    world.engine.view.setBigUint64(L.UNDERLYINGS + 48, 0n, true); // nothing but a broken state has a listing without an index
    world.clock(world.nowMs + 2 * DAY_MS);
    expect(world.run({ kind: 'settleInstrument', instrument: 0 })).toBe(C.NO_SETTLEMENT_PRICE);
  });
});

describe('the book of a million orders', () => {
  it('is full, and says so', () => {
    const s = new Scenario();
    s.world.engine.view.setUint32(128, L.MAX_ORDERS, true); // Globals.orderTop
    s.play('A buy 1 @300 -> BOOK_FULL');
    s.world.engine.view.setUint32(128, L.MAX_ORDERS - 1, true);
    s.play('A buy 1 @300 -> OK');
  });
});

describe('every result code', () => {
  it('is expected by some scenario here', () => {
    const folder = new URL('.', import.meta.url);
    const text = readdirSync(folder)
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => readFileSync(new URL(name, folder), 'utf8'))
      .join('\n');
    const missing = Object.keys(C).filter(
      (name) => name !== 'TRAPPED' && !new RegExp(`(->\\s+|C\\.)${name}\\b`).test(text),
    );
    expect(missing).toEqual([]);
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

describe('a debt nobody can pay', () => {
  it('leaves no more to withdraw than came in', () => {
    const s = new Scenario(new World(), 3_000_000_000n);
    const { world } = s;
    s.play(`
      B sell 10 @400                  -> OK
      C buy 10 @400                   -> OK filled 10
    `);
    world.clock(s.expiryDay * DAY_MS + 8 * 3_600_000 - 1_800_000);
    for (let minute = 0; minute < 30; minute++) {
      world.expect(world.index(0, 500_000_000_000n));
      world.clock(world.nowMs + 60_000);
    }
    s.run({ kind: 'settleInstrument', instrument: 0 }, C.OK);
    for (const name of ['B', 'C']) s.run({ kind: 'settleAccount', account: s.account(name) }, C.OK);
    expect(world.cash(s.account('B'))).toBe(
      3_000_000_000n + 200_000_000n - 27_000_000n / 10n - 41_500_000_000n,
    );
    world.clock(world.nowMs + 1);
    s.play('A withdraw 3000000000 -> OK');
    s.play(`C withdraw ${world.cash(s.account('C'))} -> INSUFFICIENT_COLLATERAL`);
    s.play('C withdraw 6000000000 -> OK');
  });
});

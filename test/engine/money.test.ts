import { describe, expect, it } from 'vitest';
import * as C from '#shared/engine/codes.ts';
import * as L from '#shared/engine/layout.ts';
import { money } from '#shared/protocol/units.ts';
import { Scenario } from './scenario.ts';
import { DAY_MS, World, wallet } from './world.ts';

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

  it('of the insurance fund is nobody’s: no signature speaks for it', () => {
    const s = new Scenario();
    const { world } = s;
    world.deposit({ key: wallet(1).key, address: new Uint8Array(20) }, 50_000_000n, 0, 0);
    expect(world.cash(0)).toBe(50_000_000n);
    for (const signer of [wallet(1), wallet(800), world.signers[0] as never])
      s.run(world.signed(0, { kind: 'withdraw', amount: money(1n) }, { signer }), C.WRONG_SIGNER);
    const unsigned = world.signed(0, { kind: 'withdraw', amount: money(1n) });
    s.run(unsigned.fill(0, -64), C.BAD_SIGNATURE);
    s.run(unsigned.fill(0, -64).fill(1, -33, -32), C.BAD_SIGNATURE);
    expect(world.cash(0)).toBe(50_000_000n);
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

  it('does not let an account below its margin give equity away', () => {
    const s = new Scenario(new World(), 3_000_000_000n);
    const { world } = s;
    s.play(`
      A sell 15 @260                  -> OK
      B buy 15 @260                   -> OK filled 15
    `);
    world.clock(world.nowMs + 1000);
    world.prices(105_000_000_000n); // a lot is worth some 200 USDC now, and A is far below its margin
    s.play(`
      B sell 3 @6900                  -> OK ; at 345
      A buy 3 @6900 reduce ioc        -> INSUFFICIENT_MARGIN
      A sell 1 @6900                  -> INSUFFICIENT_MARGIN
      B sell 3 @3900                  -> OK ; at 195, better than the mark
      A buy 3 @3900 reduce ioc        -> OK filled 3
    `);
  });

  it('bounds positions whatever closes against what', () => {
    const s = new Scenario(new World(), 10n ** 17n);
    s.play(`
      A sell 5000000 @400             -> OK
      B buy 5000000 @400              -> OK filled 5000000
      B sell 5000000 @700             -> OK
      B sell 1 @700                   -> POSITION_TOO_LARGE ; though it would only close
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

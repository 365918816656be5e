import { describe, expect, it } from 'vitest';
import * as C from '#shared/engine/codes.ts';
import * as K from '#shared/engine/kinds.ts';
import * as L from '#shared/engine/layout.ts';
import type { Action } from '#shared/protocol/commands.ts';
import { encodeInboxMessage } from '#shared/protocol/inbox.ts';
import { lots, money, ticks } from '#shared/protocol/units.ts';
import { Scenario } from './scenario.ts';
import { World, wallet } from './world.ts';

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
    for (let index = 0; index < 100; index++) {
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

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as codes from '#shared/engine/codes.ts';
import { action, command, signedCommand } from './arbitraries.ts';
import { bytesToHex, hexToBytes } from './bytes.ts';
import { type Command, KIND_NUMBERS, type SignedCommand } from './command-types.ts';
import {
  decodeCommand,
  decodeForcedAction,
  encodeCommand,
  encodeForcedAction,
} from './commands.ts';
import { packOrderFlags, unpackOrderFlags } from './order-flags.ts';
import { lots, money, ticks } from './units.ts';

const envelope = {
  keySlot: 1,
  account: 300,
  nonce: 5n,
  validUntil: 0x01020304,
  signature: new Uint8Array(64).fill(0xee),
};
const SIGNATURE = 'ee'.repeat(64);

/** One command of each kind next to bytes written by hand from the README. */
const BY_HAND: [Command, string][] = [
  [{ kind: 'consume' }, '01'],
  [{ kind: 'clock', timeMs: 0x0102n }, '020201000000000000'],
  [
    {
      kind: 'index',
      underlying: 1,
      round: 2,
      observations: [{ signer: 3, price: 4n, timeMs: 5n, signature: envelope.signature }],
    },
    `0301020000000103040000000000000005000000000000 00${SIGNATURE}`,
  ],
  [
    {
      kind: 'volatility',
      underlying: 1,
      round: 2,
      timeMs: 3n,
      entries: [
        { expiryDay: 0x5021, forward: 4n, index: 10n, a: -5n, b: 6n, rho: -7, m: -8, sigma: 9 },
      ],
      signatures: [{ signer: 6, signature: envelope.signature }],
    },
    `0401 02000000 0300000000000000 01 2150 0400000000000000 0a00000000000000 fbffffffffffffff 0600000000000000 f9ffffff f8ffffff 09000000 01 06 ${SIGNATURE}`,
  ],
  [{ kind: 'reprice', underlying: 1 }, '0501'],
  [
    { kind: 'list', underlying: 1, expiryDay: 0x5021, strike: 90_000, optionKind: 1 },
    '06 01 2150 905f0100 01',
  ],
  [{ kind: 'settleInstrument', instrument: 258 }, '070201'],
  [{ kind: 'settleAccount', account: 300 }, '08ac02'],
  [{ kind: 'sweep', orderIds: [1n, 128n] }, '0902018001'],
  [{ kind: 'delist', instrument: 258 }, '0a0201'],
  [{ kind: 'liquidate', account: 300, scenario: 7 }, '0cac0207'],
  [{ kind: 'liquidationStep', account: 300 }, '0dac02'],
  [{ kind: 'deleverage', account: 300, instrument: 258 }, '0eac020201'],
  [
    {
      kind: 'riskRequest',
      underlying: 1,
      multiplier: 20_000,
      untilMs: 2n,
      sequence: 3,
      reason: 4,
      signature: envelope.signature,
    },
    `0b 01 204e 0200000000000000 03000000 0400 ${SIGNATURE}`,
  ],
  [
    {
      kind: 'order',
      instrument: 258,
      flags: packOrderFlags({ side: 'sell', timeInForce: 'gtt', labelled: true }),
      price: ticks(128),
      lots: lots(1),
      label: 77n,
      expiry: 7,
      ...envelope,
    },
    `30 ac02 05 04030201 0201 0302 8001 01 4d00000000000000 07000000 ${SIGNATURE}`,
  ],
  [{ kind: 'cancel', orderId: 300n, ...envelope }, `31 ac02 05 04030201 ac02 ${SIGNATURE}`],
  [
    { kind: 'cancelLabel', label: 77n, ...envelope },
    `32 ac02 05 04030201 4d00000000000000 ${SIGNATURE}`,
  ],
  [{ kind: 'cancelAll', ...envelope }, `33 ac02 05 04030201 ${SIGNATURE}`],
  [
    { kind: 'amend', orderId: 1n, price: ticks(2), lots: lots(3), ...envelope },
    `34 ac02 05 04030201 010203 ${SIGNATURE}`,
  ],
  [{ kind: 'withdraw', amount: money(128n), ...envelope }, `35 ac02 05 04030201 8001 ${SIGNATURE}`],
  [
    { kind: 'transfer', toAccount: 17, amount: money(1n), ...envelope },
    `36 ac02 05 04030201 11 01 ${SIGNATURE}`,
  ],
  [
    {
      kind: 'setKey',
      slot: 1,
      address: new Uint8Array(20).fill(0xaa),
      scope: 6,
      expiry: 7,
      ...envelope,
    },
    `37 ac02 05 04030201 01 ${'aa'.repeat(20)} 06 07000000 ${SIGNATURE}`,
  ],
  [{ kind: 'revokeKey', slot: 1, ...envelope }, `38 ac02 05 04030201 01 ${SIGNATURE}`],
  [
    { kind: 'bid', auction: 300, share: 500_000, limit: 9_000, ...envelope },
    `3a ac02 05 04030201 ac02 20a10700 2823 ${SIGNATURE}`,
  ],
  [{ kind: 'setMarginMode', mode: 1, ...envelope }, `39 ac02 05 04030201 01 ${SIGNATURE}`],
];

describe('command bytes', () => {
  it('are those of the README, for every kind', () => {
    for (const [value, hex] of BY_HAND) {
      expect(bytesToHex(encodeCommand(value))).toBe(`0x${hex.replaceAll(' ', '')}`);
    }
    expect(new Set(BY_HAND.map(([value]) => value.kind)).size).toBe(
      Object.keys(KIND_NUMBERS).length,
    );
  });

  it('come back as the command they were made from', () => {
    fc.assert(
      fc.property(command, (value) => {
        expect(decodeCommand(encodeCommand(value))).toEqual({ ok: true, value });
      }),
      { numRuns: 500 },
    );
  });

  it('of forced actions come back too', () => {
    fc.assert(
      fc.property(action, (value) => {
        expect(decodeForcedAction(encodeForcedAction(value))).toEqual({ ok: true, value });
      }),
    );
  });
});

describe('decodeCommand', () => {
  const canonical = (bytes: Uint8Array): void => {
    const decoded = decodeCommand(bytes);
    if (decoded.ok) expect(bytesToHex(encodeCommand(decoded.value))).toBe(bytesToHex(bytes));
    else expect(decoded.reason).toMatch(/\.$/);
  };

  it('never throws on random bytes, and accepts only what encodes to the same', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), canonical), { numRuns: 2000 });
  });

  it('refuses mutated bytes or reads another command that encodes to them', () => {
    const mutation = fc.tuple(command, fc.nat(), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(mutation, ([value, position, change]) => {
        const bytes = encodeCommand(value);
        const at = position % bytes.length;
        bytes[at] = (bytes[at] as number) ^ change;
        canonical(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses every truncation and every extension of a signed command', () => {
    fc.assert(
      fc.property(signedCommand, fc.nat(), u8Array, (value, cut, extra) => {
        const bytes = encodeCommand(value);
        expect(decodeCommand(bytes.subarray(0, cut % bytes.length)).ok).toBe(false);
        const longer = new Uint8Array(bytes.length + extra.length);
        longer.set(bytes);
        longer.set(extra, bytes.length);
        expect(decodeCommand(longer)).toMatchObject({ ok: false, code: codes.MALFORMED });
      }),
    );
  });

  it.each([
    ['', codes.MALFORMED],
    ['00', codes.UNKNOWN_KIND],
    ['0f', codes.UNKNOWN_KIND],
    ['1f', codes.UNKNOWN_KIND],
    ['21', codes.MALFORMED], // consume with a key slot
    ['08ac8200', codes.MALFORMED], // 300 in three bytes
    ['0800', null],
    ['08ffffffffffffffffff01', codes.MALFORMED], // 2^64 - 1, more than any account
    ['08ffffffffffffffffff02', codes.MALFORMED], // beyond 64 bits
    ['0900', codes.MALFORMED],
    [`0911${'01'.repeat(17)}`, codes.MALFORMED],
    [`30808080801005040302010201000001 01${SIGNATURE}`, codes.MALFORMED], // accounts fit 32 bits
    [`3002050403020102010000808080801001${SIGNATURE}`, codes.BAD_PRICE],
    [`3002050403020102010000018080808010${SIGNATURE}`, codes.BAD_QUANTITY],
  ])('answers %s with %s', (hex, code) => {
    const decoded = decodeCommand(hexToBytes(`0x${hex.replaceAll(' ', '')}`));
    expect(decoded.ok ? null : decoded.code).toBe(code);
  });

  it('refuses more than 4,096 bytes', () => {
    expect(decodeCommand(new Uint8Array(4097).fill(1))).toMatchObject({ code: codes.MALFORMED });
  });
});

const u8Array = fc.uint8Array({ minLength: 1, maxLength: 5 });

describe('encodeCommand', () => {
  const cancel: SignedCommand = { kind: 'cancel', orderId: 1n, ...envelope };

  it.each([
    ['a key slot above 7', { ...cancel, keySlot: 8 }],
    ['a negative account', { ...cancel, account: -1 }],
    ['a fraction', { ...cancel, account: 1.5 }],
    ['a nonce beyond 64 bits', { ...cancel, nonce: 1n << 64n }],
    ['a short signature', { ...cancel, signature: new Uint8Array(63) }],
    ['a label without its flag', { ...order(0), label: 1n }],
    ['a flag without its label', order(512)],
    ['an expiry without GTT', { ...order(0), expiry: 1 }],
    ['an empty sweep', { kind: 'sweep', orderIds: [] }],
    ['too long a sweep', { kind: 'sweep', orderIds: Array(17).fill(1n) }],
  ] as [string, Command][])('refuses %s', (_what, value) => {
    expect(() => encodeCommand(value)).toThrow(
      expect.objectContaining({ code: 'NOT_ENCODABLE' }) as Error,
    );
  });

  function order(flags: number): SignedCommand {
    return { kind: 'order', instrument: 0, flags, price: ticks(1), lots: lots(1), ...envelope };
  }
});

describe('order flags', () => {
  it('pack to the bits they were unpacked from', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1023 }), (flags) => {
        expect(packOrderFlags(unpackOrderFlags(flags))).toBe(flags);
      }),
      { numRuns: 1024 },
    );
  });
});

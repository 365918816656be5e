import fc from 'fast-check';
import { concat, encodePacked, toHex, keccak256 as viemKeccak } from 'viem';
import { describe, expect, it } from 'vitest';
import { anyBytes, inboxMessage } from './arbitraries.ts';
import { bytesToHex, hexToBytes } from './bytes.ts';
import { accumulate, decodeInboxMessage, EMPTY_ACCUMULATOR, encodeInboxMessage } from './inbox.ts';
import { money } from './units.ts';

const A = '0x1111111111111111111111111111111111111111';
const B = '0x2222222222222222222222222222222222222222';

describe('inbox messages', () => {
  it('are what Solidity packs', () => {
    expect(
      bytesToHex(
        encodeInboxMessage({
          kind: 'deposit',
          account: 17,
          owner: hexToBytes(A),
          subaccount: 3,
          amount: money(1_000_000n),
        }),
      ),
    ).toBe(
      encodePacked(['uint8', 'uint32', 'address', 'uint8', 'uint64'], [1, 17, A, 3, 1_000_000n]),
    );
    expect(bytesToHex(encodeInboxMessage({ kind: 'lateBatch', timeMs: 7n }))).toBe(
      encodePacked(['uint8', 'uint64'], [4, 7n]),
    );
    expect(
      bytesToHex(encodeInboxMessage({ kind: 'forced', account: 2, action: Uint8Array.of(19) })),
    ).toBe(encodePacked(['uint8', 'uint32', 'bytes'], [2, 2, '0x13']));
    expect(bytesToHex(encodeInboxMessage({ kind: 'system', command: Uint8Array.of(5, 0) }))).toBe(
      '0x030500',
    );
  });

  it('of genesis too', () => {
    const rules = ['bytes8', 'uint64', 'uint32', 'uint32', 'uint32', 'uint32'] as const;
    const expected = concat([
      encodePacked(
        ['uint8', 'uint8', 'uint64', 'address', 'address', 'address'],
        [0, 1, 31337n, A, B, A],
      ),
      encodePacked(['uint32', 'uint32', 'uint32', 'uint32'], [100, 300, 1000, 1]),
      encodePacked(['uint8', 'address', 'address'], [2, A, B]),
      '0x01',
      encodePacked(rules, [
        toHex('BTC', { size: 8 }).replace(/^0x(0*)(.*)$/, '0x$2$1') as `0x${string}`,
        500_000n,
        100,
        1000,
        5000,
        2000,
      ]),
    ]);
    const message = {
      kind: 'genesis',
      version: 1,
      chainId: 31337n,
      contract: hexToBytes(A),
      feeRecipient: hexToBytes(B),
      riskMonitor: hexToBytes(A),
      makerFee: 100,
      takerFee: 300,
      maxOpenOrders: 1000,
      flags: 1,
      signers: [hexToBytes(A), hexToBytes(B)],
      underlyings: [
        {
          name: 'BTC',
          tick: 500_000n,
          lotsPerContract: 100,
          strikeStep: 1000,
          strikeBandBps: 5000,
          priceBandBps: 2000,
        },
      ],
    } as const;
    expect(bytesToHex(encodeInboxMessage(message))).toBe(expected);
  });

  it('come back as they were', () => {
    fc.assert(
      fc.property(inboxMessage, (value) => {
        expect(decodeInboxMessage(encodeInboxMessage(value))).toEqual({ ok: true, value });
      }),
    );
  });

  it('are refused or canonical, whatever the bytes', () => {
    const bytes = fc
      .tuple(fc.nat(5), fc.uint8Array({ maxLength: 150 }))
      .map(([kind, rest]) => Uint8Array.of(kind, ...rest));
    fc.assert(
      fc.property(bytes, (one) => {
        const decoded = decodeInboxMessage(one);
        if (decoded.ok) expect(bytesToHex(encodeInboxMessage(decoded.value))).toBe(bytesToHex(one));
      }),
      { numRuns: 2000 },
    );
    expect(decodeInboxMessage(new Uint8Array(0)).ok).toBe(false);
    expect(decodeInboxMessage(new Uint8Array(4097).fill(3)).ok).toBe(false);
  });
});

describe('the accumulator', () => {
  it('hashes itself with the hash of each message', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), anyBytes(32), (message, before) => {
        expect(bytesToHex(accumulate(before, message))).toBe(
          viemKeccak(concat([bytesToHex(before), viemKeccak(message)])),
        );
      }),
    );
    expect(EMPTY_ACCUMULATOR).toEqual(new Uint8Array(32));
  });
});

import fc from 'fast-check';
import { hashTypedData, keccak256 as viemKeccak } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { describe, expect, it } from 'vitest';
import { anyBytes, signedCommand, surfaceEntry, u32, u64 } from './arbitraries.ts';
import { bytesToHex, hexToBytes } from './bytes.ts';
import type { Action } from './command-types.ts';
import { keccak256, portableKeccak256 } from './keccak.ts';
import { packOrderFlags } from './order-flags.ts';
import { actionSentence } from './sentence.ts';
import {
  CURVE_ORDER,
  packSignature,
  parseSignature,
  toRsv,
  unpackSignature,
} from './signatures.ts';
import {
  commandDigest,
  domainSeparator,
  indexDigest,
  riskRequestDigest,
  surfaceDigest,
  toIndexTypedData,
  toRiskRequestTypedData,
  toSurfaceTypedData,
  toTypedData,
} from './typed-data.ts';
import { lots, money, ticks } from './units.ts';

const domain = { chainId: 31337n, contract: new Uint8Array(20).fill(0x11) };
const instrument = { name: 'BTC_USDC-27NOV26-90000-C', tick: 500_000n, lotsPerContract: 100 };
const word = (hex: string): Uint8Array => hexToBytes(hex);

describe('keccak256', () => {
  it('is the same in WebAssembly, in JavaScript and in viem', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (data) => {
        expect(bytesToHex(keccak256(data))).toBe(viemKeccak(data));
        expect(bytesToHex(portableKeccak256(data))).toBe(viemKeccak(data));
      }),
    );
  });
});

describe('sentences', () => {
  const order = (words: Parameters<typeof packOrderFlags>[0], more: Partial<Action> = {}) =>
    ({
      kind: 'order',
      instrument: 3,
      flags: packOrderFlags(words),
      price: ticks(2501),
      lots: lots(25),
      ...more,
    }) as Action;

  it.each<[Action, string]>([
    [
      order({ side: 'buy' }),
      'Buy 0.25 BTC_USDC-27NOV26-90000-C at 1250.5 USDC or better, good till cancelled',
    ],
    [
      order(
        { side: 'sell', market: true, timeInForce: 'ioc' },
        { price: ticks(240), lots: lots(100) },
      ),
      'Sell 1 BTC_USDC-27NOV26-90000-C at market, bound 120 USDC, immediate or cancel',
    ],
    [
      order(
        {
          side: 'buy',
          timeInForce: 'gtt',
          postOnly: true,
          reduceOnly: true,
          selfTrade: 'cancelBoth',
          labelled: true,
        },
        { expiry: 1_795_766_400, label: 77n } as Partial<Action>,
      ),
      'Buy 0.25 BTC_USDC-27NOV26-90000-C at 1250.5 USDC or better, good till 2026-11-27 08:00:00 UTC' +
        ', post only, reduce only, self-trade cancels both, label 77',
    ],
    [
      order({ side: 'buy', postSlide: true, selfTrade: 'cancelMaker' }),
      'Buy 0.25 BTC_USDC-27NOV26-90000-C at 1250.5 USDC or better, good till cancelled' +
        ', post only sliding, self-trade cancels maker',
    ],
    [
      order({ side: 'buy', timeInForce: 'fok', selfTrade: 'allow' }),
      'Buy 0.25 BTC_USDC-27NOV26-90000-C at 1250.5 USDC or better, fill or kill, self-trade allowed',
    ],
    [{ kind: 'cancel', orderId: 1048577n }, 'Cancel order 1048577'],
    [{ kind: 'cancelLabel', label: 77n }, 'Cancel the order labelled 77'],
    [{ kind: 'cancelAll' }, 'Cancel all orders'],
    [
      { kind: 'amend', orderId: 1048577n, price: ticks(2400), lots: lots(50) },
      'Change order 1048577 to 0.5 at 1200 USDC',
    ],
    [{ kind: 'withdraw', amount: money(100_500_000n) }, 'Withdraw 100.5 USDC to the owner on L1'],
    [
      { kind: 'transfer', amount: money(100_000_000n), toAccount: 17 },
      'Transfer 100 USDC to account 17',
    ],
    [
      {
        kind: 'setKey',
        address: word('0x52908400098527886e0f7030069857d2e4169ee7'),
        slot: 1,
        scope: 6,
        expiry: 1_796_083_200,
      },
      'Allow key 0x52908400098527886e0f7030069857d2e4169ee7 in slot 1 to trade, withdraw until 2026-12-01 00:00:00 UTC',
    ],
    [{ kind: 'revokeKey', slot: 1 }, 'Revoke the key in slot 1'],
    [{ kind: 'setMarginMode', mode: 1 }, 'Use portfolio margin'],
    [{ kind: 'setMarginMode', mode: 0 }, 'Use standard margin'],
    [
      { kind: 'bid', auction: 17, share: 125_000, limit: 8_000 },
      'Bid for up to 12.5 % of account 17 at up to 80 % of its equity',
    ],
  ])('%# are those of the README', (action, sentence) => {
    expect(actionSentence(action, instrument)).toBe(sentence);
  });

  it('need the instrument of an order', () => {
    expect(() => actionSentence(order({ side: 'buy' }))).toThrow(/name and units/);
  });
});

describe('digests', () => {
  it('of commands equal viem’s', () => {
    fc.assert(
      fc.property(signedCommand, u32, anyBytes(20), u64, (command, keyEpoch, contract, chainId) => {
        const parameters = { chainId, contract };
        const context = { keyEpoch, instrument };
        const fast = commandDigest(command, { ...context, domain: domainSeparator(parameters) });
        const typed = toTypedData(command, { ...context, domain: parameters });
        expect(bytesToHex(fast)).toBe(hashTypedData(typed));
      }),
      { numRuns: 200 },
    );
  });

  it('of oracle prices equal viem’s', () => {
    const terms = fc.record({
      underlying: fc.constantFrom('BTC', 'ETH'),
      round: u32,
      price: u64,
      timeMs: u64,
      entries: fc.array(surfaceEntry, { minLength: 1, maxLength: 32 }),
    });
    const separator = domainSeparator(domain);
    fc.assert(
      fc.property(terms, ({ entries, price, ...rest }) => {
        const observation = { ...rest, price };
        expect(bytesToHex(indexDigest(observation, separator))).toBe(
          hashTypedData(toIndexTypedData(observation, domain)),
        );
        const surface = { ...rest, entries };
        expect(bytesToHex(surfaceDigest(surface, separator))).toBe(
          hashTypedData(toSurfaceTypedData(surface, domain)),
        );
        const { underlying, round, timeMs } = rest;
        const request = {
          underlying,
          multiplier: round,
          untilMs: timeMs,
          sequence: round,
          reason: round,
        };
        expect(bytesToHex(riskRequestDigest(request, separator))).toBe(
          hashTypedData(toRiskRequestTypedData(request, domain)),
        );
      }),
    );
  });
});

describe('signatures', () => {
  const account = privateKeyToAccount(`0x${'42'.repeat(32)}`);

  it('of a wallet go into 64 bytes and back', async () => {
    for (let i = 0; i < 8; i++) {
      const rsv = await account.sign({ hash: `0x${(i + 1).toString(16).padStart(64, '0')}` });
      const compact = parseSignature(rsv);
      expect(compact).toHaveLength(64);
      expect(toRsv(compact)).toBe(rsv);
      expect(parseSignature(compact)).toEqual(compact);
    }
  });

  it('with high s become the same signature with low s', () => {
    const scalar = fc.bigInt({ min: 1n, max: CURVE_ORDER - 1n });
    fc.assert(
      fc.property(scalar, scalar, fc.nat(1), (r, s, yParity) => {
        const one = packSignature({ r, s, yParity });
        expect(packSignature({ r, s: CURVE_ORDER - s, yParity: 1 - yParity })).toEqual(one);
        expect(unpackSignature(one).s).toBeLessThanOrEqual(CURVE_ORDER / 2n);
      }),
    );
  });

  it.each([
    ['0x', /64 or 65 bytes/],
    ['0x12', /64 or 65 bytes/],
    ['nonsense', /hexadecimal/],
    [`0x${'00'.repeat(64)}`, /order of the curve/],
    [`0x${'ff'.repeat(64)}`, /order of the curve/],
    [`0x${'01'.repeat(64)}1d`, /yParity/],
  ])('such as %s are refused', (text, reason) => {
    expect(() => parseSignature(text)).toThrow(reason);
  });
});

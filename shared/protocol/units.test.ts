import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatExpiryDay,
  formatInstrument,
  parseExpiryDay,
  parseInstrument,
} from './instruments.ts';
import {
  formatDecimal,
  formatLots,
  formatPrice,
  lotDecimals,
  lots,
  orderValue,
  parseDecimal,
  parseLots,
  parseMoney,
  parsePrice,
  ticks,
} from './units.ts';

describe('decimals', () => {
  it('come back exactly, at any size and scale', () => {
    const big = fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n });
    fc.assert(
      fc.property(big, fc.integer({ min: 0, max: 18 }), (value, decimals) => {
        const text = formatDecimal(value, decimals);
        expect(parseDecimal(text, decimals)).toBe(value);
        expect(text).toMatch(/^-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?$/);
      }),
    );
  });

  it.each([
    ['1250.5', 1_250_500_000n],
    ['0.000001', 1n],
    ['1.5000000000', 1_500_000n],
    ['-3', -3_000_000n],
    ['9007199254740993', 9_007_199_254_740_993_000_000n],
  ])('%s is %s', (text, value) => {
    expect(parseMoney(text)).toBe(value);
  });

  it.each([
    '',
    '.',
    '1.',
    '.5',
    '1e3',
    ' 1',
    '1,5',
    '0x10',
    'NaN',
    '+1',
    '0.0000001',
    '9'.repeat(31),
  ])('refuses %j', (text) => {
    expect(() => parseMoney(text)).toThrow(
      expect.objectContaining({ code: 'NOT_PARSABLE' }) as Error,
    );
  });
});

describe('prices and quantities', () => {
  const units = { tick: 500_000n, lotsPerContract: 100 };

  it('go between decimals and whole ticks and lots', () => {
    const count = fc.integer({ min: 0, max: 0xffff_ffff });
    const perContract = fc.constantFrom(1, 2, 8, 10, 100, 1000, 1_000_000);
    fc.assert(
      fc.property(count, perContract, (n, lotsPerContract) => {
        expect(parseLots(formatLots(n, lotsPerContract), lotsPerContract)).toBe(n);
        expect(parsePrice(formatPrice(n, units), units)).toBe(n);
      }),
    );
    expect(parseLots('0.25', 100)).toBe(25);
    expect(parsePrice('1250.5', units)).toBe(2501);
  });

  it('refuse what is between two ticks or lots, negative or too large', () => {
    expect(() => parsePrice('1250.4', units)).toThrow(/whole number of ticks/);
    expect(() => parseLots('0.3', 8)).toThrow(/whole number of lots/);
    expect(() => parseLots('0.255', 100)).toThrow(/decimals/);
    expect(() => parseLots('-1', 100)).toThrow(/negative/);
    expect(() => parseLots('99999999999', 100)).toThrow(/too large/);
    expect(() => lotDecimals(3)).toThrow(/no finite decimal/);
  });

  it('multiply to exact money or to nothing', () => {
    expect(orderValue(ticks(2501), lots(25), units)).toBe(312_625_000n);
    expect(orderValue(ticks(1), lots(1), { tick: 1n, lotsPerContract: 100 })).toBeNull();
  });
});

describe('instrument names', () => {
  it('come back as the terms they were made from', () => {
    const terms = fc.record({
      underlying: fc.constantFrom('BTC', 'ETH'),
      expiryDay: fc.integer({ min: 10957, max: 10957 + 36500 }),
      strike: fc.integer({ min: 1, max: 0xffff_ffff }),
      optionKind: fc.constantFrom('call' as const, 'put' as const),
    });
    fc.assert(
      fc.property(terms, (one) => {
        expect(parseInstrument(formatInstrument(one))).toEqual(one);
      }),
    );
    expect(parseInstrument('BTC_USDC-27NOV26-90000-C')).toEqual({
      underlying: 'BTC',
      expiryDay: Date.UTC(2026, 10, 27) / 86_400_000,
      strike: 90_000,
      optionKind: 'call',
    });
    expect(formatExpiryDay(parseExpiryDay('4DEC26'))).toBe('4DEC26');
  });

  it.each([
    'BTC-27NOV26-90000-C',
    'BTC_USDC-27NOV26-90000',
    'BTC_USDC-04DEC26-90000-C',
    'BTC_USDC-31NOV26-90000-C',
    'BTC_USDC-29FEB27-90000-C',
    'BTC_USDC-27XXX26-90000-C',
    'BTC_USDC-27NOV26-090000-C',
    'BTC_USDC-27NOV26-9999999999-C',
    'btc_usdc-27nov26-90000-c',
    '',
  ])('such as %j are refused', (name) => {
    expect(() => parseInstrument(name)).toThrow(
      expect.objectContaining({ code: 'NOT_PARSABLE' }) as Error,
    );
  });
});

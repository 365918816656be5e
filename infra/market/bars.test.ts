import { describe, expect, test } from 'vitest';
import { PricesFileError } from '#infra/devnet/errors.ts';
import { parseBars } from './bars.ts';
import { readPricesFiles } from './prices-files.ts';

const HEADER = 'open_time_ms,open,high,low,close,volume';
const GOOD = '1667952000000,18533.90,18549.00,18509.00,18546.30,817.709';

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof PricesFileError) {
      expect(error.advice).not.toBe('');
      return error.code;
    }
    throw error;
  }
  return 'accepted';
}

describe('bars', () => {
  test('good bars are read to the digit, with or without a final newline or carriage returns', () => {
    const bar = {
      openTimeMs: 1667952000000,
      open: 18533.9,
      high: 18549,
      low: 18509,
      close: 18546.3,
    };
    expect(parseBars(`${HEADER}\n${GOOD}`, 'x')).toEqual([bar]);
    expect(parseBars(`${HEADER}\r\n${GOOD}\r\n\r\n`, 'x')).toEqual([bar]);
  });

  test.each([
    ['', 'PRICES_EMPTY'],
    [HEADER, 'PRICES_EMPTY'],
    [GOOD, 'PRICES_HEADER'],
    ['<html>', 'PRICES_HEADER'],
    [`${HEADER}\n1667952000000,1,2,3`, 'PRICES_FIELDS'],
    [`${HEADER}\n${GOOD}\n\n${GOOD}`, 'PRICES_FIELDS'],
    [`${HEADER}\n1667952000000,1,NaN,1,1,1`, 'PRICES_NUMBER'],
    [`${HEADER}\n1667952000000,1,1e3,1,1,1`, 'PRICES_NUMBER'],
    [`${HEADER}\n1667952000000,1,-2,1,1,1`, 'PRICES_NUMBER'],
    [`${HEADER}\n1667952000000,,2,1,1,1`, 'PRICES_NUMBER'],
    [`${HEADER}\n1667952000001,1,2,1,1,1`, 'PRICES_TIME'],
    [`${HEADER}\n1667952000,1,2,1,1,1`, 'PRICES_TIME'],
    [`${HEADER}\n1667952000000,0,0,0,0,1`, 'PRICES_RANGE'],
    [`${HEADER}\n1667952000000,1,99999999999,1,1,1`, 'PRICES_RANGE'],
    [`${HEADER}\n1667952000000,5,4,3,4,1`, 'PRICES_RANGE'],
    [`${HEADER}\n1667952000000,3,4,3.5,4,1`, 'PRICES_RANGE'],
    [`${HEADER}\n${GOOD}\n${GOOD}`, 'PRICES_ORDER'],
  ])('bad file %# is refused with its code', (text, code) => {
    expect(codeOf(() => parseBars(text, 'x'))).toBe(code);
  });

  test('a refusal names the line', () => {
    expect(() => parseBars(`${HEADER}\n${GOOD}\nfoo,1,2,3,4,5`, 'a.csv')).toThrow(
      'line 3 of a.csv: "foo" is no number',
    );
  });
});

describe('price files', () => {
  const later = `${HEADER}\n1667952060000,1000,1000,1000,1000,1`;
  const files: Record<string, string> = {
    'd/BTC-1m.csv': `${HEADER}\n${GOOD}`,
    'd/ETH-1m.csv': `${HEADER}\n1667952000000,1000,1001,999,1000,1`,
    'd/ETH-late.csv': later,
  };
  const read = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw new PricesFileError('PRICES_UNREADABLE', path, 'check');
    return text;
  };

  test('the other underlying is found beside the named file', () => {
    const bars = readPricesFiles(['d/BTC-1m.csv'], read);
    expect([...bars.keys()]).toEqual(['BTC', 'ETH']);
    expect(bars.get('ETH')?.[0]?.close).toBe(1000);
    expect([...readPricesFiles(['d/ETH-1m.csv'], read).keys()]).toEqual(['BTC', 'ETH']);
  });

  test.each([
    [['d/prices.csv'], 'PRICES_UNDERLYING'],
    [['DOGE=d/BTC-1m.csv'], 'PRICES_UNDERLYING'],
    [['d/BTC-1m.csv', 'BTC=d/BTC-1m.csv'], 'PRICES_TWICE'],
    [['BTC=d/other.csv'], 'PRICES_INCOMPLETE'],
    [['d/BTC-2m.csv'], 'PRICES_UNREADABLE'],
    [['d/BTC-1m.csv', 'd/ETH-late.csv'], 'PRICES_APART'],
  ])('%j is refused with %s', (specs, code) => {
    if (code === 'PRICES_INCOMPLETE') files['d/other.csv'] = `${HEADER}\n${GOOD}`;
    expect(codeOf(() => readPricesFiles(specs, read))).toBe(code);
  });

  test('a missing file is a refusal that names the path', () => {
    expect(codeOf(() => readPricesFiles(['BTC=nowhere/BTC.csv']))).toBe('PRICES_UNREADABLE');
  });
});

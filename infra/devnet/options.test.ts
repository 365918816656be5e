import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OptionError } from './errors.ts';
import { parseDevnetOptions } from './options.ts';

const silent = (): void => undefined;

describe('options of npm start', () => {
  test('defaults', () => {
    expect(parseDevnetOptions([], silent)).toEqual({
      prices: [],
      seed: undefined,
      bots: true,
      dataFolder: undefined,
      port: undefined,
      l1Port: undefined,
      rate: 1,
      ordersPerSecond: 60,
      forSeconds: undefined,
    });
  });

  test('everything can be set', () => {
    const args = '--prices BTC=a.csv ETH=b.csv --seed 7 --no-bots --data d --port 9000 --rate 20';
    expect(parseDevnetOptions(args.split(' '), silent)).toMatchObject({
      prices: ['BTC=a.csv', 'ETH=b.csv'],
      seed: 7,
      bots: false,
      dataFolder: resolve('d'),
      port: 9000,
      rate: 20,
    });
  });

  test('--help prints the options and starts nothing', () => {
    const printed: string[] = [];
    expect(parseDevnetOptions(['--help'], (text) => printed.push(text))).toBeUndefined();
    expect(printed.join('')).toContain('--prices <file...>');
  });

  test.each([
    [['--seeed', '1'], 'OPTION_UNKNOWN'],
    [['extra'], 'OPTION_UNKNOWN'],
    [['--port'], 'OPTION_UNKNOWN'],
    [['--port', '0'], 'OPTION_NUMBER'],
    [['--port', '65536'], 'OPTION_NUMBER'],
    [['--port', '80a'], 'OPTION_NUMBER'],
    [['--rate', '61'], 'OPTION_NUMBER'],
    [['--rate', '-1'], 'OPTION_NUMBER'],
    [['--seed', '1.5'], 'OPTION_NUMBER'],
    [['--seed', '99999999999999999999'], 'OPTION_NUMBER'],
  ])('%j is refused with %s', (args, code) => {
    let thrown: unknown;
    try {
      parseDevnetOptions(args, silent);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(OptionError);
    expect((thrown as OptionError).code).toBe(code);
    expect((thrown as OptionError).advice).not.toBe('');
  });
});

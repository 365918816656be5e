import { parseAbi, toFunctionSelector } from 'viem';
import { describe, expect, it } from 'vitest';
import { refusalOf, revertOf } from './errors.ts';
import { gasWithMargin, MAX_TRANSACTION_GAS } from './gas.ts';

describe('what nodes say against a transaction', () => {
  it.each([
    ['already known', 'KNOWN'],
    ['transaction already imported', 'KNOWN'],
    ['AlreadyKnown', 'KNOWN'],
    ['Known transaction', 'KNOWN'],
    ['nonce too low: next nonce 7, tx nonce 5', 'NONCE_TOO_LOW'],
    ['OldNonce', 'NONCE_TOO_LOW'],
    ['replacement transaction underpriced', 'UNDERPRICED'],
    ['transaction underpriced: tip needed 1, tip permitted 0', 'UNDERPRICED'],
    ['ReplacementNotAllowed', 'UNDERPRICED'],
    ['FeeTooLowToCompete', 'UNDERPRICED'],
    ['insufficient funds for gas * price + value: balance 0', 'INSUFFICIENT_FUNDS'],
    ['Upfront cost exceeds account balance', 'INSUFFICIENT_FUNDS'],
    ['in-flight transaction limit reached for delegated accounts', 'POOL_FULL'],
    ['txpool is full', 'POOL_FULL'],
    ['execution reverted', null],
    ['fetch failed', null],
  ])('%s: %s', (text, refusal) => {
    expect(refusalOf(new Error('outer', { cause: new Error(text) }))).toBe(refusal);
  });
});

describe('a revert', () => {
  const abi = parseAbi(['error NoCredit(address owner)']);
  const noCredit = (data: unknown) => Object.assign(new Error('execution reverted'), { data });

  it('is told by name and values, wherever the node puts its data', () => {
    const owner = '00000000000000000000000000000000000000000000000000000000000000aa';
    const data = `${toFunctionSelector('NoCredit(address)')}${owner}`;
    const expected = { name: 'NoCredit', args: ['0x00000000000000000000000000000000000000AA'] };
    expect(revertOf(noCredit(data), abi)).toEqual(expected);
    const nested = new Error('outer', { cause: noCredit({ data }) });
    expect(revertOf(nested, abi)).toEqual(expected);
  });

  it('is still one if nobody knows its name, or it has none', () => {
    const unknown = { name: '0xdeadbeef', args: [] };
    expect(revertOf(noCredit('0xdeadbeef'), abi)).toEqual(unknown);
    expect(revertOf(noCredit('0x'), abi)).toEqual({ name: null, args: [] });
    expect(revertOf(new Error('fetch failed'), abi)).toBeNull();
  });
});

describe('a gas limit', () => {
  it('has its margin, rounded up, and never passes the limit of a transaction', () => {
    expect(gasWithMargin(100_001n, 25n)).toBe(125_002n);
    expect(gasWithMargin(16_000_000n, 25n)).toBe(MAX_TRANSACTION_GAS);
  });
});

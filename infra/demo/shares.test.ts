import { describe, expect, test } from 'vitest';
import type { AccountWorth } from './rebuild.ts';
import { exitShares } from './shares.ts';

function worth(account: number, equity: bigint, positions: number): AccountWorth {
  return { account, owner: '0x', cash: equity, equity, withdrawn: 0n, positions };
}

const shares = (...accounts: AccountWorth[]): bigint[] =>
  accounts.slice(1).map((one) => exitShares(accounts).get(one.account) ?? -1n);

describe('exit shares', () => {
  test('without a hole everybody gets everything', () => {
    expect(shares(worth(0, 5n, 0), worth(1, 7n, 0), worth(2, 100n, 3))).toEqual([7n, 100n]);
  });

  test('a hole that the fund can carry costs nobody anything', () => {
    expect(shares(worth(0, 5n, 0), worth(1, 7n, 0), worth(2, -5n, 1), worth(3, 9n, 1))).toEqual([
      7n,
      0n,
      9n,
    ]);
  });

  test('what it cannot carry is shared by those with positions, rounded down', () => {
    const all = [worth(0, 1n, 0), worth(1, 7n, 0), worth(2, -5n, 1), worth(3, 9n, 1)];
    expect(shares(...all, worth(4, 4n, 2))).toEqual([7n, 0n, 6n, 2n]);
  });

  test('only what exceeds all they have reaches accounts without positions', () => {
    const all = [worth(0, -2n, 0), worth(1, 8n, 0), worth(2, -10n, 1)];
    expect(shares(...all, worth(3, 9n, 1), worth(4, 2n, 0))).toEqual([5n, 0n, 0n, 1n]);
  });
});

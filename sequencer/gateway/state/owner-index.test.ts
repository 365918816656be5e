import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ACCOUNT_FLAGS,
  ACCOUNT_OWNER,
  ACCOUNT_SIZE,
  ACCOUNTS,
  FACT_ACCOUNTS,
} from '#shared/engine/layout.ts';
import { genesisMemory } from '../market/fixture.ts';
import { OwnerIndex } from './owner-index.ts';
import { StateReader } from './reader.ts';

const ROOM = 60;

describe('OwnerIndex', () => {
  it('finds what a walk over all accounts finds, also when the table is nearly full', () => {
    const memory = genesisMemory(ROOM);
    const { bytes, view } = memory;
    const reader = new StateReader(memory);
    const owners = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: ROOM });
    fc.assert(
      fc.property(owners, fc.integer(), fc.nat(ROOM), (all, seed, later) => {
        const index = new OwnerIndex(reader, seed, 64);
        const address = (owner: number) => new Uint8Array(20).fill(owner);
        for (const [account, owner] of all.entries()) {
          const at = ACCOUNTS + account * ACCOUNT_SIZE;
          bytes.set(address(owner), at + ACCOUNT_OWNER);
          bytes[at + ACCOUNT_FLAGS] = 1;
          view.setUint32(FACT_ACCOUNTS, account + 1, true);
          if (account === later) index.catchUp();
        }
        for (let owner = 1; owner <= 13; owner++) {
          const expected = all.flatMap((o, account) => (o === owner ? [account] : []));
          // An owner has at most 16 accounts; with more, as here, the first ones found are given.
          const found = index.find(address(owner));
          expect(found).toHaveLength(Math.min(16, expected.length));
          expect(expected).toEqual(expect.arrayContaining(found));
        }
      }),
    );
  });
});

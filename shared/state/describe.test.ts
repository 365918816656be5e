import { expect, describe as group, test } from 'vitest';
import * as layout from '#shared/engine/layout.ts';
import { describe } from './describe.ts';
import { differences, firstDifference } from './difference.ts';
import { type Field, fieldsOf, RECORDS } from './fields.ts';
import { StateTree } from './tree.ts';

const account17 = layout.ACCOUNTS + 17 * layout.ACCOUNT_SIZE;

group('an address in words', () => {
  test.each([
    [0, 'globals, clock'],
    [layout.FACT_COLLATERAL + 3, 'globals, collateral'],
    [layout.UNDERLYINGS + layout.UNDERLYING_SIZE + 48, 'underlying 1, index price'],
    [layout.UNDERLYINGS + layout.UNDERLYING_SIZE + 288 + 24, 'underlying 1, settled day 1, price'],
    [layout.UNDERLYINGS + 512 + 32 + 4, 'underlying 0, five minutes 2, covered'],
    [layout.UNDERLYINGS + 896 + 72, 'underlying 0, guard, held multiplier'],
    [layout.OVERSIGHT + 24, 'oversight, open risk'],
    [layout.SIGNERS + 2 * layout.SIGNER_SIZE + 7, 'oracle signer 2, byte 7'],
    [layout.INPUT + 9, 'scratch, command, byte 9'],
    [layout.SURFACES + 33 * layout.SURFACE_SIZE + 8, 'underlying 1, volatility 1, forward'],
    [layout.EXIT_MARKS + 8 * 7, 'instrument 7, exit mark'],
    [layout.INSTRUMENTS + 3 * layout.INSTRUMENT_SIZE + 64, 'instrument 3, best bid'],
    [layout.HISTORIES + layout.HISTORY_SIZE + 24, 'instrument 1, mark history 1, cumulated mark'],
    [layout.LISTINGS + 2 * layout.LISTING_BUCKET_SIZE + 12, 'listing bucket 2, entry 3'],
    [layout.BITS0 + layout.BITS0_STRIDE + 16, 'instrument 1, occupied levels, floor 0, word 2'],
    [layout.LABELS + 32 * 9 + 8, 'label bucket 9, entry 2'],
    [layout.ORDERS + 5 * layout.ORDER_SIZE + 24, 'order slot 5, price'],
    [layout.LEVELS + 3 * layout.LEVELS_STRIDE + 960, 'instrument 3, price level 120, head'],
    [layout.LEVELS + 3 * layout.LEVELS_STRIDE + 967, 'instrument 3, price level 120, tail'],
    [account17 + layout.ACCOUNT_CASH, 'account 17, cash'],
    [account17 + layout.ACCOUNT_KEYS + 2 * 64 + layout.KEY_EXPIRY, 'account 17, key 2, expiry'],
    [account17 + layout.ACCOUNT_POSITIONS + 5 * 16 + 4, 'account 17, position entry 5, lots'],
    [layout.STATE_END, `beyond the state, byte ${layout.STATE_END}`],
  ])('%i: %s', (address, words) => {
    const place = describe(address);
    expect(place.words).toBe(words);
    expect(address - place.address).toBeGreaterThanOrEqual(0);
    expect(address - place.address).toBeLessThan(place.length);
  });

  test('every address has one place, and places do not overlap', () => {
    for (let at = 0; at < 2 ** 32; ) {
      const place = describe(at);
      expect(place.address).toBe(at);
      for (let inside = at; inside < at + place.length; inside++) {
        expect(describe(inside)).toEqual(place);
      }
      // All of the first pages, then a stride that is prime.
      at += at < 40_000 ? place.length : 0;
      if (at >= 40_000) at = describe(at + 9_999_991).address;
    }
  });
});

test('every region of the layout has a name', () => {
  const constants: Readonly<Record<string, number>> = layout;
  const regions = Object.keys(constants).filter((name) => `${name}_SIZE` in constants);
  expect(regions).toContain('LISTINGS');
  for (const region of regions) {
    expect(describe(constants[region] as number).words, region).not.toContain('padding');
  }
});

test('fields are laid out as AssemblyScript does', () => {
  const source = `
@unmanaged
export class Other { wrong: u64; }
export class Sample {
  small: u8;
  wide: u64; // money
  /** Says: u32; */
  half: i16;
  last: u32;

  @inline
  get not(): u32 {
    return this.last;
  }
}
export class After {
  wrong: u8;
}`;
  expect(fieldsOf('Sample', source)).toEqual([
    { name: 'small', offset: 0, width: 1 },
    { name: 'wide', offset: 8, width: 8 },
    { name: 'half', offset: 16, width: 2 },
    { name: 'last', offset: 20, width: 4 },
  ]);
  expect(() => fieldsOf('Missing', source)).toThrow('no class Missing');
});

const at = (shape: { fields: readonly Field[] }, name: string) =>
  shape.fields.find((field) => field.name === name)?.offset;

test('fields read from the engine stand where its layout says', () => {
  const { Globals, Account, Key, Position } = RECORDS;
  expect(at(Globals, 'inboxCount')).toBe(layout.FACT_INBOX_COUNT);
  expect(at(Globals, 'mode')).toBe(layout.FACT_MODE);
  expect(at(Globals, 'initialized')).toBe(layout.GLOBALS_OWN);
  expect(at(Account, 'cash')).toBe(layout.ACCOUNT_CASH);
  expect(at(Account, 'withdrawn')).toBe(layout.ACCOUNT_WITHDRAWN);
  expect(at(Account, 'keyCounter')).toBe(layout.ACCOUNT_KEY_COUNTER);
  expect(at(Key, 'nonceBits0')).toBe(layout.KEY_NONCE_BITS);
  expect(at(Key, 'scope')).toBe(layout.KEY_SCOPE);
  expect(at(Position, 'openSell')).toBe(layout.POSITION_OPEN_SELL);
});

test.each([
  ['Underlying', layout.UNDERLYING_SIZE],
  ['Surface', layout.SURFACE_SIZE],
  ['Instrument', layout.INSTRUMENT_SIZE],
  ['Order', layout.ORDER_SIZE],
  ['Key', layout.KEY_SIZE],
  ['Position', layout.POSITION_SIZE],
] as const)('the fields of %s fill no more than its record', (name, size) => {
  const last = RECORDS[name].fields.at(-1) as Field;
  expect(last.offset + last.width).toBeGreaterThan(size / 6);
  expect(last.offset + last.width).toBeLessThanOrEqual(size);
});

group('the first difference of two states', () => {
  const made = () => {
    const state = new Uint8Array(64 * 4096);
    for (let i = 0; i < state.length; i += 3) state[i] = i >> 4;
    const tree = new StateTree({ state });
    tree.rebuild();
    return { state, tree };
  };

  test('is named with both values, records before scratch', () => {
    const a = made();
    const b = made();
    expect(firstDifference(a.tree, b.tree)).toBeUndefined();
    const exitMark = new DataView(b.state.buffer);
    b.state[layout.INPUT + 3] = 0xfe;
    b.tree.rebuild();
    expect(firstDifference(a.tree, b.tree)).toMatchObject({
      words: 'scratch, command, byte 3',
      b: '0xfe',
    });
    exitMark.setBigUint64(layout.EXIT_MARKS + 80, 12345n, true);
    b.state.fill(1, layout.INSTRUMENTS, layout.INSTRUMENTS + 64);
    b.tree.rebuild();
    const first = firstDifference(a.tree, b.tree);
    const before = new DataView(a.state.buffer).getBigUint64(layout.EXIT_MARKS + 80, true);
    const address = layout.EXIT_MARKS + 80;
    expect(first).toEqual({
      words: 'instrument 10, exit mark',
      address,
      a: `${before}`,
      b: '12345',
    });
    const all = [...differences(a.tree, b.tree)].map(({ words }) => words);
    expect(all.slice(0, 3)).toEqual([
      'scratch, command, byte 3',
      first?.words,
      'instrument 0, state',
    ]);
    expect(new Set(all).size).toBe(all.length);
  });

  test('of states of different sizes is refused', () => {
    const other = new StateTree({ state: new Uint8Array(4096) });
    expect(() => firstDifference(made().tree, other)).toThrow(/different sizes/);
  });
});

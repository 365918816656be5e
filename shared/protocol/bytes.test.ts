import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { u32, u64 } from './arbitraries.ts';
import { ByteReader, ByteWriter, bytesToHex, hexToBytes } from './bytes.ts';

describe('varints', () => {
  it('come back, in their shortest form', () => {
    fc.assert(
      fc.property(u64, (value) => {
        const bytes = new ByteWriter().varint(value).finish();
        const reader = new ByteReader(bytes);
        expect(reader.varint()).toBe(value);
        expect([reader.failed, reader.remaining]).toEqual([false, 0]);
        expect(bytes.length).toBe(Math.max(1, Math.ceil(value.toString(2).length / 7)));
      }),
      { numRuns: 1000 },
    );
  });

  it('are the same from numbers and bigints', () => {
    const safe = fc.oneof(u32, fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));
    fc.assert(
      fc.property(safe, (value) => {
        const fromNumber = new ByteWriter().varint(value).finish();
        expect(fromNumber).toEqual(new ByteWriter().varint(BigInt(value)).finish());
      }),
    );
  });

  it.each([
    ['8000', '0 in two bytes'],
    ['ff80808080808080808000', 'eleven bytes'],
    ['ffffffffffffffffff02', '65 bits'],
    ['ffffffffffffffffff81', 'no end'],
    ['80', 'truncated'],
    ['', 'nothing'],
  ])('such as %s (%s) fail and give zero', (hex) => {
    const reader = new ByteReader(hexToBytes(`0x${hex}`));
    expect([reader.varint(), reader.failed]).toEqual([0n, true]);
  });

  it('of 32 bits fail beyond them', () => {
    const read = (value: bigint) =>
      new ByteReader(new ByteWriter().varint(value).finish()).varint32();
    expect(read(0xffff_ffffn)).toBe(0xffff_ffff);
    expect(read(0x1_0000_0000n)).toBe(0);
  });
});

describe('readers', () => {
  it('give zeros for ever after the first failure', () => {
    const reader = new ByteReader(Uint8Array.of(1, 2, 3));
    expect(reader.u32()).toBe(0);
    expect([reader.u8(), reader.u16(), reader.u64(), reader.bytes(2)]).toEqual([
      0,
      0,
      0n,
      new Uint8Array(2),
    ]);
    expect(reader.failed).toBe(true);
  });

  it('read what was written, in both byte orders', () => {
    const bytes = new ByteWriter(1).u16(0x0102).u16be(0x0102).u32(7).u32be(7).u64(9n).u64be(9n);
    expect(bytesToHex(bytes.finish())).toBe(
      '0x02010102070000000000000709000000000000000000000000000009',
    );
  });
});

describe('hexadecimal', () => {
  it('comes back in either case', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const hex = bytesToHex(bytes);
        expect(hex).toBe(`0x${Buffer.from(bytes).toString('hex')}`);
        expect(hexToBytes(hex)).toEqual(bytes);
        expect(hexToBytes(`0x${hex.slice(2).toUpperCase()}`)).toEqual(bytes);
      }),
    );
  });

  it.each(['', '0', '0x0', '00', '0xg0', '0x0 ', '0X00', '0x١١', '0x\u0130\u0130'])(
    'refuses %j',
    (hex) => {
      expect(() => hexToBytes(hex)).toThrow(/hexadecimal/);
    },
  );
});

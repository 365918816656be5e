import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GLOBAL, INSTRUMENT, ORDER, UNDERLYING } from './offsets.ts';

const WIDTHS: Record<string, number> = { u8: 1, u16: 2, u32: 4, i32: 4, u64: 8, i64: 8 };

/** Lays an `@unmanaged` class out as AssemblyScript does: each field aligned to its own width. */
function layOut(file: string): Record<string, number> {
  const source = readFileSync(new URL(`../../../shared/engine/records/${file}`, import.meta.url));
  const offsets: Record<string, number> = {};
  let at = 0;
  for (const match of source.toString().matchAll(/^ {2}(\w+): ([ui]\d+);/gm)) {
    const width = WIDTHS[match[2] ?? ''] ?? Number.NaN;
    at = Math.ceil(at / width) * width;
    offsets[match[1] ?? ''] = at;
    at += width;
  }
  return offsets;
}

describe('offsets', () => {
  it.each([
    ['globals.ts', GLOBAL],
    ['underlying.ts', UNDERLYING],
    ['instrument.ts', INSTRUMENT],
    ['order.ts', ORDER],
  ])('agree with the engine record in %s', (file, ours) => {
    expect(layOut(file)).toMatchObject(ours);
  });
});

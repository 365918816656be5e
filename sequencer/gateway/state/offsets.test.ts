import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MODE_AGES } from './guard.ts';
import {
  GLOBAL,
  GUARD,
  GUARD_START,
  INSTRUMENT,
  LIQUIDATION,
  ORDER,
  SETTLED_ENTRIES,
  SETTLED_RING,
  SURFACE,
  UNDERLYING,
} from './offsets.ts';

const WIDTHS: Record<string, number> = { u8: 1, u16: 2, u32: 4, i32: 4, u64: 8, i64: 8 };

const engine = (path: string): string =>
  readFileSync(new URL(`../../../shared/engine/${path}`, import.meta.url)).toString();

/** Lays an `@unmanaged` class out as AssemblyScript does: each field aligned to its own width. */
function layOut(file: string): Record<string, number> {
  const offsets: Record<string, number> = {};
  let at = 0;
  for (const match of engine(`records/${file}`).matchAll(/^ {2}(\w+): ([ui]\d+);/gm)) {
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
    ['guard.ts', GUARD],
    ['instrument.ts', INSTRUMENT],
    ['surface.ts', SURFACE],
    ['order.ts', ORDER],
    ['liquidation.ts', LIQUIDATION],
  ])('agree with the engine record in %s', (file, ours) => {
    expect(layOut(file)).toMatchObject(ours);
  });

  it('agree with the constants of the settled ring', () => {
    const source = engine('records/underlying.ts');
    expect(source).toContain(`SETTLED_RING: usize = ${SETTLED_RING};`);
    expect(source).toContain(`SETTLED_ENTRIES: u32 = ${SETTLED_ENTRIES};`);
    expect(engine('records/guard.ts')).toContain(`GUARD: usize = ${GUARD_START};`);
  });

  it('and the ages agree with those of oracle/mode.ts', () => {
    const source = engine('oracle/mode.ts').replaceAll('_000', '000');
    for (const [name, ageMs] of Object.entries(MODE_AGES)) {
      expect(source).toContain(`${name}: u64 = ${ageMs};`);
    }
  });
});

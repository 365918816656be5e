import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as C from '#shared/engine/codes.ts';

describe('every result code', () => {
  it('is expected by some scenario here', () => {
    const folder = new URL('.', import.meta.url);
    const text = readdirSync(folder)
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => readFileSync(new URL(name, folder), 'utf8'))
      .join('\n');
    const missing = Object.keys(C).filter(
      (name) => name !== 'TRAPPED' && !new RegExp(`(->\\s+|C\\.)${name}\\b`).test(text),
    );
    expect(missing).toEqual([]);
  });
});

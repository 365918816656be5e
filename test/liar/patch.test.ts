import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { patched } from './engine.ts';
import { engineLies } from './lies/engine.ts';
import { lieNamed, lies } from './tell.ts';

describe('a patch', () => {
  const patch = { file: 'x.ts', from: 'return OK;', to: 'return 7; // $& $1' };

  it('is put in as it is, where its line is there once', () => {
    expect(patched('a\nreturn OK;\nb', patch)).toBe('a\nreturn 7; // $& $1\nb');
  });

  it.each(['nothing of it', 'return OK; return OK;'])('is refused in "%s"', (text) => {
    expect(() => patched(text, patch)).toThrow(
      expect.objectContaining({ code: 'PATCH_MISMATCH', message: expect.stringContaining('x.ts') }),
    );
  });
});

describe('the list of lies', () => {
  it('has names that are told apart, and only engine lies have another engine', () => {
    expect(new Set(lies.map((lie) => lie.name)).size).toBe(lies.length);
    for (const lie of lies)
      expect((lie.patch !== undefined) !== (lie.post !== undefined)).toBe(true);
    expect(engineLies.length).toBeGreaterThanOrEqual(14);
  });

  it.each(lies.flatMap(({ name, patch }) => (patch ? [[name, patch] as const] : [])))(
    'fits the sources of today: %s',
    (_name, patch) => {
      const file = new URL(`../../shared/engine/${patch.file}`, import.meta.url);
      expect(() => patched(readFileSync(file, 'utf8'), patch)).not.toThrow();
    },
  );

  it('says which names it knows', () => {
    expect(() => lieNamed('honesty')).toThrow(
      expect.objectContaining({
        code: 'NO_SUCH_LIE',
        message: expect.stringContaining('worse-price'),
      }),
    );
  });
});

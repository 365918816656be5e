import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BUILD, ROOT } from './paths.mjs';
import { hashInputs, isStamped, writeStamp } from './stamp.mjs';

let folder: string;
beforeEach(() => {
  mkdirSync(BUILD, { recursive: true });
  folder = mkdtempSync(join(BUILD, 'stamp-test-'));
  writeFileSync(join(folder, 'a.sol'), 'one');
});
afterEach(() => rmSync(folder, { recursive: true }));

const hash = (words: string[] = []) =>
  hashInputs({
    folders: [relative(ROOT, folder)],
    wanted: (path: string) => path.endsWith('.sol'),
    words,
  });

test('the hash changes with content, name, words and new files, and with nothing else', () => {
  const before = hash();
  expect(hash()).toBe(before);
  expect(hash(['arm64'])).not.toBe(before);

  writeFileSync(join(folder, 'notes.md'), 'not an input');
  mkdirSync(join(folder, 'out'));
  writeFileSync(join(folder, 'out', 'b.sol'), 'an output');
  expect(hash()).toBe(before);

  writeFileSync(join(folder, 'a.sol'), 'two');
  const changed = hash();
  expect(changed).not.toBe(before);
  writeFileSync(join(folder, 'b.sol'), '');
  expect(hash()).not.toBe(changed);
});

test('a stamp holds for its own hash only', () => {
  const stamp = join(folder, 'stamps', 'x');
  expect(isStamped(stamp, 'abc')).toBe(false);
  writeStamp(stamp, 'abc');
  expect(isStamped(stamp, 'abc')).toBe(true);
  expect(isStamped(stamp, 'abd')).toBe(false);
});

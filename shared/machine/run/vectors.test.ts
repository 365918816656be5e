import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { INSTRUCTIONS } from '#shared/machine/isa.ts';
import { segmentVectors } from '#shared/machine/segment/vectors.ts';
import { VECTORS_FOLDER } from './vectors.ts';
import { opcodeVectors } from './vectors-opcodes.ts';

const committed = (name: string) => JSON.parse(readFileSync(join(VECTORS_FOLDER, name), 'utf8'));
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

test('the vectors that forge replays are those that this machine makes', () => {
  for (const file of opcodeVectors()) {
    expect(committed(`${file.name}.json`)).toEqual(plain(file));
  }
  const { program, scenes } = segmentVectors();
  expect(committed('segments.json')).toEqual(plain({ program, count: scenes.length, scenes }));
});

test('every instruction has vectors', () => {
  const names = opcodeVectors().flatMap(({ vectors }) =>
    vectors.map(({ name }) => name.split(' ')[0]),
  );
  const met = new Set(names);
  expect(INSTRUCTIONS.map(({ name }) => name).filter((name) => !met.has(name))).toEqual([]);
});

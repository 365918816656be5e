import { describe, expect, test } from 'vitest';
import { missingEntries } from './lock.mjs';

describe('the lock file', () => {
  const parent = { dev: true, optionalDependencies: { '@x/y-linux-arm64-musl': '1.2.3' } };

  test('an optional package of another platform that npm left out is added', () => {
    expect(missingEntries({ 'node_modules/y': parent })).toEqual({
      'node_modules/@x/y-linux-arm64-musl': {
        version: '1.2.3',
        cpu: ['arm64'],
        dev: true,
        libc: ['musl'],
        optional: true,
        os: ['linux'],
      },
    });
  });

  test('one that is there stays, and one whose platform or version is a guess is left alone', () => {
    const there = { 'node_modules/@x/y-linux-arm64-musl': { version: '1.2.3' } };
    expect(missingEntries({ 'node_modules/y': parent, ...there })).toEqual({});
    const vague = { optionalDependencies: { fsevents: '2.3.3', '@x/y-linux-x64': '^1.0.0' } };
    expect(missingEntries({ 'node_modules/y': vague })).toEqual({});
  });
});

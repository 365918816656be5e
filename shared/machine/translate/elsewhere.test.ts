import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { blake2b, keccak, ripemd160, sha256, sha512, xxhash64 } from 'hash-wasm';
import { describe, expect, test } from 'vitest';
import { Trio } from './testing/differential.ts';

/** Modules that others have compiled, from C: those of hash-wasm, which has them as text in its files. */
const FOLDER = join(createRequire(import.meta.url).resolve('hash-wasm'), '..');

function moduleOf(name: string): Uint8Array {
  const source = readFileSync(join(FOLDER, `${name}.umd.min.js`), 'utf8');
  const text = /"(AGFzbQ[A-Za-z0-9+/=]+)"/.exec(source)?.[1];
  if (text === undefined) throw new Error(`hash-wasm's ${name} has no module in it.`);
  return Uint8Array.from(Buffer.from(text, 'base64'));
}

const message = Uint8Array.from({ length: 300 }, (_, i) => i * 31);

describe('modules from elsewhere', () => {
  test.each<[string, bigint, number, () => Promise<string>]>([
    ['keccak', 256n, 32, () => keccak(message, 256)],
    ['sha256', 256n, 32, () => sha256(message)],
    ['sha512', 512n, 64, () => sha512(message)],
    ['blake2b', 256n, 32, () => blake2b(message, 256)],
    ['ripemd160', 0n, 20, () => ripemd160(message)],
    ['xxhash64', 0n, 8, () => xxhash64(message)],
  ])('%s of 300 bytes', async (name, bits, size, expected) => {
    const trio = new Trio(moduleOf(name));
    const call = (entry: string, ...args: readonly bigint[]) => {
      const { length } = trio.program.entries.get(entry)?.parameters ?? [];
      return trio.call(entry, ...args.slice(0, length));
    };
    const buffer = Number(call('Hash_GetBuffer').result);
    if (name === 'xxhash64') trio.write(buffer, new Uint8Array(8));
    call('Hash_Init', bits);
    trio.write(buffer, message);
    call('Hash_Update', 300n);
    call('Hash_Final', name === 'keccak' ? 1n : 0n);
    const digest = Buffer.from(trio.twin.memory.subarray(buffer, buffer + size)).toString('hex');
    expect(digest).toBe(await expected());
  });
});

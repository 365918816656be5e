import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/** What the tests call; AssemblyScript's u64 and i64 are bigint (u64 comes back signed: see `unsigned`). */
export type MathExports = Record<string, (...args: (bigint | number)[]) => bigint & number>;

/** The test module, compiled with the engine's own options, in memory: its binary and its text. */
export async function compileMath(): Promise<{ binary: Uint8Array; text: string }> {
  const output = new Map<string, string | Uint8Array>();
  const messages: string[] = [];
  const { error } = await asc.main(
    [
      'entry.ts',
      '--runtime',
      'stub',
      '-O3',
      '--disable',
      'sign-extension,bulk-memory,nontrapping-f2i,mutable-globals',
      '--outFile',
      'math.wasm',
      '--textFile',
      'math.wat',
    ],
    {
      readFile: async (name: string) => {
        // The compiler probes for files that need not exist; null is its word for "absent".
        return readFile(resolve(FOLDER, name), 'utf8').catch(() => null);
      },
      writeFile: (name: string, contents: string | Uint8Array) => {
        output.set(name, contents);
      },
      listFiles: () => [],
      stderr: { write: (chunk: string | Uint8Array) => messages.push(String(chunk)) > 0 },
    },
  );
  const binary = output.get('math.wasm');
  const text = output.get('math.wat');
  if (error || !(binary instanceof Uint8Array) || typeof text !== 'string') {
    throw new Error(`entry.ts does not compile:\n${messages.join('')}`, { cause: error });
  }
  return { binary, text };
}

/** The compiled functions. Instantiating without an import object shows that there are no imports. */
export async function loadMath(): Promise<MathExports> {
  const { binary } = await compileMath();
  const { instance } = await WebAssembly.instantiate(binary as Uint8Array<ArrayBuffer>);
  return instance.exports as unknown as MathExports;
}

/** A u64 as it left WebAssembly, read without its sign. */
export function unsigned(word: bigint): bigint {
  return BigInt.asUintN(64, word);
}

/**
 * Compiles the engine, and the module that hosts publish Greeks with: `npx tsx shared/engine/build.ts`. The same sources
 * give the same bytes on every machine and from every folder; gates.ts checks that.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import asc from 'assemblyscript/asc';
import binaryen from 'binaryen';
import { STATE_PAGES } from './layout.ts';

const here = dirname(fileURLToPath(import.meta.url));

export const OUTPUT = resolve(here, 'build/engine.wasm');
export const QUOTES = resolve(here, 'build/quotes.wasm');

/** Compiles the engine's sources in `folder` and returns the module's bytes; throws with the compiler's words. */
export function compileEngine(folder: string = here): Promise<Uint8Array> {
  return compile(folder, 'engine.ts', STATE_PAGES);
}

/** Compiles `math/quotes.ts`, which no rule depends on. */
export function compileQuotes(folder: string = here): Promise<Uint8Array> {
  return compile(folder, 'math/quotes.ts', 1);
}

async function compile(folder: string, entry: string, pages: number): Promise<Uint8Array> {
  const { error, stdout, stderr, ...rest } = await asc.main(
    [
      entry,
      '--outFile',
      'module.wasm',
      '--runtime',
      'stub',
      '-O3',
      '--converge',
      '--noAssert',
      '--initialMemory',
      String(pages),
      '--maximumMemory',
      String(pages),
      '--memoryBase',
      '0',
      '--disable',
      'sign-extension,bulk-memory,nontrapping-f2i,mutable-globals',
      '--baseDir',
      folder,
    ],
    {
      writeFile: (name: string, contents: Uint8Array | string) => {
        if (name.endsWith('.wasm')) output = contents as Uint8Array;
      },
    },
  );
  void rest;
  if (error)
    throw new Error(`${entry} does not compile.\n${stderr.toString()}${stdout.toString()}`);
  const bytes = output;
  output = undefined;
  if (!bytes) throw new Error('The compiler wrote no module.');
  return inlined(bytes);
}

/**
 * Largest functions to inline, in Binaryen's measure of size: wherever they are called, where they have neither loops nor calls, and when
 * called from one place. The compiler's own limits (12, 70, 200) leave some 25 calls in an order, each of which costs V8 a look at the
 * stack and spilled registers; on L1 steps stay what they are. The second round cleans up what the first brought together and inlines
 * little more: wider than this the engine is larger and slower again.
 */
const INLINING = [
  { always: 100, flexible: 1000, oneCaller: 5000 },
  { always: 2, flexible: 20, oneCaller: 5000 },
];

/** Optimizes again with more inlining than the compiler has a switch for. */
function inlined(bytes: Uint8Array): Uint8Array {
  const module = binaryen.readBinary(bytes);
  try {
    module.setFeatures(binaryen.Features.MVP);
    binaryen.setOptimizeLevel(3);
    binaryen.setShrinkLevel(0);
    // The compiler leaves it on in this process; with limits as wide as these it makes the engine larger and slower.
    binaryen.setAllowInliningFunctionsWithLoops(false);
    for (const { always, flexible, oneCaller } of INLINING) {
      binaryen.setAlwaysInlineMaxSize(always);
      binaryen.setFlexibleInlineMaxSize(flexible);
      binaryen.setOneCallerInlineMaxSize(oneCaller);
      module.optimize();
    }
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

let output: Uint8Array | undefined;

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const bytes = await compileEngine();
  mkdirSync(dirname(OUTPUT), { recursive: true });
  writeFileSync(OUTPUT, bytes);
  const quotes = await compileQuotes();
  writeFileSync(QUOTES, quotes);
  console.log(`engine.wasm: ${bytes.length} bytes, quotes.wasm: ${quotes.length} bytes`);
}

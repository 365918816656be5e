import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deriveModule } from '#shared/host/engine.ts';
import { LiarError } from './errors.ts';

/** One line of the engine's sources, and what a lying operator would have there. */
export interface Patch {
  /** Below shared/engine. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const SOURCES = fileURLToPath(new URL('../../shared/engine/', import.meta.url));
const BUILD = join(SOURCES, 'build');
/** Compiled once: a lie's module depends on nothing but its sources. */
const CACHE = fileURLToPath(new URL('../../build/liar/', import.meta.url));

/** The text with the patch in it. @throws LiarError PATCH_MISMATCH unless `from` is there exactly once */
export function patched(text: string, patch: Patch): string {
  const found = text.split(patch.from).length - 1;
  if (found !== 1) {
    throw new LiarError(
      'PATCH_MISMATCH',
      `"${patch.from}" is ${found} times in shared/engine/${patch.file}, not once: fit the lie to the sources.`,
    );
  }
  return text.replace(patch.from, () => patch.to);
}

/**
 * The engine's module with one lie in it: a copy of the sources with the patch, through the engine's own compiler. Kept in
 * `build/liar` under the hash of those sources. Throws with the compiler's words if the lie does not compile.
 */
export async function compileLyingEngine(
  patch: Patch,
): Promise<{ wasm: Uint8Array; file: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-liar-'));
  try {
    cpSync(SOURCES, folder, { recursive: true, filter: (path) => path !== BUILD });
    const path = join(folder, patch.file);
    writeFileSync(path, patched(readFileSync(path, 'utf8'), patch));
    const file = join(CACHE, `${hashFolder(folder)}.wasm`);
    if (!existsSync(file)) {
      mkdirSync(CACHE, { recursive: true });
      const unfinished = `${file}.${process.pid}`;
      // The compiler takes a second to load: only where there is something to compile.
      const { compileEngine } = await import('#shared/engine/build.ts');
      writeFileSync(unfinished, await compileEngine(folder));
      renameSync(unfinished, file);
    }
    return { wasm: new Uint8Array(readFileSync(file)), file };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** As the operator of a test exchange runs it: with marks and undo. */
export function lyingModule(wasm: Uint8Array): WebAssembly.Module {
  return deriveModule(wasm, { marks: true, undo: true });
}

function hashFolder(folder: string): string {
  const hash = createHash('sha256');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files)
    hash.update(relative(folder, file)).update('\0').update(readFileSync(file));
  return hash.digest('hex');
}

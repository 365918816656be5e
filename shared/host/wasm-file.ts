import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PlimsollError } from '#shared/protocol/errors.ts';

export const ENGINE_FILE = new URL('../engine/build/engine.wasm', import.meta.url);

/** The built engine's bytes and their SHA-256 in hex. */
export function readEngine(file: URL | string = ENGINE_FILE): { wasm: Uint8Array; hash: string } {
  try {
    const wasm = new Uint8Array(readFileSync(file));
    return { wasm, hash: createHash('sha256').update(wasm).digest('hex') };
  } catch (cause) {
    throw new PlimsollError(
      'ENGINE_NOT_BUILT',
      `The engine's module is not at ${file}. Run \`npm run build\`, then try again.`,
      { cause },
    );
  }
}

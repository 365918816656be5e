import { pathToFileURL } from 'node:url';
import { readEngine as readAny } from '#shared/host/wasm-file.ts';

/** The engine that a lying sequencer runs; `main.ts` beside this file sets it. */
export const ENGINE_FILE = pathToFileURL(process.env.PLIMSOLL_LYING_ENGINE as string);

/** A file's module and its hash; without a file the honest one's, which is what the operator says it runs. */
export function readEngine(file?: URL | string): { wasm: Uint8Array; hash: string } {
  return file === undefined ? readAny() : readAny(file);
}

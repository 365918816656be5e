import { fileURLToPath } from 'node:url';

export const MACHINE_SOURCES: string = fileURLToPath(new URL('../vm', import.meta.url));
export const MACHINE_FILE: string = fileURLToPath(
  new URL('../vm/build/machine.wasm', import.meta.url),
);

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository, wherever it was cloned to. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
/** Stamps, logs and test results; ignored by git, safe to delete. */
export const BUILD = join(ROOT, 'build');
export const BIN = join(ROOT, 'node_modules', '.bin');

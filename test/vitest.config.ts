import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * All unit tests of the repository stand beside the code they test; what crosses folders is in `test/`.
 * Two workers at most: many tests start anvil or a sequencer of their own, and those want the other core.
 */
export default defineConfig({
  root,
  test: {
    name: 'unit',
    include: ['**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'contracts/lib/**', 'contracts/out/**', '**/build/**'],
    environment: 'node',
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 90_000,
    hookTimeout: 120_000,
    // On a machine that stands still for a while, a test that waits for real processes may wait in vain. It alone is run again, and
    // `npm test` names it as unstable; a wrong result never is.
    retry: { count: 1, condition: /Waited in vain|timed out in \d+ms/ },
    teardownTimeout: 10_000,
    // A forgotten .only would quietly skip everything else, and an empty suite would pass.
    allowOnly: false,
    passWithNoTests: false,
    // Node's own resolution of the package's `imports` ("#shared/…") is what production uses as well.
    server: { deps: { inline: [] } },
  },
});

/**
 * `node infra/ci/lock.mjs [--write]`: is package-lock.json complete for other platforms than this one?
 *
 * npm leaves a platform's optional package out of the lock file when the registry that made it does not have that package (a
 * partial mirror), and `npm ci` then refuses the lock file everywhere: "Missing: … from lock file". This adds what is missing: the
 * exact version that the parent asks for, and the platform it is for. Such an entry has no integrity hash, which npm gets only from
 * the package itself; it is never fetched on any other platform.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../setup/paths.mjs';

const LOCK = join(ROOT, 'package-lock.json');
const SYSTEMS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'sunos',
  'win32',
];
const PROCESSORS = {
  amd64: 'x64',
  x64: 'x64',
  arm64: 'arm64',
  arm: 'arm',
  ia32: 'ia32',
  riscv64: 'riscv64',
};

/** What npm's own entries say of a platform, from a name like `cli-linux-arm64-musl`; null if the name says nothing. */
function platformOf(name) {
  const words = name.split(/[/-]/);
  const system = words.find((word) => SYSTEMS.includes(word));
  const processor = words.find((word) => word in PROCESSORS);
  if (!system || !processor) return null;
  const libc = words.includes('musl') ? ['musl'] : words.includes('gnu') ? ['glibc'] : null;
  return { os: [system], cpu: [PROCESSORS[processor]], ...(libc ? { libc } : {}) };
}

/**
 * Entries that the lock file lacks.
 *
 * @param {Record<string, any>} packages the lock file's `packages`
 * @returns {Record<string, object>} by path; only packages whose version is exact and whose name tells the platform
 */
export function missingEntries(packages) {
  const missing = {};
  for (const [path, parent] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      const present =
        `node_modules/${name}` in packages || `${path}/node_modules/${name}` in packages;
      const platform = platformOf(name);
      if (present || !platform || !/^\d+\.\d+\.\d+/.test(version)) continue;
      missing[`node_modules/${name}`] = {
        version,
        cpu: platform.cpu,
        ...(parent.dev ? { dev: true } : {}),
        ...(platform.libc ? { libc: platform.libc } : {}),
        optional: true,
        os: platform.os,
      };
    }
  }
  return missing;
}

/** @returns {string[]} problems, for the gate */
export function checkLock() {
  const { packages } = JSON.parse(readFileSync(LOCK, 'utf8'));
  return Object.keys(missingEntries(packages)).map(
    (path) => `package-lock.json has no entry for ${path}`,
  );
}

function writeLock() {
  const lock = JSON.parse(readFileSync(LOCK, 'utf8'));
  const all = { ...lock.packages, ...missingEntries(lock.packages) };
  // npm's order: the project first, then by path.
  lock.packages = Object.fromEntries(
    Object.entries(all).sort(([a], [b]) => a.localeCompare(b, 'en')),
  );
  writeFileSync(LOCK, `${JSON.stringify(lock, null, 2)}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (process.argv.includes('--write')) writeLock();
  const problems = checkLock();
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

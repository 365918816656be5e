import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { BIN, ROOT } from '../setup/paths.mjs';
import { checkLock } from './lock.mjs';
import { run } from './run.mjs';

/**
 * A gate is a name, what to do when it fails, and a check that returns the problems it found (none: it passes).
 * Every gate is required; one whose script is missing fails.
 *
 * @typedef {{ name: string, remedy: string, check: () => Promise<string[]> }} Gate
 */

const contracts = join(ROOT, 'contracts');

/** A gate that is a command: its output is the problem. */
function command(name, remedy, program, args, { cwd = ROOT, needs = '' } = {}) {
  return {
    name,
    remedy,
    check: async () => {
      if (needs && !existsSync(join(ROOT, needs))) return [`${needs} does not exist`];
      const { ok, why, output } = await run(program, args, { cwd });
      return ok ? [] : [output.trimEnd().slice(-6000) || why];
    },
  };
}

const script = (name, remedy, path, ...args) =>
  command(name, remedy, process.execPath, ['--import', 'tsx', path, ...args], { needs: path });

/** Paths that git tracks and that still exist (a file deleted but not yet committed is nobody's problem). */
async function trackedFiles() {
  const { ok, why, stdout } = await run('git', ['ls-files', '-z']);
  if (!ok)
    throw new Error(
      `git ls-files failed (${why}): the gates look at what is committed, so run them in a clone`,
    );
  return stdout.split('\0').filter((path) => path && existsSync(join(ROOT, path)));
}

const TOP_LEVEL = new Set([
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'biome.json',
  'README.md',
  'LICENSE',
  'sequencer',
  'prover',
  'contracts',
  'shared',
  'test',
  'infra',
]);

async function topLevelNames() {
  const names = new Set((await trackedFiles()).map((path) => path.split('/')[0] ?? ''));
  return [...names].filter((name) => !name.startsWith('.') && !TOP_LEVEL.has(name));
}

const SOURCE = /\.(ts|mjs|sol)$/;

/** The parts of the system: each explains itself. */
const PARTS = /^[^/]+$|^(shared|sequencer|prover|infra)\/[^/]+$/;

/** A part has a README of its own; any other folder with sources has that, or a README above it names it. */
async function readmes() {
  const tracked = new Set(await trackedFiles());
  const folders = new Set([...tracked].filter((path) => SOURCE.test(path)).map(dirname));
  // A folder of folders is explained as well: sequencer/ even if nothing but its parts hold code.
  for (const folder of [...folders]) folders.add(folder.split('/')[0] ?? folder);
  folders.delete('.');
  return [...folders].sort().flatMap((folder) => {
    if (tracked.has(`${folder}/README.md`)) return [];
    if (PARTS.test(folder)) return [`${folder} has no README.md`];
    const parts = folder.split('/');
    const name = parts.at(-1) ?? '';
    const described = parts.some((_, depth) => {
      const readme = `${parts.slice(0, depth).join('/')}/README.md`;
      return tracked.has(readme) && readFileSync(join(ROOT, readme), 'utf8').includes(`${name}/`);
    });
    return described ? [] : [`${folder} has no README.md, and none above it mentions ${name}/`];
  });
}

/** What must not be in a committed file: where this clone stands, who runs it, which registry it installed from. */
async function machineWords() {
  const { stdout } = await run('npm', ['config', 'get', 'registry']);
  const registry = URL.canParse(stdout.trim()) ? new URL(stdout.trim()).host : '';
  const words = [`${ROOT}/`, `${homedir()}/`];
  if (registry && registry !== 'registry.npmjs.org') words.push(registry);
  return words.filter((word) => word.length > 2);
}

async function machineFree() {
  const words = await machineWords();
  const problems = [];
  for (const path of await trackedFiles()) {
    if (!statSync(join(ROOT, path)).isFile()) continue;
    const text = readFileSync(join(ROOT, path), 'latin1');
    for (const word of words) if (text.includes(word)) problems.push(`${path} contains ${word}`);
    if (path === 'package-lock.json' && text.includes('"resolved"')) {
      problems.push(
        'package-lock.json has "resolved" addresses; .npmrc leaves them out: run npm install again',
      );
    }
  }
  return problems;
}

/** AssemblyScript is checked by its own compiler; every other TypeScript file must be in tsconfig.json's reach. */
async function everythingTypechecked() {
  const { ok, output, stdout } = await run(join(BIN, 'tsc'), ['--listFilesOnly', '-p', '.']);
  if (!ok) return [output];
  const checked = new Set(stdout.split('\n').map((line) => line.trim()));
  const tracked = (await trackedFiles()).filter((path) => path.endsWith('.ts'));
  const assembly = /^shared\/(engine|machine\/vm)\/(?!.*\.test\.ts$)/;
  return tracked
    .filter((path) => !checked.has(join(ROOT, path)) && !assembly.test(path))
    .map((path) => `${path} is not type-checked: tsconfig.json does not include it`);
}

/** @type {Gate[]} */
export const GATES = [
  command('types', 'correct the types that tsc names', join(BIN, 'tsc'), ['--noEmit', '-p', '.']),
  {
    name: 'every file type-checked',
    remedy: 'add its folder to "include" in tsconfig.json',
    check: everythingTypechecked,
  },
  command('lint and format', '`npm run format` mends most of it', join(BIN, 'biome'), [
    'ci',
    '--error-on-warnings',
    '--colors=off',
    '--max-diagnostics=30',
    '.',
  ]),
  script(
    'engine: same bytes, imports, opcodes, hash',
    'see what shared/engine/gates.ts says',
    'shared/engine/gates.ts',
  ),
  script(
    'machine constants',
    'Run `npx tsx shared/machine/generate.ts` and commit what it wrote.',
    'shared/machine/generate.ts',
    '--check',
  ),
  script(
    'generated layout',
    'node --import tsx contracts/script/layout.ts, and commit what it wrote',
    'contracts/script/layout.ts',
    '--check',
  ),
  script(
    'generated words of the engine',
    'node --import tsx shared/engine/text/generate.ts, and commit what it wrote',
    'shared/engine/text/generate.ts',
    '--check',
  ),
  script(
    'committed ABI',
    'node --import tsx contracts/script/abi.ts, and commit what it wrote',
    'contracts/script/abi.ts',
    '--check',
  ),
  command(
    'gas snapshot',
    'cd contracts && npx forge snapshot, look at the difference, and commit it',
    join(BIN, 'forge'),
    ['snapshot', '--check', '--no-match-test', '(testFuzz_|test_fuzz_|invariant)'],
    { cwd: contracts, needs: 'contracts/.gas-snapshot' },
  ),
  command(
    'contract sizes',
    'a contract is above the 24,576 bytes of EIP-170: make it smaller',
    join(BIN, 'forge'),
    ['build', '--sizes', '--skip', 'test'],
    { cwd: contracts },
  ),
  {
    name: 'lock file complete',
    remedy: 'node infra/ci/lock.mjs --write',
    check: async () => checkLock(),
  },
  { name: 'top-level names', remedy: 'put it under one of the six folders', check: topLevelNames },
  {
    name: 'folder READMEs',
    remedy: 'write it: what for, map, invariants, what is absent',
    check: readmes,
  },
  {
    name: 'no machine paths or registry hosts',
    remedy: 'take them out of the files named',
    check: machineFree,
  },
];
